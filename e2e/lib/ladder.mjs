// A server whose rung the test holds (docs/design.md §6): by its configuration file and SIGHUP, as an operator does.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, freePort } from './server.mjs';
import { busy, folder, until } from './tools.mjs';

export class Pinned extends Server {
  /** `rung`: at the start; null leaves it to the load. `connections`: how many may come. `more`: further lines of the configuration. */
  static async open(t, { rung = 0, args = [], connections = 1_000_000, more = '', ...options } = {}) {
    const config = join(folder(t, 'config'), 'stentor.toml');
    const metrics = `127.0.0.1:${await freePort()}`;
    const server = new Pinned(t, { args: ['--config', config, '--metrics', metrics, ...args], ...options });
    Object.assign(server, { config, metrics, connections, more });
    server.write(rung);
    return server;
  }

  write(rung) {
    writeFileSync(this.config, `connections_max = ${this.connections}\n${this.more}${rung === null ? '' : `rung = ${rung}\n`}`);
  }

  /** Where newcomers join from now on. */
  async pin(rung) {
    this.write(rung);
    process.kill(this.pid, 'SIGHUP');
    if (rung !== null) await until(`rung ${rung}`, async () => (await this.ladder()).rung === rung, { ms: 5_000 });
  }

  async ladder() {
    return (await fetch(`http://${this.metrics}/ladder.json`)).json();
  }

  /** Value of a metric, its labels as they are written; undefined where there is none. */
  async metric(name) {
    const text = await (await fetch(`http://${this.metrics}/metrics`)).text();
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return line === undefined ? undefined : Number(line.slice(name.length + 1));
  }

  /** Listeners of each rendition of an event. */
  async renditions(slug = 'demo') {
    const counts = await Promise.all(['48', '24', '12'].map((name) => this.metric(`stentor_listeners{stream="/e/${slug}/${name}"}`)));
    return Object.fromEntries(['48', '24', '12'].map((name, n) => [name, counts[n]]));
  }
}

/** For `init`: watches the page's `<audio>` ten times a second, and keeps what a listener would notice in `__ladder`. */
export function watchBuffer() {
  const seen = (globalThis.__ladder = { waits: 0, lowest: Infinity, ahead: 0, rates: [], jumps: 0, lags: 0 });
  let last = null;
  let tick = performance.now();
  addEventListener('DOMContentLoaded', () => {
    const audio = document.querySelector('audio');
    audio.addEventListener('waiting', () => last !== null && seen.waits++);
    setInterval(() => {
      if (performance.now() - tick > 400) seen.lags++;
      tick = performance.now();
      const { buffered, currentTime, playbackRate, paused } = audio;
      if (paused || !buffered.length || currentTime === 0) return;
      seen.ahead = buffered.end(buffered.length - 1) - currentTime;
      seen.lowest = Math.min(seen.lowest, seen.ahead);
      if (seen.rates.at(-1) !== playbackRate) seen.rates.push(playbackRate);
      // A seek is a jump that is heard; the clock of the element runs with the rate.
      if (last !== null && Math.abs(currentTime - last.at - ((performance.now() - last.now) / 1000) * playbackRate) > 0.3) seen.jumps++;
      last = { at: currentTime, now: performance.now() };
    }, 100);
  });
}

/** What the page's `watchBuffer` saw since the last time it was asked. */
export const noticed = (page) =>
  page.evaluate(() => {
    const { waits, lowest, ahead, rates, jumps, lags } = globalThis.__ladder;
    Object.assign(globalThis.__ladder, { waits: 0, lowest: Infinity, rates: [], jumps: 0, lags: 0 });
    return { waits, lowest, ahead, rates, jumps, lags };
  });

/** At most so many moments without a processor are forgiven. */
const LAGS_MAX = 2;

/**
 * No gap was heard. A browser whose own timers stood still for 0.3 s had no processor to play with, and on a busy machine neither server nor
 * browser may have one: one wait and one jump for each such moment are not the server's doing, and are told.
 */
export function heardNoGap(t, seen, what) {
  const told = `${what}: ${JSON.stringify({ ...seen, rates: seen.rates.length })}`;
  const forgiven = busy() ? LAGS_MAX : Math.min(seen.lags, LAGS_MAX);
  if (seen.waits > forgiven || seen.jumps > forgiven) throw new Error(told);
  if (seen.waits || seen.jumps) t.diagnostic(`forgiven, there was no processor: ${told}`);
}
