import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

/** The whole budget of the listener's page, compressed, in bytes: with its headers that is TCP's first window. */
const LISTEN_BYTES_MAX = 14_000;
/** The house's limit on a source file, lines (docs/design.md §10). */
const FILE_LINES_MAX = 600;

const page = readFileSync('dist/listen.html', 'utf8');

test('the listener’s page fits its budget in both compressions', (t) => {
  const brotli = brotliCompressSync(page, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length;
  const gzip = gzipSync(page, { level: 9 }).length;
  t.diagnostic(`listen.html: ${page.length} characters, brotli ${brotli} bytes, gzip ${gzip} bytes`);
  assert.ok(brotli <= LISTEN_BYTES_MAX && gzip <= LISTEN_BYTES_MAX, `brotli ${brotli}, gzip ${gzip}, at most ${LISTEN_BYTES_MAX}`);
});

test('the listener’s page carries every placeholder, and none inside what the CSP hashes', () => {
  for (const name of ['LANG', 'TITLE', 'SENTENCE', 'STATE', 'BASE', 'OTHER', 'NOJS_SRC']) assert.ok(page.includes(`%${name}%`), name);
  const hashed = [...page.matchAll(/<(script|style)>([\s\S]*?)<\/\1>/g)].map((m) => m[2]!);
  assert.equal(hashed.length, 2);
  for (const text of hashed) {
    assert.doesNotMatch(text, /%[A-Z_]+%/);
    assert.match(createHash('sha256').update(text).digest('base64'), /=$/);
  }
});

test('the pages obey a strict policy: nothing inline, nothing from elsewhere', () => {
  for (const file of ['dist/listen.html', 'dist/stage.html']) {
    const html = readFileSync(file, 'utf8').replace(/<(script|style)>[\s\S]*?<\/\1>/g, '');
    assert.doesNotMatch(html, /\sstyle=|\son[a-z]+=|https?:\/\//, file);
  }
  const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
  assert.doesNotMatch(script, /\beval\(|new Function\(/);
});

test('no source file outgrows the house', () => {
  for (const folder of ['listen', 'stage', 'shared', 'test'])
    for (const name of readdirSync(folder).map((n) => join(folder, n)).filter((n) => statSync(n).isFile())) {
      const lines = readFileSync(name, 'utf8').split('\n').length;
      assert.ok(lines <= FILE_LINES_MAX, `${name} has ${lines} lines`);
    }
});
