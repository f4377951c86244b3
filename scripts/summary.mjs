// Add up what the three test runners said, from their logs: one line each and one for all.
// The runners themselves have already failed the run if anything failed.

import { existsSync, readFileSync } from 'node:fs';

const folder = process.argv[2];
const read = (name) => (existsSync(`${folder}/${name}`) ? readFileSync(`${folder}/${name}`, 'utf8') : '');
const sum = (text, pattern) => [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);

function cargo(text) {
  return [sum(text, /^test result: .*? (\d+) passed/gm), sum(text, /^test result: .*? (\d+) failed/gm), sum(text, /^test result: .*? (\d+) ignored/gm)];
}

// Node prints `# pass 3` where nobody watches and `ℹ pass 3` on a terminal.
function node(text) {
  return ['pass', 'fail', 'skipped'].map((word) => sum(text, new RegExp(`^(?:#|ℹ) ${word} (\\d+)`, 'gm')));
}

const rows = [
  ['crates', cargo(read('test-rust.log'))],
  ['pages', node(read('test-web.log'))],
  ['whole product', node(read('test-e2e.log'))],
];
console.log();
for (const [name, [passed, failed, skipped]] of rows) console.log(`${name}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
const [passed, failed, skipped] = [0, 1, 2].map((i) => rows.reduce((total, [, row]) => total + row[i], 0));
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);
