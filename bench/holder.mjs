// One process of `hold`: opens so many connections of one kind and keeps those that the server keeps. Started by `hold.mjs` only; a
// process may have 20,000 descriptors here and there.

import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

const { port, kind, count, rate, network } = JSON.parse(process.argv[2]);

const head = (line, fields = '') => `${line} HTTP/1.1\r\nHost: 127.0.0.1\r\n${fields}`;
const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';
/** What each kind says at once, and what it says again every so many ms. */
const KINDS = {
  silent: {},
  byte: { says: 'G' },
  head: { says: head('GET /e/demo', `A: ${'v'.repeat(15_000)}`) },
  idle: { says: `${head('GET /e/demo/status.json')}\r\n`, again: 10_000 },
  nothing: { says: `${head('GET /nowhere')}\r\n`, again: 10_000 },
  unread: { says: `${head('POST /nowhere', 'Content-Length: 1\r\n')}\r\n` },
  body: { says: `${head('POST /api/v1/events/demo/whip', 'Content-Type: application/sdp\r\nContent-Length: 131000\r\n')}\r\n` },
  offer: { says: `${head('POST /api/v1/events/demo/whip', 'Content-Type: application/sdp\r\nContent-Length: 131000\r\n')}\r\n${'v'.repeat(127_000)}` },
  socket: { says: `${head('GET /api/v1/events/demo/stage', upgrade)}\r\n` },
  listener: { says: `${head('GET /e/demo/48/live.mp4')}\r\n` },
  talker: { says: `${head('GET /e/demo/48/live.mp4')}\r\n${'j'.repeat(128_000)}` },
  hello: { tls: hello },
  shaken: { tls: shaken },
  'tls-listener': { tls: shaken, says: `${head('GET /e/demo/48/live.mp4')}\r\n` },
};
const { says, again, tls } = KINDS[kind];
const seen = { opened: 0, failed: 0, closed: 0 };

/** From 127.N.x.y: so many addresses that none runs out of ports. */
const source = (n) => `127.${network}.${(n >> 6) & 255}.${1 + (n & 63)}`;

function open(n) {
  const localAddress = source(n % 16_384);
  const socket = tls ? tls(localAddress) : connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => {});
  socket.once(tls === shaken ? 'secureConnect' : 'connect', () => {
    seen.opened++;
    if (says) socket.write(says);
    socket.resume();
    if (again) setInterval(() => socket.write(says), again).unref();
  });
  socket.once('close', () => (socket.bytesRead || socket.bytesWritten || socket.remotePort ? seen.closed++ : seen.failed++));
}

/** Begins a handshake and says nothing more: the first flight and then silence. */
function hello(localAddress) {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  socket.once('connect', () => {
    const session = connectTls({ socket, servername: 'localhost', rejectUnauthorized: false });
    session.on('error', () => {});
    // What the server answers is not read.
    queueMicrotask(() => socket.pause());
  });
  return socket;
}

/** Finishes its handshake; what it says comes after. */
function shaken(localAddress) {
  return connectTls({ port, host: '127.0.0.1', localAddress, servername: 'localhost', rejectUnauthorized: false });
}

const began = performance.now();
let begun = 0;
setInterval(() => {
  const due = Math.min(count, Math.floor(((performance.now() - began) / 1000) * rate));
  while (begun < due) open(begun++);
  process.send?.({ ...seen, begun });
}, 50);
process.on('disconnect', () => process.exit());
