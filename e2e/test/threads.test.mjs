// Which thread of the server goes before which, as the system has it.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { WITHOUT_RIGHTS, levels } from '../lib/priority.mjs';
import { Pinned } from '../lib/ladder.mjs';
import { until } from '../lib/tools.mjs';

const OTHER = 0;
const ROUND_ROBIN = 2;
const MEDIA = ['studio-net', 'room-demo'];
const SERVING = ['shard-0', 'returns-0', 'tokio-rt-worker'];
const NEITHER = ['stentor', 'ladder', 'records', 'blobs', 'studio-starter'];

async function serving(t, options) {
  const server = await Pinned.open(t, { args: ['--demo'], ...options });
  await server.start();
  // Shards are started by the first who comes.
  await (await fetch(server.path('demo'))).arrayBuffer();
  const names = [...MEDIA, ...SERVING, ...NEITHER];
  await until('all threads run', () => names.every((name) => levels(server.pid).some((thread) => thread.name === name)));
  return server;
}

/** Every thread of these names, and there is one, is scheduled like this. */
function scheduled(server, names, expected) {
  const threads = levels(server.pid);
  for (const name of names) {
    const ofName = threads.filter((thread) => thread.name === name);
    assert.notEqual(ofName.length, 0, name);
    for (const { policy, priority, nice } of ofName) assert.deepEqual({ policy, priority, nice }, expected, `${name}\n${server.log}`);
  }
}

const nice = (value) => ({ policy: OTHER, priority: 0, nice: value });
const started = getPriority();

test('without any right those that serve are lowered, and the sound stays where it was', { timeout: 60_000 }, async (t) => {
  const server = await serving(t, { command: WITHOUT_RIGHTS });
  assert.match(server.log, /RLIMIT_RTPRIO is below 10, and CAP_SYS_NICE is missing/);
  scheduled(server, MEDIA, nice(started));
  scheduled(server, NEITHER, nice(started));
  scheduled(server, SERVING, nice(Math.min(started + 10, 19)));
  // A room that is opened later, on a request's side, does not begin as low as what opens it.
  await server.create({ slug: 'later' });
  await until('the event is open', async () => (await fetch(server.path('later'))).status === 200);
  scheduled(server, ['room-later'], nice(started));
});

test('where the system allows it the sound runs in real time, until a thread of it lets nobody else run', { timeout: 60_000 }, async (t) => {
  const server = await serving(t, {});
  if (!/the threads of the sound run in real time/.test(server.log)) {
    // What was shown instead must not look like what was to be shown.
    assert.match(server.log, /by nice values only/);
    const of = (names) => levels(server.pid).filter(({ name }) => names.includes(name));
    const lowest = Math.max(...of(MEDIA).map(({ nice }) => nice));
    for (const { name, nice } of of(SERVING)) assert.ok(nice > lowest, `${name} goes behind the sound`);
    const shown = 'NOT SHOWN: real time, which this machine gives nobody. Shown instead: the sound goes before those who serve by nice values';
    if (process.env.STENTOR_MUST_RUN === '1') console.log(shown);
    return t.diagnostic(shown);
  }
  scheduled(server, MEDIA, { policy: ROUND_ROBIN, priority: 10, nice: started });
  scheduled(server, [...SERVING, ...NEITHER], nice(started));
  const limits = readFileSync(`/proc/${server.pid}/limits`, 'utf8');
  assert.match(limits, /Max realtime timeout +2000000 /);
  process.kill(server.pid, 'SIGXCPU');
  await until('it is told', () => /from now on none runs in real time/.test(server.log));
  scheduled(server, MEDIA, nice(started));
  assert.equal((await fetch(server.path('demo'))).status, 200);
});

test('nothing is touched where the operator says so', { timeout: 60_000 }, async (t) => {
  const server = await serving(t, { more: 'thread_priority = "off"\n' });
  assert.match(server.log, /as thread_priority says/);
  scheduled(server, [...MEDIA, ...SERVING, ...NEITHER], nice(started));
});
