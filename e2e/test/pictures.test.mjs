// A picture of every page in every state, phone and desktop, in every language, into e2e/pictures/.
// Fails when a page is wider than its screen, is empty, or complains.
//
// Each device in each language is a view: an event of its own on one server, so that some walk side by side, and one page that is
// led from state to state. Only what belongs to the server, the rung and whether it lives, they meet together.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { browser, newContext, open, playsOn, says } from '../lib/browser.mjs';
import { fetch } from '../lib/http.mjs';
import { Line } from '../lib/line.mjs';
import { Session, endPublishing } from '../lib/publish.mjs';
import { Pinned } from '../lib/ladder.mjs';
import { packets, speech } from '../lib/speech.mjs';
import { inGreenRoom } from '../lib/stage.mjs';
import { ROOT, shared, until } from '../lib/tools.mjs';
import { CODES, words } from '../../web/catalogue.mjs';

const FOLDER = join(ROOT, 'e2e/pictures');
/** What a browser prefers whose owner reads that language. */
const prefers = (lang) => (lang === 'en' ? 'en-GB' : `${lang}-${new Intl.Locale(lang).maximize().region}`);
const QUESTIONS = { de: 'Stellen Sie Ihre Fragen am Schluss: Wir lesen sie alle vor.', en: 'Keep your questions for the end: we will read them all.', fr: 'Posez vos questions à la fin, nous les lirons toutes.' };
const WHY = { de: 'Der Zug unseres Gastes hat Verspätung.', en: 'Our guest’s train is late.', fr: 'Le train de notre invité est en retard.' };
const VIEWS_AT_ONCE = 4;
const HOUR_S = 3600;
const MINUTE_MS = 60_000;
const DESKTOP = { width: 1280, height: 800 };
const TITLE = 'La voix des autres';

const t = shared();
t.after(endPublishing);
let server;
/** A browser without a microphone, and one in which somebody speaks. */
let plain;
let talking;

before(async () => {
  mkdirSync(FOLDER, { recursive: true });
  const voice = speech();
  [server, plain, talking] = await Promise.all([Pinned.open(t), browser(t), voice.then(({ host }) => browser(t, { mic: host }))]);
});
after(t.release);

/** One device in one language, its event, and what it asks of it. */
class View {
  constructor(phone, lang) {
    this.phone = phone;
    this.lang = lang;
    this.name = `${phone ? 'phone' : 'desktop'}-${lang}`;
    this.slug = `talk-${this.name}`;
    this.contexts = new Map();
    this.words = { ...words('listen', lang), ...words('stage', lang) };
  }

  /** What a message says before its first variable. */
  text(id) {
    const text = this.words[id].split('{')[0];
    assert.ok(text, id);
    return text;
  }

  /** The listener's page says this. */
  told(id) {
    return (page) => says(page, this.text(id));
  }

  /** The stage page says this, anywhere. */
  shows(id) {
    return (page) => page.getByText(this.text(id)).first().waitFor();
  }

  /** A button of the stage page by its name. */
  button(page, id) {
    return page.getByRole('button', { name: this.text(id), exact: true }).first();
  }

  async playing(page) {
    await touch(page);
    await this.told('common-live')(page);
  }

  /** Makes its event; the server need not run. */
  async prepare() {
    const { host, guest } = await server.create({ slug: this.slug, title: TITLE, host: 'Ada' });
    this.link = { host, guest };
  }

  async status() {
    return server.status(this.slug);
  }

  /** A page on this device, in the browser's one context of it. */
  async page(url, { on = plain, mic = false, javaScript = true } = {}) {
    const key = `${on === plain} ${mic} ${javaScript}`;
    if (!this.contexts.has(key)) this.contexts.set(key, newContext(on, { phone: this.phone, lang: prefers(this.lang), mic, javaScript, size: DESKTOP }));
    return open(on, url, { context: await this.contexts.get(key) });
  }

  listener(slug = this.slug, more = {}) {
    return this.page(server.path(slug, `/${this.lang}`), more);
  }

  /** The stage page behind a link, with a microphone. */
  stage(link) {
    return this.page(link, { on: talking, mic: true });
  }

  async shoot(state, page, { themes = ['light'], script = true } = {}) {
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme });
      const label = [state, this.name, ...(theme === 'dark' ? ['dark'] : [])].join('-');
      await page.screenshot({ path: join(FOLDER, `${label}.png`), fullPage: this.phone, animations: 'disabled' });
      if (!script) continue;
      const { wide, width, words } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, width: innerWidth, words: document.body.innerText.trim().length }));
      assert.ok(wide <= width, `${label}: ${wide} px wide on a screen of ${width}`);
      assert.ok(words > 20, `${label}: it says something`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
    assert.deepEqual(page.complaints.filter((line) => !/Failed to load resource|WebSocket|net::/.test(line)), [], `${state}-${this.name}`);
  }

  /** Brings a fresh page into a state, and takes its picture. */
  async once(state, opened, act, options) {
    const page = await opened;
    await act(page);
    await this.shoot(state, page, options);
    await page.close();
  }
}

const BOTH = { themes: ['light', 'dark'] };

