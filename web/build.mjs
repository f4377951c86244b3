// Builds what the server's pages are made of into dist/: stage.html with hashed assets beside it, and listen.js, lang.js and listen.css, which
// the server puts into its template of the listener's page (crates/event/templates/listen.html) as they are, so that the page is one
// file and its CSP can name them by their SHA-256.

import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const here = fileURLToPath(new URL('.', import.meta.url));
const dist = `${here}dist`;

async function stage() {
  await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    build: {
      outDir: dist,
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      rollupOptions: { input: `${here}stage.html` },
    },
  });
}

async function listenBundle(entry) {
  const output = await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      write: false,
      target: ['es2020', 'safari14'],
      minify: true,
      lib: { entry: `${here}listen/${entry}`, formats: ['iife'], name: 'stentor' },
    },
  });
  return [output].flat()[0].output.find((o) => o.type === 'chunk').code.trim();
}

async function listenStyle() {
  const output = await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: { write: false, cssMinify: true, cssTarget: 'safari14', rollupOptions: { input: `${here}listen/style.ts` } },
  });
  return String([output].flat()[0].output.find((o) => o.fileName.endsWith('.css')).source).trim();
}

async function listen() {
  const [script, lang, style] = await Promise.all([listenBundle('main.ts'), listenBundle('lang.ts'), listenStyle()]);
  if (/<\/script|<!--/i.test(script + lang) || /<\/style/i.test(style)) throw new Error('the bundle would break its page');
  await writeFile(`${dist}/listen.css`, style);
  await writeFile(`${dist}/listen.js`, script);
  await writeFile(`${dist}/lang.js`, lang);
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
  for (const file of ['stage.html', 'listen.js']) {
    let text = await readFile(`${dist}/${file}`, 'utf8');
    for (const [from, to] of names) text = text.replaceAll(from, to);
    await writeFile(`${dist}/${file}`, text);
  }
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await stage();
await listen();
await hashIcons();
