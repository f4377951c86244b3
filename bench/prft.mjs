// Speaker to direct listener by `prft` (ISO/IEC 14496-12 §8.16.5): each chunk says when its first sample was captured. Two readers:
// a raw one says when the chunk's last byte arrived; the listener's real page, touched once in Chromium, says what its `<audio>` is
// playing, which is later by the player's buffer. Server, reader and page share one clock here.

import { browser } from '../e2e/lib/browser.mjs';
import { sleep, until } from '../e2e/lib/tools.mjs';
import { demonstration, percentile, repeat, row } from './lib.mjs';

const SECONDS = 20;
/** Seconds from 1900 (NTP) to 1970. */
const NTP_1970 = 2_208_988_800;
const LIMIT_MS = 800;
/** A page starts with what it was given at once and closes up to the live edge; a listener stays longer than that. */
const SETTLE_S = 12;

/** Lateness of every chunk after the first burst, ms. */
export async function lateness(url, seconds) {
  const response = await fetch(url);
  const reader = response.body.getReader();
  let rest = Buffer.alloc(0);
  let captured = null;
  const late = [];
  const begin = Date.now();
  while (Date.now() - begin < seconds * 1000) {
    const { value, done } = await reader.read();
    if (done) break;
    const now = performance.timeOrigin + performance.now();
    rest = Buffer.concat([rest, value]);
    while (rest.length >= 8 && rest.length >= rest.readUInt32BE(0)) {
      const box = rest.subarray(0, rest.readUInt32BE(0));
      rest = rest.subarray(box.length);
      const type = box.toString('latin1', 4, 8);
      // Version, flags, reference track, then the NTP timestamp: 32 bits of seconds, 32 of fraction.
      if (type === 'prft') captured = (box.readUInt32BE(16) - NTP_1970) * 1000 + (box.readUInt32BE(20) / 2 ** 32) * 1000;
      // The burst that a newcomer gets is old by design; it ends within the first second.
      if (type === 'mdat' && captured !== null && Date.now() - begin > 1_000) late.push(now - captured);
    }
  }
  await reader.cancel();
  if (late.length < seconds) throw new Error(`only ${late.length} chunks with prft in ${seconds} s`);
  return late;
}

/** Runs inside the page before its own script: keeps which moment of the timeline was captured when, and the buffer it is put into. */
function instrument(ntp1970) {
  const bench = (globalThis.bench = { captured: [], buffer: null });
  const add = MediaSource.prototype.addSourceBuffer;
  MediaSource.prototype.addSourceBuffer = function (...of) {
    return (bench.buffer = add.apply(this, of));
  };
  const read = async (stream) => {
    let rest = new Uint8Array(0);
    for await (const bytes of stream) {
      const all = new Uint8Array(rest.length + bytes.length);
      all.set(rest);
      all.set(bytes, rest.length);
      rest = all;
      for (;;) {
        const view = new DataView(rest.buffer, rest.byteOffset, rest.length);
        if (rest.length < 8 || rest.length < view.getUint32(0)) break;
        if (view.getUint32(4) === 0x70726674) {
          // prft, version 1: the NTP timestamp, then the media time it belongs to.
          const ms = (view.getUint32(16) - ntp1970) * 1000 + (view.getUint32(20) / 2 ** 32) * 1000;
          bench.captured.push({ s: Number(view.getBigUint64(24)) / 48_000, ms });
        }
        rest = rest.slice(view.getUint32(0));
      }
    }
  };
  const real = fetch;
  globalThis.fetch = async (...of) => {
    const response = await real(...of);
    if (!response.body || !String(of[0]).endsWith('/live.mp4')) return response;
    const [ours, theirs] = response.body.tee();
    void read(ours).catch(() => {});
    return new Response(theirs, response);
  };
}

/** Runs inside the page: how old what is being played is, ms; ten times a second. */
async function ages(seconds) {
  const { captured, buffer } = globalThis.bench;
  const audio = document.querySelector('#audio');
  const out = [];
  for (let n = 0; n < seconds * 10; n++) {
    await new Promise((done) => setTimeout(done, 100));
    // The page puts the first chunk at zero; on the event's timeline the playhead is further by as much.
    const s = audio.currentTime - buffer.timestampOffset;
    const chunk = captured.findLast((one) => one.s <= s);
    if (chunk) out.push(Date.now() - (chunk.ms + (s - chunk.s) * 1000));
  }
  return out;
}

async function played(t, server) {
  const chromium = await browser(t, { args: ['--autoplay-policy=no-user-gesture-required'] });
  const page = await (await chromium.newContext()).newPage();
  await page.addInitScript(instrument, NTP_1970);
  await page.goto(server.path('demo', '/en'));
  await page.getByRole('button', { name: 'Listen' }).click();
  await page.locator('#say', { hasText: 'You are listening live.' }).waitFor({ timeout: 20_000 });
  await until('chunks that say when they were captured', () => page.evaluate(() => globalThis.bench.captured.length > 0));
  await sleep(SETTLE_S * 1000);
  const found = await page.evaluate(ages, SECONDS);
  if (found.length < SECONDS * 9) throw new Error(`only ${found.length} moments of ${SECONDS} s of playing are known`);
  return found;
}

export default async function measure() {
  const runs = await repeat(async (t) => {
    const server = await demonstration(t);
    await sleep(1_000);
    return { arrived: await lateness(server.path('demo', '/48/live.mp4'), SECONDS), played: await played(t, server) };
  });
  const of = (name, p) => runs.map((run) => percentile(run[name], p));
  return {
    note: 'a chunk holds 200 ms: its first sample is captured 200 ms before it can be sent whole; what the page plays is by its audio element, before the sound card',
    rows: [
      row('chunk complete at the listener after capture, p50', 'ms', of('arrived', 50)),
      row('chunk complete at the listener after capture, p95', 'ms', of('arrived', 95), { limit: LIMIT_MS }),
      row('what the page plays after capture, p50', 'ms', of('played', 50)),
      row('what the page plays after capture, p95', 'ms', of('played', 95), { limit: LIMIT_MS }),
    ],
  };
}
