import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Microphone } from '../stage/mic.ts';

type Act = () => void;

class Track {
  readyState = 'live';
  enabled = true;
  muted = false;
  private acts = new Map<string, Act>();
  constructor(readonly deviceId: string) {}
  addEventListener(name: string, act: Act) {
    this.acts.set(name, act);
  }
  getSettings() {
    return { deviceId: this.deviceId };
  }
  clone() {
    return new Track(this.deviceId);
  }
  stop() {
    this.readyState = 'ended';
  }
  /** Unplugged, or the permission taken away. */
  ends() {
    this.readyState = 'ended';
    this.acts.get('ended')?.();
  }
}

const node = { connect() {}, disconnect() {} };
class Context {
  state = 'running';
  createMediaStreamSource = () => node;
  createAnalyser = () => node;
  resume() {}
  async close() {}
}

let given: Track[];
let present: string[];
let refuses: string | null;
let events: Map<string, Act>;
let permission: { state: string; onchange: Act | null };
let kept: Map<string, string>;
let sent: unknown[];
let mic: Microphone;

/** What the browser answers takes a few turns of its loop. */
const settled = () => new Promise((done) => setTimeout(done, 5));

beforeEach(async () => {
  [given, present, refuses, events, kept, sent] = [[], ['default', 'laptop'], null, new Map(), new Map(), []];
  permission = { state: 'prompt', onchange: null };
  const listen = (name: string, act: Act) => void events.set(name, act);
  const storage = { getItem: (k: string) => kept.get(k) ?? null, setItem: (k: string, v: string) => kept.set(k, v), removeItem: (k: string) => kept.delete(k) };
  const mediaDevices = {
    addEventListener: listen,
    enumerateDevices: async () => present.map((id) => ({ kind: 'audioinput', deviceId: id, groupId: id === 'default' ? (present[1] ?? '') : id, label: id })),
    // A wish for a device is nothing but that: this browser takes its own.
    async getUserMedia({ audio }: { audio: { deviceId?: { exact?: string } } }) {
      if (refuses) throw Object.assign(new Error('refused'), { name: refuses });
      const asked = audio.deviceId?.exact;
      if (asked && !present.includes(asked)) throw Object.assign(new Error('gone'), { name: 'OverconstrainedError' });
      const track = new Track(asked ?? 'default');
      given.push(track);
      return { getAudioTracks: () => [track], getTracks: () => [track] };
    },
  };
  const page = {
    navigator: { mediaDevices, permissions: { query: async () => permission } },
    document: { hidden: false, addEventListener: listen },
    addEventListener: listen,
    localStorage: storage,
    sessionStorage: storage,
    AudioContext: Context,
    MediaStream: class {},
  };
  for (const [name, value] of Object.entries(page)) Object.defineProperty(globalThis, name, { value, configurable: true });
  mic = new Microphone(
    () => {},
    (track) => sent.push(track),
  );
  await settled();
  await mic.open();
});

async function plugged(...devices: string[]) {
  present = devices;
  events.get('devicechange')!();
  await settled();
}

test('an ended track is no track, and what is left is taken by itself', async () => {
  given[0]!.ends();
  assert.equal(mic.track, null);
  await settled();
  assert.equal(mic.track as unknown, given[1]);
  assert.deepEqual([mic.problem, sent.length], [null, 2]);
});

test('where nothing is left the page has no microphone and says why, until there is one', async () => {
  for (const [error, problem] of [['NotFoundError', 'missing'], ['NotReadableError', 'busy']] as const) {
    refuses = error;
    given.at(-1)!.ends();
    await settled();
    assert.deepEqual([mic.track, mic.problem, mic.level()], [null, problem, null]);
    refuses = null;
    await plugged('default', 'headset');
    assert.equal(mic.track as unknown, given.at(-1));
    assert.equal(mic.problem, null);
  }
});

test('a permission that is taken back takes the microphone, and one that is given back brings it', async () => {
  refuses = 'NotAllowedError';
  permission.state = 'denied';
  permission.onchange!();
  assert.deepEqual([mic.track, mic.problem, given[0]!.readyState], [null, 'denied', 'ended']);
  refuses = null;
  permission.state = 'granted';
  permission.onchange!();
  await settled();
  assert.ok(mic.track);
  assert.equal(mic.problem, null);
});

test('the chosen microphone is taken again when it comes back, muted as it was', async () => {
  await plugged('default', 'laptop', 'headset');
  await mic.choose('headset');
  assert.equal(mic.chosen, 'headset');
  mic.enable(false);
  await plugged('default', 'laptop');
  assert.equal(mic.chosen, 'default', 'something is better than nothing');
  await plugged('default', 'laptop', 'headset');
  assert.equal(mic.chosen, 'headset');
  assert.equal(mic.track!.enabled, false, 'a change of devices opens nothing');
});

test('who chose nothing goes with the system', async () => {
  const before = mic.track;
  await plugged('default', 'laptop', 'headset');
  assert.equal(mic.track, before, 'the system stays where it is');
  await plugged('default', 'headset', 'laptop');
  assert.notEqual(mic.track, before);
});

test('after the end nothing is taken any more, whatever is plugged in', async () => {
  mic.close();
  await plugged('default', 'headset');
  permission.state = 'granted';
  permission.onchange!();
  await settled();
  assert.deepEqual([mic.track, given.length], [null, 1]);
});
