import assert from 'node:assert/strict';
import { test } from 'node:test';
import { momentOf, seconds, timeOf } from '../stage/spans.ts';

const spans = [
  { at: 0, from: 1_000_000, length: 10_000 },
  { at: 10_000, from: 1_070_000, length: 5_000 },
];

test('a time of the replay is a moment of the evening, also behind a pause, and back', () => {
  for (const [at, moment] of [
    [0, 1_000_000],
    [4_000, 1_004_000],
    [10_000, 1_070_000],
    [12_000, 1_072_000],
  ] as const) {
    assert.equal(momentOf(spans, at), moment);
    assert.equal(timeOf(spans, moment), at);
  }
});

test('what the replay does not play is where it goes on, or its beginning or end', () => {
  assert.equal(timeOf(spans, 1_030_000), 10_000);
  assert.equal(timeOf(spans, 0), 0);
  assert.equal(timeOf(spans, 2_000_000), 15_000);
  assert.equal(momentOf(spans, 60_000), 1_075_000);
  assert.equal(momentOf([], 5), null);
});

test('a time is read as players show it, and what is none is not guessed', () => {
  for (const [text, s] of [
    ['90', 90],
    ['1:15', 75],
    [' 1:02:03 ', 3723],
    ['0:01,5', 1.5],
  ] as const)
    assert.equal(seconds(text), s, text);
  for (const text of ['', ':', '1:60', '1:60:00', '-1', '1:2:3:4', 'x']) assert.equal(seconds(text), null, text);
});
