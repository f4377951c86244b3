// The listener's page as sent: HTML, style and script in one response.

import { get } from 'node:http';
import { demonstration, repeat, row } from './lib.mjs';

const LIMIT = 14 * 1024;

const bytes = (url, encoding) =>
  new Promise((done, failed) => {
    get(url, { headers: { 'accept-encoding': encoding } }, (response) => {
      let length = 0;
      response.on('data', (part) => (length += part.length));
      response.on('end', () => done(length));
    }).on('error', failed);
  });

export default async function measure() {
  const sizes = await repeat(async (t) => {
    const server = await demonstration(t);
    const url = server.path('demo');
    return { gzip: await bytes(url, 'gzip'), br: await bytes(url, 'br'), identity: await bytes(url, 'identity') };
  });
  const of = (name) => sizes.map((size) => size[name]);
  return {
    rows: [
      row('listener page, gzip', 'bytes', of('gzip'), { limit: LIMIT }),
      row('listener page, brotli', 'bytes', of('br'), { limit: LIMIT }),
      row('listener page, not compressed', 'bytes', of('identity')),
    ],
  };
}
