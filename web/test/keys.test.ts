import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Keys } from '../stage/keys.ts';

let events: Map<string, (e: object) => void>;
let kept: Map<string, string>;
let did: string[];

function keys(): Keys {
  return new Keys({ toggle: () => did.push('toggle'), talk: (open) => did.push(open ? 'open' : 'close') }, () => {});
}
const key = (more: object = {}) => ({ key: 'm', repeat: false, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, target: null, ...more });
const down = (more?: object) => events.get('keydown')!(key(more));
const up = () => events.get('keyup')!(key());
const within = (selector: string) => ({ closest: (asked: string) => (asked.includes(selector) ? {} : null) });

beforeEach(() => {
  [events, kept, did] = [new Map(), new Map(), []];
  const page = {
    addEventListener: (name: string, act: (e: object) => void) => events.set(name, act),
    document: { hidden: true, addEventListener: (name: string, act: (e: object) => void) => events.set(name, act) },
    localStorage: { getItem: (name: string) => kept.get(name) ?? null, setItem: (name: string, value: string) => kept.set(name, value) },
  };
  for (const [name, value] of Object.entries(page)) Object.defineProperty(globalThis, name, { value, configurable: true });
});

test('a key that is held down is pressed once', () => {
  keys();
  down();
  for (let n = 0; n < 90; n++) down({ repeat: true });
  up();
  assert.deepEqual(did, ['toggle']);
});

test('the key is M, whatever the lock above it says, and nothing with another key', () => {
  keys();
  down({ key: 'M' });
  for (const other of [{ key: 'n' }, { ctrlKey: true }, { metaKey: true }, { altKey: true }, { shiftKey: true }, { target: within('textarea') }]) down(other);
  assert.deepEqual(did, ['toggle']);
});

test('a question that is open takes no key away: whoever is live can close the microphone at any moment', () => {
  keys();
  down({ target: within('dialog') });
  assert.deepEqual(did, ['toggle']);
});

test('push to talk closes a microphone that nobody holds open', () => {
  const k = keys();
  k.pushToTalk(true);
  assert.deepEqual(did, ['close']);
  k.pushToTalk(false);
  assert.deepEqual(did, ['close']);
});

test('switched off it does nothing, now and after a reload', () => {
  keys().switch(false);
  down();
  keys();
  down();
  assert.deepEqual(did, []);
  keys().switch(true);
  down();
  assert.deepEqual(did, ['toggle']);
});

test('push to talk: open while held, closed however the hold ends', () => {
  keys().pushToTalk(true);
  const ends: [string, () => void][] = [['let go', up], ['another window', () => events.get('blur')!({})], ['another tab', () => events.get('visibilitychange')!({})]];
  for (const [how, end] of ends) {
    did = [];
    down();
    down({ repeat: true });
    end();
    end();
    assert.deepEqual(did, ['open', 'close'], how);
  }
});

test('given up while it is held, push to talk closes', () => {
  const k = keys();
  k.pushToTalk(true);
  down();
  k.pushToTalk(false);
  assert.deepEqual(did, ['close', 'open', 'close']);
  down();
  assert.deepEqual(did, ['close', 'open', 'close', 'toggle']);
});
