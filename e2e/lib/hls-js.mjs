// hls.js as its manual puts it into a page, with its own settings, in a page of another origin: only CORS lets it read what it plays.

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { browser } from './browser.mjs';
import { ROOT } from './tools.mjs';

/** How long a page waits before it begins again. */
const RETRY_MS = 1_000;

/** A page in which hls.js plays an address; `state` gives the player's clock, whether it has ended, and what hls.js complained of. */
export async function hlsJs(t, url) {
  const chromium = await browser(t, { args: ['--autoplay-policy=no-user-gesture-required'] });
  const page = await (await chromium.newContext()).newPage();
  const elsewhere = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<!doctype html><audio id="audio" controls></audio>'));
  await new Promise((done) => elsewhere.listen(0, '127.0.0.1', done));
  t.after(() => elsewhere.close());
  await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
  await page.addScriptTag({ content: readFileSync(`${ROOT}/e2e/node_modules/hls.js/dist/hls.js`, 'utf8') });
  await page.evaluate(([from, retryMs]) => {
    const audio = document.querySelector('#audio');
    const hls = new globalThis.Hls({ preferManagedMediaSource: false });
    globalThis.problems = [];
    hls.on('hlsError', (_, { fatal, details, type }) => {
      globalThis.problems.push(`${fatal ? 'fatal ' : ''}${details}`);
      // What it gives up after three refused connections in a row is begun again ("Error recovery" of its manual).
      if (fatal && type === 'networkError') setTimeout(() => hls.startLoad(), retryMs);
    });
    hls.loadSource(from);
    hls.attachMedia(audio);
    void audio.play();
  }, [url, RETRY_MS]);
  const state = () =>
    page.evaluate(() => {
      const { currentTime: at, ended } = document.querySelector('#audio');
      return { at, ended, problems: globalThis.problems };
    });
  return { page, state };
}
