// What one send takes of the processor in a shard, in instructions of our own (callgrind sees no kernel): the same chunks to N and to
// 2N listeners, so that waiting and publishing drop out and what is left belongs to the sends.

import { spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { ROOT, folder, run, until } from '../e2e/lib/tools.mjs';
import { repeat, row } from './lib.mjs';

const EXAMPLE = resolve(ROOT, process.env.CARGO_TARGET_DIR ?? 'target', 'release/examples/shard_tick');
/** N. What a shard does between sends goes by time and not by listeners: it is the less of the figure the more there are. */
const LISTENERS = { plain: 2_000, tls: 200 };
/** Instructions; some hundredths above what was counted on 2026-11-26, for compilers to differ. */
const LIMITS = { plain: 560, tls: 6_900 };
/** So many join at a time; N is a multiple of it. */
const ABREAST = 50;
const CHUNKS = 30;
/** The example's threads that are no shards: they begin before any shard does. */
const OTHER_THREADS = 2;
/** A chunk as it is sent: size line, bytes, end of line; over TLS a record's header and tag on top, which node takes off again. */
const FRAME_BYTES = 1_320 + '528\r\n\r\n'.length;

/** Listens until told to stop; `bytes` counts what came of the body. */
function listener(port, tls) {
  const socket = tls ? connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, minVersion: 'TLSv1.3' }) : connect(port, '127.0.0.1');
  const one = { socket, bytes: -1, failed: null };
  let head = '';
  socket.on(tls ? 'secureConnect' : 'connect', () => socket.write('GET /e/tick/48/live.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n'));
  socket.on('error', (error) => (one.failed = error));
  socket.on('data', (bytes) => {
    if (one.bytes >= 0) return void (one.bytes += bytes.length);
    head += bytes.toString('latin1');
    const end = head.indexOf('\r\n\r\n');
    if (end >= 0) one.bytes = head.length - end - 4;
  });
  return one;
}

/** Has callgrind write what it counted, and begin anew. */
async function dump(pid) {
  const done = await run('vgdb', [`--pid=${pid}`, 'dump']);
  if (done.code !== 0) throw new Error(`vgdb: ${done.stderr}`);
}

/** Instructions of the shards' threads while so many listeners hear all the chunks. */
async function instructions(t, kind, listeners) {
  const home = folder(t, 'callgrind');
  const out = join(home, 'out');
  const program = spawn('valgrind', ['--quiet', '--tool=callgrind', '--separate-threads=yes', `--callgrind-out-file=${out}`, EXAMPLE, kind], { stdio: ['pipe', 'pipe', 'pipe'] });
  t.after(() => program.kill('SIGKILL'));
  let said = '';
  for (const stream of [program.stdout, program.stderr]) stream.on('data', (bytes) => (said += bytes));
  const ended = new Promise((done) => program.on('close', done));
  const port = Number(await until('the program says its port', () => said.match(/^port (\d+)$/m)?.[1], { ms: 60_000 }));
  const crowd = [];
  while (crowd.length < listeners) {
    for (let n = 0; n < ABREAST; n++) crowd.push(listener(port, kind === 'tls'));
    await until('they are in', () => crowd.every((one) => one.failed || one.bytes >= '4\r\nhead\r\n'.length), { ms: 60_000, every: 2 });
    const failed = crowd.find((one) => one.failed);
    if (failed) throw failed.failed;
  }
  await dump(program.pid);
  const start = crowd.map((one) => one.bytes);
  for (let chunk = 1; chunk <= CHUNKS; chunk++) {
    program.stdin.write('\n');
    await until('everybody hears it', () => crowd.every((one, n) => one.bytes >= start[n] + chunk * FRAME_BYTES), { ms: 60_000, every: 5 });
  }
  await dump(program.pid);
  program.stdin.end();
  if ((await ended) !== 0) throw new Error(`shard_tick: ${said}`);
  for (const one of crowd) one.socket.destroy();
  const shards = readdirSync(home).filter((name) => Number(name.match(/^out\.2-(\d+)$/)?.[1]) > OTHER_THREADS);
  if (!shards.length) throw new Error('callgrind wrote nothing of a shard');
  return shards.reduce((sum, name) => sum + Number(readFileSync(join(home, name), 'utf8').match(/^(?:summary|totals): (\d+)/m)[1]), 0);
}

async function perSend(t, kind) {
  const listeners = LISTENERS[kind];
  return ((await instructions(t, kind, 2 * listeners)) - (await instructions(t, kind, listeners))) / (listeners * CHUNKS);
}

export default async function measure() {
  const built = await run('cargo', ['build', '--release', '--locked', '--quiet', '-p', 'stentor-edge', '--example', 'shard_tick'], { cwd: ROOT, ms: 900_000 });
  if (built.code !== 0) throw new Error(built.stderr);
  const rows = [];
  for (const kind of ['plain', 'tls']) {
    rows.push(row(`one send of ${FRAME_BYTES} bytes, ${kind}`, 'instr.', await repeat((t) => perSend(t, kind)), { limit: LIMITS[kind] }));
  }
  return { listeners: LISTENERS, chunks: CHUNKS, valgrind: (await run('valgrind', ['--version'])).stdout.trim(), rows };
}
