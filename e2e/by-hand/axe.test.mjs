// What axe-core finds on every page in every state, in light and dark: nothing serious. It sees contrast, names, roles and structure; what only a
// person who uses a page without eyes or hands would notice, it does not.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import axe from 'axe-core';
import { browser, open, says } from '../lib/browser.mjs';
import { fetch } from '../lib/http.mjs';
import { Line } from '../lib/line.mjs';
import { Mailbox } from '../lib/mailbox.mjs';
import { BINARY, Server, env } from '../lib/server.mjs';
import { bringOnStage, enter, goOnStage, onStage } from '../lib/stage.mjs';
import { speech } from '../lib/speech.mjs';
import { folder, run, until } from '../lib/tools.mjs';

/** What axe calls so keeps somebody from using the page. */
const SERIOUS = ['serious', 'critical'];
/** A recording needs something in it before there is a replay, ms. */
const RECORDED_MS = 8_000;

/** What axe has against a page as it is now: each finding with the first element that has it. */
async function findings(page) {
  // Evaluated by the browser's own interface, which no policy of the page forbids.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.filter(({ impact }) => SERIOUS.includes(impact)).map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
}

async function stentor(server, ...args) {
  const ran = await run(BINARY, ['event', ...args, '--data', server.data], { env: env() });
  assert.equal(ran.code, 0, ran.stderr);
}

test('axe finds nothing serious on any page in any state', async (t) => {
  const mics = await speech();
  const mailbox = await new Mailbox(t).start();
  const config = join(folder(t), 'stentor.toml');
  writeFileSync(config, `smtp = "smtp://127.0.0.1:${mailbox.port}"\nmail_from = "Talks <noreply@example.org>"\n`);
  const server = new Server(t, { args: ['--config', config] });
  await server.create({ slug: 'off', title: 'A talk that is off', starts: 'in 2 hours' });
  const links = await server.create({ slug: 'talk', title: 'Troy, ten years on', starts: 'in 10 minutes' });
  await stentor(server, 'edit', 'talk', '--embed', 'any', '--about', 'What the wind does, and why.');
  await server.start();
  const on = await browser(t);
  const found = [];
  let looked = 0;

  /** A page that is open, as it is. */
  const look = async (page, state) => {
    looked++;
    found.push(...(await findings(page)).map((finding) => `${state}: ${finding}`));
  };
  /** Pages at addresses, each opened in light and dark, on a desk and on a telephone. */
  const visit = async (state, paths, ready = async () => {}) => {
    for (const path of paths)
      for (const options of [{ theme: 'light' }, { theme: 'dark', phone: true }]) {
        const page = await open(on, `${server.url}${path}`, options);
        await ready(page);
        await look(page, `${state}, ${path}, ${options.theme}`);
        await page.context().close();
      }
  };
  /** The listener's page with what it fetches after itself, and the player inside others. */
  const event = async (state, slug = 'talk') => {
    await visit(state, [`/e/${slug}`, `/e/${slug}/fr`], (page) => page.locator('#more').getByRole('button', { name: /^(Share|Partager)$/ }).waitFor());
    if (slug === 'talk') await visit(state, [`/e/${slug}/embed`], (page) => page.locator('#open').waitFor());
  };

  await visit('front page', ['/', '/fr', '/de']);
  await visit('nothing there', ['/e/nobody']);
  await event('announced, doors open');
  await stentor(server, 'cancel', 'off', '--yes', '--why', 'The hall has burnt down');
  await event('cancelled', 'off');

  // A reminder, from the link in its mail to its end.
  await fetch(`${server.url}/api/v1/events/talk/reminders`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ address: 'ada@example.org', lang: 'en' }) });
  const mail = await mailbox.next('a mail asks for confirmation');
  const link = (act) => new URL(mail.text.match(new RegExp(`http://\\S+/r/[0-9a-f]{64}/${act}`))[0]).pathname;
  const [confirm, stop] = [link('confirm'), link('stop')];
  for (const path of [confirm, stop]) {
    await visit('reminder asked about', [path]);
    const page = await open(on, `${server.url}${path}`);
    await page.getByRole('button').click();
    await page.waitForLoadState();
    await look(page, `reminder answered, ${path}`);
    await page.context().close();
  }
  await visit('reminder gone', [confirm]);

  await stentor(server, 'postpone', 'talk', '--to', 'in 30 minutes', '--why', 'The train is late');
  await event('postponed');

  const host = await enter(t, links.host, mics.host);
  const guest = await enter(t, links.guest, mics.guest);
  for (const [page, who] of [[host, 'host'], [guest, 'guest']]) await look(page, `stage, ${who} in the green room`);
  await goOnStage(host);
  await bringOnStage(host, 'Guest');
  await onStage(guest);
  for (const [page, who] of [[host, 'host'], [guest, 'guest']]) await look(page, `stage, ${who} on stage`);
  for (const name of ['Postpone', 'Start the event', 'Invite somebody']) {
    await host.getByRole('button', { name, exact: true }).click();
    await host.locator('dialog').waitFor();
    await look(host, `stage, asked: ${name}`);
    await host.keyboard.press('Escape');
    await host.locator('dialog').waitFor({ state: 'detached' });
  }
  const line = await Line.open(t, server, links.host);
  await line.phase('on_air');
  for (const [page, who] of [[host, 'host'], [guest, 'guest']]) await look(page, `stage, ${who} on air`);
  await event('on air');
  const listener = await open(on, server.path('talk'));
  await listener.locator('#go').click();
  await says(listener, 'You are listening live.');
  await listener.locator('#players summary').click();
  await look(listener, 'on air, listening, other players shown');
  await line.phase('held');
  await event('held');
  await look(host, 'stage, host, held');
  await line.phase('on_air');
  await listener.waitForTimeout(RECORDED_MS);
  await line.phase('ended');
  await until('the replay', async () => (await server.status('talk')).replay === true);
  await event('ended, with replay');
  for (const [page, who] of [[host, 'host'], [guest, 'guest']]) await look(page, `stage, ${who}, ended`);
  await visit('front page, with a replay', ['/']);

  t.diagnostic(`${looked} pages looked at`);
  assert.deepEqual(found, []);
});
