import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NoticeQueue, SCHEME, WAITING_MAX } from '../listen/notices.ts';
import { FIRST_DELAY_MS, LONGEST_DELAY_MS, backoff, jittered } from '../shared/backoff.ts';
import { type Status, merge, parseNotice, said, settled, titled } from '../shared/status.ts';

const status: Status = {
  v: 1,
  id: 10,
  phase: 'on_air',
  condition: 'ok',
  since: 0,
  starts: null,
  now: 1000,
  lang: 'fr',
  title: 'T',
  listeners: 5,
  stage: [],
  speaking: [1],
  message: null,
  replay: false,
};

const message = (seconds: number, notice: object, scheme = SCHEME) => ({
  scheme,
  time: seconds * 48_000,
  relative: false,
  timescale: 48_000,
  payload: JSON.stringify(notice),
});

test('a delta changes what it names and nothing else', () => {
  const next = merge(status, { v: 1, id: 11, speaking: [2] });
  assert.deepEqual(next.speaking, [2]);
  assert.equal(next.listeners, 5);
  assert.equal(next.phase, 'on_air');
});

test('an old delta and an old state are dropped', () => {
  assert.equal(merge(status, { v: 1, id: 10, listeners: 99 }).listeners, 5);
  assert.equal(merge(status, { ...status, now: 999, title: 'old' }).title, 'T');
});

test('a newer state counts even when a replaced server counts its ids afresh', () => {
  assert.equal(merge(status, { ...status, id: 1, now: 2000, title: 'new' }).title, 'new');
});

test('an ended event is asked about until its replay is here or will never be', () => {
  assert.equal(settled({ ...status, phase: 'ended', replay: false }), false);
  assert.equal(settled({ ...status, phase: 'ended', replay: true }), true);
  assert.equal(settled({ ...status, phase: 'ended', replay: null }), true);
  assert.equal(settled({ ...status, replay: null }), false);
});

test('what is not a notice is nothing', () => {
  for (const text of ['', '{', 'null', '[]', '7', '{"v":2,"id":1}', '{"v":1}']) assert.equal(parseNotice(text), null, text);
});

test('a notice waits until its moment is heard', () => {
  const queue = new NoticeQueue();
  queue.add(message(10, { v: 1, id: 1, listeners: 1 }), 0);
  queue.add(message(11, { v: 1, id: 2, listeners: 2 }), 0);
  assert.deepEqual(queue.due(9.9), []);
  assert.deepEqual(queue.due(10).map((n) => n.id), [1]);
  assert.deepEqual(queue.due(20).map((n) => n.id), [2]);
  assert.deepEqual(queue.due(30), []);
});

test('a relative message counts from its chunk; another scheme is not ours', () => {
  const queue = new NoticeQueue();
  queue.add({ ...message(1, { v: 1, id: 1 }), relative: true }, 100);
  queue.add(message(1, { v: 1, id: 9 }, 'urn:other'), 100);
  assert.deepEqual(queue.due(100.9), []);
  assert.deepEqual(queue.due(101).map((n) => n.id), [1]);
});

test('the queue holds so many notices and then loses the oldest', () => {
  const queue = new NoticeQueue();
  for (let id = 0; id <= WAITING_MAX; id++) queue.add(message(5, { v: 1, id }), 0);
  const due = queue.due(5);
  assert.equal(due.length, WAITING_MAX);
  assert.equal(due[0]!.id, 1);
});

test('backoff grows to its ceiling, spread by chance, and never stops', () => {
  assert.equal(backoff(0, 0.999), Math.round(FIRST_DELAY_MS * 0.999));
  assert.ok(backoff(3, 0.5) > backoff(1, 0.5));
  for (const attempt of [8, 50, 100_000]) {
    assert.ok(backoff(attempt, 0.999_999) <= LONGEST_DELAY_MS);
    assert.ok(backoff(attempt, 0) > 0);
  }
});

test('a poll is spread by a quarter each way', () => {
  assert.equal(jittered(1000, 0), 750);
  assert.equal(jittered(1000, 1), 1250);
});

test('a text is in the reader’s language, else in the event’s own, else in any', () => {
  const texts = { de: 'Gleich', 'fr-ca': 'Bientôt', pt: 'Já' };
  assert.deepEqual(said(texts, 'de', 'fr'), ['de', 'Gleich']);
  assert.deepEqual(said(texts, 'en', 'fr'), ['fr-ca', 'Bientôt']);
  assert.deepEqual(said(texts, 'en', 'ja'), ['de', 'Gleich']);
  assert.equal(said({}, 'en', 'fr'), undefined);
  assert.equal(said(null, 'en', 'fr'), undefined);
});

test('the title is in the reader’s language where it has one, and the event’s own else', () => {
  const titles = { de: 'Der Sommer', fr: 'old' };
  const of = (lang: string) => titled({ ...status, title: 'L’été', titles }, lang);
  assert.deepEqual(of('de'), ['de', 'Der Sommer']);
  assert.deepEqual(of('fr'), ['fr', 'L’été']);
  assert.deepEqual(of('en'), ['fr', 'L’été']);
  assert.deepEqual(titled(status, 'en'), ['fr', 'T']);
});
