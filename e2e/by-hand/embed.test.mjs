// The player inside another page: shown by whom the host names and by nobody else, and heard after one touch in the frame, also in a frame that
// has no storage and no origin of its own.

import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { browser, open } from '../lib/browser.mjs';
import { fetch } from '../lib/http.mjs';
import { BINARY, demo, env } from '../lib/server.mjs';
import { run, until } from '../lib/tools.mjs';

const embed = async (server, who) => {
  const ran = await run(BINARY, ['event', 'edit', 'demo', '--embed', who, '--data', server.data], { env: env() });
  assert.equal(ran.code, 0, ran.stderr);
};

/** A page of another origin. */
async function elsewhere(t, body) {
  const page = createServer((_, answer) => answer.writeHead(200, { 'content-type': 'text/html' }).end(`<!doctype html><title>A blog</title>${body}`));
  await new Promise((done) => page.listen(0, '127.0.0.1', done));
  t.after(() => page.close());
  return `http://127.0.0.1:${page.address().port}/`;
}

const hears = (frame) =>
  until('it plays', () => frame.evaluate(() => {
    const audio = document.getElementById('audio');
    return !audio.paused && audio.currentTime > 2;
  }));

test('a player is shown where its host lets it be, and plays after one touch', async (t) => {
  const server = await demo(t);
  const on = await browser(t);
  const oembed = () => fetch(server.path('demo', '/oembed.json'));

  assert.equal((await oembed()).status, 404);
  assert.equal((await fetch(server.path('demo', '/embed'))).status, 410);
  await embed(server, 'any');
  await until('it is offered to programs', async () => (await oembed()).status === 200);
  const { html, width, height } = await (await oembed()).json();
  const frames = [html, html.replace('<iframe ', '<iframe sandbox="allow-scripts allow-popups" ')];
  for (const frame of frames) {
    const page = await open(on, await elsewhere(t, frame), { lang: 'fr-FR', size: { width: width + 20, height: height + 20 } });
    const inside = page.frames().find((one) => one !== page.mainFrame());
    const player = page.frameLocator('iframe');
    await player.locator('#go').click();
    await hears(inside);
    await player.getByText('Vous écoutez en direct.').waitFor();
    assert.equal(await player.getByRole('link', { name: 'Ouvrir la page' }).getAttribute('href'), '/e/demo');
    // All of it is to be seen in the size that was named.
    const left = await inside.evaluate(() => document.documentElement.scrollHeight - innerHeight);
    assert.ok(left <= 0, `${left} pixels are below the frame`);
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  }

  await embed(server, 'https://another.example');
  const page = await open(on, await elsewhere(t, html));
  await until('the browser has refused', () => page.complaints.some((said) => /frame-ancestors/.test(said)));
  await page.context().close();

  await embed(server, 'any');
  const unscripted = await open(on, server.path('demo', '/fr/embed'), { javaScript: false });
  await unscripted.getByText('En direct.').waitFor();
  await unscripted.locator('noscript audio source').first().waitFor({ state: 'attached' });
});
