// WHIP (RFC 9725) as a line-in and WHEP as a monitor, with programs that are not ours: ffmpeg, aiortc, libdatachannel.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { browser, open } from '../lib/browser.mjs';
import { fromNowOn } from '../lib/direct.mjs';
import { fetch } from '../lib/http.mjs';
import { Line } from '../lib/line.mjs';
import { oggOpus } from '../lib/ogg.mjs';
import { Session, endPublishing } from '../lib/publish.mjs';
import { Server } from '../lib/server.mjs';
import { LIKE, dbfs, decode, decodeWav, match, soundsLike } from '../lib/sound.mjs';
import { packets, speech } from '../lib/speech.mjs';
import { DEADLINE_MS, PYTHON, ROOT, shared, until, whipFfmpeg } from '../lib/tools.mjs';
import { videoFirst } from '../lib/video-first.mjs';

/** The bed under an empty stage is about -42 dBFS, speech about -20. */
const BED_DBFS = -32;
const SDP = 'application/sdp';
const FRAGMENT = 'application/trickle-ice-sdpfrag';

const t = shared();
t.after(endPublishing);
let server;
let host;
let mics;
let said;

before(async () => {
  mics = await speech();
  said = { host: await decodeWav(mics.host), guest: await decodeWav(mics.guest), demo: await decodeWav(mics.demo) };
  server = new Server(t);
  const { host: link } = await server.create({ slug: 'lines', title: 'Lines' });
  await server.start();
  host = await Line.open(t, server, link);
  await host.phase('on_air');
});
after(t.release);

/** What the direct face carries from now on. */
const onAir = (seconds) => fromNowOn(server.path('lines', '/48/live.mp4'), seconds);

const endpoint = () => `${host.endpoint}whip`;

/** A published line is admitted from the green room and then heard in the programme. */
async function admittedAndHeard(name, seat, reference) {
  await until(`${name} is in the green room`, () => host.seat(seat)?.connected && host.seat(seat).place === 'green_room');
  const before = dbfs(await onAir(2));
  assert.ok(before < BED_DBFS, `${name} is not heard before it is admitted, ${before} dBFS`);
  await host.admit(seat);
  if (host.seat(seat).muted) await host.mute(seat, false);
  await until(`${name} is heard`, () => host.seat(seat).mixer_muted === false);
  await soundsLike(`${name}: what was published is on air`, () => onAir(6), reference, { compare: match });
}

