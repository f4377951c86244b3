// Builds both pages into dist/: listen.html is one self-contained file, stage.html has hashed assets beside it.
//
// The listener page's script and style are put in as they are, so that the server's CSP can name them by
// their SHA-256; placeholders (%TITLE% and the like) stay outside of both.

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

async function listenBundle() {
  const output = await build({
    root: here,
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    build: {
      write: false,
      target: ['es2020', 'safari14'],
      minify: true,
      lib: { entry: `${here}listen/main.ts`, formats: ['iife'], name: 'stentor' },
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

function minifyHtml(html) {
  return html.replace(/>\s*\n\s*</g, '><').trim();
}

async function listen() {
  const [html, script, style] = await Promise.all([
    readFile(`${here}listen/listen.html`, 'utf8'),
    listenBundle(),
    listenStyle(),
  ]);
  if (/<\/script|<!--/i.test(script) || /%[A-Z_]+%/.test(script + style)) throw new Error('the bundle would break its page');
  const page = minifyHtml(html)
    .replace('<!--style-->', () => `<style>${style}</style>`)
    .replace('<!--script-->', () => `<script>${script}</script>`);
  await writeFile(`${dist}/listen.html`, page);
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
  for (const page of ['listen.html', 'stage.html']) {
    let html = await readFile(`${dist}/${page}`, 'utf8');
    for (const [from, to] of names) html = html.replaceAll(from, to);
    await writeFile(`${dist}/${page}`, html);
  }
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await stage();
await listen();
await hashIcons();
