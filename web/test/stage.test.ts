import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hushed } from '../stage/hushed.ts';
import { Microphone } from '../stage/mic.ts';
import { type StageSeat } from '../stage/protocol.ts';

const seat = (more: Partial<StageSeat> = {}): StageSeat => ({
  seat: 2,
  name: 'Ben',
  role: 'guest',
  place: 'on_stage',
  connected: true,
  muted: false,
  mute_version: 1,
  speaking: false,
  mixer_muted: false,
  ready: true,
  muted_by_host: false,
  heard: true,
  pre_listens: null,
  warning: null,
  ...more,
});
const open = seat();
const shut = seat({ muted: true });

test('a mute that was not asked for here is a host’s, until the microphone is open again', () => {
  assert.equal(hushed(false, open, shut, false), true);
  assert.equal(hushed(true, shut, shut, false), true);
  assert.equal(hushed(true, shut, open, false), false);
});

test('a mute that was asked for here is one’s own', () => {
  assert.equal(hushed(false, open, shut, true), false);
  assert.equal(hushed(false, shut, shut, false), false);
});

test('nobody is blamed for the mute of a connection that was away, or of the green room', () => {
  assert.equal(hushed(false, undefined, shut, false), false);
  assert.equal(hushed(false, seat({ connected: false }), shut, false), false);
  assert.equal(hushed(false, open, seat({ muted: true, connected: false }), false), false);
  assert.equal(hushed(false, open, seat({ muted: true, place: 'green_room' }), false), false);
});

/** What a browser gives to a page that may use the microphone; the answer comes when `give` is called. */
function browserWithMicrophone(): { give(): void; stopped: () => number; taken: MediaStreamTrack[]; microphone: Microphone } {
  let give!: () => void;
  let stopped = 0;
  const track = { stop: () => void stopped++, addEventListener() {}, getSettings: () => ({}) };
  const stream = { getTracks: () => [track], getAudioTracks: () => [track] };
  const mediaDevices = {
    addEventListener() {},
    enumerateDevices: async () => [],
    getUserMedia: () => new Promise((done) => (give = () => done(stream))),
  };
  const storage = { getItem: () => null, setItem() {}, removeItem() {} };
  const page = { navigator: { mediaDevices }, document: { addEventListener() {} }, addEventListener() {}, localStorage: storage, sessionStorage: storage };
  for (const [name, value] of Object.entries(page)) Object.defineProperty(globalThis, name, { value, configurable: true });
  const taken: MediaStreamTrack[] = [];
  const microphone = new Microphone(
    () => {},
    (t) => taken.push(t),
  );
  return { give: () => give(), stopped: () => stopped, taken, microphone };
}

test('a microphone that the browser gives after the end is let go at once', async () => {
  const { give, stopped, taken, microphone } = browserWithMicrophone();
  const opening = microphone.open();
  microphone.close();
  give();
  await opening;
  assert.equal(stopped(), 1);
  assert.equal(microphone.track, null);
  assert.deepEqual(taken, [], 'nothing is sent');
});

test('after the end nobody is asked for the microphone any more', async () => {
  const { microphone } = browserWithMicrophone();
  microphone.close();
  await microphone.open();
  assert.equal(microphone.asking, false);
  assert.equal(microphone.track, null);
});
