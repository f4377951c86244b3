// The listener's page in the situations that are not the good one: no script, no MediaSource, few bytes, several languages.

import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { browser, hear, newContext, open, says } from '../lib/browser.mjs';
import { demo } from '../lib/server.mjs';
import { LIKE, decode, decodeWav, match, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { shared, sleep, until } from '../lib/tools.mjs';

/** HTML, style and script together, compressed, as sent: TCP’s first window, so that a page is one round trip. */
const PAGE_BYTES_MAX = 14 * 1024;

const t = shared();
let server;
let chromium;
let said;

before(async () => {
  server = await demo(t);
  chromium = await browser(t);
  said = await decodeWav((await speech()).demo);
});
after(t.release);

/** One request, its body as it came over the wire. */
function raw(url, headers = {}) {
  return new Promise((done, failed) => {
    get(url, { headers }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
    }).on('error', failed);
  });
}

test('the whole page is at most 14 kB compressed, and waits for nothing else', async () => {
  for (const [encoding, unpack] of [['gzip', gunzipSync], ['br', brotliDecompressSync]]) {
    const { headers, body } = await raw(server.path('demo'), { 'accept-encoding': encoding });
    assert.equal(headers['content-encoding'], encoding);
    assert.ok(body.length <= PAGE_BYTES_MAX, `${encoding}: ${body.length} bytes`);
    const html = unpack(body).toString();
    assert.ok(!/<script[^>]+src=|<link[^>]+stylesheet/.test(html), 'style and script are inside');
    assert.equal(headers['set-cookie'], undefined);
  }
  const asked = [];
  const page = await chromium.newPage();
  page.on('request', (request) => asked.push(new URL(request.url()).pathname));
  await page.goto(server.path('demo'));
  // What it would ask for by itself, it asks for within a second.
  await sleep(1_000);
  await page.close();
  // And, once it is there, for what it can do beside letting one hear.
  assert.deepEqual(asked.filter((path) => path !== '/e/demo' && !path.startsWith('/assets/more-') && !path.startsWith('/assets/icon') && path !== '/e/demo/status.json' && path !== '/favicon.ico'), []);
});

test('one touch, and the demonstration is heard', async () => {
  const page = await open(chromium, server.path('demo'));
  await says(page, 'It’s live. Press to listen.');
  const touched = Date.now();
  await page.getByRole('button', { name: 'Listen' }).click();
  await says(page, 'You are listening live.');
  t.joined = Date.now() - touched;
  await soundsLike('the demonstration’s voice', () => hear(page, 6), said);
  assert.deepEqual(page.complaints, []);
  await page.getByRole('button', { name: 'Stop listening' }).click();
  await says(page, 'It’s live. Press to listen.');
  await page.context().close();
});

test('who is on stage and who speaks is shown, in the page’s language', async () => {
  const [fr, en] = await Promise.all([open(chromium, server.path('demo', '/fr')), open(chromium, server.path('demo', '/en'))]);
  assert.equal(await fr.locator('html').getAttribute('lang'), 'fr');
  assert.equal(await en.locator('html').getAttribute('lang'), 'en');
  await says(fr, 'C’est en direct. Appuyez pour écouter.');
  await fr.getByRole('heading', { name: 'Sur scène' }).waitFor();
  await en.getByRole('heading', { name: 'On stage' }).waitFor();
  await en.getByRole('button', { name: 'Listen' }).click();
  await en.locator('#who li.on').getByText('speaking').waitFor();
  const heardUntil = await en.locator('#audio').evaluate((audio) => audio.currentTime);
  await en.getByRole('link', { name: 'Français' }).click();
  await says(en, 'Vous écoutez en direct.');
  assert.ok((await en.locator('#audio').evaluate((audio) => audio.currentTime)) >= heardUntil, 'the same sound goes on');
  assert.deepEqual([new URL(en.url()).pathname, await en.locator('html').getAttribute('lang')], ['/e/demo', 'fr'], 'the address is everybody’s again');
  await en.getByText('parle').waitFor();
  await Promise.all([fr.context().close(), en.context().close()]);
});

