// Who goes back while it is live, against who listens by HLS: the same server on processor 0, the same herd on processor 1. A piece of the past
// is eight times a segment, and never asked for twice by one listener.

import { sleep, until } from '../e2e/lib/tools.mjs';
import { faults, herd, idle, missing, stentor, valid } from './herd.mjs';
import { repeat, row } from './lib.mjs';

const LISTENERS = Number(process.env.REWIND_LISTENERS ?? 5_000);
const RATE = 1_000;
/** Three pieces of 28.8 s, so that everybody asks for at least two while they are measured, s. */
const HOLD_S = 90;
/** Until there are four pieces to begin with, ms. */
const RECORDED_MS = 240_000;

async function once(t) {
  const server = await stentor(t, { rung: 0 });
  const pieces = async () => (await (await fetch(server.path('demo', '/past/index.m3u8'))).text()).split('\n').filter((line) => /\.m4s$/.test(line)).length;
  await until('there is a past', async () => (await pieces()) >= 4, { ms: RECORDED_MS, every: 2_000 });
  const idleCores = await idle(server.pid);
  const ride = { port: server.port, listeners: LISTENERS, rate: RATE, hold: HOLD_S, before: true };
  const past = await valid(() => herd(t, server.pid, { ...ride, path: '/e/demo/past/index.m3u8', more: ['--hls', '--hash-every', '0', '--manifest', '/e/demo/48/manifest.json'] }));
  await sleep(3_000);
  const live = await valid(() => herd(t, server.pid, { ...ride, path: '/e/demo/48/index.m3u8', more: ['--hls'] }));
  const each = ({ cores }) => ((cores - idleCores) / LISTENERS) * 1e6;
  return { past, live, each: { past: each(past), live: each(live) } };
}

export default async function measure() {
  const runs = await repeat(once);
  return {
    listeners: LISTENERS,
    valid: runs.every(({ past, live }) => past.report.valid && live.report.valid),
    rows: [
      row('going back: processor of a listener', 'µs/s', runs.map(({ each }) => each.past)),
      row('by HLS: processor of a listener', 'µs/s', runs.map(({ each }) => each.live)),
      row('going back against HLS', '', runs.map(({ each }) => each.past / each.live), { limit: 1 }),
      row('going back: never in, faults', '', runs.map(({ past }) => missing(past) + faults(past)), { limit: 0 }),
      row('by HLS: never in, faults', '', runs.map(({ live }) => missing(live) + faults(live)), { limit: 0 }),
    ],
  };
}
