// A beginning is postponed with thousands in the lobby: how soon each of them has the notice, and how soon all that is asked for says so. Server
// on processor 0, herd on 1. Whoever asks for the documents does so every 20 ms, which is the error of their rows.

import { Line } from '../e2e/lib/line.mjs';
import { sleep } from '../e2e/lib/tools.mjs';
import { faults, missing, ride, stentor, valid } from './herd.mjs';
import { repeat, row } from './lib.mjs';

const LISTENERS = Number(process.env.POSTPONE_LISTENERS ?? 10_000);
const RATE = 1_500;
const WHY = 'The line to our guest has to be laid anew';
const MINUTES = 60_000;
/** From the last arrival to the act, and from there to the end of the herd, s. */
const WAITS_S = 8;
const LINGERS_S = 10;
const LOOK_MS = 20;
const LIMIT_MS = 2_000;

/** What must say so, and how one sees that it does: of a beginning, `stamp` is the calendar's way to write it. */
const DOCUMENTS = {
  'status.json': (text) => text.includes(WHY),
  'event.ics': (text, { stamp }) => text.includes(stamp),
  'feed.xml': (text, { iso }) => text.includes(iso),
  '': (text, { iso }) => text.includes('EventPostponed') || text.includes('EventRescheduled') || text.includes(iso),
};

/** Asks until it says so; how long that took since `acted`, ms. */
async function said(address, says, acted) {
  for (;;) {
    const text = await (await fetch(address)).text();
    if (says(text)) return performance.now() - acted;
    if (performance.now() - acted > LINGERS_S * 1000) throw new Error(`${address} does not say so: ${text.slice(0, 2_000)}`);
    await sleep(LOOK_MS);
  }
}

async function once(t) {
  const server = await stentor(t, { rung: null });
  const begins = Math.ceil(Date.now() / MINUTES) * MINUTES + 5 * MINUTES;
  const { host: link } = await server.create({ slug: 'lobby', title: 'A talk', starts: begins / 1000 });
  const host = await Line.open(t, server, link);
  if (host.state.phase !== 'doors') await host.phase('doors');
  const ramp = LISTENERS / RATE;
  const riding = ride(t, { port: server.port, path: '/e/lobby/48/live.mp4', listeners: LISTENERS, rate: RATE, seconds: ramp + WAITS_S + LINGERS_S, before: true, more: ['--notice', WHY] });
  await sleep((ramp + WAITS_S) * 1000);
  const later = new Date(begins + 10 * MINUTES);
  const iso = later.toISOString().slice(0, 16);
  const stamp = iso.replaceAll(/[-:]/g, '');
  const [acted, actedAt] = [performance.now(), Date.now()];
  await host.act('postpone', { start: { at: later.getTime() }, why: { en: WHY } });
  const documents = {};
  await Promise.all(Object.entries(DOCUMENTS).map(async ([name, says]) => {
    documents[name] = await said(server.path('lobby', name && `/${name}`), (text) => says(text, { iso, stamp }), acted);
  }));
  const report = await riding;
  return { report, documents, since: report.began_unix_ms - actedAt };
}

export default async function measure() {
  const runs = await repeat((t) => valid(() => once(t)));
  const after = (which) => runs.map(({ report, since }) => since + report.noticed[which]);
  return {
    listeners: LISTENERS,
    valid: runs.every(({ report }) => report.valid),
    rows: [
      row('a postponement: until a listener has the notice, p50', 'ms', after('p50_ms')),
      row('a postponement: until a listener has the notice, p99', 'ms', after('p99_ms'), { limit: LIMIT_MS }),
      row('a postponement: until the last has it', 'ms', after('max_ms')),
      row('a postponement: who never had it', '', runs.map(({ report }) => report.joined - report.noticed.count), { limit: 0 }),
      row('the lobby: never in, faults', '', runs.map((run) => missing(run) + faults(run)), { limit: 0 }),
      ...Object.keys(DOCUMENTS).map((name) => row(`until ${name || 'the page'} says so`, 'ms', runs.map(({ documents }) => documents[name]), { limit: LIMIT_MS })),
    ],
  };
}
