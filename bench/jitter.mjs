// The jitter buffer after a stall, and an hour with a sound card that is 0.05 % off: virtual time, the real desk.

import { ROOT, run } from '../e2e/lib/tools.mjs';
import { REPETITIONS, row } from './lib.mjs';

export async function example(name, args = [], ms = 900_000) {
  const ran = await run('cargo', ['run', '--release', '--locked', '--quiet', '-p', 'stentor-media', '--example', name, '--', ...args], { cwd: ROOT, ms });
  if (ran.code !== 0) throw new Error(`${name}: ${ran.stderr}`);
  return ran.stdout.trim().split('\n').map((line) => JSON.parse(line));
}

export default async function measure() {
  // The same input gives the same figures: the repetitions show that, not a spread.
  const runs = [];
  for (let n = 0; n < REPETITIONS; n++) runs.push(await example('jitter_figures'));
  const each = (pick) => runs[0].map((_, i) => runs.map((one) => pick(one[i])));
  const rows = [];
  runs[0].forEach((one, i) => {
    if (one.case === 'stall') {
      rows.push(row(`delay below 100 ms after a 2 s stall, jitter ${one.jitter_ms} ms`, 's', each((x) => x.below_100_ms_after_s)[i], { limit: 10 }));
      rows.push(row(`largest delay meanwhile, jitter ${one.jitter_ms} ms`, 'ms', each((x) => x.most_ms)[i], { limit: 220 }));
    } else {
      const name = `clock ${one.clock_ppm > 0 ? '+' : ''}${one.clock_ppm} ppm for ${one.minutes} min`;
      rows.push(row(`${name}: frames lost`, '', each((x) => x.lost)[i], { limit: 0 }));
      rows.push(row(`${name}: frames concealed or cut`, '', each((x) => x.concealed + x.splices)[i], { limit: 0 }));
      rows.push(row(`${name}: delay at most`, 'ms', each((x) => x.most_ms)[i], { limit: 40 }));
    }
  });
  return { rows };
}
