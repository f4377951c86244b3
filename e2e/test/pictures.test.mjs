// A picture of every page in every state, phone and desktop, French and English, into e2e/pictures/.
// Fails when a page is wider than its screen, is empty, or complains.

import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { browser, open, playsOn, says } from '../lib/browser.mjs';
import { Line } from '../lib/line.mjs';
import { Session, endPublishing } from '../lib/publish.mjs';
import { Pinned } from '../lib/ladder.mjs';
import { packets, speech } from '../lib/speech.mjs';
import { inGreenRoom } from '../lib/stage.mjs';
import { ROOT, shared, sleep, until } from '../lib/tools.mjs';

const FOLDER = join(ROOT, 'e2e/pictures');
const LANGUAGES = { en: 'en-GB', fr: 'fr-FR' };
const HOUR_S = 3600;
const DESKTOP = { width: 1280, height: 800 };

const t = shared();
t.after(endPublishing);
let server;
let plain;
let talking;

before(async () => {
  mkdirSync(FOLDER, { recursive: true });
  server = await Pinned.open(t);
  plain = await browser(t);
  talking = await browser(t, { mic: (await speech()).host });
});
after(t.release);

/** One state on both devices in both languages; `act` brings a fresh page into it. */
async function shoot(name, urlOf, act = async () => {}, { on = plain, mic = false, javaScript = true, themes = ['light'] } = {}) {
  for (const phone of [true, false]) {
    for (const [lang, locale] of Object.entries(LANGUAGES)) {
      for (const theme of themes) {
        const page = await open(on, urlOf(lang), { phone, lang: locale, mic, javaScript, theme, size: DESKTOP });
        await act(page, lang);
        await sleep(350);
        const label = [name, phone ? 'phone' : 'desktop', lang, ...(theme === 'dark' ? ['dark'] : [])].join('-');
        await page.screenshot({ path: join(FOLDER, `${label}.png`), fullPage: phone });
        if (javaScript) {
          const { wide, width, words } = await page.evaluate(() => ({ wide: document.documentElement.scrollWidth, width: innerWidth, words: document.body.innerText.trim().length }));
          assert.ok(wide <= width, `${label}: ${wide} px wide on a screen of ${width}`);
          assert.ok(words > 20, `${label}: it says something`);
        }
        assert.deepEqual(page.complaints.filter((line) => !/Failed to load resource|WebSocket|net::/.test(line)), [], label);
        await page.context().close();
      }
    }
  }
}

const listener = (slug) => (lang) => server.path(slug, `/${lang}`);
const touch = (page) => page.locator('#go').click();
const playing = async (page) => {
  await touch(page);
  await says(page, /You are listening live\.|Vous écoutez en direct\./, 15_000);
};

