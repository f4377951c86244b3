import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ANSWER_MS, PATIENCE_MS_MAX, Quiet, patience } from '../shared/path.ts';
import { arrived } from '../stage/pulse.ts';
import { answerWith, fragmentOf } from '../stage/restart.ts';
import { Arrival, type Hearing, unheard } from '../stage/unheard.ts';

test('silence is counted while one looks, and what is heard ends it', () => {
  let now = 0;
  const quiet = new Quiet(() => now);
  for (now = 100; now < 700; now += 100) quiet.look();
  assert.equal(quiet.look(), 700);
  assert.ok(!quiet.doubtful(700));
  now += 1;
  assert.ok(quiet.doubtful(700));
  quiet.heard();
  assert.ok(!quiet.doubtful(700));
  assert.equal(quiet.look(), 0);
});

test('after a change of network a short silence is enough, and it does not make a long one shorter', () => {
  let now = 0;
  const quiet = new Quiet(() => now);
  now = 400;
  quiet.doubt();
  assert.ok(!quiet.doubtful(700));
  now += ANSWER_MS + 1;
  assert.ok(quiet.doubtful(10_000));
  quiet.doubt();
  assert.equal(quiet.look(), 400 + ANSWER_MS + 1, 'silent since it was last heard');
  quiet.heard();
  now += ANSWER_MS + 1;
  assert.ok(!quiet.doubtful(700), 'answered');
});

test('a page that was late reads first what waits for it, and a page that always is late counts all the same', () => {
  let now = 0;
  const quiet = new Quiet(() => now);
  now = 900;
  assert.ok(!quiet.doubtful(700), 'what has come may wait to be read');
  quiet.heard();
  now += 100;
  assert.equal(quiet.look(), 100);
  // As in a tab that nobody looks at, whose clock is looked at once a second.
  quiet.heard();
  for (let n = 0; n < 3; n++) {
    now += 1_000;
    quiet.look();
  }
  assert.equal(quiet.look(), 3_000);
});

test('a clock that stood still is no silence', () => {
  let now = 0;
  const quiet = new Quiet(() => now);
  now = 86_400_000;
  assert.ok(quiet.look() <= 1_000);
});

test('tries are short but for every fifth, and longer where answers take longer', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5].map((n) => patience(n, 500, 0)), [500, 500, 500, 500, PATIENCE_MS_MAX, 500]);
  assert.equal(patience(0, 500, 250), 1_000);
  assert.equal(patience(0, 500, 1e9), 1_500, 'one slow answer is no reason for slow tries');
  assert.equal(patience(0, 2_500, 1e9), 2_500);
});

const OFFER = 'v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=ice-ufrag:Ab+/\r\na=ice-pwd:secretsecretsecretsecr\r\na=mid:0\r\na=sendrecv\r\n';
const ANSWER = 'v=0\r\na=ice-lite\r\nm=audio 9 UDP/TLS/RTP/SAVPF 63 111\r\na=ice-ufrag:old1\r\na=ice-pwd:oldoldoldoldoldoldoldol\r\na=mid:0\r\na=candidate:1 1 udp 1 127.0.0.1 9 typ host\r\n';

test('a restart is our new credentials there and the server’s new ones here, and nothing else changes', () => {
  assert.equal(fragmentOf(OFFER), 'a=ice-ufrag:Ab+/\r\na=ice-pwd:secretsecretsecretsecr\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n');
  const renewed = answerWith(ANSWER, 'a=ice-ufrag:new1\r\na=ice-pwd:n$&w$1\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\n')!;
  assert.equal(renewed, ANSWER.replace('old1', 'new1').replace('oldoldoldoldoldoldoldol', () => 'n$&w$1'));
  assert.ok(answerWith(ANSWER.replaceAll('\r', ''), 'a=ice-ufrag:x\na=ice-pwd:y\n')!.includes('\na=ice-ufrag:x\na=ice-pwd:y\n'), 'also where lines end in \\n alone');
});

test('what has no credentials restarts nothing', () => {
  for (const text of ['', 'v=0\r\n', 'a=ice-ufrag:only\r\n', 'a=ice-pwd:only\r\n']) {
    assert.equal(fragmentOf(text), null);
    assert.equal(answerWith(ANSWER, text), null);
  }
});

test('what arrives is counted as any browser counts it', () => {
  assert.equal(arrived([]), 0);
  assert.equal(arrived([{ type: 'inbound-rtp', packetsReceived: 7 }, { type: 'outbound-rtp', packetsReceived: 100 }]), 7);
  assert.equal(arrived([{ type: 'candidate-pair', bytesReceived: 100, responsesReceived: 2 }, { type: 'candidate-pair' }]), 102);
});

const heard: Hearing = { track: true, problem: null, asking: false, voice: true, line: true, warned: false, arrives: true };

test('live is said only where everything between the voice and the mixer is there', () => {
  assert.equal(unheard(heard), null);
  assert.equal(unheard({ ...heard, track: false }), 'ended');
  assert.equal(unheard({ ...heard, track: false, problem: 'denied' }), 'denied');
  assert.equal(unheard({ ...heard, problem: 'taken' }), 'taken');
  assert.equal(unheard({ ...heard, voice: false }), 'voice');
  assert.equal(unheard({ ...heard, line: false }), 'line');
  assert.equal(unheard({ ...heard, warned: true }), 'silent');
  assert.equal(unheard({ ...heard, arrives: false }), 'on_the_way');
});

test('of several causes the nearest is named, for that is the one its owner can mend', () => {
  assert.equal(unheard({ ...heard, track: false, problem: 'missing', voice: false, line: false }), 'missing');
  assert.equal(unheard({ ...heard, voice: false, line: false, warned: true }), 'voice');
});

test('a voice that is heard here and not at the server is lost on the way; a pause, a closed microphone, a quiet room are not', () => {
  const many = (here: number | null, there: number | undefined, open = true) => {
    const arrival = new Arrival();
    return Array.from({ length: 100 }, () => arrival.look(here, there, open)).at(-1);
  };
  assert.equal(many(-20, -120), false);
  assert.equal(many(-20, -99), false);
  assert.equal(many(-20, -30), true);
  assert.equal(many(-60, -120), true, 'a pause');
  assert.equal(many(-20, -120, false), true, 'closed');
  assert.equal(many(null, -120), true, 'unknown here');
  assert.equal(many(-20, undefined), true, 'unknown there');
  const arrival = new Arrival();
  for (let n = 0; n < 50; n++) assert.equal(arrival.look(-20, n % 5 ? -120 : -30, true), true, 'now and then is often enough');
});
