// Small things every test needs: running a program, waiting for a fact, temporary folders.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PYTHON = process.env.E2E_PYTHON ?? join(ROOT, 'target/tools/venv/bin/python');

/** Ends a test that this machine cannot run: as a failure where everything must run, as in CI. */
export function cannotRun(test, why) {
  if (process.env.STENTOR_MUST_RUN === '1') throw new Error(`this must run: ${why}`);
  test.skip(why);
}

export const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

/**
 * How long a test waits for what should be so in a moment: only a failure takes it, so that the busiest machine has the time it needs.
 * Where the time itself is what is shown, the test says it.
 */
export const DEADLINE_MS = 60_000;

/** Polls until `probe` gives something truthy; its last error or value is in the message if it never does. */
export async function until(what, probe, { ms = DEADLINE_MS, every = 50 } = {}) {
  const end = Date.now() + ms;
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`${what}: not within ${ms} ms; last: ${last instanceof Error ? last.message : JSON.stringify(last)}`);
    await sleep(every);
  }
}

/** Runs a program to its end. Gives its exit code and what it said; stdout as bytes too. */
export function run(command, args, { input, ms = 60_000, env, cwd } = {}) {
  return new Promise((done, failed) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: [input ? 'pipe' : 'ignore', 'pipe', 'pipe'] });
    const out = [];
    let stderr = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), ms);
    child.stdout.on('data', (bytes) => out.push(bytes));
    child.stderr.on('data', (bytes) => (stderr += bytes));
    child.on('error', failed);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const bytes = Buffer.concat(out);
      done({ code, signal, bytes, stdout: bytes.toString(), stderr });
    });
    if (input) {
      child.stdin.on('error', () => {});
      child.stdin.end(input);
    }
  });
}

/**
 * A folder that is gone when the test is over. Whatever writes to it is stopped first, by `stop` in the same hook: a test's own hooks
 * run first in, first out, and those of `shared` the other way round.
 */
export function folder(t, name = 'stentor', stop = async () => {}) {
  const path = mkdtempSync(join(tmpdir(), `${name}-`));
  t?.after(async () => {
    await stop();
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

let whip;
/** The ffmpeg that speaks WHIP, from PyPI's imageio-ffmpeg (Debian's does not yet). */
export async function whipFfmpeg() {
  whip ??= run(PYTHON, ['-c', 'import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())']).then(({ code, stdout, stderr }) => {
    if (code !== 0) throw new Error(`imageio-ffmpeg: ${stderr}`);
    return stdout.trim();
  });
  return whip;
}

/** What the tests of one file share, released in reverse order by `after(shared.release)`. */
export function shared() {
  const releases = [];
  return {
    after: (release) => releases.push(release),
    async release() {
      for (const one of releases.splice(0).reverse()) await one();
    },
  };
}

/** Steps of one story: when one fails, those after it are skipped, for they would only fail in its wake. */
export function story(t) {
  let broken = null;
  return (name, act) =>
    t.test(name, async (step) => {
      if (broken) return step.skip(`after "${broken}" failed`);
      broken = name;
      await act(step);
      broken = null;
    });
}
