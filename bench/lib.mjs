// What every figure needs: repetitions, medians, and a record of where a figure comes from.

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { BINARY, Server } from '../e2e/lib/server.mjs';
import { ROOT, run } from '../e2e/lib/tools.mjs';

export const REPETITIONS = Number(process.env.BENCH_REPETITIONS ?? 3);

export const sorted = (values) => [...values].sort((a, b) => a - b);

/** Nearest-rank percentile. */
export function percentile(values, p) {
  const ordered = sorted(values);
  return ordered[Math.min(ordered.length - 1, Math.max(0, Math.ceil((p / 100) * ordered.length) - 1))];
}

export const median = (values) => {
  const ordered = sorted(values);
  const half = ordered.length >> 1;
  return ordered.length % 2 ? ordered[half] : (ordered[half - 1] + ordered[half]) / 2;
};

/** A server for one repetition; `release` ends everything begun with `t`. */
export function scope() {
  const releases = [];
  return {
    after: (release) => releases.push(release),
    async release() {
      for (const one of releases.splice(0).reverse()) await one();
    },
  };
}

export async function demonstration(t, options = {}) {
  return new Server(t, { ...options, args: ['--demo', ...(options.args ?? [])] }).start();
}

/** Runs `once(t, n)` REPETITIONS times, each with a scope of its own, and gives what they measured. */
export async function repeat(once) {
  const values = [];
  for (let n = 0; n < REPETITIONS; n++) {
    const t = scope();
    try {
      values.push(await once(t, n));
    } finally {
      await t.release();
    }
  }
  return values;
}

/**
 * One line of the table. `values`: one per repetition. `limit`: the figure must not be above it (`atLeast`: below it).
 */
export function row(what, unit, values, { limit, atLeast } = {}) {
  const value = median(values);
  const held = limit !== undefined ? value <= limit : atLeast !== undefined ? value >= atLeast : null;
  return { what, unit, median: value, values, ...(limit !== undefined ? { limit } : {}), ...(atLeast !== undefined ? { at_least: atLeast } : {}), held };
}

async function git(...args) {
  return (await run('git', ['-C', ROOT, ...args])).stdout.trim();
}

export async function provenance(name) {
  const model = readFileSync('/proc/cpuinfo', 'utf8').match(/model name\s*:\s*(.*)/)?.[1] ?? 'unknown';
  return {
    figure: name,
    commit: await git('rev-parse', 'HEAD'),
    // The figures themselves do not change what is measured.
    changed: (await git('status', '--porcelain', '--untracked-files=no', '--', '.', ':!bench/results')) !== '',
    machine: { cpu: model, cores: cpus().length, memory_gib: Math.round(totalmem() / 2 ** 30), kernel: release(), network: 'loopback' },
    // What else the machine was doing: these figures are about real time.
    load_average_1_min: loadavg()[0],
    server_built: statSync(BINARY).mtime.toISOString(),
    date: new Date().toISOString(),
    command: `make bench BENCH=${name}${process.env.BENCH_REPETITIONS ? ` BENCH_REPETITIONS=${REPETITIONS}` : ''}`,
    repetitions: REPETITIONS,
  };
}

function keep(file, text) {
  const folder = join(ROOT, 'bench/results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, file), text);
}

export const save = (name, result) => keep(`${name}.json`, `${JSON.stringify(result, null, 2)}\n`);

export const saveDrawing = (name, svg) => keep(`${name}.svg`, svg);