const views = [true, false].flatMap((phone) => CODES.map((lang) => new View(phone, lang)));
/** For each view, so many side by side as a small machine bears. */
async function all(act) {
  for (let at = 0; at < views.length; at += VIEWS_AT_ONCE) await Promise.all(views.slice(at, at + VIEWS_AT_ONCE).map(act));
}

const touch = (page) => page.locator('#go').click();
const speaks = (page) => page.locator('#who li.on').first().waitFor();

async function beforeTheStart(view) {
  const soon = await view.listener('soon');
  await soon.getByText(view.text('listen-arm')).waitFor();
  await view.shoot('listener-countdown', soon, BOTH);
  await touch(soon);
  await soon.getByText(view.text('listen-armed')).waitFor();
  await view.shoot('listener-armed', soon);
  await soon.close();
  await view.once('listener-not-yet', view.listener(), view.told('common-not-yet'));

  for (const [slug, says] of [
    ['late', 'common-any-moment'],
    ['postponed', 'listen-postponed'],
    ['cancelled', 'listen-cancelled'],
  ]) {
    await view.once(`listener-${slug}`, view.listener(slug), (page) => page.getByText(view.text(says)).first().waitFor());
  }
  await view.once('front', view.page(`${server.url}/`), (page) => page.getByText(TITLE).first().waitFor());

  const stage = `${server.url}/s/${view.slug}`;
  await view.once('stage-no-token', view.page(stage), view.shows('stage-no-token'));
  await view.once('stage-rejected', view.page(`${stage}#t=nonsense`), view.shows('stage-rejected'));
  await view.once('stage-microphone', view.page(view.link.guest), view.shows('stage-mic-title'));
  await view.once('stage-green-room-guest', view.stage(view.link.guest), inGreenRoom);
  const host = await view.stage(view.link.host);
  await inGreenRoom(host);
  await view.shoot('stage-green-room-host', host, BOTH);
  for (const name of ['postpone', 'correct', 'cancel-event']) {
    await view.button(host, `stage-${name}`).click();
    await host.locator('dialog[open]').waitFor();
    await view.shoot(`stage-${name}`, host);
    await host.keyboard.press('Escape');
    await host.locator('dialog[open]').waitFor({ state: 'detached' });
  }
  await host.close();
}

/** A line-in speaks, and the event is on air. */
async function onAir(view) {
  view.host = await Line.open(t, server, view.link.host);
  view.desk = await view.host.invite('Le studio', 'line_in');
  const line = await Session.open(t, { url: view.host.whip.replace(/\?.*/, ''), token: view.desk.token });
  void line.speakForEver(packets());
  await until('the line is there', () => view.host.seat(view.desk.seat)?.connected);
  await view.host.admit(view.desk.seat);
  await view.host.phase('on_air');
}

async function listening(view) {
  await view.once('listener-no-script', view.listener(view.slug, { javaScript: false }), async () => {}, { script: false });
  const page = await view.listener();
  await view.told('listen-press')(page);
  await view.shoot('listener-touch', page);
  await view.playing(page);
  await speaks(page);
  await view.shoot('listener-playing', page, BOTH);
  view.host.say({ do: 'message', ...QUESTIONS });
  await page.getByText(QUESTIONS[view.lang] ?? Object.values(QUESTIONS)[0]).first().waitFor();
  await view.shoot('listener-message', page);
  await page.close();
}

async function held(view) {
  await view.host.act('hold', { until: Date.now() + 10 * MINUTE_MS, why: WHY });
  await until('it is held', () => view.host.state.phase === 'held');
  await view.once('listener-held', view.listener(), async (page) => {
    await touch(page);
    await page.getByText(WHY[view.lang] ?? Object.values(WHY)[0]).first().waitFor();
  });
  await view.host.phase('on_air');
}

async function hosting(view) {
  const page = await view.stage(view.link.host);
  const enter = view.button(page, 'stage-go-on');
  await enter.click();
  await page.locator('.mute').waitFor();
  await page.locator('.mute').getByRole('button', { name: view.text('stage-unmute'), exact: true }).last().click();
  await page.locator('.mute.live').waitFor();
  await view.shoot('stage-host-live', page, BOTH);
  for (const [state, name] of [
    ['stage-invite', 'stage-invite'],
    ['stage-message', 'stage-message-edit'],
    ['stage-end', 'stage-end'],
  ]) {
    await view.button(page, name).click();
    await page.locator('dialog[open]').waitFor();
    await view.shoot(state, page);
    await page.keyboard.press('Escape');
    await page.locator('dialog[open]').waitFor({ state: 'detached' });
  }
  view.guest = view.host.state.seats.find(({ name }) => name === 'Guest').seat;
  const guest = await view.stage(view.link.guest);
  await until('the guest is there', () => view.host.seat(view.guest).connected);
  await view.host.admit(view.guest);
  await guest.locator('.mute.muted').waitFor();
  await view.shoot('stage-guest-muted', guest);
  await guest.close();
  await page.close();
}

