// Run the tests of the whole product: scripts/e2e.mjs [FILE...]
//
// They speak and listen in real time, so most of their time is waiting, and they wait side by side: as many at once as keep one
// processor busy, or all but one where there are more than two. What a file takes is written here, because the order and the company
// decide how long all of them take: the longest first, and two that are heavy not together. Machines differ by far more than files do, and
// some are shared: so the machine is looked at, too, and a file begins only where there is room for it. Each is a process with servers and
// browsers of its own; what it prints is shown in one piece when it is over.

import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..');
const FOLDER = 'e2e/test';
const TEST = ['--test', '--test-reporter=spec', '--test-timeout=600000', '--test-force-exit'];

/** What a file takes when it runs alone: seconds, and how much of a processor it keeps busy meanwhile, per cent. */
const TAKES = {
  ladder: { seconds: 112, load: 23 },
  'outside-players': { seconds: 90, load: 12 },
  conversation: { seconds: 76, load: 28 },
  firefox: { seconds: 69, load: 33 },
  'stage-page': { seconds: 80, load: 20 },
  'listener-page': { seconds: 72, load: 19 },
  pictures: { seconds: 60, load: 65 },
  path: { seconds: 70, load: 90 },
  'line-in': { seconds: 50, load: 14 },
  host: { seconds: 47, load: 28 },
  'bad-input': { seconds: 27, load: 18 },
  'players-come-back': { seconds: 20, load: 15 },
  flood: { seconds: 60, load: 60 },
  'sound-check': { seconds: 25, load: 40 },
  operator: { seconds: 30, load: 20 },
  metrics: { seconds: 9, load: 20 },
  command: { seconds: 9, load: 20 },
  'killed-evening': { seconds: 4, load: 40 },
  threads: { seconds: 5, load: 20 },
};
/** Of a file that nobody has measured. */
const UNKNOWN = { seconds: 60, load: 50 };
const LOAD_MAX = 100 * Math.max(1, availableParallelism() - 1);
/** How long the machine is looked at before one more begins: what began before is then at work, ms. */
const LOOK_MS = 10_000;

/** How much of the machine's processors was busy, whoever kept them so, per cent of one. */
async function busy() {
  const spent = () => cpus().map(({ times }) => ({ idle: times.idle, all: Object.values(times).reduce((sum, time) => sum + time, 0) }));
  const before = spent();
  await new Promise((over) => setTimeout(over, LOOK_MS));
  return spent().reduce((sum, { idle, all }, n) => sum + 100 * (1 - (idle - before[n].idle) / Math.max(1, all - before[n].all)), 0);
}

/** Runs one file; gives what it printed and whether all was well. */
function run(file, stdio) {
  const began = Date.now();
  const child = spawn(process.execPath, [...TEST, file], { cwd: ROOT, stdio });
  const said = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (bytes) => said.push(bytes));
  return new Promise((done) => {
    child.on('error', (error) => done({ file, ok: false, said: [Buffer.from(`${error}\n`)], seconds: 0 }));
    child.on('close', (code) => done({ file, ok: code === 0, said, seconds: Math.round((Date.now() - began) / 1000) }));
  });
}

/** Runs them side by side within LOAD_MAX, in their order; the next that fits goes first. One always runs. */
async function runAll(files) {
  const waiting = files.map((file) => ({ file, ...(TAKES[basename(file, '.test.mjs')] ?? UNKNOWN) })).sort((a, b) => b.seconds - a.seconds);
  const running = new Set();
  const ended = [];
  let planned = 0;
  const begin = (one) => {
    waiting.splice(waiting.indexOf(one), 1);
    planned += one.load;
    const over = run(one.file, ['ignore', 'pipe', 'pipe']).then((result) => {
      planned -= one.load;
      running.delete(over);
      ended.push(result);
      process.stdout.write(Buffer.concat([Buffer.from(`\n── ${result.file}\n`), ...result.said]));
    });
    running.add(over);
  };
  while (waiting.length || running.size) {
    if (running.size === 0) begin(waiting[0]);
    const measured = await Promise.race([busy(), ...running]);
    if (measured === undefined) continue;
    const next = waiting.find(({ load }) => Math.max(planned, measured) + load <= LOAD_MAX);
    if (next) begin(next);
  }
  console.log();
  for (const { file, ok, seconds } of ended) console.log(`${ok ? 'ok    ' : 'FAILED'} ${file}: ${seconds} s`);
  return ended.every(({ ok }) => ok);
}

const chosen = process.argv.slice(2);
const everything = () => readdirSync(join(ROOT, FOLDER)).filter((name) => name.endsWith('.test.mjs')).map((name) => join(FOLDER, name));
// One alone is watched as it goes.
const ok = chosen.length === 1 ? (await run(chosen[0], 'inherit')).ok : await runAll(chosen.length ? chosen : everything());
process.exit(ok ? 0 : 1);
