// Builds what the server's pages are made of into dist/: stage.html with hashed assets beside it, and listen.js, lang.js and listen.css, which
// the server puts into its template of the listener's page (crates/event/templates/listen.html) as they are, so that the page is one
// file and its CSP can name them by their SHA-256. The sentences of the pages are files beside them, one for a page and a language; the
// server puts those of a listener's page into it, too.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { CODES, HASH, PAGES, file, numbered, sentence } from './catalogue.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = `${here}dist`;

/** What the stage page says without its script or its words, in every language: where the comment with the message's name stands. */
const unscripted = {
  name: 'unscripted',
  transformIndexHtml: (html) =>
    html
      .replace('<!-- page-needs-script -->', () => spoken((code) => `<h1>${sentence('page-needs-script', code)}</h1>\n<p class="say">${sentence('page-needs-script-text', code)}</p>`))
      .replace('<!-- page-unsaid -->', () => spoken((code) => `<p class="say">${sentence('page-unsaid', code)}</p>`)),
};
const spoken = (markup) => CODES.map((code) => markup(code).replace(/<(h1|p)/g, `<$1 lang="${code}"`)).join('\n');

async function stage() {
  await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    plugins: [unscripted],
    build: {
      outDir: dist,
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rollupOptions: { input: `${here}stage.html` },
    },
  });
}

async function listenBundle(entry, isEmbedded = false) {
  const output = await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    define: { EMBED: JSON.stringify(isEmbedded) },
    build: {
      write: false,
      target: ['es2020', 'safari14'],
      // The smallest of the minifiers: by 180 bytes of the compressed page.
      minify: 'terser',
      rollupOptions: { checks: { pluginTimings: false } },
      terserOptions: { ecma: 2020, compress: { passes: 3, unsafe_arrows: true } },
      lib: { entry: `${here}listen/${entry}`, formats: ['iife'], name: 'stentor' },
    },
  });
  return [output].flat()[0].output.find((o) => o.type === 'chunk').code.trim();
}

async function listenStyle(entry) {
  const output = await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: { write: false, cssMinify: true, cssTarget: 'safari14', rollupOptions: { input: `${here}listen/${entry}` } },
  });
  return String([output].flat()[0].output.find((o) => o.fileName.endsWith('.css')).source).trim();
}

async function listen() {
  const lang = await listenBundle('lang.ts');
  await writeFile(`${dist}/lang.js`, lang);
  for (const page of ['listen', 'embed']) {
    const isEmbedded = page === 'embed';
    const [script, style] = await Promise.all([listenBundle('main.ts', isEmbedded), listenStyle(isEmbedded ? 'style-embed.ts' : 'style.ts')]);
    if (/<\/script|<!--/i.test(script + lang) || /<\/style/i.test(style)) throw new Error('the bundle would break its page');
    await writeFile(`${dist}/${page}.css`, style);
    await writeFile(`${dist}/${page}.js`, numbered(script, page));
  }
}

/** Their names change with what any of them holds, and the scripts know them. */
async function sentences() {
  for (const page of Object.keys(PAGES)) for (const code of CODES) await writeFile(`${dist}/assets/${page}-${code}-${HASH}.json`, file(page, code));
}

/** What the listener's page fetches after itself: a module, named by what it holds, which the page knows by that name. */
async function more() {
  const output = await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: { write: false, target: ['es2020', 'safari14'], lib: { entry: `${here}more/main.ts`, formats: ['es'] } },
  });
  const { code } = [output].flat()[0].output.find((o) => o.type === 'chunk');
  const name = `more-${createHash('sha256').update(code).digest('hex').slice(0, 8)}.js`;
  await writeFile(`${dist}/assets/${name}`, code);
  const page = await readFile(`${dist}/listen.js`, 'utf8');
  if (!page.includes('/assets/more.js')) throw new Error('the listener’s page does not fetch the rest of it');
  await writeFile(`${dist}/listen.js`, page.replace('/assets/more.js', `/assets/${name}`));
}

/** Everything below assets/ is served as immutable, so the icons too are named by what they hold. */
async function hashIcons() {
  const names = new Map();
  for (const name of await readdir(`${dist}/assets`)) {
    const [stem, ext] = name.split('.');
    if (!stem.startsWith('icon')) continue;
    const hash = createHash('sha256').update(await readFile(`${dist}/assets/${name}`)).digest('hex').slice(0, 8);
    names.set(`/assets/${name}`, `/assets/${stem}-${hash}.${ext}`);
    await rename(`${dist}/assets/${name}`, `${dist}/assets/${stem}-${hash}.${ext}`);
  }
  const scripts = (await readdir(`${dist}/assets`)).filter((name) => name.startsWith('more-') && name.endsWith('.js'));
  for (const file of ['stage.html', 'listen.js', ...scripts.map((name) => `assets/${name}`)]) {
    let text = await readFile(`${dist}/${file}`, 'utf8');
    for (const [from, to] of names) text = text.replaceAll(from, to);
    await writeFile(`${dist}/${file}`, text);
  }
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await stage();
await listen();
await more();
await sentences();
await hashIcons();
