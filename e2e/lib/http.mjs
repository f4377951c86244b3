// `fetch` as a test wants it on a busy machine: each request on a connection of its own, and once more where that may be repeated.
//
// A kept connection on which nothing is asked is closed by the server after a while (RFC 9112 §9.3.1), and so is one whose request does not
// come; a client without a processor has not noticed, asks on it, and fails. Browsers ask again by themselves, Node does not.

const REPEATABLE = ['GET', 'HEAD', 'OPTIONS', 'DELETE'];

export async function fetch(url, options = {}) {
  const ask = () => globalThis.fetch(url, { ...options, headers: { connection: 'close', ...options.headers } });
  try {
    return await ask();
  } catch (error) {
    if (error.cause?.code !== 'UND_ERR_SOCKET' || !REPEATABLE.includes(options.method ?? 'GET')) throw error;
    return ask();
  }
}
