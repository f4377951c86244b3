// A crowd that joins while other programs keep every processor busy: whether the mixer is on time and the programme whole. Three times:
// with what this machine allows, without any right to raise a thread, and with all threads equal, as if there were no priorities.

import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Pinned } from '../e2e/lib/ladder.mjs';
import { WITHOUT_RIGHTS, levels } from '../e2e/lib/priority.mjs';
import { sleep } from '../e2e/lib/tools.mjs';
import { child, ride } from './herd.mjs';
import { repeat, row } from './lib.mjs';
import { TICKS_PER_SECOND } from './proc.mjs';

const PATH = '/e/demo/48/live.mp4';
const SECONDS = Number(process.env.BUSY_SECONDS ?? 60);
const JOINS_PER_S = 5_000;
/** Connections that the server takes; who comes beyond is turned away, which is work as well. */
const CONNECTIONS_MAX = 40_000;
/** Those who listen from before to after and say what became of the programme. */
const INSIDE = 50;
/** Programs that compute and never wait. */
const HOGS = 2 * availableParallelism();
const SCHED_RR = 2;
/** Each program in a session of its own, as services are: nice values, and where it is switched on the kernel's grouping, count within one. */
const SESSION = ['setsid', '--wait'];

const ticks = async (server) => ({
  all: await server.metric('stentor_mixer_ticks_total{event="demo"}'),
  late: await server.metric('stentor_mixer_ticks_late_total{event="demo"}'),
  resets: await server.metric('stentor_mixer_clock_resets_total{event="demo"}'),
});

/** How long at most the hypervisor had the processors at a stretch of a tenth of a second, ms (proc_stat(5): steal). */
function stolen(t) {
  const read = () => Number(readFileSync('/proc/stat', 'utf8').split(/\s+/)[8]);
  let [last, most] = [read(), 0];
  const looking = setInterval(() => {
    const now = read();
    most = Math.max(most, now - last);
    last = now;
  }, 100);
  t.after(() => clearInterval(looking));
  return () => (most * 1_000) / TICKS_PER_SECOND / availableParallelism();
}

async function pressed(t, { command = [], ...options }) {
  const server = await Pinned.open(t, { rung: null, connections: CONNECTIONS_MAX, args: ['--demo'], command: [...SESSION, ...command], ...options });
  await server.start();
  await sleep(3_000);
  const inside = ride(t, { port: server.port, path: PATH, listeners: INSIDE, rate: 100, seconds: SECONDS + 10, before: true, cpu: null, more: ['--hash-every', '1'] });
  await sleep(5_000);
  const before = await ticks(server);
  const stealing = stolen(t);
  child(t, SESSION[0], [...SESSION.slice(1), 'stress-ng', '--cpu', String(HOGS), '--timeout', `${SECONDS}s`], { signal: 'SIGINT' });
  const crowd = await ride(t, { port: server.port, path: PATH, listeners: JOINS_PER_S * SECONDS, rate: JOINS_PER_S, seconds: SECONDS, from: '127.2.0.0/24', cpu: null, more: ['--hash-every', '0', '--listen-every', '0', '--patience', '5'] });
  const after = await ticks(server);
  const all = after.all - before.all;
  return {
    inside: await inside,
    crowd,
    late: (after.late - before.late) / all,
    ticks: all,
    resets: after.resets - before.resets,
    stolen: stealing(),
    realtime: levels(server.pid).some(({ name, policy }) => name === 'studio-net' && policy === SCHED_RR),
  };
}

/** What must not be heard: of the programme whole chunks, one after the other. */
const holes = ({ inside }) => inside.gaps + inside.repeated + inside.misnumbered + inside.hashes.altered + inside.sound.undecodable;

const rows = (how, runs, { lateMax, holesMax } = {}) => [
  row(`${how}: ticks of the mixer more than 20 ms late`, 'part', runs.map(({ late }) => late), { limit: lateMax }),
  row(`${how}: times the mixer stood still for more than a second`, '', runs.map(({ resets }) => resets), { limit: holesMax }),
  row(`${how}: gaps, repeated, altered or undecodable chunks of those inside`, '', runs.map(holes), { limit: holesMax }),
  row(`${how}: stalls of the player model of those inside`, '', runs.map(({ inside }) => inside.stalls)),
  row(`${how}: lateness of a chunk p99`, 'ms', runs.map(({ inside }) => inside.lateness.p99_ms)),
  row(`${how}: most that the hypervisor took at a stretch`, 'ms', runs.map(({ stolen }) => stolen)),
  row(`${how}: joins tried`, '/s', runs.map(({ crowd }) => crowd.scheduled / SECONDS)),
  row(`${how}: of these, got in`, 'part', runs.map(({ crowd }) => crowd.joined / crowd.scheduled)),
];

export default async function measure() {
  const allowed = await repeat((t) => pressed(t, {}));
  const without = await repeat((t) => pressed(t, { command: WITHOUT_RIGHTS }));
  const equal = await repeat((t) => pressed(t, { more: 'thread_priority = "off"\n' }));
  const limits = { lateMax: 0.001, holesMax: 0 };
  return {
    seconds: SECONDS,
    hogs: HOGS,
    realtime: allowed.every(({ realtime }) => realtime),
    rows: [
      ...rows(allowed.every(({ realtime }) => realtime) ? 'in real time' : 'as this machine allows', allowed, limits),
      ...rows('without any right', without, limits),
      ...rows('all threads equal', equal),
    ],
  };
}
