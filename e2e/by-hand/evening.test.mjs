// One evening, from the announcement to the replay: a host and a guest in browsers of their own, a listener, another one who is French and on a
// phone, and outside readers of calendars and feeds.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { browser, open, playsOn, says } from '../lib/browser.mjs';
import { fetch } from '../lib/http.mjs';
import { Server } from '../lib/server.mjs';
import { bringOnStage, endEvent, goOnStage, inGreenRoom, onStage, startEvent, unmute } from '../lib/stage.mjs';
import { speech } from '../lib/speech.mjs';
import { PYTHON, ROOT, run, story, until } from '../lib/tools.mjs';

/** What a change may take until it is everywhere. */
const EVERYWHERE_MS = 2_000;
/** So long after the test begins it is announced to begin: long enough to look around in the lobby. */
const STARTS_S = 20;

/** What outside programs read of the event. */
async function published(server, slug) {
  const read = await run(PYTHON, [join(ROOT, 'e2e/python/read_published.py'), server.url, slug]);
  assert.equal(read.code, 0, read.stderr);
  return JSON.parse(read.stdout);
}

/** Fills in the question that is open, and sends it. */
async function answer(host, name, fields) {
  const dialog = host.getByRole('dialog', { name });
  for (const [field, text] of Object.entries(fields)) {
    const place = dialog.locator(`[name="${field}"]`);
    await (field === 'by' ? place.selectOption(text) : place.fill(text));
  }
  await dialog.getByRole('button', { name, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

test('an evening is announced, awaited, postponed with a word, held, and replayed', async (t) => {
  const mics = await speech();
  const server = new Server(t);
  const slug = 'evening';
  const starts = Math.ceil(Date.now() / 1000) + STARTS_S;
  const links = await server.create({ slug, title: 'Troy, ten years on', host: 'Ada', starts, more: ['--languages', 'fr'] });
  await server.start();
  const [first, second, others] = await Promise.all([browser(t, { mic: mics.host }), browser(t, { mic: mics.guest }), browser(t)]);
  const [listener, french, host, guest] = await Promise.all([
    open(others, server.path(slug)),
    open(others, server.path(slug, '/fr'), { phone: true, lang: 'fr-FR' }),
    open(first, links.host, { mic: true }),
    open(second, links.guest, { mic: true }),
  ]);
  const step = story(t);
  const sequence = (calendar) => Number(/SEQUENCE:(\d+)\r/.exec(calendar)[1]);
  let announcedAs;
  const both = [listener, french];

  await step('calendars, feeds and networks know of it', async () => {
    const said = await published(server, slug);
    assert.deepEqual([said.calendar.events.map(({ summary }) => summary), said.calendar.complaints], [['Troy, ten years on'], []]);
    assert.deepEqual([said.feed.live.map(({ status }) => status), said.feed.items, said.feed.complaints], [['pending'], [], []]);
    const text = await (await fetch(server.path(slug, '/event.ics'))).text();
    assert.match(text, /SUMMARY:Troy\\, ten years on/);
    announcedAs = sequence(text);
    const page = await (await fetch(server.path(slug))).text();
    assert.match(page, /"eventStatus":"https:\/\/schema.org\/EventScheduled"/);
    assert.equal((await fetch(server.path(slug, '/card.png'))).headers.get('content-type'), 'image/png');
    assert.match(await (await fetch(`${server.url}/`)).text(), /Troy, ten years on/);
  });

  await step('whoever comes early waits in the lobby, connected', async () => {
    await Promise.all(both.map((page) => page.locator('#go').click()));
    await listener.getByText('You’re in the lobby').waitFor();
    await french.getByText('Vous êtes dans le hall').waitFor();
  });

  await step('the minute passes, and the page says so by itself', async () => {
    await says(listener, 'It’s time. We’re waiting for the host, stay with us.');
    await says(french, 'C’est l’heure. Nous attendons l’hôte, restez avec nous.');
  });

  await step('the host postpones it by ten minutes, and says why: everybody has it, and nobody has reloaded', async () => {
    await host.getByRole('button', { name: 'Postpone', exact: true }).click();
    const asked = Date.now();
    await answer(host, 'Postpone', { by: '10', 'why-en': 'The train is late', 'why-fr': 'Le train est en retard' });
    await Promise.all([listener.locator('#msg').getByText('The train is late').waitFor(), french.locator('#msg').getByText('Le train est en retard').waitFor()]);
    t.diagnostic(`told after ${Date.now() - asked} ms, with the filling in`);
    await listener.locator('#sub').getByText(/^Postponed to .*, your time$/).waitFor();
    const calendar = async () => (await fetch(server.path(slug, '/event.ics'))).text();
    await until('the calendar has it', async () => sequence(await calendar()) > announcedAs, { ms: EVERYWHERE_MS });
    await until('the feed has it', async () => (await (await fetch(server.path(slug, '/feed.xml'))).text()).includes('The train is late'), { ms: EVERYWHERE_MS });
    const page = await (await fetch(server.path(slug))).text();
    assert.match(page, /"eventStatus":"https:\/\/schema.org\/EventRescheduled"/);
  });

  await step('it begins, and is heard without another touch', async () => {
    await Promise.all([host, guest].map(inGreenRoom));
    await goOnStage(host);
    await bringOnStage(host, 'Guest');
    await onStage(guest);
    await Promise.all([unmute(host), unmute(guest)]);
    await startEvent(host);
    await says(listener, 'You are listening live.');
    await says(french, 'Vous écoutez en direct.');
    await playsOn(listener, 3);
    await until('the feed has it', async () => (await published(server, slug)).feed.live[0].status === 'live');
    await listener.locator('#msg').waitFor({ state: 'hidden' });
  });

  await step('a chapter is named', async () => {
    await host.getByRole('textbox', { name: 'Name of the chapter that begins now' }).fill('The horse');
    await host.getByRole('button', { name: 'Mark', exact: true }).click();
    await host.locator('.chapters li').filter({ hasText: 'The horse' }).waitFor();
  });

  await step('it is held: everybody stays, and reads why', async () => {
    await host.getByRole('button', { name: 'Pause', exact: true }).click();
    await answer(host, 'Pause', { by: '5', 'why-en': 'A glass of water' });
    await says(listener, 'We’re taking a break. Stay with us: it goes on here.');
    await Promise.all(both.map((page) => page.locator('#msg').getByText('A glass of water').waitFor()));
    assert.equal((await server.status(slug)).phase, 'held');
    await host.getByRole('button', { name: 'Go on', exact: true }).click();
    await says(listener, 'You are listening live.');
  });

  await step('a listener goes back, and returns with one touch', async () => {
    await listener.locator('#rewind').waitFor({ timeout: 90_000 });
    await listener.getByRole('button', { name: '1 minute back' }).click();
    const live = listener.getByRole('button', { name: 'Back to live' });
    await live.waitFor();
    const { epoch_unix_ms: epoch } = await (await fetch(server.path(slug, '/past/index.json'))).json();
    await until('what was said before plays', () => listener.evaluate((epoch) => {
      const audio = document.getElementById('audio');
      const ago = Date.now() - epoch - audio.currentTime * 1000;
      return !audio.paused && audio.currentTime > 0 && audio.readyState > 2 && ago > 5_000 && ago < 70_000;
    }, epoch));
    await live.click();
    await says(listener, 'You are listening live.');
  });

  await step('it ends, and the replay is there, with its chapter', async () => {
    await endEvent(host);
    await says(listener, 'It’s over. You can listen to all of it again.');
    await listener.getByRole('button', { name: /The horse$/ }).waitFor();
    await listener.getByRole('button', { name: 'Share' }).waitFor();
  });

  await step('outside readers find the replay in the feed', async () => {
    const said = await until('the feed has it', async () => {
      const { feed } = await published(server, slug);
      return feed.items.length && feed;
    });
    assert.deepEqual([said.items[0].enclosure.url, said.items[0].enclosure.type, said.complaints], [server.path(slug, '/replay.mp4'), 'audio/mp4', []]);
    assert.equal(Number(said.items[0].enclosure.length), Number((await fetch(server.path(slug, '/replay.mp4'), { method: 'HEAD' })).headers.get('content-length')));
    const { chapters } = await (await fetch(server.path(slug, '/chapters.json'))).json();
    assert.deepEqual(chapters.map(({ title }) => title), ['The horse']);
  });

  await step('the host takes files along, and cuts the beginning', async () => {
    await host.getByText('Files to take along').click();
    const link = host.getByRole('link', { name: /programme/ }).first();
    const file = await fetch(new URL(await link.getAttribute('href'), server.url));
    assert.deepEqual([file.status, /^attachment/.test(file.headers.get('content-disposition')), file.headers.get('cache-control')], [200, true, 'no-store']);
    const whole = (await file.arrayBuffer()).byteLength;
    assert.ok(whole > 10_000, `${whole} bytes`);
    const size = async () => Number((await fetch(server.path(slug, '/replay.mp4'), { method: 'HEAD' })).headers.get('content-length'));
    const before = await size();
    await host.locator('#at-from').fill('0:02');
    await host.getByRole('button', { name: 'Cut', exact: true }).click();
    await until('it is shorter', async () => (await size()) < before - 5_000 && (await size()) > 0);
  });

  await step('the host withholds it, and publishes it again', async () => {
    await host.getByRole('button', { name: 'Withhold it', exact: true }).click();
    await until('nobody can have it', async () => (await fetch(server.path(slug, '/replay.mp4'))).status === 404);
    await host.getByRole('button', { name: 'Publish it', exact: true }).click();
    await until('everybody can', async () => (await fetch(server.path(slug, '/replay.mp4'))).status === 200);
  });

  await step('what was told is what a server finds that was killed', async () => {
    const before = await server.status(slug);
    await server.kill9();
    await server.start();
    const after = await server.status(slug);
    assert.deepEqual([after.phase, after.since, after.starts, after.replay], [before.phase, before.since, before.starts, before.replay]);
  });
  for (const page of [...both, host, guest]) assert.deepEqual(page.complaints.filter((said) => !/Failed to load resource|ERR_/.test(said)), []);
});
