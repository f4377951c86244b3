// A server on processor 0 and herds on processor 1: what the figures about crowds have in common.

import { spawn } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Pinned } from '../e2e/lib/ladder.mjs';
import { BINARY } from '../e2e/lib/server.mjs';
import { folder, run, sleep } from '../e2e/lib/tools.mjs';
import { cpuSeconds, kib, segmentsSent } from './proc.mjs';

export const BIN = (name) => join(BINARY, '..', name);
/** Between the last arrival and the window in which processor time is taken, seconds. */
const SETTLE_S = 3;

/** Keeps every thread of a process on one processor. */
export async function pin(pid, cpu) {
  for (const task of readdirSync(`/proc/${pid}/task`)) await run('taskset', ['-p', '-c', String(cpu), task]);
}

/** A program that ends with the figure, by a signal it obeys if it has children of its own. */
export function child(t, command, args, { signal = 'SIGKILL' } = {}) {
  const started = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [started.stdout, started.stderr]) stream.on('data', (bytes) => (log = (log + bytes).slice(-20_000)));
  const ended = new Promise((done) => started.on('close', done));
  t.after(async () => {
    started.kill(signal);
    await ended;
  });
  /** Fails with what it said if it is not there any more. */
  const lives = () => {
    if (started.exitCode !== null || started.signalCode !== null) throw new Error(`${command} ended: ${log}`);
  };
  return { pid: started.pid, log: () => log, lives, ended };
}

let firstTurn;
/** What puts a program before others on its processor, where this machine lets us: nothing elsewhere. */
const first = () => (firstTurn ??= run('chrt', ['-f', '5', 'true']).then(({ code }) => (code === 0 ? ['chrt', '-f', '5'] : []), () => []));

/** One herd to its end, alone; gives its report. `before`: it goes before others on its processor; `cpu`: which, null for all. */
export async function ride(t, { port, path, listeners, rate, seconds, from = '127.1.0.0/24', before = false, cpu = 1, more = [] }) {
  const json = join(folder(t, 'herd'), 'report.json');
  const command = [...(cpu === null ? [] : ['taskset', '-c', String(cpu)]), ...(before ? await first() : []), BIN('herd')];
  const args = ['--connect', `127.0.0.1:${port}`, '--path', path, '--listeners', String(listeners)];
  args.push('--rate', `${rate}/s`, '--seconds', String(seconds), '--sources', from, ...(cpu === null ? [] : ['--cpus', String(cpu)]), '--json', json, '--quiet', ...more);
  const [program, ...rest] = command;
  const ran = await run(program, [...rest, ...args], { ms: (seconds + 60) * 1000 });
  if (!existsSync(json)) throw new Error(`the herd said: ${ran.stdout}${ran.stderr}`);
  return JSON.parse(readFileSync(json, 'utf8'));
}

/** One herd against one server; gives its report and the server's processor time per listener in the steady part. */
export async function herd(t, pid, { port, path, rate, listeners, hold = 25, raw = false, before = false, more = [] }) {
  const rssBefore = kib(pid, 'VmRSS');
  const ramp = listeners / rate;
  const riding = ride(t, { port, path, listeners, rate, seconds: ramp + hold, before, more: [...(raw ? ['--raw'] : []), ...more] });
  await sleep((ramp + SETTLE_S) * 1000);
  const start = { cpu: cpuSeconds(pid), at: performance.now(), segments: segmentsSent() };
  await sleep((hold - SETTLE_S - 3) * 1000);
  const seconds = (performance.now() - start.at) / 1000;
  const cores = (cpuSeconds(pid) - start.cpu) / seconds;
  // Both directions: what is sent, and its acknowledgement.
  const segments = (segmentsSent() - start.segments) / seconds / listeners;
  const rss = kib(pid, 'VmRSS');
  const report = await riding;
  return { report, cores, segments, bytesPerListener: ((rss - rssBefore) * 1024) / listeners };
}

/** A run in which the herd lagged is thrown away and made again once. */
export async function valid(measure, isValid = ({ report }) => report.valid) {
  const once = await measure();
  return isValid(once) ? once : measure();
}

/** Stentor with its demonstration on processor 0, held on a rung of the ladder; null leaves it to the load. */
export async function stentor(t, { rung, args = [], scheme = 'http' }) {
  const server = await Pinned.open(t, { rung, args: ['--demo', ...args], scheme, command: ['taskset', '-c', '0'] });
  await server.start();
  await sleep(3_000);
  return server;
}

/** The processor time a server takes for what it does anyway, cores. */
export async function idle(pid) {
  const before = { cpu: cpuSeconds(pid), at: performance.now() };
  await sleep(5_000);
  return (cpuSeconds(pid) - before.cpu) / ((performance.now() - before.at) / 1000);
}

export const missing = ({ report }) => report.scheduled - report.joined;

/** What a listener of the herd must never meet. */
export const faults = ({ report }) =>
  report.gaps + report.repeated + report.misnumbered + report.hashes.altered + report.hashes.uncompared + report.sound.undecodable + report.sound.silent_listeners + Object.values(report.cut).reduce((sum, n) => sum + n, 0);

/** Bytes on the wire beyond the sound itself, as a part of the sound; TCP and below not counted. */
export const beside = ({ report }) => report.bytes / report.sound_bytes - 1;