async function losing(view) {
  // The host's page is closed by now, the host's place on stage is kept: that is a host who has dropped.
  await until('the host has dropped', async () => (await view.status()).condition === 'host_dropped');
  await view.once('listener-host-dropped', view.listener(), async (page) => {
    await touch(page);
    await view.told('listen-host-dropped')(page);
    await speaks(page);
  });
  for (const seat of [view.host.welcome.seat, view.desk.seat, view.guest]) view.host.say({ do: 'green_room', seat });
  await until('the stage is empty', async () => (await view.status()).condition === 'stage_empty');
  view.host.say({ do: 'remove', seat: view.guest });
  await until('removed', () => view.host.seat(view.guest)?.place === 'removed' || !view.host.seat(view.guest));
  await view.once('stage-removed', view.stage(view.link.guest), view.shows('stage-removed'));
  view.left = await view.listener();
  await touch(view.left);
  await view.told('listen-stage-empty')(view.left);
  await view.shoot('listener-stage-empty', view.left);
  await playsOn(view.left, 1);
}

async function abandoned(view) {
  await Promise.any(['listen-reconnecting', 'listen-gone'].map((id) => view.told(id)(view.left)));
  await view.left.screenshot({ path: join(FOLDER, `listener-server-gone-${view.name}.png`) });
  await view.left.close();
}

async function ended(view) {
  const back = await Line.open(t, server, view.link.host);
  await back.phase('ended');
  await until('the replay', async () => (await view.status()).replay);
  await view.once('listener-replay', view.listener(), async (page) => {
    await touch(page);
    await playsOn(page, 0.5);
  });
  await view.once('stage-ended', view.stage(view.link.host), view.shows('stage-over'));
}

test('every page, every state, phone and desktop, every language', async (test) => {
  await server.create({ slug: 'soon', title: TITLE, starts: Math.floor(Date.now() / 1000) + 2 * HOUR_S, host: 'Ada' });
  const now = Math.floor(Date.now() / 1000);
  await server.create({ slug: 'late', title: TITLE, starts: now - 60, host: 'Ada' });
  const [postponed, cancelled] = [await server.create({ slug: 'postponed', title: TITLE, starts: now + HOUR_S, host: 'Ada' }), await server.create({ slug: 'cancelled', title: TITLE, starts: now + HOUR_S, host: 'Ada' })];
  for (const view of views) await view.prepare();
  await server.start();
  const lead = async ({ host }, act, more) => {
    const line = await Line.open(t, server, host);
    await line.act(act, { ...more, why: WHY });
    await until(`${act} is done`, () => line.state.schedule.why);
    line.close();
  };
  await lead(postponed, 'postpone', { start: { at: (now + 2 * HOUR_S) * 1000, zone: 'Europe/Paris' } });
  await lead(cancelled, 'cancel');
  let since = Date.now();
  const step = async (what, act) => {
    await act();
    test.diagnostic(`${what}: ${((Date.now() - since) / 1000).toFixed(1)} s`);
    since = Date.now();
  };

  await step('before the start', () => all(beforeTheStart));
  await step('on air', () => all(onAir));
  await step('listening', () => all(listening));
  await server.pin(3);
  await step('a crowd', () => all((view) => view.once('listener-crowd', view.listener(), (page) => view.playing(page))));
  await server.pin(4);
  await step('doors closed', () =>
    all((view) =>
      view.once('listener-full', view.listener(), async (page) => {
        await touch(page);
        await view.told('listen-full')(page);
      }),
    ));
  await server.pin(0);
  await step('held', () => all(held));
  await step('hosting', () => all(hosting));
  await step('losing', () => all(losing));
  await server.kill9();
  await step('abandoned', () => all(abandoned));
  await server.start();
  await step('ended', () => all(ended));
});

test('the longest title and name keep to the screen, with the microphone’s button in sight; forced colours leave the edge of what is pressed', async () => {
  const title = 'Une très longue soirée de conversations '.repeat(5).slice(0, 200);
  const { host } = await server.create({ slug: 'long', title, host: 'W'.repeat(64) });
  if (!server.child) await server.start();
  await until('the event is open', async () => (await fetch(server.path('long'))).ok);
  for (const view of views.filter(({ lang }) => lang === 'en')) {
    const stage = await view.stage(host);
    const [enter, round] = [view.button(stage, 'stage-go-on'), stage.locator('.mute').first()];
    await enter.or(round).first().waitFor();
    // The second device finds the host on stage.
    if (await enter.isVisible()) await enter.click();
    await round.waitFor();
    const inSight = await stage.locator('.mute button').evaluateAll((all) => all.some((one) => one.getBoundingClientRect().height > 0 && one.getBoundingClientRect().bottom <= innerHeight));
    assert.ok(inSight, `${view.name}: no button of the microphone is in sight`);
    await view.shoot('stage-long', stage);
    await stage.close();
    const listener = await view.listener('long');
    await listener.locator('#go').waitFor();
    await view.shoot('listener-long', listener);
    await listener.emulateMedia({ forcedColors: 'active' });
    await view.shoot('listener-forced-colours', listener);
    const edge = await listener.locator('#go').evaluate((go) => getComputedStyle(go).borderTopStyle);
    assert.notEqual(edge, 'none', view.name);
    await listener.close();
  }
});
