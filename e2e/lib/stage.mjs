// People on the stage, through their browsers: what a host and a guest see and press (English page).

import { browser, open } from './browser.mjs';
import { until } from './tools.mjs';

/** Opens a stage link in a browser of its own, with a microphone that speaks `mic`, as far as the green room. */
export async function enter(t, link, mic, options = {}) {
  const chromium = await browser(t, { mic });
  const page = await open(chromium, link, { mic: true, ...options });
  await inGreenRoom(page);
  return page;
}

/** In the green room with a microphone and a connected voice: a host may go on, a guest is told that the host sees them. */
export async function inGreenRoom(page) {
  const goOn = page.getByRole('button', { name: /^(Go on stage|Entrer en scène|Auf die Bühne gehen)$/ });
  await goOn.or(page.getByText(/^(The host sees you here|L’hôte vous voit ici|Die Moderation sieht Sie hier)/)).waitFor();
}

export async function goOnStage(page) {
  await page.getByRole('button', { name: 'Go on stage' }).click();
  await onStage(page);
}

/** On stage: the page shows the big button and no longer the green room. */
export async function onStage(page) {
  await page.getByRole('button', { name: 'Back to the green room' }).waitFor();
}

export async function bringOnStage(host, name) {
  await host.getByRole('button', { name: `Bring on stage: ${name}` }).click();
}

/** Opens one's own microphone if it is closed, and waits for the mixer to say so. */
export async function unmute(page) {
  await settle(page, 'Unmute', '.mute.live');
}

export async function mute(page) {
  await settle(page, 'Mute', '.mute.muted');
}

/** Presses the button as long as it is offered and the page does not yet show what was wanted. */
async function settle(page, name, wanted) {
  const button = page.locator('.mute').getByRole('button', { name, exact: true }).last();
  await until(`${wanted} after pressing ${name}`, async () => {
    if (await page.locator(wanted).count() && !(await button.count())) return true;
    if (await button.count()) await button.click({ timeout: 1_000 });
    await page.locator(wanted).waitFor({ timeout: 3_000 });
    return !(await button.count());
  });
}

export async function startEvent(host) {
  await host.getByRole('button', { name: 'Start the event' }).click();
  await host.locator('dialog').getByRole('button', { name: 'Start the event' }).click();
  await host.getByText('On air', { exact: true }).waitFor();
}

export async function endEvent(host) {
  await host.getByRole('button', { name: 'End the event' }).click();
  await host.locator('dialog').getByRole('button', { name: 'End the event' }).click();
  await host.getByRole('heading', { name: 'The event has ended' }).waitFor();
}

