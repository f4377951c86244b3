// Speaker to speaker: from the sound that enters one browser's track to the same sound out of the other's, with everything
// between: encoder, network (loopback), jitter buffer, mixer, encoder, the browser's own jitter buffer, decoder.

import { sleep } from '../e2e/lib/tools.mjs';
import { delays } from './correlate.mjs';
import { RATE, duplex } from './duplex.mjs';
import { percentile, repeat, row } from './lib.mjs';

const SECONDS = 25;
/** Jitter buffers start wide and shrink; a conversation is longer than its first seconds. */
const SETTLE_S = 12;
const LIMIT_MS = 150;

export default async function measure() {
  const runs = await repeat(async (t) => {
    const { record } = await duplex(t);
    await sleep(SETTLE_S * 1000);
    const [said, heard] = await record(SECONDS);
    const found = delays(said, heard, { rate: RATE });
    if (found.length < SECONDS / 2) throw new Error(`only ${found.length} windows of speech were found again`);
    return found.map(({ ms }) => ms);
  });
  return {
    windows: runs.map((run) => run.length),
    rows: [
      row('mouth to ear, p50', 'ms', runs.map((run) => percentile(run, 50))),
      row('mouth to ear, p95', 'ms', runs.map((run) => percentile(run, 95)), { limit: LIMIT_MS }),
    ],
  };
}
