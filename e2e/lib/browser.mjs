// Chromium with a microphone that speaks a file, and ears: what a page plays, recorded inside it.

import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { decode } from './sound.mjs';
import { DEADLINE_MS } from './tools.mjs';

const CHROMIUM = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);
const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // A page that a test does not look at must play on as if somebody did.
  '--disable-renderer-backgrounding',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  // Candidates as addresses: there is no mDNS here to look a name up.
  '--disable-features=WebRtcHideLocalIpsWithMdns,Translate,MediaRouter,OptimizationHints',
];

/** A browser of its own (a fake microphone belongs to the process). `mic`: a WAV, repeated for ever; `asks`: whoever is to
 * give it decides by the page's permissions; `inside`: the network namespace it lives in. */
export async function browser(t, { mic, asks = false, inside, args = [] } = {}) {
  const home = mkdtempSync(join(tmpdir(), 'stentor-chromium-'));
  const fake = mic ? [...(asks ? [] : ['--use-fake-ui-for-media-stream']), '--use-fake-device-for-media-stream', `--use-file-for-fake-audio-capture=${mic}`] : [];
  const launched = await chromium.launch({ executablePath: inside ? inside.wrapped(CHROMIUM) : CHROMIUM, headless: true, args: [...QUIET, ...fake, ...args], env: { ...process.env, HOME: home } });
  t?.after(async () => {
    await launched.close().catch(() => {});
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  });
  return launched;
}

/**
 * A fresh page in a context of its own, or in `context`. What it complains about is kept in `page.complaints`, the paths it
 * asked for in `page.asked`; `init` runs in it before its own script.
 */
export async function open(on, url, { phone = false, lang = 'en-GB', javaScript = true, mic = false, theme = 'light', size = { width: 800, height: 600 }, context, init, ...more } = {}) {
  context ??= await newContext(on, { phone, lang, javaScript, mic, theme, size, ...more });
  const page = await context.newPage();
  if (init) await page.addInitScript(init);
  page.complaints = [];
  page.asked = [];
  page.on('request', (request) => page.asked.push(new URL(request.url()).pathname));
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
  await page.goto(url);
  return page;
}

/** What a person brings to a browser: device, language, theme, whether it may use the microphone. */
export async function newContext(on, { phone = false, lang = 'en-GB', javaScript = true, mic = false, theme = 'light', size, ...more }) {
  const context = await on.newContext({
    locale: lang,
    javaScriptEnabled: javaScript,
    colorScheme: theme,
    ignoreHTTPSErrors: true,
    permissions: mic ? ['microphone', 'screen-wake-lock'] : [],
    viewport: phone ? { width: 390, height: 844 } : size,
    // Without a graphics card every moving stroke is paid for in processor time that the sound needs.
    reducedMotion: 'reduce',
    deviceScaleFactor: phone ? 2 : 1,
    isMobile: phone,
    hasTouch: phone,
    ...more,
  });
  context.setDefaultTimeout(DEADLINE_MS);
  return context;
}

/** Ends a browser as a crash or an empty battery does: no page says goodbye. */
export async function crash(on) {
  const gone = new Promise((done) => on.once('disconnected', done));
  const session = await on.newBrowserCDPSession();
  session.send('Browser.crash').catch(() => {});
  await gone;
}

/** For `init`: keeps what the page makes in `__connections` (WebRTC), `__lines` (WebSocket), `__locks` (of the screen) and `__analysed` (track ids given to Web Audio). */
export function keepWhatItMakes() {
  const keep = (name, list) => {
    const made = (globalThis[list] = []);
    globalThis[name] = new Proxy(globalThis[name], {
      construct(target, args) {
        const one = Reflect.construct(target, args);
        made.push(one);
        return one;
      },
    });
  };
  keep('RTCPeerConnection', '__connections');
  keep('WebSocket', '__lines');
  const locks = (globalThis.__locks = []);
  const lock = globalThis.WakeLock?.prototype.request;
  if (lock) {
    WakeLock.prototype.request = async function (type) {
      const one = await lock.call(this, type);
      locks.push(one);
      return one;
    };
  }
  const analysed = (globalThis.__analysed = []);
  const plain = AudioContext.prototype.createMediaStreamSource;
  AudioContext.prototype.createMediaStreamSource = function (stream) {
    analysed.push(...stream.getTracks().map((track) => track.id));
    return plain.call(this, stream);
  };
}

/** A recorder that has not started after so long has nothing to start with, ms. */
const START_MS = 5_000;

/** Begins to record what the page's `<audio>` plays. `ears.stop()` gives the samples at 16 kHz and when they began. */
export async function listen(page) {
  const began = await page.evaluate(async ({ deadlineMs, startMs }) => {
    const deep = (root) => root.querySelector('audio[id=audio], audio') ?? [...root.querySelectorAll('*')].map((e) => e.shadowRoot && deep(e.shadowRoot)).find(Boolean);
    const audio = deep(document);
    if (!audio) throw new Error('the page has no <audio>');
    const end = Date.now() + deadlineMs;
    const pause = (ms) => new Promise((done) => setTimeout(done, ms));
    // A page that connects anew plays another track: a recorder of the one before never starts, nor does one of a player that stands still.
    for (let tracks = []; Date.now() < end; ) {
      const stream = audio.srcObject ?? audio.captureStream();
      for (tracks = []; Date.now() < end && !tracks.length; tracks = stream.getAudioTracks()) await pause(50);
      if (!tracks.length) throw new Error('the <audio> plays nothing');
      const recorder = new MediaRecorder(new MediaStream(tracks), { mimeType: 'audio/webm;codecs=pcm' });
      const parts = [];
      recorder.ondataavailable = ({ data }) => parts.push(data);
      const started = new Promise((done) => (recorder.onstart = () => done(performance.timeOrigin + performance.now())));
      recorder.start(100);
      globalThis.__ears = { recorder, parts };
      const began = await Promise.race([started, pause(startMs)]);
      if (began) return began;
      if (recorder.state !== 'inactive') recorder.stop();
    }
    throw new Error('the <audio> stands still');
  }, { deadlineMs: DEADLINE_MS, startMs: START_MS });
  return {
    began,
    async stop() {
      const text = await page.evaluate(async () => {
        const { recorder, parts } = globalThis.__ears;
        await new Promise((done) => {
          recorder.onstop = done;
          recorder.state === 'inactive' ? done() : recorder.stop();
        });
        const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
        let out = '';
        for (let i = 0; i < bytes.length; i += 0x8000) out += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
        return btoa(out);
      });
      return { began, samples: await decode(Buffer.from(text, 'base64')) };
    },
  };
}

/** What the page plays for this many seconds. */
export async function hear(page, seconds) {
  const ears = await listen(page);
  await page.waitForTimeout(seconds * 1000);
  return (await ears.stop()).samples;
}

/** Waits until the page's `<audio>` has played on for so many seconds: by its own clock, which stands still with it. */
export async function playsOn(page, seconds, timeout = DEADLINE_MS + seconds * 1000) {
  const from = await page.evaluate(() => document.querySelector('audio').currentTime);
  await page.waitForFunction((end) => document.querySelector('audio').currentTime >= end, from + seconds, { timeout });
}

/** Waits until the listener's page says this, in its sentence or its hint (screen readers get a copy elsewhere). */
export async function says(page, words) {
  await page.locator('#say, #hint').filter({ hasText: words }).first().waitFor();
}
