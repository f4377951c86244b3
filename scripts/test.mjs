// Run every suite, whatever became of those before it, and add up what they said: scripts/test.mjs FOLDER MAKE
//
// A suite is a target of the Makefile, so that each can be run alone; what it prints is shown as it comes. Counts and
// names are read from the logs that the targets leave in FOLDER. Fails if any suite failed, ran nothing, or, where
// everything must run (STENTOR_MUST_RUN), skipped something.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const [folder, make] = process.argv.slice(2);
const mustRun = process.env.STENTOR_MUST_RUN === '1';

const sum = (text, pattern) => [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
const names = (text, pattern) => [...new Set([...text.matchAll(pattern)].map((match) => match[1].trim()))];

function cargo(text) {
  const [passed, failed, skipped] = ['passed', 'failed', 'ignored'].map((word) => sum(text, new RegExp(`^test result: .*? (\\d+) ${word}`, 'gm')));
  return { passed, failed, skipped, broken: names(text, /^test (.+) \.\.\. FAILED$/gm) };
}

// Node prints `# pass 3` and `not ok 3 - name` where nobody watches, `ℹ pass 3` and `✖ name (5ms)` on a terminal.
function node(text) {
  const [passed, failed, skipped] = ['pass', 'fail', 'skipped'].map((word) => sum(text, new RegExp(`^(?:#|ℹ) ${word} (\\d+)`, 'gm')));
  return { passed, failed, skipped, broken: names(text, /^\s*(?:not ok \d+ - (?!.*# SKIP)|✖ (?!failing tests))(.+?)(?: \([\d.]+ms\))?$/gm) };
}

const SUITES = [
  { name: 'pages', target: 'test-web', count: node },
  { name: 'form', target: 'lint' },
  { name: 'crates', target: 'test-rust', count: cargo },
  { name: 'whole product', target: 'test-e2e', count: node },
];

const ran = SUITES.map(({ name, target, count }) => {
  const log = join(folder, `${target}.log`);
  rmSync(log, { force: true });
  const began = Date.now();
  const { status } = spawnSync(make, ['--no-print-directory', target], { stdio: 'inherit' });
  const seconds = Math.round((Date.now() - began) / 1000);
  const counts = count?.(existsSync(log) ? readFileSync(log, 'utf8') : '');
  const bad = status !== 0 || (counts && (counts.failed > 0 || counts.passed === 0 || (mustRun && counts.skipped > 0)));
  return { name, target, seconds, counts, bad };
});

console.log();
for (const { name, target, seconds, counts, bad } of ran) {
  const said = counts ? `, ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped` : '';
  console.log(`${bad ? 'FAILED' : 'ok    '} ${name} (make ${target}): ${seconds} s${said}`);
  for (const one of counts?.broken ?? []) console.log(`         ${one}`);
}
const counted = ran.flatMap(({ counts }) => counts ?? []);
const [passed, failed, skipped] = ['passed', 'failed', 'skipped'].map((key) => counted.reduce((total, counts) => total + counts[key], 0));
const seconds = ran.reduce((total, suite) => total + suite.seconds, 0);
console.log(`\n${passed} passed, ${failed} failed, ${skipped} skipped in ${seconds} s`);
process.exit(ran.some(({ bad }) => bad) ? 1 : 0);
