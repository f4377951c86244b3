// What a person hears with and is heard through, before and while they are on stage: which microphone and loudspeaker, what a host hears
// who pre-listens, and a browser whose encryption the server cannot use.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, hear, keepWhatItMakes, open } from '../lib/browser.mjs';
import { fromNowOn } from '../lib/direct.mjs';
import { Line } from '../lib/line.mjs';
import { Server } from '../lib/server.mjs';
import { LIKE_NOT, dbfs, decodeWav, match, matchStretched, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { enter, inGreenRoom, onStage, unmute } from '../lib/stage.mjs';
import { shared, until } from '../lib/tools.mjs';

const SILENCE_DBFS = -55;

const t = shared();
let server;
let links;
let host;
let mics;
let said;

before(async () => {
  mics = await speech();
  said = { guest: await decodeWav(mics.guest) };
  server = new Server(t);
  links = await server.create({ slug: 'check', title: 'Sound check' });
  await server.start();
  host = await Line.open(t, server, links.host);
  await host.phase('on_air');
});
after(t.release);

const onAir = (seconds) => fromNowOn(server.path('check', '/48/live.mp4'), seconds);

/** Chooses the last of a field's devices that is not the system's; gives its id. */
async function choose(page, label) {
  const field = page.getByRole('combobox', { name: label });
  const ids = await field.locator('option').evaluateAll((options) => options.map(({ value }) => value).filter((id) => id && id !== 'default'));
  assert.ok(ids.length, `${label}: there is one to choose`);
  await field.selectOption(ids.at(-1));
  return ids.at(-1);
}

const sender = (page) => page.evaluate(() => globalThis.__connections.at(-1).getSenders()[0].track.getSettings().deviceId);
const sink = (page) => page.evaluate(() => document.querySelector('audio').sinkId);

test('microphone and loudspeaker are chosen in the green room and on stage, are used at once, and are remembered', async () => {
  const { seat, link } = await host.invite('Chooser', 'guest');
  const page = await enter(t, link, mics.guest, { init: keepWhatItMakes });
  const [microphone, loudspeaker] = [await choose(page, 'Microphone'), await choose(page, 'Headphones or loudspeaker')];
  await until('the chosen microphone is sent', async () => (await sender(page)) === microphone);
  await until('the chosen loudspeaker plays', async () => (await sink(page)) === loudspeaker);

  await host.admit(seat);
  await onStage(page);
  await unmute(page);
  await page.reload();
  await onStage(page);
  await until('both are used after a reload', async () => (await sender(page)) === microphone && (await sink(page)) === loudspeaker);
  await page.getByText('Sound and keys').click();
  await page.getByRole('combobox', { name: 'Headphones or loudspeaker' }).selectOption('default');
  await page.getByRole('combobox', { name: 'Microphone' }).selectOption('default');
  await until('the system’s are used', async () => (await sender(page)) === 'default' && (await sink(page)) === '');
  await page.locator('.mute.live').waitFor();
  await until('the voice is heard through it', () => host.levels.find(([of]) => of === seat)?.[1] > -60);
  host.say({ do: 'remove', seat });
  await page.context().close();
});

test('who waits is pre-listened to by the host who asks for it, and by nobody else', async () => {
  const desk = await enter(t, links.host, mics.silence);
  const { link } = await host.invite('Waiting', 'guest');
  const other = await host.invite('Other', 'guest');
  const guest = await enter(t, link, mics.guest);
  const waits = await enter(t, other.link, mics.silence);
  const button = desk.getByRole('button', { name: 'Pre-listen: Waiting' });
  await button.click();
  await soundsLike('the host hears who waits', () => hear(desk, 6), said.guest, { compare: matchStretched });
  await guest.getByText('A host is listening to you right now.').waitFor();
  const [air, beside] = await Promise.all([onAir(4), hear(waits, 4)]);
  assert.ok(match(air, said.guest).similarity < LIKE_NOT, 'listeners hear nothing of it');
  assert.ok(dbfs(beside) < SILENCE_DBFS, `nor does another guest: ${dbfs(beside)} dBFS`);
  await button.click();
  await guest.getByText('A host is listening to you right now.').waitFor({ state: 'detached' });
  await until('the host hears them no more', async () => dbfs(await hear(desk, 1)) < SILENCE_DBFS);
  for (const page of [desk, guest, waits]) await page.context().close();
});

/** A page whose connections have RSA certificates, as those of some telephone systems and old browsers. */
function withRsa() {
  const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: 'SHA-256' };
  let certificates;
  const made = RTCPeerConnection.generateCertificate(rsa).then((one) => (certificates = [one]));
  // The page connects as soon as it has a microphone.
  const { mediaDevices } = navigator;
  const give = mediaDevices.getUserMedia.bind(mediaDevices);
  mediaDevices.getUserMedia = async (wanted) => (await made, give(wanted));
  globalThis.RTCPeerConnection = new Proxy(RTCPeerConnection, { construct: (target, [config]) => new target({ ...config, certificates }) });
}

test('a browser with an RSA certificate is told that encryption was refused, and so is the host, by name', async () => {
  const desk = await enter(t, links.host, mics.silence);
  const { seat, link } = await host.invite('Rivest', 'guest');
  const chromium = await browser(t, { mic: mics.guest });
  const page = await open(chromium, link, { mic: true, init: withRsa });
  await until('the server knows why', () => host.seat(seat)?.warning === 'handshake_failed');
  await page.getByText('could not agree on encryption').waitFor();
  await desk.locator('.people li').filter({ hasText: 'Rivest' }).getByText('an RSA certificate?').waitFor();
  assert.match(server.log, new RegExp(`seat=${seat}\\b.*RSA`), 'the log says it');
  for (const one of [page, desk]) await one.context().close();
});