test('every page, every state, phone and desktop, both languages', { timeout: 580_000 }, async () => {
  const soon = await server.create({ slug: 'soon', title: 'La voix des autres', starts: Math.floor(Date.now() / 1000) + 2 * HOUR_S, host: 'Ada' });
  const { host: hostLink, guest: guestLink } = await server.create({ slug: 'talk', title: 'La voix des autres', host: 'Ada' });
  await server.start();
  assert.ok(soon.listener);

  await shoot('listener-countdown', listener('soon'), undefined, { themes: ['light', 'dark'] });
  await shoot('listener-armed', listener('soon'), touch);
  await shoot('listener-not-yet', listener('talk'));

  // The green rooms and the stage before the start.
  await shoot('stage-no-token', () => `${server.url}/s/talk`);
  await shoot('stage-rejected', () => `${server.url}/s/talk#t=nonsense`);
  await shoot('stage-microphone', () => guestLink);
  await shoot('stage-green-room-guest', () => guestLink, (page) => inGreenRoom(page), { on: talking, mic: true });
  await shoot('stage-green-room-host', () => hostLink, (page) => inGreenRoom(page), { on: talking, mic: true, themes: ['light', 'dark'] });

  const host = await Line.open(t, server, hostLink);
  const desk = await host.invite('Le studio', 'line_in');
  const line = await Session.open(t, { url: host.whip.replace(/\?.*/, ''), token: desk.token });
  void line.speakForEver(packets());
  await until('the line is there', () => host.seat(desk.seat)?.connected);
  await host.admit(desk.seat);
  await host.phase('on_air');

  const speaks = (page) => page.locator('#who li.on').first().waitFor({ timeout: 15_000 });
  await shoot('listener-touch', listener('talk'));
  await shoot('listener-playing', listener('talk'), async (page) => { await playing(page); await speaks(page).catch(() => {}); }, { themes: ['light', 'dark'] });
  await shoot('listener-no-script', listener('talk'), undefined, { javaScript: false });
  host.say({ do: 'message', fr: 'Posez vos questions à la fin, nous les lirons toutes.', en: 'Keep your questions for the end: we will read them all.' });
  await until('the message', () => host.state.message);
  await shoot('listener-message', listener('talk'), playing);
  await server.pin(3);
  await shoot('listener-crowd', listener('talk'), playing);
  await server.pin(4);
  await shoot('listener-full', listener('talk'), async (page) => { await touch(page); await says(page, /nobody new gets in|plus personne n’entre/); });
  await server.pin(0);

  const onStage = async (page) => {
    const enter = page.getByRole('button', { name: /^(Go on stage|Entrer en scène)$/ });
    await page.locator('.mute').or(enter).first().waitFor({ timeout: 15_000 });
    if (await enter.count()) await enter.click();
    await page.locator('.mute').waitFor({ timeout: 15_000 });
  };
  const live = async (page) => {
    await onStage(page);
    const open = page.locator('.mute').getByRole('button', { name: /^(Unmute|Ouvrir mon micro)$/ });
    if (await open.count()) await open.last().click();
    await page.locator('.mute.live').waitFor({ timeout: 10_000 });
  };
  const press = (name) => async (page) => {
    await onStage(page);
    await page.getByRole('button', { name }).first().click();
    await page.locator('dialog').waitFor();
  };
  await shoot('stage-host-live', () => hostLink, live, { on: talking, mic: true, themes: ['light', 'dark'] });
  await shoot('stage-invite', () => hostLink, press(/Invite somebody|Inviter quelqu’un/), { on: talking, mic: true });
  await shoot('stage-message', () => hostLink, press(/Write to listeners|Écrire au public/), { on: talking, mic: true });
  await shoot('stage-end', () => hostLink, press(/^(End the event|Terminer)$/), { on: talking, mic: true });
  const guest = host.state.seats.find(({ name }) => name === 'Guest');
  const guestMuted = async (page) => {
    await until('the guest is there', () => host.seat(guest.seat).connected, { ms: 15_000 });
    if (host.seat(guest.seat).place !== 'on_stage') await host.admit(guest.seat);
    await page.locator('.mute.muted').waitFor({ timeout: 15_000 });
  };
  await shoot('stage-guest-muted', () => guestLink, guestMuted, { on: talking, mic: true });

  // The host's pages are closed by now, the host's place on stage is kept: that is a host who has dropped.
  await until('the host has dropped', async () => (await server.status('talk')).condition === 'host_dropped', { ms: 20_000 });
  const dropped = async (page) => {
    await touch(page);
    await says(page, /The host has dropped|L’hôte a perdu la liaison/);
    await speaks(page).catch(() => {});
  };
  await shoot('listener-host-dropped', listener('talk'), dropped);

  host.say({ do: 'green_room', seat: host.welcome.seat });
  host.say({ do: 'green_room', seat: desk.seat });
  host.say({ do: 'green_room', seat: guest.seat });
  await until('the stage is empty', async () => (await server.status('talk')).condition !== 'ok', { ms: 15_000 });
  const hearsTheBed = async (page) => {
    await touch(page);
    await says(page, /Nobody is on stage right now|La scène est vide/);
  };
  await shoot('listener-stage-empty', listener('talk'), hearsTheBed);

  host.say({ do: 'remove', seat: guest.seat });
  await until('removed', () => host.seat(guest.seat)?.place === 'removed' || !host.seat(guest.seat));
  await shoot('stage-removed', () => guestLink, undefined, { on: talking, mic: true });

  const pages = [];
  for (const phone of [true, false]) {
    for (const [lang, locale] of Object.entries(LANGUAGES)) {
      const page = await open(plain, server.path('talk', `/${lang}`), { phone, lang: locale, size: DESKTOP });
      await hearsTheBed(page);
      await playsOn(page, 1);
      pages.push([`listener-server-gone-${phone ? 'phone' : 'desktop'}-${lang}`, page]);
    }
  }
  await server.kill9();
  for (const [name, page] of pages) {
    await says(page, /The connection broke|server isn’t answering|liaison a été coupée|serveur ne répond pas/, 20_000);
    await page.screenshot({ path: join(FOLDER, `${name}.png`) });
    await page.context().close();
  }
  await server.start();
  const back = await Line.open(t, server, hostLink);
  await back.phase('ended');
  await until('the replay', async () => (await server.status('talk')).replay, { ms: 20_000 });
  await shoot('listener-replay', listener('talk'), async (page) => { await touch(page); await playsOn(page, 0.5); });
  await shoot('stage-ended', () => hostLink, undefined, { on: talking, mic: true });
});
