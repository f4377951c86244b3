// Intelligibility (STOI) of a speaker through the real desk, for every loss and every care taken, on seeded networks.

import { mkdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { speech } from '../e2e/lib/speech.mjs';
import { PYTHON, ROOT, run } from '../e2e/lib/tools.mjs';
import { example } from './jitter.mjs';
import { REPETITIONS, row } from './lib.mjs';

const FOLDER = join(ROOT, 'bench/work');
const NAMES = { burst: 'burst, 7.5 %' };

async function once(seed) {
  const folder = join(FOLDER, `loss-${seed}`);
  mkdirSync(folder, { recursive: true });
  const { demo } = await speech();
  const cases = await example('loss_table', [demo, folder, String(seed)]);
  const judged = await run(PYTHON, [join(ROOT, 'bench/stoi.py'), demo, ...cases.map(({ file }) => join(folder, file))], { ms: 600_000 });
  if (judged.code !== 0) throw new Error(judged.stderr);
  const scores = Object.fromEntries(judged.stdout.trim().split('\n').map((line) => JSON.parse(line)).map(({ file, stoi }) => [basename(file), stoi]));
  return cases.map((one) => ({ ...one, stoi: scores[one.file] }));
}

export default async function measure() {
  const runs = [];
  for (let seed = 1; seed <= REPETITIONS; seed++) runs.push(await once(seed));
  const rows = runs[0].map(({ loss, red, fec }, i) => {
    const care = [red ? `RED ${red}` : '', fec ? 'FEC' : ''].filter(Boolean).join(' + ') || 'nothing';
    return row(`STOI, loss ${NAMES[loss] ?? loss.replace('random', '') + ' %'}, ${care}`, '', runs.map((one) => one[i].stoi));
  });
  return { note: 'one speaker, the programme’s voice before level riding; seeds 1 and up, one for each repetition', details: runs, rows };
}
