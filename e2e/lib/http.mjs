// `fetch` as a test wants it on a busy machine: each request on a connection of its own.
//
// A kept connection on which nothing is asked is closed by the server after a while (RFC 9112 §9.3.1); a client without a processor has not
// noticed, asks on it, and fails. Browsers ask again by themselves, Node does not.

export const fetch = (url, options = {}) => globalThis.fetch(url, { ...options, headers: { connection: 'close', ...options.headers } });
