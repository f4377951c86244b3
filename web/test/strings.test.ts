import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { farewell } from '../listen/farewell.ts';
import { HASH, LANGS, type Lang, NAMES } from '../shared/messages.ts';
import { clock, countdown, moment } from '../shared/time.ts';
import { type Pattern, type Say, type Words, fetchWords, sayer } from '../shared/words.ts';

interface Compiled {
  compile(id: string): Pattern;
}
const catalogue: {
  words(page: string, lang: string): Words;
  file(page: string, lang: string): string;
  numbered(script: string, page: string): string;
  Compiler: new (code: string, text: string) => Compiled;
} = await import(pathToFileURL('catalogue.mjs').href);

const say = (page: string, lang: Lang) => sayer(catalogue.words(page, lang), lang) as Say<'listen' | 'stage' | 'common'>;
const compiled = (text: string) => new catalogue.Compiler('xx', text).compile('a');
const filled = (pattern: Pattern, values: object, lang: Lang) => (sayer({ a: pattern }, lang) as (id: string, values: object) => string)('a', values);

test('what a button does, and to whom', () => {
  const of = (lang: Lang, act: string) => say('stage', lang)('stage-of', { act, name: 'Ben' });
  assert.equal(of('en', 'Mute'), 'Mute: Ben');
  assert.equal(of('fr', 'Retirer'), 'Retirer\u00a0: Ben');
});

test('a count is written as its language writes numbers, and decides the form', () => {
  const listening = (lang: Lang, count: number) => say('listen', lang)('common-listening', { count });
  assert.deepEqual([listening('de', 0), listening('de', 1), listening('de', 12_345)], ['0 hören zu', '1 hört zu', '12.345 hören zu']);
  assert.equal(listening('en', 12_345), '12,345 listening');
});

test('what stands in a sentence is never read as a part of it', () => {
  const hostile = '{act} $& <b> {{name}}';
  assert.equal(say('stage', 'en')('stage-of', { act: 'Mute', name: hostile }), `Mute: ${hostile}`);
});

test('what a newer server names and this page does not know is empty', () => {
  assert.equal(say('stage', 'en')(`stage-refusal-${'of_tomorrow' as 'too_many'}`), '');
});

test('a choice may stand anywhere in a message, be of words, of exact counts, and in another choice', () => {
  const pattern = compiled('a = Von { $who ->\n    [host] mir\n   *[other] { $n ->\n        [0] keinem\n        [one] einem\n       *[other] { $n }\n    }\n } gehört.\n');
  const said = (who: string, n: number) => filled(pattern, { who, n }, 'de');
  assert.deepEqual([said('host', 3), said('x', 0), said('x', 1), said('x', 1_000)], ['Von mir gehört.', 'Von keinem gehört.', 'Von einem gehört.', 'Von 1.000 gehört.']);
});

test('terms and other messages stand in a sentence as they are', () => {
  assert.equal(compiled('-brand = Stentor\nb = B\na = { -brand } { b }{ " " }{ $c }\n'), 'Stentor B {c}');
});

test('what the pages could not say as the server does is refused by the build', () => {
  for (const text of ['a = { NUMBER($n) }', 'a = { $n-1 }', 'a = { "{" }', 'a = { a }', 'a = { b }', 'a = A\n    .title = B', 'b = B', 'a = { $', 'a = { $n }{ b }\nb = { $n ->\n   *[other] x\n }'])
    assert.throws(() => compiled(`${text}\n`), /locales\/xx\.ftl/, text);
});

test('the listener’s page names a message as a whole, by its number', () => {
  const text = catalogue.file('listen', 'en');
  const numbers = JSON.parse(text) as Words & Pattern[];
  const number = Number(catalogue.numbered('"listen-pause"', 'listen'));
  assert.deepEqual([number > 0, numbers[number]], [true, 'Pause']);
  assert.equal(catalogue.numbered('"listen"+`/assets/${x}`', 'listen'), '"listen"+`/assets/${x}`');
  assert.throws(() => catalogue.numbered('"embed-open"', 'listen'), /no message/);
  for (const wrong of ['`listen-why-${x}`', '"listen-of-tomorrow"']) assert.throws(() => catalogue.numbered(wrong, 'listen'), /no message/);
});

test('each language has its words in the same order', () => {
  for (const page of ['listen', 'stage']) for (const lang of LANGS) assert.deepEqual(Object.keys(catalogue.words(page, lang)), Object.keys(catalogue.words(page, 'en')));
  assert.deepEqual([NAMES.de, NAMES.en, NAMES.fr], ['Deutsch', 'English', 'Français']);
});

test('words are fetched by a name that changes with them, and what is no answer is no words', async (t) => {
  const asked: string[] = [];
  const answer = (status: number) => t.mock.method(globalThis, 'fetch', async (path: string) => (asked.push(path), new Response('["x"]', { status })));
  answer(200);
  assert.deepEqual(await fetchWords('listen', 'de'), ['x']);
  answer(404);
  await assert.rejects(fetchWords('stage', 'fr'), /404/);
  assert.deepEqual(asked, [`/assets/listen-de-${HASH}.json`, `/assets/stage-fr-${HASH}.json`]);
});

test('a replay that will never be is not promised', () => {
  for (const lang of LANGS) {
    const s = say('listen', lang);
    assert.ok(farewell(s, null).includes(s('listen-no-replay')) && !farewell(s, null).includes(s('listen-replay-soon')));
    assert.ok(farewell(s, false).includes(s('listen-replay-soon')));
    assert.equal(farewell(s, true), s('listen-replay'));
  }
});

test('a moment that no calendar has is none, and no error', () => {
  assert.match(moment(Date.UTC(2026, 11, 24, 12), 'en-GB')!, /24 December/);
  for (const absurd of [9e15, -9e15, 2 ** 63, NaN, Infinity]) assert.equal(moment(absurd, 'fr'), null, String(absurd));
  assert.match(moment(8.64e15, 'fr')!, /275760/, 'another year is named');
});

test('the first of a month is a first in French, and no other day is', () => {
  const day = (month: number, day: number, locale: string) => moment(new Date(2026, month, day, 20, 0).getTime(), locale)!;
  assert.match(day(11, 1, 'fr'), /mardi 1er décembre/);
  assert.match(day(0, 1, 'fr-CA'), / 1er janvier/);
  for (const other of [2, 10, 11, 21, 31]) assert.doesNotMatch(day(11, other, 'fr'), /er décembre/);
  assert.match(day(11, 1, 'en-GB'), /Tuesday 1 December/);
});

test('a clock reads as one', () => {
  assert.equal(clock(-3), '0:00');
  assert.equal(clock(75), '1:15');
  assert.equal(clock(3675), '1:01:15');
});

test('a far countdown is said in days', () => {
  const far = (seconds: number, lang: Lang) => countdown(seconds, lang, (days, hours) => say('listen', lang)('listen-span', { days, hours }));
  assert.equal(far(90_000 * 2, 'en'), '2 days and 2 hours');
  assert.equal(far(90_000 * 2, 'de'), '2 Tage und 2 Stunden');
  assert.equal(far(86_400, 'fr'), '1\u00a0jour');
  assert.equal(far(3600, 'fr'), '1:00:00');
});
