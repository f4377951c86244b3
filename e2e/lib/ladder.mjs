// A server whose rung the test holds (docs/design.md §6): by its configuration file and SIGHUP, as an operator does.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Server, freePort } from './server.mjs';
import { fetch } from './http.mjs';
import { folder, until } from './tools.mjs';

export class Pinned extends Server {
  /** `rung`: at the start; null leaves it to the load. `connections`: how many may come. `more`: further lines of the configuration. */
  static async open(t, { rung = 0, args = [], connections = 1_000_000, more = '', ...options } = {}) {
    const config = join(folder(t, 'config'), 'stentor.toml');
    const metrics = `127.0.0.1:${await freePort()}`;
    const server = new Pinned(t, { args: ['--config', config, '--metrics', metrics, ...args], rung: null, ...options });
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
    if (rung !== null) await until(`rung ${rung}`, async () => (await this.ladder()).rung === rung);
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

/**
 * For `init`: watches the page's `<audio>` and what it is fed, and keeps what a listener would notice in `__ladder`.
 *
 * `held` is the playhead's distance from the end of what there would be if every chunk had come as quickly as the quickest, seconds: what the
 * player and the server's word to it decide, and a machine that is late does not.
 */
export function watchBuffer() {
  const fresh = () => ({ waits: [], seeks: 0, held: { least: Infinity, most: -Infinity }, rates: [] });
  const watched = (globalThis.__ladder = { now: fresh(), head: null, fed: [], held: null });
  const seconds = () => performance.now() / 1000;
  let quickest = Infinity;
  let wait = null;
  const ends = () => wait && (wait.seconds = seconds() - wait.from);
  watched.start = () => {
    ends();
    const before = watched.now;
    watched.now = fresh();
    return before;
  };
  /** Length of what stands before the first chunk: `ftyp` and `moov`, where a connection begins. */
  const headLength = (bytes) => {
    const view = new DataView(bytes.buffer);
    return view.getUint32(4) === 0x66747970 ? view.getUint32(0) + view.getUint32(view.getUint32(0)) : 0;
  };
  const append = SourceBuffer.prototype.appendBuffer;
  SourceBuffer.prototype.appendBuffer = function (bytes) {
    const came = seconds();
    const part = Uint8Array.from(bytes);
    const head = headLength(part);
    if (head) watched.head = part.subarray(0, head);
    watched.fed.push(part.subarray(head));
    this.addEventListener('updateend', () => this.buffered.length && (quickest = Math.min(quickest, came - this.buffered.end(this.buffered.length - 1))), { once: true });
    append.call(this, bytes);
  };
  addEventListener('DOMContentLoaded', () => {
    const audio = document.querySelector('audio');
    const held = () => seconds() - quickest - audio.currentTime;
    audio.addEventListener('seeking', () => watched.now.seeks++);
    audio.addEventListener('waiting', () => {
      wait = { held: held(), rate: audio.playbackRate, from: seconds() };
      watched.now.waits.push(wait);
    });
    audio.addEventListener('playing', () => {
      ends();
      wait = null;
    });
    setInterval(() => {
      if (audio.paused || audio.currentTime === 0 || quickest === Infinity) return;
      watched.held = held();
      const { held: range, rates } = watched.now;
      range.least = Math.min(range.least, watched.held);
      range.most = Math.max(range.most, watched.held);
      if (rates.at(-1) !== audio.playbackRate) rates.push(audio.playbackRate);
    }, 100);
  });
}

/** For how long each thread of these processes has been ready to run and had no processor, nanoseconds, by its path. */
function unserved(pids) {
  const threads = new Map();
  for (const pid of pids) {
    try {
      for (const thread of readdirSync(`/proc/${pid}/task`)) {
        const path = `/proc/${pid}/task/${thread}/schedstat`;
        threads.set(path, Number(readFileSync(path, 'utf8').split(' ')[1]));
      }
    } catch {
      // It has ended, or this system does not say.
    }
  }
  return threads;
}

/** A listener's page with `watchBuffer` in it, as a test follows it. */
export class Watched {
  #before = new Map();

  constructor(page, servers) {
    this.page = page;
    this.servers = servers;
  }

  /** For how long the threads of browser and servers had no processor since this was last asked, seconds. */
  async #starved_s() {
    this.session ??= await this.page.context().browser().newBrowserCDPSession();
    const { processInfo } = await this.session.send('SystemInfo.getProcessInfo');
    const now = unserved([...processInfo.map(({ id }) => id), ...this.servers.map(({ pid }) => pid)]);
    const since = [...now].map(([thread, ns]) => ns - (this.#before.get(thread) ?? 0));
    this.#before = now;
    return since.reduce((sum, ns) => sum + ns, 0) / 1e9;
  }

  /** What was noticed since the last time it was asked, with the time in which browser or server had no processor. */
  async noticed() {
    const seen = await this.page.evaluate(() => globalThis.__ladder.start());
    return { ...seen, starved_s: await this.#starved_s() };
  }

  /** What the player was fed since the last time, as a file. */
  async fed() {
    const text = await this.page.evaluate(async () => {
      const parts = [globalThis.__ladder.head, ...globalThis.__ladder.fed];
      globalThis.__ladder.fed = [];
      const reader = new FileReader();
      await new Promise((done) => {
        reader.onload = done;
        reader.readAsDataURL(new Blob(parts));
      });
      return reader.result.split(',')[1];
    });
    return Buffer.from(text, 'base64');
  }

  held() {
    return this.page.evaluate(() => globalThis.__ladder.held);
  }
}

/** A browser says that it waits also where it goes on at once: shorter than a packet of Opus is not heard, seconds. */
const HEARD_S = 0.02;

/** A page that could not look for a while may find itself too far behind: for so long, at least, threads had no processor by then, seconds. */
const JUMP_S = 10;

const heard = ({ waits }) => waits.filter(({ seconds }) => seconds > HEARD_S);

/** For how long the player stood still for want of data, seconds. */
export const waited = (seen) => heard(seen).reduce((sum, { seconds }) => sum + seconds, 0);

/**
 * No gap was heard while the server sent every `flush_s`. The player never jumped, unless the machine stood still, and if it ran dry, then it held what such a server asks
 * for and what it waited for was late for want of a processor: for no less time than it waited, the threads of browser and server were
 * ready to run and did not. What that is on a machine with nothing else to do is nothing.
 */
export function heardNoGap(t, seen, flush_s, what) {
  const told = `${what}: ${JSON.stringify({ ...seen, rates: seen.rates.length })}`;
  if (seen.seeks * JUMP_S > seen.starved_s) throw new Error(`the player jumped: ${told}`);
  if (heard(seen).some(({ held }) => held < flush_s)) throw new Error(`it held too little: ${told}`);
  if (waited(seen) > seen.starved_s) throw new Error(`what it waited for did not come: ${told}`);
  if (waited(seen) > 0 || seen.seeks > 0) t.diagnostic(`there was no processor: ${told}`);
}
