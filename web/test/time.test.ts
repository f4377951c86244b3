// Times as a host types them, where a clock skips an hour and repeats another: Paris, whatever zone the machine has.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { instants, local } from '../shared/time.ts';

// Node reads it anew for every date.
process.env['TZ'] = 'Europe/Paris';

test('a time of the hour that summer time skips is no moment', () => {
  assert.deepEqual(instants('2027-03-28T02:00'), []);
  assert.deepEqual(instants('2027-03-28T02:30'), []);
  assert.deepEqual(instants('2027-03-28T03:00'), [Date.parse('2027-03-28T01:00Z')]);
  assert.deepEqual(instants('2027-03-28T01:59'), [Date.parse('2027-03-28T00:59Z')]);
});

test('a time of the hour that is repeated is two moments, the earlier first', () => {
  assert.deepEqual(instants('2027-10-31T02:30'), [Date.parse('2027-10-31T00:30Z'), Date.parse('2027-10-31T01:30Z')]);
  assert.deepEqual(instants('2027-10-31T01:59'), [Date.parse('2027-10-30T23:59Z')]);
  assert.deepEqual(instants('2027-10-31T03:00'), [Date.parse('2027-10-31T02:00Z')]);
});

test('any other time is one moment, and is shown again as it was typed', () => {
  for (const value of ['2026-12-01T20:00', '2027-07-14T00:00', '2027-12-31T23:59', '2028-02-29T12:00']) {
    const found = instants(value);
    assert.equal(found.length, 1, value);
    assert.equal(local(found[0]!), value);
  }
});

test('what is no time is no moment', () => {
  for (const value of ['', 'tomorrow', '2027-13-01T10:00', '2027-02-30T10:00']) assert.deepEqual(instants(value), [], value);
});
