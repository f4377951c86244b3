// Firefox as it is shipped: a guest speaks through it, a host runs an event in it, a listener hears with it.
// Server and browser are on one machine as after `make run`; what is said and heard goes through a sound card.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromNowOn } from '../lib/direct.mjs';
import { SoundCard, button, open, press, says } from '../lib/firefox.mjs';
import { Line } from '../lib/line.mjs';
import { Server, demo } from '../lib/server.mjs';
import { RATE, dbfs, decodeWav, match, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { DEADLINE_MS, ROOT, until } from '../lib/tools.mjs';
import { videoFirst } from '../lib/video-first.mjs';

const PICTURES = join(ROOT, 'e2e/pictures');
const SPEECH_DBFS = -40;
const SILENCE_DBFS = -55;
/** Two seconds after the last sound the bed comes in, at about -42 dBFS. */
const BED_DBFS = -32;
/** Longer than the demonstration's longest silence, seconds. */
const HEARD_S = 8;
/** Firefox's own false microphone: a sine of this many hertz. */
const TONE_HZ = 1_000;
/** The notes of the page's test sound (`web/stage/tone.ts`). */
const NOTES_HZ = [523.25, 659.25, 783.99];
/** So long it is listened to, and what is there when it is muted, seconds. */
const TONE_S = 4;
const MUTED_S = 2;

/** What the direct stream carries from now on. */
const direct = (server, slug, seconds) => fromNowOn(server.path(slug, '/48/live.mp4'), seconds);

/** Frequency of a sine by its zero crossings, and the share of all energy that it, or one of `given` hertz, has. */
function tone(samples, given) {
  const crossings = [];
  for (let i = 1; i < samples.length; i++) {
    if (samples[i - 1] < 0 && samples[i] >= 0) crossings.push(i - samples[i] / (samples[i] - samples[i - 1]));
  }
  const hz = given ?? ((crossings.length - 1) * RATE) / (crossings.at(-1) - crossings[0]);
  const block = RATE / 10;
  let [inside, all] = [0, 0];
  for (let at = 0; at + block <= samples.length; at += block) {
    let [re, im] = [0, 0];
    for (let i = 0; i < block; i++) {
      const angle = (2 * Math.PI * hz * i) / RATE;
      re += samples[at + i] * Math.cos(angle);
      im += samples[at + i] * Math.sin(angle);
      all += samples[at + i] ** 2;
    }
    inside += (2 * (re * re + im * im)) / block;
  }
  return { hz, share: inside / all };
}

/** Of the loudest at `hz` of all tenths of a second: which share of its energy that is. */
function purest(samples, hz) {
  const block = RATE / 10;
  const blocks = Array.from({ length: Math.floor(samples.length / block) }, (_, n) => samples.subarray(n * block, (n + 1) * block));
  return Math.max(...blocks.filter((one) => dbfs(one) > SPEECH_DBFS).map((one) => tone(one, hz).share), 0);
}

const shot = (page, name) => page.screenshot({ path: join(PICTURES, `firefox-${name}.png`) });

/** A line beside one that was late is given up, which Firefox says in red. */
const complaints = (page) => page.complaints.filter((line) => !/establish a connection|interrupted while/.test(line));

mkdirSync(PICTURES, { recursive: true });

test('a guest speaks in Firefox: green room, stage, direct stream, mute', async (t) => {
  const voices = await speech();
  const said = { host: await decodeWav(voices.host), guest: await decodeWav(voices.guest) };
  const server = new Server(t, { udp: false });
  const links = await server.create({ slug: 'fox', title: 'An evening of talk', host: 'Ada' });
  await server.start();
  const host = await Line.open(t, server, links.host);
  await host.phase('on_air');
  const card = await SoundCard.start(t);
  card.speak(voices.guest);

  const page = await open(t, links.guest, { card });
  await press(page, 'Use my microphone');
  await says(page, 'The host sees you here');
  const red = await page.evaluate(() => RTCRtpSender.getCapabilities('audio').codecs.some((c) => c.mimeType === 'audio/red'));
  t.diagnostic(`Firefox ${red ? 'offers' : 'does not offer'} RED`);
  await page.waitForSelector('stentor-level .lit');
  await shot(page, 'green-room');

  await press(page, 'Hear how I sound');
  await until('the guest hears their own voice in the green room', async () => {
    const own = dbfs(await card.hear(2));
    if (own <= SPEECH_DBFS) throw new Error(`${own} dBFS`);
    t.diagnostic(`the guest hears their own voice in the green room: ${own.toFixed(1)} dBFS`);
    return true;
  });

  const { seat } = await until('the guest is in the green room', () => host.state.seats.find(({ role, place }) => role === 'guest' && place === 'green_room'));
  await host.admit(seat);
  await button(page, 'Back to the green room');
  await press(page, 'Unmute');
  await page.waitForSelector('.mute.live');
  await until('the guest is on air', async () => dbfs(await direct(server, 'fox', 1)) > SPEECH_DBFS);
  await shot(page, 'on-stage');
  const { heard, similarity, wrong } = await soundsLike('the guest’s speech', () => direct(server, 'fox', 6), said.guest, { unlike: said.host, compare: match });
  t.diagnostic(`the direct stream: ${dbfs(heard).toFixed(1)} dBFS, similar to the guest ${similarity.toFixed(2)}, to another voice ${wrong.toFixed(2)}`);
  assert.ok(dbfs(await card.hear(2)) < SILENCE_DBFS, 'the guest does not hear their own voice on stage');

  await press(page, 'Mute');
  await page.waitForSelector('.mute.muted');
  const muted = dbfs(await direct(server, 'fox', 2));
  t.diagnostic(`muted: ${muted.toFixed(1)} dBFS`);
  assert.ok(muted < BED_DBFS, `silent when muted, or the bed: ${muted} dBFS`);

  await page.evaluate(() => document.querySelector('details.settings > summary').click());
  // A browser without a processor for a moment plays one note brokenly, and the next time another.
  let shares = NOTES_HZ.map(() => 0);
  await until('the test sound comes out of the loudspeaker', async () => {
    const hearing = card.hear(3);
    await press(page, 'Play a test sound');
    const heard = await hearing;
    shares = NOTES_HZ.map((hz, n) => Math.max(shares[n], purest(heard, hz)));
    if (shares.some((share) => share < 0.9)) throw new Error(`of each note ${shares.map((share) => share.toFixed(2))}`);
    return true;
  });

  await page.reload();
  await button(page, 'Back to the green room');
  await press(page, 'Unmute');
  await page.waitForSelector('.mute.live');
  await until('heard again after a reload', async () => dbfs(await direct(server, 'fox', 1)) > SPEECH_DBFS);
  assert.deepEqual(complaints(page), []);
});

test('a host runs an event in Firefox: a tone goes out as a tone, and the replay plays', async (t) => {
  const server = new Server(t, { udp: false });
  const links = await server.create({ slug: 'tone', title: 'A tone', host: 'Ada' });
  await server.start();
  const card = await SoundCard.start(t);
  const prefs = { 'media.navigator.streams.fake': true };
  const page = await open(t, links.host, { card, prefs });
  await press(page, 'Use my microphone');
  await press(page, 'Go on stage');
  await button(page, 'Back to the green room');
  await press(page, 'Start the event');
  await press(page, 'Start the event');
  await press(page, 'Unmute');
  await page.waitForSelector('.mute.live');
  // From the first packets until the level has settled there is less of it.
  await until('the tone goes out as a tone', async () => {
    const on = await direct(server, 'tone', TONE_S);
    const { hz, share } = tone(on);
    const said = `${hz.toFixed(2)} Hz, ${(100 * share).toFixed(1)} % of the energy, ${dbfs(on).toFixed(1)} dBFS`;
    // On a busy machine 1000.2 to 1002.8 Hz were measured, and 0.88 to 0.995 of the energy.
    if (Math.abs(hz - TONE_HZ) >= 0.01 * TONE_HZ || share <= 0.8 || dbfs(on) <= SPEECH_DBFS) throw new Error(said);
    t.diagnostic(`tone: ${said}`);
    return true;
  });
  await shot(page, 'host');

  await press(page, 'Mute');
  await page.waitForSelector('.mute.muted');
  const off = await direct(server, 'tone', MUTED_S);
  const left = tone(off, TONE_HZ).share;
  t.diagnostic(`muted: ${dbfs(off).toFixed(1)} dBFS, ${(100 * left).toFixed(1)} % of it the tone`);
  assert.ok(dbfs(off) < BED_DBFS && left < 0.1, `${dbfs(off)} dBFS, ${left} of it the tone`);

  await press(page, 'End the event');
  await press(page, 'End the event');
  await says(page, 'The event has ended');
  assert.deepEqual(complaints(page), []);
  await until('the replay is there', async () => (await server.status('tone')).replay);
  await page.goto(links.listener);
  await press(page, 'Listen again');
  const at = () => page.evaluate(() => document.querySelector('#audio').currentTime);
  await until('the replay plays', async () => (await at()) > 0.5);
  const length = await page.evaluate(() => document.querySelector('#audio').duration);
  assert.ok(length > TONE_S + MUTED_S, `the replay lasts ${length} s`);
  const to = Math.floor(length / 2);
  const sought = await page.evaluate(async (to) => {
    const [audio, seek] = ['#audio', '#seek'].map((id) => document.querySelector(id));
    const done = new Promise((done) => audio.addEventListener('seeked', () => done(audio.currentTime), { once: true }));
    seek.value = to;
    seek.dispatchEvent(new Event('input'));
    return done;
  }, to);
  assert.ok(Math.abs(sought - to) < 0.1, `${sought} s where ${to} s were asked for`);
  await until('the replay goes on from there', async () => (await at()) > to + 0.5);
  await shot(page, 'replay');
});

test('a listener hears the programme in Firefox, and again after the server was killed', async (t) => {
  const said = await decodeWav((await speech()).demo);
  const server = await demo(t, { udp: false });
  const card = await SoundCard.start(t);
  const page = await open(t, server.path('demo', '/en'), { card });
  await press(page, 'Listen');
  await says(page, 'You are listening live.');
  const state = () =>
    page.evaluate(() => {
      const { currentTime, paused, error, src } = document.querySelector('#audio');
      return { currentTime, paused, error: error?.message ?? null, src };
    });
  const before = await state();
  const { heard, similarity } = await soundsLike('the demonstration’s voice', () => card.hear(HEARD_S), said);
  t.diagnostic(`listener: ${dbfs(heard).toFixed(1)} dBFS, similarity ${similarity.toFixed(2)}`);
  await until('it plays on', async () => (await state()).currentTime > before.currentTime + HEARD_S);
  const after = await state();
  assert.ok(after.src.startsWith('blob:') && after.src === before.src, 'through MediaSource, one and the same');
  assert.deepEqual([after.error, after.paused], [null, false]);
  assert.deepEqual(complaints(page), []);
  await shot(page, 'listener');

  await server.kill9();
  await page.waitForFunction(() => /Connection lost|The server isn’t answering/.test(document.body.innerText), { timeout: DEADLINE_MS });
  await server.start();
  const since = Date.now();
  await until('heard again by itself', async () => dbfs(await card.hear(1)) > SPEECH_DBFS);
  t.diagnostic(`heard again ${Date.now() - since} ms after the server was back`);
  await says(page, 'You are listening live.');
});

test('Firefox that puts video first in one bundle is heard, and hears', async (t) => {
  const server = new Server(t, { udp: false });
  const { host: link } = await server.create({ slug: 'bundle', title: 'One bundle' });
  await server.start();
  const host = await Line.open(t, server, link);
  const { seat, token } = await host.invite('Studio', 'line_in');
  // Firefox's own false microphone, on a page that may have one.
  const page = await open(t, `${server.url}/s/bundle`, { prefs: { 'media.navigator.streams.fake': true } });
  const became = await page.evaluate(videoFirst, { whip: `${host.endpoint}whip`, whep: host.whep, token, ms: DEADLINE_MS });
  assert.equal(became.sending, 'connected', JSON.stringify(became));
  assert.ok(became.heard > 50, JSON.stringify(became));
  await until('its tone arrives', () => host.seat(seat)?.heard);
});