/** What a page has said in its big sentence, and in which language, from the first picture on. */
function keepWhatItSays() {
  const said = (globalThis.__said = []);
  const look = () => {
    const words = document.querySelector('#say')?.innerText.trim();
    if (words && said.at(-1)?.words !== words) said.push({ words, lang: document.documentElement.lang });
    if (said.length < 20) requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

test('the page speaks the listener’s language from its first picture on, in the same bytes for all', async () => {
  const bytes = await Promise.all(['fr-FR,fr;q=0.9', 'en-GB', 'de'].map(async (language) => (await fetch(server.path('demo'), { headers: { 'accept-language': language } })).text()));
  assert.equal(new Set(bytes).size, 1);
  for (const [lang, expected, words] of [
    ['fr-CA', 'fr', /^C’est en direct/],
    ['en-US', 'en', /^(On air now|It’s live)/],
    ['de-AT', 'de', /^Die Sendung läuft/],
    // Nothing that the page speaks: the event's.
    ['it-IT', 'en', /^(On air now|It’s live)/],
  ]) {
    const page = await open(chromium, server.path('demo'), { lang, init: keepWhatItSays });
    await says(page, words);
    const said = await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(globalThis.__said)))));
    assert.ok(said.length > 0);
    for (const one of said) {
      assert.equal(one.lang, expected, lang);
      assert.match(one.words, words, lang);
    }
    await page.context().close();
  }
});

test('a language that was chosen is kept, an address that names one is obeyed, and without script the event’s is shown', async () => {
  const french = await open(chromium, server.path('demo'), { lang: 'fr-FR' });
  await french.getByRole('link', { name: 'English' }).click();
  await says(french, 'It’s live. Press to listen.');
  await french.reload();
  await says(french, 'It’s live. Press to listen.');
  await french.goto(server.path('demo', '/fr'));
  await says(french, 'C’est en direct. Appuyez pour écouter.');
  await french.context().close();
  const plain = await open(chromium, server.path('demo'), { lang: 'fr-FR', javaScript: false });
  assert.equal((await plain.locator('#say').innerText()).trim(), 'On air now.');
  await plain.context().close();
});

test('a language whose words do not come costs nobody the page: it speaks its own, and those who listen go on', async () => {
  const context = await newContext(chromium, { lang: 'fr-FR' });
  let lost = 0;
  await context.route(/\/assets\/listen-\w+-/, (route) => (lost++, route.abort()));
  const page = await open(chromium, server.path('demo'), { context });
  await says(page, 'It’s live. Press to listen.');
  assert.deepEqual([await page.locator('html').getAttribute('lang'), lost], ['en', 1]);
  await page.getByRole('button', { name: 'Listen' }).click();
  await says(page, 'You are listening live.');
  await page.getByRole('link', { name: 'Deutsch' }).click();
  await until('it was asked for', () => lost === 2);
  await says(page, 'You are listening live.');
  // Who is not listening is taken to the page that carries the words.
  await page.getByRole('button', { name: 'Stop listening' }).click();
  await page.getByRole('link', { name: 'Deutsch' }).click();
  await says(page, 'Die Sendung läuft. Zum Zuhören drücken.');
  assert.equal(new URL(page.url()).pathname, '/e/demo/de');
  await context.close();
});

test('slow words are waited for, and not for long', async () => {
  const context = await newContext(chromium, { lang: 'de-DE' });
  const held = [];
  await context.route(/\/assets\/listen-\w+-/, (route) => void held.push(route));
  const bring = async () => {
    await until('they were asked for', () => held.length > 0);
    await held.shift().continue();
  };
  const page = await open(chromium, server.path('demo'), { context });
  await says(page, 'It’s live. Press to listen.');
  await bring();
  await says(page, 'Die Sendung läuft. Zum Zuhören drücken.');
  const links = page.locator('#langs a');
  assert.equal(await page.locator('#langs [aria-current=true]').textContent(), 'Deutsch');
  // By keyboard: what was pressed keeps the focus.
  await links.filter({ hasText: 'Français' }).focus();
  await page.keyboard.press('Enter');
  await bring();
  await says(page, 'C’est en direct. Appuyez pour écouter.');
  assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Français');
  await context.close();
});

