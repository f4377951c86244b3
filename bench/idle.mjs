// Events that are days ahead and have nobody in them: what they cost, and how soon whoever comes to one hears.

import { connect } from 'node:net';
import { Server } from '../e2e/lib/server.mjs';
import { sleep } from '../e2e/lib/tools.mjs';
import { median, repeat, row } from './lib.mjs';
import { cpuSeconds } from './proc.mjs';

/** One fewer than a server opens at once, and an even share for each way of coming. */
const EVENTS = Number(process.env.IDLE_EVENTS ?? 15);
const DAYS_AHEAD_MS = 3 * 24 * 3_600_000;
/** A server that has just started gathers what its events are resumed with; and nobody must have been there for 30 s. */
const SETTLE_MS = Number(process.env.IDLE_SETTLE_MS ?? 60_000);
const WINDOW_MS = 30_000;
/** What a player needs before it begins (RFC 8216 section 6.3.3). */
const SEGMENTS = 3;
const HEARD_MS_MAX = 500;

const slug = (n) => `idle-${n}`;

async function cpuShare(pid) {
  const [begun, before] = [performance.now(), cpuSeconds(pid)];
  await sleep(WINDOW_MS);
  return (cpuSeconds(pid) - before) / ((performance.now() - begun) / 1000);
}

/** From the request to the first whole chunk of sound, ms, as a listener of the direct face. */
function firstSound(port, path) {
  const begun = performance.now();
  return new Promise((done, fail) => {
    const socket = connect(port, '127.0.0.1');
    let got = Buffer.alloc(0);
    socket.on('connect', () => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`));
    socket.on('data', (bytes) => {
      got = Buffer.concat([got, bytes]);
      // The sound of a chunk is its `mdat`.
      if (!got.includes('mdat')) return;
      done(performance.now() - begun);
      socket.destroy();
    });
    socket.on('error', fail);
    socket.on('close', () => fail(new Error(`${path}: closed before any sound`)));
  });
}

/** From the first request of a player to its first segment, ms; the segments it finds; the requests it takes. */
async function firstSegment(url) {
  const begun = performance.now();
  for (let asked = 1; ; asked++) {
    const answer = await fetch(`${url}/index.m3u8`);
    const text = await answer.text();
    if (!answer.ok) {
      if (asked === 5) throw new Error(`${url}: ${answer.status} ${text}`);
      await sleep(1_000 * Number(answer.headers.get('retry-after') ?? 1));
      continue;
    }
    const listed = text.split('\n').filter((line) => line && !line.startsWith('#'));
    const segment = await fetch(`${url}/${listed.at(-Math.min(SEGMENTS, listed.length))}`);
    if (!segment.ok) throw new Error(`${segment.url}: ${segment.status}`);
    await segment.arrayBuffer();
    return { ms: performance.now() - begun, listed: listed.length, asked };
  }
}

async function once(t) {
  const server = new Server(t, {});
  for (let n = 0; n < EVENTS; n++) {
    await server.create({ slug: slug(n), starts: Math.floor((Date.now() + DAYS_AHEAD_MS) / 1000) });
  }
  await server.start();
  await sleep(SETTLE_MS);
  const idle = await cpuShare(server.pid);
  const sound = [];
  const segments = [];
  for (let n = 0; n < EVENTS; n++) {
    if (n % 2) sound.push(await firstSound(server.port, `/e/${slug(n)}/48/live.mp4`));
    else segments.push(await firstSegment(`${server.url}/e/${slug(n)}/48`));
  }
  // Now all of them are awake, and stay so for as long as this takes.
  const awake = await cpuShare(server.pid);
  return { idle, awake, sound, segments };
}

export default async function measure() {
  const runs = await repeat(once);
  const each = (share) => runs.map((run) => (100 * share(run)) / EVENTS);
  const segments = (of) => runs.map((run) => median(run.segments.map(of)));
  return {
    events: EVENTS,
    rows: [
      row('an idle event', '% of a core', each(({ idle }) => idle), { limit: 0.5 }),
      row('the same when somebody was there within 30 s', '% of a core', each(({ awake }) => awake)),
      row('the first direct listener: first sound', 'ms', runs.map(({ sound }) => median(sound)), { limit: HEARD_MS_MAX }),
      row('the slowest of them', 'ms', runs.map(({ sound }) => Math.max(...sound))),
      row('the first HLS player: first segment', 'ms', segments(({ ms }) => ms), { limit: HEARD_MS_MAX }),
      row('the slowest of them', 'ms', runs.map((run) => Math.max(...run.segments.map(({ ms }) => ms)))),
      row('segments it finds', '', segments(({ listed }) => listed), { atLeast: SEGMENTS }),
      row('requests for the playlist it takes', '', segments(({ asked }) => asked), { limit: 2 }),
    ],
  };
}