test('ffmpeg publishes: admitted from the green room, heard, and gone when it stops', async () => {
  const { seat, token } = await host.invite('Desk', 'line_in');
  const program = await whipFfmpeg();
  // Its default is to catch up on the time that DTLS took by reading 5 % faster, and then that is what is on air.
  const args = ['-hide_banner', '-v', 'warning', '-readrate', '1', '-readrate_catchup', '1', '-stream_loop', '-1', '-i', mics.host, '-c:a', 'libopus', '-ar', '48000', '-ac', '2', '-f', 'whip', '-authorization', token, endpoint()];
  const child = spawn(program, args, { stdio: ['pipe', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (text) => (complaints += text));
  const ended = new Promise((done) => child.on('close', done));
  t.after(() => child.kill('SIGKILL'));
  await admittedAndHeard('ffmpeg', seat, said.host).catch((error) => {
    throw new Error(`${error.message}\n${complaints}`);
  });
  child.stdin.write('q'); // ffmpeg then sends its DELETE
  await ended;
  await until('the line is gone', () => !host.seat(seat).connected);
});

test('aiortc publishes, also one that would hear, too: a line is answered that it is only heard', async () => {
  for (const direction of ['sendonly', 'sendrecv']) {
    const { seat, token } = await host.invite(`Python ${direction}`, 'line_in');
    const child = spawn(PYTHON, [join(ROOT, 'e2e/python/whip_publish.py'), endpoint(), token, mics.guest, direction], { stdio: ['pipe', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const printed = text(child.stdout);
    await admittedAndHeard(`aiortc ${direction}`, seat, said.guest);
    child.stdin.end();
    const answer = JSON.parse((await printed).trim() || '{}');
    assert.equal(answer.status, 201);
    assert.deepEqual(answer.direction, ['recvonly']);
    assert.equal(answer.connection, 'connected');
    assert.equal(answer.deleted, 200);
  }
});

test('libdatachannel publishes, as OBS does, and a WHEP monitor hears the programme', async () => {
  const { seat, token } = await host.invite('OBS', 'line_in');
  const session = await Session.open(t, { url: endpoint(), token });
  const monitor = await Session.open(t, { url: host.whep, token: host.token, direction: 'RecvOnly' });
  void session.speakForEver();
  await admittedAndHeard('libdatachannel', seat, said.demo);
  const from = monitor.received.length;
  await until('six seconds arrived', () => monitor.received.length - from > 300);
  const got = monitor.received.slice(from).sort((a, b) => a.timestamp - b.timestamp);
  const { similarity } = match(await decode(oggOpus(got.map(({ payload }) => payload))), said.demo);
  assert.ok(similarity > LIKE, `the monitor hears the programme, similarity ${similarity}`);
  assert.equal(await session.remove(), 200);
  await until('the line is gone', () => !host.seat(seat).connected);
  monitor.close();
});

test('a video line is refused politely and the sound goes on', async () => {
  const { token } = await host.invite('Camera', 'line_in');
  const session = await Session.open(t, { url: endpoint(), token });
  const audio = session.offer.slice(session.offer.indexOf('m=audio'));
  const video = audio
    .replace(/m=audio \d+ (\S+) 111/, 'm=video 9 $1 96')
    .replace(/a=mid:\S+/, 'a=mid:video')
    .replace(/a=rtpmap:111 \S+/, 'a=rtpmap:96 H264/90000')
    .replace(/a=fmtp:111 [^\r]*\r\n/, '')
    .replace(/a=ssrc:[^\r]*\r\n/g, '');
  const offer = session.offer.replace(/a=group:BUNDLE ([^\r]*)/, 'a=group:BUNDLE $1 video') + video;
  const response = await fetch(endpoint(), { method: 'POST', headers: { 'content-type': SDP, authorization: `Bearer ${token}` }, body: offer });
  const answer = await response.text();
  assert.equal(response.status, 201, answer);
  assert.match(answer, /m=video 0 /);
  assert.match(answer, /m=audio [1-9]/);
  session.close();
});

test('a browser that puts video first in one bundle is heard, and hears', async () => {
  const { seat, token } = await host.invite('Studio', 'line_in');
  const chromium = await browser(t, { mic: mics.guest });
  const page = await open(chromium, `${server.url}/s/lines`, { mic: true });
  const became = await page.evaluate(videoFirst, { whip: endpoint(), whep: host.whep, token, ms: DEADLINE_MS });
  assert.equal(became.sending, 'connected', JSON.stringify(became));
  assert.ok(became.heard > 50, JSON.stringify(became));
  await until('its voice arrives', () => host.seat(seat)?.heard);
});

test('the session’s life over HTTP: Location, ETag, If-Match, ICE restart, DELETE twice', async () => {
  const { seat, token } = await host.invite('Protocol', 'line_in');
  const session = await Session.open(t, { url: endpoint(), token });
  assert.match(session.etag, /^"[^"]+"$/, 'a strong, quoted entity tag');
  assert.match(session.answer, /a=ice-lite/);
  assert.match(session.answer, /a=candidate:\S+ 1 udp /i);
  assert.match(session.answer, /a=candidate:\S+ 1 tcp .* tcptype passive/i);
  const patch = (headers, body) =>
    fetch(session.location, { method: 'PATCH', headers: { 'content-type': FRAGMENT, authorization: `Bearer ${token}`, ...headers }, body });
  const line = (name) => session.offer.match(new RegExp(`a=${name}:[^\r\n]*`))[0];
  const trickle = [line('ice-ufrag'), line('ice-pwd'), 'm=audio 9 UDP/TLS/RTP/SAVPF 111', `${line('mid')}`, 'a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host', ''].join('\r\n');
  assert.equal((await patch({}, trickle)).status, 428, 'no If-Match');
  assert.equal((await patch({ 'if-match': '"another"' }, trickle)).status, 412, 'wrong tag');
  assert.equal((await patch({ 'if-match': session.etag }, trickle)).status, 204, 'trickle');
  assert.equal((await patch({ 'if-match': session.etag, 'content-type': 'text/plain' }, trickle)).status, 415, 'wrong type');
  assert.equal((await patch({ 'if-match': session.etag }, 'nonsense')).status, 400, 'broken fragment');
  const restart = [`a=ice-ufrag:new1`, 'a=ice-pwd:0123456789abcdefghijklmn', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', line('mid'), ''].join('\r\n');
  const restarted = await patch({ 'if-match': '*' }, restart);
  const fragment = await restarted.text();
  assert.equal(restarted.status, 200, fragment);
  assert.equal(restarted.headers.get('content-type'), FRAGMENT);
  assert.match(fragment, /a=ice-ufrag:/);
  assert.match(fragment, /a=ice-pwd:/);
  const renewed = restarted.headers.get('etag');
  assert.match(renewed, /^"[^"]+"$/);
  assert.notEqual(renewed, session.etag);
  assert.equal((await patch({ 'if-match': session.etag }, trickle)).status, 412, 'the old tag after a restart');
  assert.equal(await session.remove(), 200);
  assert.equal(await session.remove(), 200, 'DELETE again');
  assert.equal((await patch({ 'if-match': renewed }, trickle)).status, 404, 'nothing to change any more');
  await until('the seat is free', () => !host.seat(seat).connected);
});

test('what a browser on another origin needs is there: OPTIONS, CORS, exposed headers', async () => {
  const response = await fetch(endpoint(), { method: 'OPTIONS', headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'POST' } });
  assert.ok([200, 204].includes(response.status));
  assert.equal(response.headers.get('access-control-allow-origin'), '*');
  assert.match(response.headers.get('access-control-allow-headers'), /authorization/i);
  assert.equal(response.headers.get('accept-post'), SDP);
  const refused = await fetch(endpoint(), { method: 'POST', headers: { 'content-type': SDP } });
  assert.equal(refused.status, 401);
  assert.match(refused.headers.get('access-control-expose-headers'), /Location.*ETag/);
  assert.equal((await fetch(endpoint())).status, 405);
});
