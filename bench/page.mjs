// A post on a large network: its page, card, player, oEmbed and calendar are asked for thousands of times a second, each by a connection of its own,
// beside a crowd that listens. Server on processor 0, herds on 1. The floor is the same crowd in the same run with nobody who asks.

import { run, sleep } from '../e2e/lib/tools.mjs';
import { BINARY, env } from '../e2e/lib/server.mjs';
import { faults, herd, missing, ride, stentor, valid } from './herd.mjs';
import { repeat, row } from './lib.mjs';
import { cpuSeconds } from './proc.mjs';

const LISTENERS = Number(process.env.PAGE_LISTENERS ?? 15_000);
/** Requests a second, and for how long. */
const STORM_PER_S = Number(process.env.PAGE_STORM ?? 5_000);
const STORM_S = 10;
const JOINS_PER_S = 1_500;
/** As a crowd of this size is served. */
const RUNG = 1;
/** From the last arrival to the storm, and from its end to that of the listeners, s. */
const QUIET_S = 3;
const CLEAN = 'the server ended the stream';
/** What is asked for, in equal parts. */
const ASKED = ['', '/card.png', '/embed', '/oembed.json', '/event.ics'].map((below) => `/e/demo${below}`);

/** A demonstration whose player may be shown anywhere, and whose documents are all there. */
async function server(t) {
  const started = await stentor(t, { rung: RUNG });
  const said = await run(BINARY, ['event', 'edit', 'demo', '--embed', 'any', '--data', started.data], { env: env() });
  if (said.code !== 0) throw new Error(said.stderr);
  for (const path of ASKED) {
    const { status } = await fetch(started.url + path);
    if (status !== 200) throw new Error(`${path} answered ${status}`);
  }
  return started;
}

/** A share of the storm for each address, each from a network of its own. */
const storm = (t, port) =>
  Promise.all(
    ASKED.map((path, n) => {
      const rate = STORM_PER_S / ASKED.length;
      return ride(t, { port, path, listeners: rate * STORM_S, rate, seconds: STORM_S + 2, from: `127.${n + 2}.0.0/24`, more: ['--raw', '--arrivals', 'constant'] });
    }),
  );

/** The crowd, and meanwhile the storm, or as long without one: what the server takes in that time is its processor time. */
async function once(t, isStormy) {
  const { pid, port } = await server(t);
  const inside = herd(t, pid, { port, path: '/e/demo/48/live.mp4', rate: JOINS_PER_S, listeners: LISTENERS, hold: 2 * QUIET_S + STORM_S + 4, before: true });
  await sleep((LISTENERS / JOINS_PER_S + QUIET_S) * 1000);
  const start = { cpu: cpuSeconds(pid), at: performance.now() };
  const asking = isStormy ? storm(t, port) : Promise.resolve([]);
  await sleep(STORM_S * 1000);
  const cores = (cpuSeconds(pid) - start.cpu) / ((performance.now() - start.at) / 1000);
  return { asked: await asking, cores, report: (await inside).report };
}

export default async function measure() {
  const quiet = await repeat((t) => valid(() => once(t, false)));
  // A storm that lagged was a smaller one.
  const stormy = await repeat((t) => valid(() => once(t, true), ({ report, asked }) => report.valid && asked.every((one) => one.valid)));
  const late = ({ report }) => report.lateness.p99_ms;
  const total = (count) => stormy.map(({ asked }) => asked.reduce((sum, report) => sum + count(report), 0));
  const joined = total((report) => report.joined);
  const of = (figure) => ASKED.map((path, n) => row(`${path}: first byte ${figure.slice(0, 3)}`, 'ms', stormy.map(({ asked }) => asked[n].first_audio[figure])));
  return {
    listeners: LISTENERS,
    requests_per_s: STORM_PER_S,
    valid: [...quiet, ...stormy].every(({ report, asked }) => report.valid && asked.every((one) => one.valid)),
    rows: [
      row('the crowd alone: CPU', 'cores', quiet.map(({ cores }) => cores)),
      row('the crowd alone: lateness p99', 'ms', quiet.map(late)),
      row('the crowd alone: stalls', '', quiet.map(({ report }) => report.stalls)),
      row('in the storm: CPU', 'cores', stormy.map(({ cores }) => cores), { limit: 1 }),
      row('in the storm: lateness p99', 'ms', stormy.map(late)),
      row('the same : alone', 'ratio', stormy.map((one, n) => late(one) / late(quiet[n])), { limit: 1.25 }),
      row('in the storm: stalls', '', stormy.map(({ report }) => report.stalls), { limit: 0 }),
      row('in the storm: gaps, altered or undecodable chunks, cuts', '', stormy.map(faults), { limit: 0 }),
      row('in the storm: never in', '', stormy.map(missing), { limit: 0 }),
      row('answers a second', '', joined.map((count) => count / STORM_S), { atLeast: STORM_PER_S * 0.99 }),
      row('CPU of an answer, with its connection', 'µs', stormy.map((one, n) => ((one.cores - quiet[n].cores) * STORM_S * 1e6) / joined[n])),
      row('not answered, or not wholly', '', total((report) => report.scheduled - (report.cut[CLEAN] ?? 0)), { limit: 0 }),
      ...of('p50_ms'),
      ...of('p99_ms'),
    ],
  };
}
