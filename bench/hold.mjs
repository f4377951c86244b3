// What the server outlives: 100,000 connections of each kind that somebody can make for next to nothing, in a control group that is given
// 512 MiB. A listener who is inside hears on, and afterwards whoever comes is served.
//
// It needs a control group of its own (cgroup v1 or v2, so root, or a machine that delegates one), and says so where there is none.

import { fork, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Server } from '../e2e/lib/server.mjs';
import { sleep, until } from '../e2e/lib/tools.mjs';
import { row, scope } from './lib.mjs';
import { kib } from './proc.mjs';

const MIB = Number(process.env.HOLD_MIB ?? 512);
const CONNECTIONS = Number(process.env.HOLD_CONNECTIONS ?? 100_000);
const PER_SECOND = Number(process.env.HOLD_PER_S ?? 5_000);
/** Of one process, below what descriptors allow it. */
const HOLDER = 12_500;
const KINDS = (process.env.HOLD_KINDS ?? 'silent byte head idle nothing unread body offer socket listener deaf talker hello shaken tls-listener').split(' ');
/** All are begun; so long they are held, s: a listener who reads nothing costs more the longer it is. */
const HELD_S = { deaf: 30 };
const HELD_S_ELSE = 6;
const TLS = ['hello', 'shaken', 'tls-listener'];
const LIVE = '/e/demo/48/live.mp4';

/** A control group with so much memory, for cgroup v2 or v1; `used` and `peak` in bytes. */
function group(t) {
  const v1 = existsSync('/sys/fs/cgroup/memory/memory.limit_in_bytes');
  const folder = join(v1 ? '/sys/fs/cgroup/memory' : '/sys/fs/cgroup', `stentor-hold-${process.pid}`);
  mkdirSync(folder);
  t.after(() => rmdirSync(folder));
  const [max, current, peak] = v1 ? ['memory.limit_in_bytes', 'memory.usage_in_bytes', 'memory.max_usage_in_bytes'] : ['memory.max', 'memory.current', 'memory.peak'];
  writeFileSync(join(folder, max), String(MIB * 2 ** 20));
  const number = (file) => Number(readFileSync(join(folder, file), 'utf8'));
  return {
    // It must be in the group from its beginning: there it looks how much memory it may have.
    command: ['sh', '-c', `echo $$ > ${join(folder, 'cgroup.procs')} && exec "$@"`, 'sh'],
    used: () => number(current),
    peak: () => number(peak),
  };
}

/** A listener inside: the longest it heard nothing, ms. */
function inside(server) {
  const heard = { longest: 0, over: null };
  let last = performance.now();
  const asked = request(server.url + LIVE, (answer) => {
    answer.on('data', () => {
      const now = performance.now();
      heard.longest = Math.max(heard.longest, now - last);
      last = now;
    });
    answer.on('close', () => (heard.over ??= 'its answer ended'));
  });
  asked.on('error', (error) => (heard.over ??= error.code));
  asked.end();
  heard.end = () => {
    heard.over ??= 'not cut';
    asked.destroy();
    return { ...heard, longest: Math.max(heard.longest, performance.now() - last) };
  };
  return heard;
}

/** How long whoever comes now waits for `status.json`, ms; null when it is not served. */
async function newcomer(server) {
  const began = performance.now();
  const answer = await fetch(server.path('demo', '/status.json'), { signal: AbortSignal.timeout(5_000) }).catch(() => null);
  return answer?.ok ? performance.now() - began : null;
}

/** A process that opens connections, and tells now and then what became of them. */
function holder(kind, ask, tell) {
  if (kind !== 'deaf') return fork(new URL('./holder.mjs', import.meta.url), [ask]).on('message', tell);
  const child = spawn(process.env.E2E_PYTHON ?? 'python3', [fileURLToPath(new URL('./deaf.py', import.meta.url)), ask], { stdio: ['ignore', 'pipe', 'inherit'] });
  createInterface({ input: child.stdout }).on('line', (line) => tell(JSON.parse(line)));
  return child;
}

async function holders(t, server, kind) {
  const count = Math.ceil(CONNECTIONS / HOLDER);
  const states = [];
  for (let n = 0; n < count; n++) {
    const ask = { port: server.port, kind, count: Math.round(CONNECTIONS / count), rate: PER_SECOND / count, network: 10 + n };
    const child = holder(kind, JSON.stringify(ask), (state) => (states[n] = state));
    t.after(() => child.kill('SIGKILL'));
  }
  const sum = (name) => states.reduce((total, state) => total + (state?.[name] ?? 0), 0);
  return { begun: () => sum('begun'), opened: () => sum('opened'), open: () => sum('opened') - sum('closed') };
}

async function hold(kind) {
  const t = scope();
  try {
    const room = group(t);
    const tls = TLS.includes(kind);
    const server = await new Server(t, { args: ['--demo', ...(tls ? ['--dev-tls'] : [])], scheme: tls ? 'https' : 'http', rung: null, command: room.command }).start();
    const rss = kib(server.pid, 'VmRSS');
    const listener = tls ? null : inside(server);
    await sleep(1_000);
    const crowd = await holders(t, server, kind);
    let most = 0;
    let used = 0;
    const look = () => {
      most = Math.max(most, crowd.open());
      used = Math.max(used, room.used());
    };
    await until(`all of ${kind} are begun`, () => (look(), crowd.begun() >= CONNECTIONS || !server.running), { ms: 300_000, every: 100 });
    const during = server.running && !tls ? await newcomer(server) : null;
    for (let n = 0; n < (HELD_S[kind] ?? HELD_S_ELSE) * 10 && server.running; n++, await sleep(100)) look();
    const lives = server.running;
    const grown = lives ? kib(server.pid, 'VmRSS') - rss : NaN;
    const heard = listener?.end() ?? { longest: NaN, over: 'not asked' };
    return { kind, lives, opened: crowd.opened(), most, used, grown, during, longest: heard.longest, over: heard.over };
  } finally {
    await t.release();
  }
}

export default async function measure() {
  const held = [];
  for (const kind of KINDS) {
    const one = await hold(kind);
    held.push(one);
    console.error(JSON.stringify(one));
  }
  const rows = held.flatMap(({ kind, lives, used, most, longest, over }) => [
    row(`${kind}: the server was killed`, '', [lives ? 0 : 1], { limit: 0 }),
    row(`${kind}: memory of the group, at most`, 'MiB', [used / 2 ** 20], { limit: MIB }),
    row(`${kind}: held at once, at most`, '', [most]),
    ...(Number.isNaN(longest) ? [] : [row(`${kind}: a listener inside was cut`, '', [over === 'not cut' ? 0 : 1], { limit: 0 }), row(`${kind}: its longest pause, with eight programs that connect beside it`, 'ms', [longest])]),
  ]);
  return { mib: MIB, connections: CONNECTIONS, held, rows };
}
