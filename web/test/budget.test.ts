import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { HASH, LANGS } from '../shared/messages.ts';

/** The whole budget of the listener's page, compressed, in bytes: with its headers that is TCP's first window. */
const LISTEN_BYTES_MAX = 14_000;
/** The house's limit on a source file, lines (docs/design.md §10). */
const FILE_LINES_MAX = 600;

const lang = readFileSync('dist/lang.js', 'utf8');
/** The files of one page's words, by language. */
const words = (page: string) => readdirSync('dist/assets').filter((name) => name.startsWith(`${page}-`) && name.endsWith('.json'));
/** The pages that carry everything inside, with the server's holes still open, but for what `web` has built. */
const INLINE = ['listen', 'embed'].map((name) => {
  const [script, style] = ['js', 'css'].map((kind) => readFileSync(`dist/${name}.${kind}`, 'utf8')) as [string, string];
  const page = readFileSync(`../crates/event/templates/${name}.html`, 'utf8')
    .replace('{{ assets.lang|safe }}', () => lang)
    .replace('{{ assets.script|safe }}', () => script)
    .replace('{{ assets.style|safe }}', () => style);
  return { name, script, style, page };
});

test('the listener’s page and the player inside others fit their budget in both compressions, in each language', (t) => {
  for (const { name, page } of INLINE) {
    assert.equal(words(name).length, LANGS.length);
    for (const file of words(name)) {
      const text = page.replace(/\{\{ assets\.words\([\w.]+\)\|safe \}\}/, () => readFileSync(`dist/assets/${file}`, 'utf8'));
      const brotli = brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
      const gzip = gzipSync(text, { level: 9 }).length;
      t.diagnostic(`with ${file}: ${text.length} characters, brotli ${brotli} bytes, gzip ${gzip} bytes`);
      assert.ok(brotli <= LISTEN_BYTES_MAX && gzip <= LISTEN_BYTES_MAX, `${name}: brotli ${brotli}, gzip ${gzip}, at most ${LISTEN_BYTES_MAX}`);
    }
  }
});

test('each script asks for words that are there', () => {
  for (const page of ['listen', 'embed', 'stage']) {
    const names = LANGS.map((lang) => `${page}-${lang}-${HASH}.json`);
    assert.deepEqual(words(page).sort(), names);
    for (const name of names) assert.doesNotMatch(readFileSync(`dist/assets/${name}`, 'utf8'), /</, 'a page can carry it');
  }
});

test('the listener’s page has two scripts and one style, which the CSP hashes, and nothing of the bundle ends them', () => {
  for (const { page, script, style } of INLINE) {
    const hashed = [...page.matchAll(/<(script|style)>([\s\S]*?)<\/\1>/g)].map((m) => m[2]!);
    assert.deepEqual(hashed, [lang, style, script]);
  }
});

test('every asset that a page names is there', () => {
  for (const text of [INLINE[0]!.script, readFileSync('dist/stage.html', 'utf8')]) {
    const named = text.match(/\/assets\/[\w.-]+\.\w+/g) ?? [];
    assert.ok(named.length > 0);
    for (const path of named) assert.ok(existsSync(`dist${path}`), path);
  }
});

test('the pages obey a strict policy: nothing inline, nothing from elsewhere', () => {
  for (const html of [...INLINE.map(({ page }) => page), readFileSync('dist/stage.html', 'utf8')]) {
    const markup = html.replace(/<(script|style)>[\s\S]*?<\/\1>/g, '');
    assert.doesNotMatch(markup, /\sstyle=|\son[a-z]+=|https?:\/\//);
  }
  for (const { script } of INLINE) assert.doesNotMatch(script, /\beval\(|new Function\(/);
});

test('no source file outgrows the house', () => {
  for (const folder of ['listen', 'more', 'stage', 'shared', 'test'])
    for (const name of readdirSync(folder).map((n) => join(folder, n)).filter((n) => statSync(n).isFile())) {
      const lines = readFileSync(name, 'utf8').split('\n').length;
      assert.ok(lines <= FILE_LINES_MAX, `${name} has ${lines} lines`);
    }
});
