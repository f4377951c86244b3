import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventMessage } from '../listen/boxes.ts';
import { CADENCE_SCHEME, NoticeQueue, SCHEME, WAITING_MAX, cadence } from '../listen/notices.ts';

const message = (payload: string, scheme = SCHEME, time = 0): EventMessage => ({ scheme, time, relative: false, timescale: 1, payload });

test('a word about the cadence is read in seconds', () => {
  const word = '{"v":1,"rung":3,"flush_ms":10000,"hold_ms":12700}';
  assert.deepEqual(cadence(message(word, CADENCE_SCHEME)), { rung: 3, flush: 10, hold: 12.7, leaves: 0 });
  const leaving = '{"v":1,"rung":0,"flush_ms":200,"hold_ms":600,"leaves_in_ms":20000}';
  assert.equal(cadence(message(leaving, CADENCE_SCHEME))?.leaves, 20);
});

test('what is no word about the cadence is none', () => {
  for (const payload of ['', '{}', 'null', '{"rung":1,"flush_ms":"a","hold_ms":1}']) assert.equal(cadence(message(payload, CADENCE_SCHEME)), null);
  assert.equal(cadence(message('{"rung":1,"flush_ms":1,"hold_ms":1}')), null);
});

test('a notice waits until its moment is heard, and the oldest gives way to too many', () => {
  const queue = new NoticeQueue();
  for (let n = 0; n <= WAITING_MAX; n++) queue.add(message(`{"v":1,"id":${n},"listeners":${n}}`, SCHEME, n), 0);
  assert.deepEqual(queue.due(0.5), []);
  assert.deepEqual(queue.due(2).map(({ id }) => id), [1, 2]);
});
