// Firefox as it is shipped, with a sound card of the test's own: a loudspeaker that is recorded, a microphone that speaks a file.
//
// Playwright drives only a Firefox of its own making, so puppeteer drives this one (WebDriver BiDi). Nothing that decides
// about sound or connections is set differently from a user's: only questions to the user and background traffic are off.

import { spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { RATE } from './sound.mjs';
import { DEADLINE_MS, folder, until } from './tools.mjs';

const FIREFOX = process.env.FIREFOX ?? ['/usr/bin/firefox-esr', '/usr/bin/firefox'].find(existsSync);
const WAIT_MS = DEADLINE_MS;
const QUIET = {
  'media.navigator.permission.disabled': true,
  'app.update.auto': false,
  'browser.region.network.url': '',
  'browser.search.update': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'extensions.getAddons.cache.enabled': false,
  'media.gmp-manager.updateEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
};

/** What PulseAudio is told: one loudspeaker, and one microphone that hears what is played into `voice`. */
const CARD = (socket) => `
load-module module-null-sink sink_name=speaker rate=48000 channels=1
load-module module-null-sink sink_name=voice rate=48000 channels=1
load-module module-remap-source master=voice.monitor source_name=microphone
load-module module-native-protocol-unix socket=${socket} auth-anonymous=1
set-default-sink speaker
set-default-source microphone
`;

export class SoundCard {
  static async start(t) {
    const card = new SoundCard();
    card.running = [];
    const home = folder(t, 'stentor-sound', () => card.#stop());
    const socket = join(home, 'native');
    const script = join(home, 'card.pa');
    writeFileSync(script, CARD(socket));
    card.env = { ...process.env, HOME: home, XDG_RUNTIME_DIR: home, PULSE_SERVER: `unix:${socket}` };
    const server = card.#run('pulseaudio', ['-n', '-F', script, '--daemonize=no', '--exit-idle-time=-1', '--use-pid-file=no', '--log-level=error']);
    await until('the sound card', () => existsSync(socket) || (server.exitCode !== null && Promise.reject(new Error('pulseaudio ended'))));
    return card;
  }

  #run(command, args) {
    const child = spawn(command, args, { env: this.env, stdio: ['ignore', 'pipe', 'ignore'] });
    child.ended = new Promise((done) => child.on('close', done).on('error', done));
    this.running.push(child);
    return child;
  }

  async #stop() {
    for (const child of this.running.reverse()) {
      child.kill('SIGKILL');
      await child.ended;
    }
  }

  /** Speaks a WAV into the microphone, for ever. */
  speak(wav) {
    this.#run('ffmpeg', ['-v', 'error', '-re', '-stream_loop', '-1', '-i', wav, '-f', 'pulse', '-device', 'voice', 'voice']).stdout.resume();
  }

  /** What the loudspeaker plays for this many seconds, samples at 16 kHz. */
  async hear(seconds) {
    const recorder = this.#run('parec', ['--device=speaker.monitor', '--format=float32le', `--rate=${RATE}`, '--channels=1', '--latency-msec=20']);
    const bytes = Buffer.alloc(seconds * RATE * 4);
    const stuck = setTimeout(() => recorder.kill(), seconds * 1000 + WAIT_MS);
    let filled = 0;
    for await (const part of recorder.stdout) {
      filled += part.copy(bytes, filled);
      if (filled === bytes.length) break;
    }
    clearTimeout(stuck);
    recorder.kill();
    if (filled < bytes.length) throw new Error(`the loudspeaker gave ${filled} of ${bytes.length} bytes`);
    return new Float32Array(bytes.buffer, bytes.byteOffset, filled >> 2);
  }
}

/** A Firefox of its own; its page opens `url`. What the page complains about is kept in `page.complaints`. */
export async function open(t, url, { card, prefs = {}, width = 1280, height = 800, init } = {}) {
  const launched = await puppeteer.launch({
    timeout: 2 * WAIT_MS,
    protocolTimeout: WAIT_MS,
    browser: 'firefox',
    executablePath: FIREFOX,
    headless: true,
    extraPrefsFirefox: { ...QUIET, 'intl.accept_languages': 'en-GB, en', ...prefs },
    env: card?.env ?? process.env,
  });
  t.after(() => launched.close().catch(() => {}));
  const page = await launched.newPage();
  page.setDefaultTimeout(WAIT_MS);
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(String(error)));
  page.on('console', (message) => message.type() === 'error' && page.complaints.push(message.text()));
  await page.setViewport({ width, height });
  if (init) await page.evaluateOnNewDocument(init);
  await page.goto(url);
  return page;
}

/** The button of this name, in the dialog when there is one, once it is there and can be pressed. */
export const button = (page, name) =>
  page.waitForFunction(
    (wanted) => {
      const buttons = [...(document.querySelector('dialog[open]') ?? document).querySelectorAll('button')];
      return buttons.find((b) => (b.getAttribute('aria-label') ?? b.innerText).trim() === wanted && !b.disabled && b.checkVisibility());
    },
    {},
    name,
  );

export async function press(page, name) {
  const found = await button(page, name);
  await found.click();
}

/** Waits until the page says this, anywhere. */
export const says = (page, words, timeout = WAIT_MS) => page.waitForFunction((wanted) => document.body.innerText.includes(wanted), { timeout }, words);
