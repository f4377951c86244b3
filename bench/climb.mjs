// Up the ladder and down again with people inside: nobody's buffer runs dry. Twice: with an operator who holds each rung, seen by a
// page in Chromium and by listeners of the herd whose page is a model; and left to the load, under a crowd that grows and goes.

import { browser, open, says } from '../e2e/lib/browser.mjs';
import { noticed, watchBuffer } from '../e2e/lib/ladder.mjs';
import { sleep, until } from '../e2e/lib/tools.mjs';
import { faults, missing, ride, stentor } from './herd.mjs';
import { repeat, row } from './lib.mjs';

const BEST = '/e/demo/48/live.mp4';
const INSIDE = 300;
/** How long those inside take from one rung to the next (`Rung::warning_ms`), with as much again as a turn, seconds. */
const UP_S = [33, 74, 240];
const DOWN_S = 35;
/** A crowd that one processor does not serve at rung 0. */
const CROWD = Number(process.env.CLIMB_CROWD ?? 24_000);
/** As fast as those inside can be told and move (half a minute for the first rung): a crowd that comes faster opens its doors higher. */
const CROWD_PER_S = 400;
const CROWD_S = 105;
/** A minute of calm for each rung down, and some. */
const CALM_S = 300;

/** What the page noticed, kept as one: the browser is asked often, so that nothing is overwritten. */
async function watched(page, seconds) {
  const all = { waits: 0, jumps: 0, lowest: Infinity, rates: new Set() };
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    await sleep(Math.min(5_000, end - Date.now()));
    const { waits, jumps, lowest, rates } = await noticed(page);
    all.waits += waits;
    all.jumps += jumps;
    all.lowest = Math.min(all.lowest, lowest ?? Infinity);
    rates.forEach((rate) => all.rates.add(rate));
  }
  return all;
}

/** Rung by rung as an operator says. */
async function held(t) {
  const server = await stentor(t, { rung: 0 });
  const chromium = await browser(t);
  const page = await open(chromium, server.path('demo'), { init: watchBuffer });
  await page.getByRole('button', { name: 'Listen' }).click();
  await says(page, 'You are listening live.');
  await sleep(2_000);
  await noticed(page);
  const seconds = UP_S.reduce((sum, one) => sum + one, 0) + 3 * DOWN_S + 40;
  const riding = ride(t, { port: server.port, path: BEST, listeners: INSIDE, rate: 100, seconds, more: ['--hash-every', '1', '--listen-every', '20'] });
  await sleep(8_000);
  const seen = [];
  const at = [];
  for (const [rung, wait] of [[1, UP_S[0]], [2, UP_S[1]], [3, UP_S[2]], [2, DOWN_S], [1, DOWN_S], [0, DOWN_S]]) {
    await server.pin(rung);
    seen.push(await watched(page, wait));
    at.push({ rung, ...(await server.renditions()) });
  }
  const report = await riding;
  const rates = seen.flatMap((one) => [...one.rates]);
  return {
    report,
    at,
    // Everybody: the herd and the page.
    moved: at.every(({ rung, ...counts }) => counts[['48', '48', '24', '12'][rung]] === INSIDE + 1),
    waits: seen.reduce((sum, one) => sum + one.waits + one.jumps, 0),
    lowest_ms: Math.min(...seen.map((one) => one.lowest)) * 1000,
    slowest: Math.min(...rates),
    fastest: Math.max(...rates),
  };
}

/** Left to the load, on one processor. */
async function loaded(t) {
  const server = await stentor(t, { rung: null });
  const seconds = 15 + CROWD_S + CALM_S;
  const inside = ride(t, { port: server.port, path: BEST, listeners: INSIDE, rate: 100, seconds, before: true, more: ['--hash-every', '1', '--listen-every', '20'] });
  await sleep(10_000);
  const crowd = ride(t, { port: server.port, path: BEST, listeners: CROWD, rate: CROWD_PER_S, seconds: CROWD_S, from: '127.2.0.0/24', before: true });
  const top = await until('the ladder has climbed', async () => {
    const { rung } = await server.ladder();
    return rung >= 1 && rung;
  }, { ms: CROWD_S * 1000, every: 500 });
  const came = await crowd;
  await until('the ladder has come down', async () => (await server.ladder()).rung === 0, { ms: CALM_S * 1000, every: 1_000 });
  const { steps } = await server.ladder();
  return { report: await inside, crowd: came, steps, top: Math.max(top, ...steps.map(({ to }) => to)) };
}

export default async function measure() {
  const operator = await repeat(held);
  const crowd = await repeat(loaded);
  const both = crowd.flatMap(({ report, crowd: came }) => [{ report }, { report: came }]);
  return {
    inside: INSIDE,
    crowd: CROWD,
    valid: [...operator, ...both].every(({ report }) => report.valid),
    steps: crowd.map(({ steps }) => steps.map(({ from, to, reason, load }) => ({ from, to, reason, load: Object.fromEntries(load) }))),
    rows: [
      row('held 0, 1, 2, 3, 2, 1, 0: everybody moved to each rung’s rendition', '1 is yes', operator.map(({ moved }) => Number(moved)), { atLeast: 1 }),
      row('held: page in Chromium: times it waited or jumped', '', operator.map(({ waits }) => waits), { limit: 0 }),
      row('held: page in Chromium: least sound it held', 'ms', operator.map((one) => one.lowest_ms), { atLeast: 1 }),
      row('held: page in Chromium: slowest playing', '× speed', operator.map(({ slowest }) => slowest), { atLeast: 0.96 }),
      row('held: page in Chromium: fastest playing', '× speed', operator.map(({ fastest }) => fastest), { limit: 1.04 }),
      row('held: stalls of 300 in the herd', '', operator.map(({ report }) => report.stalls), { limit: 0 }),
      row('held: least sound that any of them held', 'ms', operator.map(({ report }) => report.lowest_buffer.min_ms)),
      row('held: gaps, altered or undecodable chunks, cuts', '', operator.map(faults), { limit: 0 }),
      row('left to the load: highest rung', '', crowd.map(({ top }) => top)),
      row(`left to the load: never in, of ${CROWD.toLocaleString('en-GB')}`, '', crowd.map(({ crowd: came }) => missing({ report: came })), { limit: 0 }),
      row('left to the load: first audio p99 of the crowd', 'ms', crowd.map(({ crowd: came }) => came.first_audio.p99_ms)),
      row('left to the load: stalls of the crowd and of those inside', '', crowd.map(({ report, crowd: came }) => report.stalls + came.stalls), { limit: 0 }),
      row('left to the load: least sound that any of them held', 'ms', crowd.map(({ report, crowd: came }) => Math.min(report.lowest_buffer.min_ms, came.lowest_buffer.min_ms))),
      row('left to the load: gaps, altered or undecodable chunks, cuts', '', both.map(faults), { limit: 0 }),
    ],
  };
}
