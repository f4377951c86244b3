import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { STRINGS as LISTEN, farewell } from '../listen/strings.ts';
import { clock, countdown, moment } from '../shared/time.ts';
import { STRINGS as STAGE } from '../stage/strings.ts';

type Words = { [key: string]: unknown };

/** Every leaf of `a` exists in `b`, is of the same kind, and says something. */
function same(a: Words, b: Words, path: string): void {
  assert.deepEqual(Object.keys(a).sort(), Object.keys(b).sort(), path);
  for (const [key, value] of Object.entries(a)) {
    const other = b[key];
    assert.equal(typeof value, typeof other, `${path}.${key}`);
    if (typeof value === 'object') same(value as Words, other as Words, `${path}.${key}`);
    else if (typeof value === 'string' && key !== 'monitor') assert.ok(value.trim() && String(other).trim(), `${path}.${key} is empty`);
  }
}

test('both languages say everything', () => {
  same(LISTEN.fr as unknown as Words, LISTEN.en as unknown as Words, 'listen');
  same(STAGE.fr as unknown as Words, STAGE.en as unknown as Words, 'stage');
});

test('every string is said somewhere', () => {
  for (const [folder, { en }] of Object.entries({ listen: LISTEN, stage: STAGE })) {
    const sources = readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'strings.ts');
    const text = sources.map((name) => readFileSync(`${folder}/${name}`, 'utf8')).join('\n') + /export const farewell[^;]*/.exec(readFileSync(`${folder}/strings.ts`, 'utf8'));
    for (const key of Object.keys(en)) assert.match(text, new RegExp(`[.{,'] ?${key}\\b`), `${folder}: ${key} is never used`);
  }
});

test('typography is each language’s own', () => {
  for (const { fr } of [LISTEN, STAGE]) {
    const text = JSON.stringify(fr);
    assert.doesNotMatch(text, /\w'\w/, 'French wants ’');
    assert.doesNotMatch(text, /[^\u00a0][?!;]/, 'French wants a no-break space before ? ! ;');
    assert.doesNotMatch(text, /[^\u00a0]: /, 'and before a colon');
  }
});

test('what a button does, and to whom', () => {
  assert.equal(STAGE.en.of('Mute', 'Ben'), 'Mute: Ben');
  assert.equal(STAGE.fr.of('Retirer', 'Ben'), 'Retirer\u00a0: Ben');
});

test('a replay that will never be is not promised', () => {
  for (const s of [LISTEN.fr, LISTEN.en]) {
    assert.ok(farewell(s, null).includes(s.noReplay) && !farewell(s, null).includes(s.replaySoon));
    assert.ok(farewell(s, false).includes(s.replaySoon));
    assert.equal(farewell(s, true), s.replay);
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
  assert.equal(countdown(90_000 * 2, 'en'), '2 days and 2 hours');
  assert.equal(countdown(86_400, 'fr'), '1\u00a0jour');
  assert.equal(countdown(3600, 'fr'), '1:00:00');
});
