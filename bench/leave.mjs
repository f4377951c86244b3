// The end of an event: everybody's answer ends at once, and then everybody wants the replay. Server on processor 0, herd on 1.

import { Line } from '../e2e/lib/line.mjs';
import { sleep, until } from '../e2e/lib/tools.mjs';
import { herd, missing, ride, stentor, valid } from './herd.mjs';
import { repeat, row } from './lib.mjs';

const LISTENERS = Number(process.env.LEAVE_LISTENERS ?? 15_000);
const COMERS = Number(process.env.LEAVE_COMERS ?? 60_000);
const RATE = 1_500;
/** Over so long the page spreads asking for the replay (`REPLAY_SPREAD_MS`), s. */
const SPREAD_S = 30;
/** From the last arrival to the end of the event, and from there to the end of the herd, s. */
const HEARS_S = 10;
const LINGERS_S = 15;
const CLEAN = 'the server ended the stream';

const sum = (counts) => Object.values(counts).reduce((total, count) => total + (count ?? 0), 0);

async function once(t) {
  const server = await stentor(t, { rung: 1 });
  const host = await Line.open(t, server, server.links.host);
  const ramp = LISTENERS / RATE;
  const riding = ride(t, { port: server.port, path: '/e/demo/48/live.mp4', listeners: LISTENERS, rate: RATE, seconds: ramp + HEARS_S + LINGERS_S });
  await sleep((ramp + HEARS_S) * 1000);
  const said = performance.now();
  await host.phase('ended');
  await until('all have left', async () => sum(await server.renditions()) === 0, { ms: LINGERS_S * 1000, every: 50 });
  const left = performance.now() - said;
  await until('the replay is there', async () => (await server.status()).replay, { ms: 30_000 });
  const offered = performance.now() - said;
  const ended = await riding;
  const replay = await fetch(server.path('demo', '/replay.mp4'), { method: 'HEAD' });
  const bytes = Number(replay.headers.get('content-length'));
  const rate = COMERS / SPREAD_S;
  const came = await valid(() => herd(t, server.pid, { port: server.port, path: '/e/demo/replay.mp4', listeners: COMERS, rate, hold: 12, raw: true }));
  return { ended, left, offered, bytes, came, full: await server.metric('stentor_refused_total{port="public",reason="files_full"}') };
}

export default async function measure() {
  const runs = await repeat(once);
  const cut = ({ ended }) => sum(ended.cut) - (ended.cut[CLEAN] ?? 0);
  return {
    listeners: LISTENERS,
    comers: COMERS,
    replay_bytes: runs[0].bytes,
    valid: runs.every(({ ended, came }) => ended.valid && came.report.valid),
    rows: [
      row('the end: whose answer did not end cleanly', '', runs.map((run) => run.ended.joined - (run.ended.cut[CLEAN] ?? 0)), { limit: 0 }),
      row('the end: cut otherwise, never in', '', runs.map((run) => cut(run) + missing({ report: run.ended })), { limit: 0 }),
      row('the end: gaps, altered chunks', '', runs.map(({ ended }) => ended.gaps + ended.hashes.altered), { limit: 0 }),
      row('the end: until the last has heard it', 's', runs.map(({ left }) => left / 1000)),
      row('the end: until the replay is offered', 's', runs.map(({ offered }) => offered / 1000)),
      row(`the replay: ${COMERS.toLocaleString('en-GB')} ask within ${SPREAD_S} s, first bytes p50`, 'ms', runs.map(({ came }) => came.report.first_audio.p50_ms)),
      row('the replay: first bytes p99', 'ms', runs.map(({ came }) => came.report.first_audio.p99_ms), { limit: 1_000 }),
      row('the replay: who got nothing', '', runs.map(({ came }) => missing(came)), { limit: 0 }),
      row('the replay: who did not get all of it', '', runs.map(({ came }) => came.report.joined - (came.report.cut[CLEAN] ?? 0)), { limit: 0 }),
      row('the replay: refused because too many read', '', runs.map(({ full }) => full), { limit: 0 }),
    ],
  };
}
