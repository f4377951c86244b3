// What a host does with the page's buttons, and what becomes of the event when the host is lost: browsers only, as on an evening.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { browser, crash, hear, open, says } from '../lib/browser.mjs';
import { Server } from '../lib/server.mjs';
import { decodeWav, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { bringOnStage, endEvent, enter, goOnStage, inGreenRoom, onStage, startEvent, unmute } from '../lib/stage.mjs';
import { story, until } from '../lib/tools.mjs';

const DROPPED = { en: 'The host has lost the connection. Stay with us.', fr: 'L’hôte a perdu la connexion. Restez avec nous.' };

/** A person in the list of a host's page. */
const person = (page, name) => page.locator('.people li').filter({ has: page.locator('.name', { hasText: name }) });

/** Opens somebody's "More" and presses there; what asks first is answered. */
async function press(page, name, label, { sure = false } = {}) {
  const button = page.getByRole('button', { name: `${label}: ${name}`, exact: true });
  await until(`${label} is offered for ${name}`, async () => {
    if (!(await button.isVisible())) await person(page, name).locator('summary').click({ timeout: 2_000 });
    return button.isVisible();
  });
  await button.click();
  if (sure) await page.locator('dialog').getByRole('button', { name: label, exact: true }).click();
}

test('the host invites, removes, hands over, is lost: the event goes on, and a co-host ends it', async (t) => {
  const mics = await speech();
  const said = { guest: await decodeWav(mics.guest) };
  const server = new Server(t);
  const links = await server.create({ slug: 'lost', title: 'An evening of talk', host: 'Ada' });
  await server.start();
  const [first, guest, chromium] = await Promise.all([browser(t, { mic: mics.host }), enter(t, links.guest, mics.guest), browser(t)]);
  const [listener, french] = await Promise.all([open(chromium, server.path('lost', '/en')), open(chromium, server.path('lost', '/fr'))]);
  let host = await open(first, links.host, { mic: true });
  const step = story(t);

  await step('host and guest are on air', async () => {
    await goOnStage(host);
    await bringOnStage(host, 'Guest');
    await onStage(guest);
    await Promise.all([unmute(host), unmute(guest)]);
    await startEvent(host);
    await Promise.all([listener, french].map((page) => page.locator('#go').click()));
    await says(listener, 'You are listening live.');
    await says(french, 'Vous écoutez en direct.');
  });

  let invited;
  await step('a guest who is taken off the stage is told, and is brought back', async () => {
    await press(host, 'Guest', 'To the green room');
    await guest.getByText('You have been taken off the stage.').waitFor();
    await bringOnStage(host, 'Guest');
    await onStage(guest);
    await guest.getByText('You have been taken off the stage.').waitFor({ state: 'detached' });
    await unmute(guest);
  });

  await step('what ends something on air asks first, and the microphone can be closed while it does', async () => {
    for (const [ask, question] of [
      [() => host.locator('#record').click(), 'Stop recording?'],
      [() => host.getByRole('button', { name: 'Back to the green room' }).click(), 'Leave the stage?'],
    ]) {
      await ask();
      const dialog = host.getByRole('dialog', { name: question });
      await dialog.waitFor();
      await host.keyboard.press('m');
      await host.locator('.mute.muted').waitFor({ state: 'attached' });
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await unmute(host);
    }
    assert.ok(await host.locator('#record').isChecked());
    await onStage(host);
  });

  await step('an invitation made with the button is a link that opens the new seat', async () => {
    await host.getByRole('button', { name: 'Invite somebody' }).click();
    const dialog = host.locator('dialog');
    await dialog.getByLabel('Their name').fill('Bea');
    await dialog.getByLabel('They come as').selectOption('guest');
    await dialog.getByRole('button', { name: 'Make the link' }).click();
    await dialog.getByRole('heading', { name: 'Here is Bea’s link' }).waitFor();
    const link = await dialog.locator('input[readonly]').inputValue();
    assert.match(link, /\/s\/lost#t=.{20,}/);
    assert.ok(![links.host, links.guest].includes(link), 'a link of its own');
    await dialog.getByRole('button', { name: 'Close' }).click();
    await person(host, 'Bea').waitFor();
    invited = await open(guest.context().browser(), link, { mic: true });
    await inGreenRoom(invited);
    await host.getByRole('button', { name: 'Bring on stage: Bea' }).waitFor();
  });

  await step('removed with the button, that person is told, and the link is dead', async () => {
    await press(host, 'Bea', 'Remove', { sure: true });
    await invited.getByRole('heading', { name: 'The host has removed you' }).waitFor();
    await person(host, 'Bea').waitFor({ state: 'detached' });
    await invited.reload();
    await invited.getByRole('heading', { name: /The host has removed you|This invitation no longer works/ }).waitFor();
    await invited.context().close();
  });

  await step('the host is lost: listeners are told, each in their language, and the guest is still heard', async () => {
    await crash(first);
    await Promise.all([
      says(listener, DROPPED.en),
      says(french, DROPPED.fr),
      guest.getByText('The host has lost the connection. The event goes on; the stage is yours.').waitFor(),
    ]);
    assert.equal(await listener.locator('#who li').filter({ hasText: 'Ada' }).getByText('connection lost').count(), 1);
    await soundsLike('the guest is on air', () => hear(listener, 6), said.guest);
    assert.equal((await server.status('lost')).phase, 'on_air');
  });

  let second;
  await step('the host comes back with the same link, onto the stage, and listeners are told that all is well', async () => {
    second = await browser(t, { mic: mics.host });
    host = await open(second, links.host, { mic: true });
    await onStage(host);
    await says(listener, 'You are listening live.');
    await says(french, 'Vous écoutez en direct.');
  });

  await step('the guest becomes co-host, host and co-host again, by the buttons', async () => {
    assert.equal(await guest.getByRole('button', { name: 'End the event' }).count(), 0, 'a guest has no such button');
    await press(host, 'Guest', 'Make co-host');
    await guest.getByRole('button', { name: 'End the event' }).waitFor();
    await person(host, 'Guest').getByText('co-host').waitFor();
    await press(host, 'Guest', 'Make host', { sure: true });
    await guest.getByText('You are now the host.').waitFor();
    await person(host, 'Ada').getByText('you · co-host').waitFor();
    await person(guest, 'Guest').getByText('you · host').waitFor();
    await press(guest, 'Ada', 'Make host', { sure: true });
    await person(host, 'Ada').getByText('you · host').waitFor();
    await person(guest, 'Guest').getByText('you · co-host').waitFor();
  });

  await step('the host is lost again: with a co-host there the event goes on without a word of trouble', async () => {
    await crash(second);
    await person(guest, 'Ada').getByText('connection lost').waitFor();
    await soundsLike('the co-host is on air', () => hear(listener, 6), said.guest);
    await says(listener, 'You are listening live.');
    const { phase, condition } = await server.status('lost');
    assert.deepEqual({ phase, condition }, { phase: 'on_air', condition: 'ok' });
  });

  await step('the co-host ends the event with the button', async () => {
    await endEvent(guest);
    await Promise.all([says(listener, /^It’s over/), says(french, /^C’est fini/)]);
    assert.equal((await server.status('lost')).phase, 'ended');
  });

  await step('no page complained', () => {
    const network = /Failed to load resource|WebSocket connection|ERR_|net::/;
    assert.deepEqual([host, guest, listener, french].flatMap((page) => page.complaints).filter((line) => !network.test(line)), []);
  });
});