/** A MediaSource that knows Opus in MP4 by one spelling only, as browsers are told to differ. */
function knowsOnly(spelling) {
  const type = (codec) => `audio/mp4; codecs="${codec}"`;
  const supported = MediaSource.isTypeSupported;
  MediaSource.isTypeSupported = (asked) => (/opus/i.test(asked) ? asked === type(spelling) : supported.call(MediaSource, asked));
  const add = MediaSource.prototype.addSourceBuffer;
  MediaSource.prototype.addSourceBuffer = function (asked) {
    if (asked !== type(spelling)) throw new DOMException('not supported', 'NotSupportedError');
    return add.call(this, type('opus'));
  };
}

test('the direct face is played by whatever name a browser knows it', async () => {
  for (const [spelling, direct] of [['opus', true], ['Opus', true], ['OPUS', false]]) {
    const context = await newContext(chromium, {});
    await context.addInitScript(knowsOnly, spelling);
    const page = await open(chromium, server.path('demo'), { context });
    await page.locator('#go').click();
    await says(page, 'You are listening live.');
    assert.equal(page.asked.includes('/e/demo/48/live.mp4'), direct, `${spelling}: ${page.asked}`);
    await context.close();
  }
});

test('the slider says the volume as one says it', async () => {
  const page = await open(chromium, server.path('demo'));
  const slider = page.getByRole('slider', { name: 'Volume' });
  assert.equal(await slider.getAttribute('aria-valuetext'), '100%');
  await slider.fill('0.42');
  assert.equal(await slider.getAttribute('aria-valuetext'), '42%');
  await page.getByRole('link', { name: 'Français' }).click();
  await until('it is said as French has it', async () => /^42\s%$/.test(await slider.getAttribute('aria-valuetext')));
  await page.context().close();
});

test('without script the page is text and a plain player that can be played', async () => {
  const page = await open(chromium, server.path('demo'), { javaScript: false });
  await page.getByRole('heading', { name: 'Stentor, a demonstration' }).waitFor();
  assert.ok((await page.locator('#say').textContent()).trim().length > 5, 'a sentence says what is going on');
  const player = page.locator('noscript audio[controls] source, audio[controls] source');
  const source = new URL(await player.first().getAttribute('src'), server.path('demo')).href;
  const { similarity } = match(await decode(source, { args: ['-t', '6'] }), said);
  assert.ok(similarity > LIKE, `the plain player’s source carries the programme, similarity ${similarity}`);
  await page.context().close();
});

test('without MediaSource the page plays HLS, and where that fails Ogg', async () => {
  for (const without of ['MediaSource', 'HLS']) {
    const context = await newContext(chromium, {});
    await context.addInitScript((what) => {
      delete globalThis.MediaSource;
      delete globalThis.ManagedMediaSource;
      if (what === 'HLS') HTMLMediaElement.prototype.canPlayType = () => '';
    }, without);
    const page = await context.newPage();
    const asked = [];
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await page.goto(server.path('demo'));
    await page.getByRole('button', { name: 'Listen' }).click();
    await says(page, 'You are listening live.');
    await soundsLike(`${without}: the programme`, () => hear(page, 6), said);
    assert.ok(asked.some((path) => path.endsWith(without === 'HLS' ? 'live.ogg' : '.m3u8')), asked.join(' '));
    await context.close();
  }
});

test('a listener who loses the network says so and comes back alone', async () => {
  const page = await open(chromium, server.path('demo'));
  await page.getByRole('button', { name: 'Listen' }).click();
  await says(page, 'You are listening live.');
  await page.context().setOffline(true);
  await says(page, 'Your device is offline.');
  await page.context().setOffline(false);
  await says(page, 'You are listening live.');
  await soundsLike('the programme', () => hear(page, 6), said);
  await page.context().close();
});
