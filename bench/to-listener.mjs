// Speaker to direct listener, by sound: the listener's real page, touched once, in a frame of the page that also speaks.

import { sleep, until } from '../e2e/lib/tools.mjs';
import { delays } from './correlate.mjs';
import { RATE, duplex } from './duplex.mjs';
import { percentile, repeat, row } from './lib.mjs';

const SECONDS = 20;
const SETTLE_S = 12;
const LIMIT_MS = 800;

/** Runs inside the page: the frame's `<audio>` becomes a node of our audio context. */
function tap() {
  const audio = document.querySelector('iframe').contentDocument.querySelector('#audio');
  const stream = audio.captureStream();
  if (!stream.getAudioTracks().length) return false;
  globalThis.bench.listener = new MediaStreamAudioSourceNode(globalThis.bench.context, { mediaStream: stream });
  return true;
}

export default async function measure() {
  const runs = await repeat(async (t) => {
    const { page, server, record } = await duplex(t);
    await page.evaluate((url) => {
      const frame = document.createElement('iframe');
      frame.allow = 'autoplay';
      frame.style = 'width:800px;height:700px';
      frame.src = url;
      document.body.append(frame);
    }, server.path('demo', '/en'));
    const frame = page.frameLocator('iframe');
    await frame.getByRole('button', { name: 'Listen' }).click();
    await frame.locator('#say', { hasText: 'You are listening live.' }).waitFor({ timeout: 20_000 });
    await until('the listener’s sound', () => page.evaluate(tap));
    await sleep(SETTLE_S * 1000);
    const [said, heard] = await record(SECONDS, 'listener');
    const found = delays(said, heard, { rate: RATE, reachS: 3, certainty: 0.4 });
    if (found.length < SECONDS / 3) throw new Error(`only ${found.length} windows of speech were found again`);
    return found.map(({ ms }) => ms);
  });
  return {
    windows: runs.map((run) => run.length),
    rows: [
      row('speaker to direct listener, by sound, p50', 'ms', runs.map((run) => percentile(run, 50))),
      row('speaker to direct listener, by sound, p95', 'ms', runs.map((run) => percentile(run, 95)), { limit: LIMIT_MS }),
    ],
  };
}
