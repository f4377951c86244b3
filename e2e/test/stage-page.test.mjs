// The stage page when something gets in its way: a network that goes, one without UDP, a dead microphone, a second tab.
// What takes a voice away behind a page's back, and the keys.
// A guest in Chromium; the host is a control line, and another speaker's voice comes over WHIP.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { browser, hear, keepWhatItMakes, open } from '../lib/browser.mjs';
import { fromNowOn } from '../lib/direct.mjs';
import { Line } from '../lib/line.mjs';
import { Network } from '../lib/network.mjs';
import { Session, endPublishing } from '../lib/publish.mjs';
import { Server } from '../lib/server.mjs';
import { dbfs, decodeWav, match, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { onStage, unmute } from '../lib/stage.mjs';
import { shared, sleep, until } from '../lib/tools.mjs';

const NOT_HEARD = 'You’re not heard';
const VOICE_LOST = 'Your voice isn’t getting through. It is being connected again.';
/** After this long unmuted and silent both are told (core: SILENT_MICROPHONE_AFTER_MS). */
const SILENT_MS = 3_000;

const t = shared();
t.after(endPublishing);
let server;
let network;
let host;
let hostLink;
let mics;
let said;
let talking;

before(async () => {
  mics = await speech();
  said = { guest: await decodeWav(mics.guest), demo: await decodeWav(mics.demo) };
  server = new Server(t, { args: ['--public-ip', '127.0.0.2'] });
  ({ host: hostLink } = await server.create({ slug: 'stage', title: 'On stage' }));
  await server.start();
  network = await Network.start(t, server.port);
  host = await Line.open(t, server, hostLink);
  await host.phase('on_air');
  talking = await browser(t, { mic: mics.guest });
});
after(t.release);

/** Somebody new on stage in a page of their own, unmuted. Gives the page, the seat, the link, and when it was still muted, Unix ms. */
async function speaker(name, { on = talking, role = 'guest' } = {}) {
  const { seat, link } = await host.invite(name, role);
  const page = await open(on, network.through(link), { mic: true, init: keepWhatItMakes });
  await until(`${name} is connected`, () => host.seat(seat)?.connected);
  await host.admit(seat);
  await onStage(page);
  const muted_ms = Date.now();
  await unmute(page);
  return { page, seat, link, muted_ms };
}

const leave = async ({ page, seat }) => {
  await page.context().close();
  host.say({ do: 'remove', seat });
  await until('the seat is closed', () => !host.seat(seat) || host.seat(seat).place === 'removed');
};

/** What the direct face carries from now on. */
const onAir = (seconds) => fromNowOn(server.path('stage', '/48/live.mp4'), seconds);

async function heardOnAir(what) {
  await soundsLike(`${what}: what went into the microphone is on air`, () => onAir(5), said.guest, { compare: match });
}

/** Of the page's newest connection: how its packets travel, by WebRTC's own statistics. */
const route = (page) =>
  page.evaluate(async () => {
    const stats = [...(await globalThis.__connections.at(-1).getStats()).values()];
    const of = (id) => stats.find((one) => one.id === id);
    const pair = of(stats.find(({ type }) => type === 'transport').selectedCandidatePairId);
    const [local, remote] = [of(pair.localCandidateId), of(pair.remoteCandidateId)];
    return { local: local.protocol, remote: remote.protocol, port: remote.port, sent: pair.bytesSent };
  });

test('echo cancellation stays on, the return is a plain audio element, and the broadcast is never asked for', async () => {
  const desk = await host.invite('Desk', 'line_in');
  const voice = await Session.open(t, { url: `${host.endpoint}whip`, token: desk.token });
  void voice.speakForEver();
  await until('the line is there', () => host.seat(desk.seat)?.connected);
  await host.admit(desk.seat);
  // As co-host: that page shows everything there is.
  const guest = await speaker('Guest', { role: 'co_host' });
  const { page } = guest;
  await soundsLike('the others are heard through it', () => hear(page, 6), said.demo);
  const heard = await page.evaluate(() => {
    const connection = globalThis.__connections.at(-1);
    const [sender] = connection.getSenders();
    const [receiver] = connection.getReceivers();
    const players = [...document.querySelectorAll('audio, video')];
    return {
      settings: sender.track.getSettings(),
      players: players.map(({ tagName, paused, muted, srcObject }) => ({ tagName, paused, muted, tracks: srcObject?.getTracks().map(({ id }) => id) })),
      returned: receiver.track.id,
      analysed: globalThis.__analysed,
    };
  });
  assert.equal(heard.settings.echoCancellation, true);
  assert.notEqual(heard.settings.channelCount, 2, 'stereo would turn the canceller off');
  assert.deepEqual(heard.players, [{ tagName: 'AUDIO', paused: false, muted: false, tracks: [heard.returned] }]);
  assert.ok(heard.analysed.length > 0, 'the meter reads the microphone');
  assert.ok(!heard.analysed.includes(heard.returned), 'the return does not go through Web Audio');
  assert.ok(page.asked.some((path) => path.endsWith('/whip')), 'requests are seen');
  assert.deepEqual(page.asked.filter((path) => path.startsWith('/e/')), []);
  await leave(guest);
  await voice.remove();
});

test('a speaker whose network goes comes back into the same place, unmuted and heard, without a touch', async () => {
  const guest = await speaker('Train');
  const { page, seat } = guest;
  await heardOnAir('before');
  const seats = host.state.seats.length;
  assert.ok(network.datagrams > 100, `the voice goes through the network that is cut, ${network.datagrams} datagrams`);
  network.cut();
  // Long enough that both ends have let go.
  await page.locator('.mute.unheard').getByText(NOT_HEARD).waitFor();
  await page.getByText(VOICE_LOST).waitFor();
  await until('the others see that they are gone', () => !host.seat(seat).connected);
  assert.equal(host.seat(seat).place, 'on_stage', 'the place is kept');
  network.restore();
  await until('the same seat is connected', () => host.seat(seat).connected);
  await page.locator('.mute.live').waitFor();
  await Promise.all([NOT_HEARD, VOICE_LOST].map((words) => page.getByText(words).first().waitFor({ state: 'hidden' })));
  assert.equal(host.seat(seat).place, 'on_stage');
  assert.equal(host.state.seats.length, seats, 'no second seat');
  await heardOnAir('after');
  await leave(guest);
});

test('where UDP is blocked the voice goes over TCP, on the page’s own port', async () => {
  network.blockUdp(true);
  const before = network.datagrams;
  const guest = await speaker('Office');
  await heardOnAir('over TCP');
  const way = await route(guest.page);
  assert.deepEqual([way.local, way.remote, way.port], ['tcp', 'tcp', server.port]);
  assert.ok(way.sent > 20_000, `${way.sent} bytes`);
  assert.equal(network.datagrams, before, 'not one datagram');
  await leave(guest);
  network.blockUdp(false);
});

test('unmuted but silent for three seconds: that person is told, and so is the host', async () => {
  const dead = await browser(t, { mic: mics.silence });
  const desk = await open(talking, network.through(hostLink));
  const guest = await speaker('Quiet', { on: dead });
  const mine = guest.page.getByText('You’re unmuted, but no sound comes from your microphone.');
  const atHost = desk.locator('.people li').filter({ hasText: 'Quiet' }).getByText('unmuted, but silent');
  await Promise.all([mine.waitFor(), atHost.waitFor()]);
  const told = Date.now() - guest.muted_ms;
  assert.ok(told >= SILENT_MS, `a pause is no fault: told after ${told} ms`);
  await guest.page.locator('.mute').getByRole('button', { name: 'Mute', exact: true }).last().click();
  await Promise.all([mine.waitFor({ state: 'detached' }), atHost.waitFor({ state: 'detached' })]);
  await leave(guest);
  await dead.close();
  // Somebody who speaks is not accused.
  const speaks = await speaker('Loud');
  await sleep(SILENT_MS + 1_500);
  assert.equal(host.seat(speaks.seat).warning, null);
  await leave(speaks);
  await desk.context().close();
});

/** Everything that takes a voice away behind a page's back; it never says that it is live, and offers what mends it. */
const TAKEN = [
  {
    what: 'the permission is taken back',
    take: ({ page }) => page.context().clearPermissions(),
    says: /blocked for this page/,
    mend: async ({ page }) => {
      await page.context().grantPermissions(['microphone', 'screen-wake-lock']);
      // Given back in the browser's own bar it is there by itself.
    },
  },
  {
    what: 'nothing is sent any more',
    take: ({ page }) => page.evaluate(() => globalThis.__connections.at(-1).getSenders()[0].replaceTrack(null)),
    says: /does not reach the server|no sound comes from your microphone/,
    mend: ({ page }) => page.locator('.mend button').click(),
  },
  {
    what: 'the system silences it',
    take: ({ page }) =>
      page.evaluate(() => {
        const { track } = globalThis.__connections.at(-1).getSenders()[0];
        track.dispatchEvent(new Event('mute'));
      }),
    says: /Your system has silenced the microphone/,
    mend: ({ page }) => page.locator('.mend button').click(),
  },
];

test('who is not heard is told so and why, and has the button that mends it; an unplugged microphone is replaced without one', async () => {
  // One that asks before it gives its false microphone: only such a permission can be taken back.
  const asking = await browser(t, { mic: mics.guest, asks: true });
  const guest = await speaker('Taken', { on: asking });
  const { page, seat } = guest;
  for (const { what, take, says, mend } of TAKEN) {
    await take(guest);
    await page.locator('.mute.unheard').getByText(NOT_HEARD).waitFor();
    await page.locator('.mute').getByText(says).waitFor();
    assert.equal(await page.getByText('You’re live').count(), 0, what);
    await mend(guest);
    await page.locator('.mute.live').waitFor();
    await until(`${what}: heard again`, () => host.levels.find(([of]) => of === seat)?.[1] > -60);
  }
  await page.evaluate(() => {
    const { track } = globalThis.__connections.at(-1).getSenders()[0];
    track.stop();
    track.dispatchEvent(new Event('ended'));
  });
  await until('another track', () => page.evaluate(() => globalThis.__connections.at(-1).getSenders()[0].track.readyState === 'live'));
  await page.locator('.mute.live').waitFor();
  await leave(guest);
  await asking.close();
});

test('a key that is held down is one press, and one that is switched off is none; push to talk is open while it is held', async () => {
  const guest = await speaker('Keys');
  const { page, seat } = guest;
  const version = () => host.seat(seat).mute_version;
  const before = version();
  for (let n = 0; n < 30; n++) await page.keyboard.down('m');
  await page.keyboard.up('m');
  await page.locator('.mute.muted').waitFor();
  assert.equal(version(), before + 1);
  await page.getByText('Sound and keys').click();
  await page.getByLabel(/Push to talk/).check();
  for (const hold of [
    { down: () => page.keyboard.down('m'), up: () => page.keyboard.up('m') },
    { down: async () => (await page.locator('.round').hover(), page.mouse.down()), up: () => page.mouse.up() },
  ]) {
    await hold.down();
    await page.locator('.mute.live').waitFor();
    await hold.up();
    await page.locator('.mute.muted').waitFor();
    await until('closed at the mixer', () => host.seat(seat).mixer_muted);
  }
  await page.getByLabel(/Push to talk/).uncheck();
  await page.getByLabel(/Use the key/).uncheck();
  const since = version();
  await page.keyboard.press('m');
  await sleep(500);
  assert.equal(version(), since);
  await leave(guest);
});

test('closing a live tab asks, closing a muted one does not, and the screen stays on while on stage', async () => {
  const guest = await speaker('Closing');
  const { page } = guest;
  const asked = [];
  page.on('dialog', (dialog) => {
    asked.push(dialog.type());
    void dialog.dismiss();
  });
  assert.ok(await page.evaluate(() => globalThis.__locks.length > 0 && globalThis.__locks.at(-1).released === false), 'a wake lock');
  await page.close({ runBeforeUnload: true });
  await until('it asked', () => asked.length === 1);
  assert.deepEqual(asked, ['beforeunload']);
  assert.equal(page.isClosed(), false, 'and stayed');
  await page.locator('.mute').getByRole('button', { name: 'Mute', exact: true }).first().click();
  await page.locator('.mute.muted').waitFor();
  await page.close({ runBeforeUnload: true });
  await until('closed without a question', () => page.isClosed());
  assert.equal(asked.length, 1);
  host.say({ do: 'remove', seat: guest.seat });
});

const replaced = (page) => page.getByRole('heading', { name: 'You’re connected on another page' });

test('of two tabs with one link the newer keeps the seat, the older says so, and can take it back', async () => {
  const { page: older, seat, link } = await speaker('Twice');
  const newer = await open(talking, network.through(link), { context: older.context(), init: keepWhatItMakes });
  await onStage(newer);
  await replaced(older).waitFor();
  // Nobody has touched anything on it yet.
  await unmute(newer);
  await newer.locator('.mute.live').waitFor();
  await older.getByRole('button', { name: 'Take it back here' }).click();
  await onStage(older);
  await replaced(newer).waitFor();
  assert.equal(await replaced(older).count(), 0);
  await leave({ page: older, seat });
});

test('the older of two tabs says so also when its line was cut and came back while its voice went on', async () => {
  const { page: older, seat, link } = await speaker('Again');
  await older.evaluate(() => globalThis.__lines.at(-1).close());
  await until('the line came back', () => older.evaluate(() => globalThis.__lines.length > 1 && globalThis.__lines.at(-1).readyState === WebSocket.OPEN));
  await older.locator('.mute.live').waitFor();
  assert.equal(await older.evaluate(() => globalThis.__connections.length), 1, 'the voice went on');
  const newer = await open(talking, network.through(link), { context: older.context(), init: keepWhatItMakes });
  await onStage(newer);
  await replaced(older).waitFor();
  // Nobody has touched anything on it yet.
  await unmute(newer);
  await newer.locator('.mute.live').waitFor();
  // They do not take the seat from each other for ever.
  const made = () => Promise.all([older, newer].map((page) => page.evaluate(() => globalThis.__connections.length)));
  const settled = await made();
  await sleep(4_000);
  assert.deepEqual(await made(), settled);
  assert.equal(await replaced(newer).count(), 0);
  await leave({ page: older, seat });
});

test('who is removed while still asked for the microphone is told, too', async () => {
  const { seat, link } = await host.invite('Early', 'guest');
  const page = await open(talking, network.through(link));
  await page.getByRole('heading', { name: 'First, your microphone' }).waitFor();
  host.say({ do: 'remove', seat });
  await page.getByRole('heading', { name: 'The host has removed you' }).waitFor();
  await page.context().close();
});
