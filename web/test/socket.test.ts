import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';
import { PATIENCE_MS_MAX } from '../shared/path.ts';
import { DOUBTED_MS, SILENT_MS, StageSocket } from '../stage/socket.ts';

/** A socket of the browser's, as far as the line uses it; whether anything passes is the test's. */
class Socket {
  static readonly OPEN = 1;
  static all: Socket[] = [];
  readyState = 0;
  sent: string[] = [];
  closed = false;
  onmessage: ((e: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(
    readonly url: string,
    readonly protocols: string[],
  ) {
    Socket.all.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  /** As on a dead path: the browser says nothing for a minute. */
  close() {
    this.closed = true;
  }
  says(message: object) {
    this.onmessage?.({ data: JSON.stringify(message) });
  }
  welcomes() {
    this.readyState = 1;
    this.says({ is: 'welcome', seat: 1 });
  }
}

let now = 0;
let events: Map<string, ((e: { persisted: boolean }) => void)[]>;
let heard: string[];
/** The signals of the questions that were asked before sockets were opened. */
let asked: AbortSignal[];
/** What becomes of such a question. */
let answer: 'yes' | 'no' | 'nothing' | 'error';
let line: StageSocket;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setInterval'] });
  Socket.all = [];
  heard = [];
  asked = [];
  answer = 'yes';
  events = new Map();
  now = 0;
  const listen = (name: string, act: () => void) => void events.set(name, [...(events.get(name) ?? []), act]);
  const page = {
    WebSocket: Socket,
    performance: { now: () => now },
    addEventListener: listen,
    document: { hidden: false, addEventListener: listen },
    navigator: { connection: { addEventListener: (_: string, act: () => void) => listen('connection', act) } },
  };
  for (const [name, value] of Object.entries(page)) Object.defineProperty(globalThis, name, { value, configurable: true });
  line = new StageSocket(
    'ws://here/stage',
    ['stentor.stage', 'stentor.token.t'],
    (signal) => {
      asked.push(signal);
      // At once, so that no test waits for a microtask.
      const then = (letIn: (yes: boolean) => void, failed: () => void) =>
        answer === 'error' ? failed() : answer !== 'nothing' && letIn(answer === 'yes');
      return { then } as unknown as Promise<boolean>;
    },
    (message) => heard.push(message.is),
    () => {},
  );
});

/** Time passes; the sockets of `alive` say something every 250 ms, as the server does. */
function pass(ms: number, ...alive: Socket[]) {
  for (const end = now + ms; now < end; ) {
    now += 50;
    if (now % 250 === 0) for (const socket of alive) socket.says({ is: 'alive' });
    mock.timers.tick(50);
  }
}
const happens = (name: string, persisted = true) => events.get(name)?.forEach((act) => act({ persisted }));

test('a line that says something is left alone, however long', () => {
  Socket.all[0]!.welcomes();
  pass(60_000, Socket.all[0]!);
  assert.equal(Socket.all.length, 1);
  assert.ok(line.open);
  assert.deepEqual(heard, ['welcome'], 'a word that says nothing is not passed on');
});

test('the token comes with the request for a socket, and in no message', () => {
  const [socket] = Socket.all as [Socket];
  assert.deepEqual(socket.protocols, ['stentor.stage', 'stentor.token.t']);
  socket.welcomes();
  assert.deepEqual(socket.sent, []);
});

test('no socket is opened where nobody answers, for one that was not open cannot be let go everywhere', () => {
  pass(50);
  Socket.all[0]!.welcomes();
  answer = 'nothing';
  pass(20_000);
  assert.equal(Socket.all.length, 1);
  assert.ok(asked.length > 6 && asked.slice(1, -1).every((question) => question.aborted), 'each question is given up for the next');
  answer = 'yes';
  pass(4_200);
  assert.ok(Socket.all.length > 1);
  Socket.all.at(-1)!.welcomes();
  assert.ok(line.open);
});

test('who is not let in is told so and opens no socket; where there is no server it is asked again', () => {
  Socket.all[0]!.onclose?.();
  answer = 'error';
  pass(16_000);
  assert.deepEqual([Socket.all.length, heard], [1, []]);
  assert.ok(asked.length > 3);
  answer = 'no';
  line.doubt();
  assert.deepEqual([Socket.all.length, heard], [1, ['refused']]);
});

test('a question whose line is heard again is given up', () => {
  const [old] = Socket.all as [Socket];
  old.welcomes();
  answer = 'nothing';
  pass(DOUBTED_MS + 200);
  old.says({ is: 'state' });
  assert.deepEqual(asked.map(({ aborted }) => aborted), [false, true]);
  pass(5_000, old);
  assert.equal(asked.length, 2);
});

test('beside a silent line another is opened, and the old one is not waited for', () => {
  const [old] = Socket.all as [Socket];
  old.welcomes();
  pass(DOUBTED_MS + 200);
  const beside = Socket.all[1]!;
  assert.ok(line.open && !old.closed, 'only doubted');
  beside.welcomes();
  assert.ok(old.closed && line.open);
  old.says({ is: 'replaced' });
  assert.deepEqual(heard, ['welcome', 'welcome'], 'what the old one still says does not count');
  assert.ok(line.send({ do: 'loopback', on: true }));
  assert.equal(beside.sent.length, 1);
});

test('a line that was only late keeps its place, and what was opened beside it goes', () => {
  const [old] = Socket.all as [Socket];
  old.welcomes();
  pass(DOUBTED_MS + 200);
  old.says({ is: 'state' });
  assert.ok(Socket.all[1]!.closed && !old.closed && line.open);
  pass(5_000, old);
  assert.equal(Socket.all.length, 2);
});

test('silent for two seconds nobody is said to hear, whatever the browser believes', () => {
  Socket.all[0]!.welcomes();
  pass(SILENT_MS - 100);
  assert.ok(line.open);
  pass(300);
  assert.ok(!line.open && SILENT_MS + 200 <= 2_000);
  assert.ok(!line.send({ do: 'loopback', on: true }), 'nothing is said into it');
});

test('while nothing passes a new try is made again and again: one of them meets the path that works again', () => {
  Socket.all[0]!.welcomes();
  for (const dark of [5_000, 20_000, 61_000]) {
    pass(dark);
    const tried = Socket.all.length;
    pass(6_200);
    assert.ok(Socket.all.length > tried, `after ${dark} ms`);
    assert.ok(Socket.all.slice(0, -1).every((one, n) => n === 0 || one.closed), 'one at a time');
  }
});

test('whatever happens to the network is a reason to look at once', () => {
  for (const name of ['online', 'offline', 'pageshow', 'visibilitychange', 'connection']) {
    const current = () => Socket.all.at(-1)!;
    current().welcomes();
    pass(500, current());
    const before = Socket.all.length;
    happens(name);
    pass(450);
    assert.equal(Socket.all.length, before + 1, name);
    current().welcomes();
  }
});

test('a page that has just been loaded has no reason to doubt the line that it is opening, and gives it time', () => {
  happens('pageshow', false);
  pass(PATIENCE_MS_MAX - 200);
  assert.equal(Socket.all.length, 1);
  pass(400);
  assert.equal(Socket.all.length, 2);
});

test('a network that changes without harm costs no line', () => {
  Socket.all[0]!.welcomes();
  for (const name of ['connection', 'connection', 'online']) {
    happens(name);
    pass(1_000, Socket.all[0]!);
  }
  assert.equal(Socket.all.length, 1);
});

test('a page that slept does not take its sleep for silence of the line', () => {
  Socket.all[0]!.welcomes();
  now += 3_600_000;
  mock.timers.tick(100);
  assert.ok(line.open);
  Socket.all[0]!.says({ is: 'state' });
  pass(1_000, Socket.all[0]!);
  assert.ok(line.open);
});

test('a line that the server closes comes back, and one that was ended does not', () => {
  const [first] = Socket.all as [Socket];
  first.welcomes();
  first.onclose!();
  assert.ok(!line.open);
  pass(1_000);
  assert.equal(Socket.all.length, 2);
  answer = 'nothing';
  line.doubt();
  line.end();
  assert.ok(asked.at(-1)!.aborted);
  pass(10_000);
  assert.equal(Socket.all.length, 2);
  assert.ok(Socket.all[1]!.closed);
});
