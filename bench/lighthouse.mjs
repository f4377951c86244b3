// What Lighthouse says of every public page: performance, accessibility and best practices, with a processor that is four times slower and round trips
// of 400 ms. Lighthouse is no part of the tests' packages: it brings some hundred of its own.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { browser } from '../e2e/lib/browser.mjs';
import { BINARY, Server, env, freePort } from '../e2e/lib/server.mjs';
import { Line } from '../e2e/lib/line.mjs';
import { ROOT, run } from '../e2e/lib/tools.mjs';
import { repeat, row } from './lib.mjs';

const LIGHTHOUSE = join(ROOT, 'target/tools/lighthouse/node_modules/lighthouse/core/index.js');
const CATEGORIES = ['performance', 'accessibility', 'best-practices'];
const SCORE = 95;
/** A slow mobile network far away, as Chromium's own tools imitate it. */
const THROTTLING = { rttMs: 400, throughputKbps: 1_600, requestLatencyMs: 400, downloadThroughputKbps: 1_600, uploadThroughputKbps: 750, cpuSlowdownMultiplier: 4 };

const stentor = async (server, ...args) => {
  const ran = await run(BINARY, ['event', ...args, '--data', server.data], { env: env() });
  if (ran.code !== 0) throw new Error(ran.stderr);
};

/** Each page: a name, and its path. */
async function pages(t) {
  const server = new Server(t);
  await server.create({ slug: 'off', title: 'A talk that is off', starts: 'in 2 hours' });
  await server.create({ slug: 'soon', title: 'A talk that is to come', starts: 'in 2 hours' });
  const links = await server.create({ slug: 'talk', title: 'Troy, ten years on', starts: 'in 10 minutes' });
  for (const slug of ['soon', 'talk']) await stentor(server, 'edit', slug, '--embed', 'any', '--about', 'What the wind does, and why.');
  await server.start();
  await stentor(server, 'cancel', 'off', '--yes');
  const line = await Line.open(t, server, links.host);
  await line.phase('on_air');
  return { server, paths: ['/', '/e/soon', '/e/talk', '/e/talk/embed', '/e/off', '/e/nobody'] };
}

async function once(t) {
  if (!existsSync(LIGHTHOUSE)) throw new Error('Lighthouse is missing: `make bench` installs it');
  const { default: lighthouse } = await import(pathToFileURL(LIGHTHOUSE).href);
  const { server, paths } = await pages(t);
  const port = await freePort();
  await browser(t, { args: [`--remote-debugging-port=${port}`] });
  const scores = {};
  for (const path of paths) {
    const settings = { onlyCategories: CATEGORIES, throttlingMethod: 'devtools', throttling: THROTTLING, output: 'json', logLevel: 'error', ignoreStatusCode: true };
    const { lhr } = await lighthouse(server.url + path, { port, ...settings });
    if (lhr.runtimeError) throw new Error(`${path}: ${lhr.runtimeError.message}`);
    scores[path] = {
      ...Object.fromEntries(CATEGORIES.map((name) => [name, lhr.categories[name].score * 100])),
      usable_ms: lhr.audits['largest-contentful-paint'].numericValue,
      against: Object.values(lhr.audits).filter(({ score, id }) => score !== null && score < 1 && CATEGORIES.some((name) => lhr.categories[name].auditRefs.some((ref) => ref.id === id && ref.weight > 0))).map(({ id }) => id),
    };
  }
  return scores;
}

export default async function measure() {
  const runs = await repeat(once);
  const paths = Object.keys(runs[0]);
  return {
    against: Object.fromEntries(paths.map((path) => [path, [...new Set(runs.flatMap((scores) => scores[path].against))]])),
    rows: paths.flatMap((path) => [
      ...CATEGORIES.map((name) => row(`${path}: ${name}`, '', runs.map((scores) => scores[path][name]), { atLeast: SCORE })),
      row(`${path}: largest content painted`, 'ms', runs.map((scores) => scores[path].usable_ms)),
    ]),
  };
}
