// What the server adds to mouth to ear: from the RTP packet that brings a sound to the RTP packet that takes it away.
//
// Two libdatachannel peers in this process. One sends the recorded voice, a packet each 20 ms; the other notes when each packet of its
// return arrives. Both streams are decoded and laid on their timestamps; the same speech is found in both; the delay of the
// packets that carry it is the server's: jitter buffer, mixing tick, encoder. Loopback itself takes microseconds.

import { Line } from '../e2e/lib/line.mjs';
import { oggOpus } from '../e2e/lib/ogg.mjs';
import { Session } from '../e2e/lib/publish.mjs';
import { decode } from '../e2e/lib/sound.mjs';
import { packets } from '../e2e/lib/speech.mjs';
import { sleep, until } from '../e2e/lib/tools.mjs';
import { delays } from './correlate.mjs';
import { demonstration, percentile, repeat, row } from './lib.mjs';

const SETTLE_PACKETS = 500;
const MEASURED_PACKETS = 1250;
const LIMIT_MS = 60;
const RATE = 16_000;
const FRAME = RATE / 50;

/** Samples on the timeline of the RTP timestamps (48 kHz), and when each 20 ms of it arrived. */
async function unroll(received) {
  const ordered = received.filter(({ payload }) => payload.length > 0).sort((a, b) => a.timestamp - b.timestamp);
  const first = ordered[0].timestamp;
  const sound = await decode(oggOpus(ordered.map(({ payload }) => payload)), { rate: RATE });
  const frames = Math.round((ordered.at(-1).timestamp - first) / 960) + 1;
  const samples = new Float32Array(frames * FRAME);
  const arrived = new Float64Array(frames).fill(NaN);
  ordered.forEach(({ timestamp, at }, n) => {
    const frame = Math.round((timestamp - first) / 960);
    samples.set(sound.subarray(n * FRAME, (n + 1) * FRAME), frame * FRAME);
    arrived[frame] = at;
  });
  return { samples, arrived };
}

async function once(t) {
  const server = await demonstration(t);
  const host = await Line.open(t, server, server.links.host);
  const guest = await Line.open(t, server, server.links.guest);
  const mouth = await Session.open(t, { url: host.whip, token: host.token, direction: 'SendRecv' });
  const ear = await Session.open(t, { url: guest.whip, token: guest.token, direction: 'SendRecv' });
  const voice = host.state.seats.find(({ role }) => role === 'line_in');
  host.say({ do: 'green_room', seat: voice.seat });
  for (const line of [host, guest]) {
    await host.admit(line.welcome.seat);
    if (line.me.muted) await line.mute(line.welcome.seat, false); // nobody else may open a microphone
  }
  const spoken = packets();
  const opus = Array.from({ length: SETTLE_PACKETS + MEASURED_PACKETS }, (_, n) => spoken[n % spoken.length]);
  const left = [];
  // The ear must send too: a peer that never sends is not heard of, and has nothing to be subtracted.
  const hush = Array.from({ length: opus.length + 100 }, () => Buffer.from([0xf8, 0xff, 0xfe]));
  void ear.speak(hush);
  await until('the ear hears', () => ear.received.length > 0, { ms: 10_000 });
  ear.received.length = 0;
  await mouth.speak(opus, { onSent: (n, at) => (left[n] = at) });
  await sleep(300);
  const said = await decode(oggOpus(opus), { rate: RATE });
  const { samples, arrived } = await unroll(ear.received);
  // Put what was heard on the timeline of what was said, a whole number of frames back, so that delays are positive.
  const settle = SETTLE_PACKETS;
  const start = arrived.findIndex((at) => at >= left[settle]);
  const found = delays(said.subarray(settle * FRAME), samples.subarray(start * FRAME), { rate: RATE, reachS: 0.6 });
  return found.map(({ at_s, ms }) => {
    const frameIn = settle + Math.floor((at_s * RATE) / FRAME);
    const offset = ((at_s * RATE) % FRAME) + (ms / 1000) * RATE;
    const frameOut = start + Math.floor((frameIn - settle) + offset / FRAME);
    // The first sample of the window: how long after its packet came in does the packet that carries it out arrive?
    return arrived[frameOut] - left[frameIn];
  }).filter(Number.isFinite);
}

export default async function measure() {
  const runs = await repeat(once);
  for (const run of runs) if (run.length < 10) throw new Error(`only ${run.length} windows of speech were found again`);
  return {
    windows: runs.map((run) => run.length),
    rows: [
      row('server’s share of mouth to ear, p50', 'ms', runs.map((run) => percentile(run, 50))),
      row('server’s share of mouth to ear, p95', 'ms', runs.map((run) => percentile(run, 95)), { limit: LIMIT_MS }),
    ],
  };
}
