// Measures the figures named on the command line, or all; prints a table; keeps each in bench/results/, some with a drawing.
// Exits with 1 when a figure is not held.

import { provenance, save, saveDrawing } from './lib.mjs';

const ALL = ['page-size', 'prft', 'mouth-to-ear', 'server-share', 'to-listener', 'eight-speakers', 'jitter', 'speech-quality', 'crowd', 'many', 'climb', 'leave', 'postpone', 'rewind', 'page', 'idle', 'busy', 'tls', 'hold', 'shard-tick', 'lighthouse'];
const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !ALL.includes(name));
if (unknown.length) {
  console.error(`bench: no such figure: ${unknown.join(', ')}; there are ${ALL.join(', ')}`);
  process.exit(2);
}

const round = (value) => (Math.abs(value) >= 100 ? value.toFixed(0) : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3));
let failed = 0;
for (const name of chosen.length ? chosen : ALL) {
  console.log(`\n${name}`);
  try {
    const { default: measure, draw } = await import(`./${name}.mjs`);
    const { rows, ...more } = await measure();
    const result = { ...(await provenance(name)), ...more, rows };
    save(name, result);
    if (draw) saveDrawing(name, draw(result));
    for (const { what, unit, median, values, limit, at_least, held } of rows) {
      const bound = limit !== undefined ? `at most ${limit}` : at_least !== undefined ? `at least ${at_least}` : '';
      const verdict = held === null ? '' : held ? 'held' : 'NOT HELD';
      const spread = values.length > 1 ? `(${round(Math.min(...values))} to ${round(Math.max(...values))})` : '';
      console.log(`  ${what.padEnd(56)} ${round(median).padStart(9)} ${unit.padEnd(8)} ${spread.padEnd(22)} ${bound.padEnd(16)} ${verdict}`);
      if (held === false) failed++;
    }
  } catch (error) {
    failed++;
    console.log(`  not measured: ${error.stack ?? error}`);
  }
}
console.log(failed ? `\n${failed} not held or not measured` : '\nall held');
process.exit(failed ? 1 : 0);
