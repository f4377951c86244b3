// What strangers and accidents send: one clear error each, and nobody else notices.

import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fromNowOn } from '../lib/direct.mjs';
import { fetch } from '../lib/http.mjs';
import { Line } from '../lib/line.mjs';
import { Session, endPublishing } from '../lib/publish.mjs';
import { BINARY, Server, demo, env, tokenOf } from '../lib/server.mjs';
import { RATE, dbfs, decode, decodeWav, match, soundsLike } from '../lib/sound.mjs';
import { packets, speech } from '../lib/speech.mjs';
import { DEADLINE_MS, cannotRun, folder, run, shared, sleep, until } from '../lib/tools.mjs';

const SDP = 'application/sdp';
/** The programme is recorded at 48 kbit/s, and a little for its boxes. */
const RECORDED_BYTES_PER_S = 6_500;
/** What the small disk gives at once. */
const PAGE_BYTES = 4_096;
const t = shared();
t.after(endPublishing);
let server;
let host;
let whip;

before(async () => {
  server = await demo(t);
  host = await Line.open(t, server, server.links.host);
  whip = `${host.endpoint}whip`;
});
after(t.release);

/** A refusal is one sentence for a person (RFC 9457), and names what was wrong. */
async function refused(response, status, words) {
  const text = await response.text();
  assert.equal(response.status, status, text);
  if (words) assert.match(text, words);
  assert.ok(text.length < 600, 'short');
}

const post = (body, { token = host.token, type = SDP, url = whip } = {}) =>
  fetch(url, { method: 'POST', headers: { ...(type ? { 'content-type': type } : {}), ...(token ? { authorization: `Bearer ${token}` } : {}) }, body });

test('a broken offer, an answer to nothing, the wrong type, too large a body', async () => {
  await refused(await post('this is not SDP'), 400);
  await refused(await post(''), 400);
  await refused(await post('v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n'), 400);
  await refused(await post('v=0\r\n', { type: 'text/plain' }), 415, /application\/sdp/);
  await refused(await post('v=0\r\n', { type: null }), 415);
  await refused(await post('a'.repeat(1024 * 1024)), 413);
  const answer = 'v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\na=setup:active\r\na=mid:0\r\na=recvonly\r\na=rtpmap:111 opus/48000/2\r\n';
  await refused(await post(answer), 400);
});

test('a wrong, foreign or expired token, and none', async () => {
  await refused(await post('v=0\r\n', { token: null }), 401);
  await refused(await post('v=0\r\n', { token: 'nonsense' }), 401);
  const last = host.token.at(-1);
  await refused(await post('v=0\r\n', { token: host.token.slice(0, -1) + (last === 'A' ? 'B' : 'A') }), 401);
  const data = folder(t);
  const other = new Server(t, { data });
  const { host: foreign } = await other.create({ slug: 'demo' });
  await refused(await post('v=0\r\n', { token: tokenOf(foreign) }), 401);
  // A link of yesterday: nothing of a token is stored, so that whoever has the key can make it.
  const yesterday = Math.floor(Date.now() / 1000) - 86_400;
  await refused(await post('v=0\r\n', { token: tokenUntil(server.data, 'demo', 1, yesterday) }), 401, /past its time/);
});

/** A stage token that ends at a time, seconds since 1970. */
function tokenUntil(data, event, seat, unixS) {
  const fields = Buffer.alloc(12);
  fields.writeUInt32BE(seat, 0);
  fields.writeBigInt64BE(BigInt(unixS), 4);
  const mac = createHmac('sha256', readFileSync(join(data, 'secret.key'))).update(event).update(Buffer.from([0])).update(fields).digest('hex');
  return `${seat}.${unixS.toString(16)}.${mac.slice(0, 32)}`;
}

test('an address that is not there', async () => {
  for (const path of ['/e/nobody', '/e/demo/48/99999999.m4s', '/e/demo/48/999999999999999999999.m4s', '/e/../../etc/passwd', '/e/demo/%2e%2e/secret', '/api/v1/sessions/none', '/x']) {
    const response = await fetch(server.url + path);
    assert.ok([400, 404, 405].includes(response.status), `${path}: ${response.status}`);
    await response.arrayBuffer();
  }
});

test('a stage line that talks nonsense is told so, or closed, and no one else is', async () => {
  const other = await Line.open(t, server, server.links.guest);
  for (const text of ['{', '[]', '{"do":"fly"}', '{"do":"mute"}', '{"do":"mute","seat":999,"muted":true,"version":1}', 'x'.repeat(200_000)]) {
    const line = await Line.open(null, server, server.links.host);
    const since = line.said.length;
    line.socket.send(text);
    await until(`an answer to ${text.slice(0, 30)}`, () => line.closed || line.said.slice(since).some(({ is }) => is === 'refused'));
    line.close();
  }
  assert.equal(other.closed, undefined);
  assert.equal(host.closed, undefined);
  // A guest may not do what a host may.
  const since = other.said.length;
  other.say({ do: 'act', act: 'end', version: other.state.version });
  assert.ok((await other.heard('refused', since)).why.length > 5);
  assert.equal((await server.status()).phase, 'on_air');
  const stale = host.said.length;
  host.say({ do: 'mute', seat: host.welcome.seat, muted: !host.me.muted, version: 0 });
  assert.equal((await host.heard('refused', stale)).code, 'stale_version');
  other.close();
});

test('half a request, no request and a slow one are let go; listeners are still served', async () => {
  const hang = (first) =>
    new Promise((done) => {
      const began = Date.now();
      const socket = connect(server.port, '127.0.0.1', () => first && socket.write(first));
      socket.on('data', () => {});
      socket.on('error', () => {});
      socket.on('close', () => done(Date.now() - began));
      t.after(() => socket.destroy());
    });
  const waits = await Promise.all([hang('GET /e/demo HTTP/1.1\r\nHost: x\r\n'), hang(''), hang('\x16\x03\x01'), hang('\x00\x01'), hang('nonsense\r\n\r\n'), hang(`GET /${'a'.repeat(100_000)} HTTP/1.1\r\n\r\n`)]);
  for (const wait of waits) assert.ok(wait < DEADLINE_MS, `closed after ${waits} ms`);
  assert.equal((await fetch(server.path('demo'))).status, 200);
});

/** A STUN binding request (RFC 8489 §5) with this USERNAME and no valid integrity. */
function stun(username) {
  const name = Buffer.from(username);
  const padded = Buffer.concat([name, Buffer.alloc((4 - (name.length % 4)) % 4)]);
  const head = Buffer.alloc(20);
  head.writeUInt16BE(1, 0);
  head.writeUInt16BE(4 + padded.length + 24, 2);
  head.writeUInt32BE(0x2112a442, 4);
  crypto.getRandomValues(head.subarray(8));
  const attribute = Buffer.from([0, 6, 0, name.length]);
  const integrity = Buffer.concat([Buffer.from([0, 8, 0, 20]), crypto.getRandomValues(Buffer.alloc(20))]);
  return Buffer.concat([head, attribute, padded, integrity]);
}

test('random datagrams, spoofed STUN, foreign RTP and garbage Opus do not disturb a conversation', async () => {
  const said = await decodeWav((await speech()).demo);
  // The recorded voice makes room, so that only what comes over the wire is heard.
  const voice = host.state.seats.find(({ role }) => role === 'line_in');
  host.say({ do: 'green_room', seat: voice.seat });
  const good = await host.invite('Good', 'line_in');
  const bad = await host.invite('Bad', 'line_in');
  const speaker = await Session.open(t, { url: whip, token: good.token });
  const vandal = await Session.open(t, { url: whip, token: bad.token });
  void speaker.speakForEver();
  for (const { seat } of [good, bad]) {
    await until('in the green room', () => host.seat(seat).connected);
    await host.admit(seat);
    if (host.seat(seat).muted) await host.mute(seat, false);
  }
  const socket = createSocket('udp4');
  let sent = 0;
  let answered = 0;
  socket.on('message', () => answered++);
  const ufrag = speaker.answer.match(/a=ice-ufrag:(\S+)/)[1];
  const send = (bytes) => {
    socket.send(bytes, server.port, '127.0.0.1');
    sent++;
  };
  const flood = setInterval(() => {
    for (let n = 0; n < 20; n++) {
      const bytes = crypto.getRandomValues(Buffer.alloc(1 + Math.floor(Math.random() * 1400)));
      send(bytes);
      bytes[0] = [0x00, 0x16, 0x80, 0x90][n % 4]; // as STUN, DTLS and RTP begin
      send(bytes);
    }
    send(stun(`${ufrag}:spoof`));
    send(stun('nobody:nobody'));
  }, 20);
  // The second publisher sends garbage in proper packets, with jumps in sequence, foreign SSRCs and empty payloads.
  const garbage = Array.from({ length: 500 }, () => crypto.getRandomValues(Buffer.alloc(1 + Math.floor(Math.random() * 300))));
  const vandalism = vandal.speak(garbage, {
    mangle: (packet, n) => ({
      ...packet,
      ssrc: n % 7 === 0 ? packet.ssrc + n : packet.ssrc,
      sequence: packet.sequence + Math.floor(n / 50) * 3_000, // SRTP itself refuses to send backwards
      timestamp: n % 90 === 0 ? packet.timestamp + 1e8 : packet.timestamp,
      payload: n % 31 === 0 ? Buffer.alloc(0) : packet.payload,
    }),
  });
  // So long everything is exposed to all of it.
  await sleep(3_000);
  // The vandal is muted for the comparison: garbage that decodes is noise, which is what it asked for.
  await host.mute(bad.seat, true);
  await soundsLike(`the speaker is heard through it`, () => fromNowOn(server.path('demo', '/48/live.mp4'), 6), said, { compare: match });
  clearInterval(flood);
  await vandalism;
  socket.close();
  assert.ok(sent > 1_000, `${sent} datagrams sent`);
  assert.equal(answered, 0, 'strangers get silence');
  assert.ok(host.seat(good.seat).connected, 'the speaker is still there');
  assert.ok(server.running);
  assert.doesNotMatch(server.log, /panicked/);
  await Promise.all([speaker.remove(), vandal.remove()]);
  await host.admit(voice.seat);
});

test('a second session with the same identity takes over from the first', async () => {
  const { seat, token } = await host.invite('Twice', 'line_in');
  const first = await Session.open(t, { url: whip, token });
  await until('connected', () => host.seat(seat).connected);
  const second = await Session.open(t, { url: whip, token });
  void second.speakForEver(packets());
  await until('the first is let go', async () => {
    const response = await fetch(first.location, { method: 'PATCH', headers: { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': first.etag }, body: 'a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\n' });
    await response.arrayBuffer();
    return response.status === 404;
  });
  assert.ok(host.seat(seat).connected, 'the seat stays taken, by the second');
  assert.equal(await second.remove(), 200);
});

test('a port already taken is one sentence, and the event is not touched', async () => {
  const ran = await run(BINARY, ['serve', '--listen', `127.0.0.1:${server.port}`, '--data', folder(t), '--demo'], { env: env() });
  assert.notEqual(ran.code, 0);
  assert.match(ran.stderr, new RegExp(`${server.port}.*taken`));
  assert.equal(ran.stderr.trim().split('\n').length, 1, ran.stderr);
  const same = await run(BINARY, ['serve', '--listen', '127.0.0.1:1', '--data', server.data], { env: env() });
  assert.notEqual(same.code, 0);
  assert.equal(same.stderr.trim().split('\n').length, 1, same.stderr);
  assert.equal((await server.status()).phase, 'on_air');
});

test('a wrong configuration key or value is named', async () => {
  const file = join(folder(t), 'stentor.toml');
  for (const [text, words] of [['lisen = "127.0.0.1:1"', /lisen/], ['listen = 8080', /listen/], ['listen = "nonsense"', /listen/], ['[[', /stentor\.toml|TOML/i]]) {
    writeFileSync(file, text);
    const ran = await run(BINARY, ['serve', '--config', file, '--data', folder(t)], { env: env() });
    assert.notEqual(ran.code, 0, text);
    assert.match(ran.stderr, words, text);
  }
  const variable = await run(BINARY, ['serve', '--data', folder(t)], { env: { ...env(), STENTOR_LISEN: 'x' } });
  assert.notEqual(variable.code, 0);
  assert.match(variable.stderr, /lisen/i);
});

test('a full disk under the recorder raises an alarm, the programme goes on, and with room again so does the recording', async (context) => {
  const data = folder(t);
  mkdirSync(data, { recursive: true });
  const mounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', data]);
  if (mounted.code !== 0) return cannotRun(context, `only root can mount a small disk: ${mounted.stderr.trim()}`);
  t.after(() => run('umount', ['-l', data]));
  const full = new Server(t, { data, args: ['--demo'] });
  await full.start();
  const line = await Line.open(t, full, full.links.host);
  const recording = join(data, 'recordings/demo/programme.mp4');
  const written = () => statSync(recording).size;
  await until('two seconds are on disk', () => written() > 2 * RECORDED_BYTES_PER_S);
  writeFileSync(join(data, 'filler'), Buffer.alloc(200 * 1024));
  let fillers = 0;
  for (const size of [16 * PAGE_BYTES, PAGE_BYTES]) {
    await until('the disk is full', () => {
      try {
        writeFileSync(join(data, `filler-${fillers++}`), Buffer.alloc(size));
        return false;
      } catch (error) {
        return error.code === 'ENOSPC';
      }
    }, { every: 1 });
  }
  await until('the recorder’s alarm', () => line.said.some(({ is, kind, on }) => is === 'alarm' && kind === 'recorder' && on));
  const full_bytes = written();
  assert.ok(dbfs(await fromNowOn(full.path('demo', '/48/live.mp4'), 4)) > -45, 'the programme is heard');
  // The end of its last page may still be taken, and half a chunk is taken back.
  assert.ok(Math.abs(written() - full_bytes) <= 2 * PAGE_BYTES, `${written()} bytes where ${full_bytes} were: nothing fits`);
  assert.ok(line.state.alarms.includes('recorder'));
  const since = line.said.length;
  for (const name of readdirSync(data).filter((name) => name.startsWith('filler'))) rmSync(join(data, name));
  await until('the alarm is over', () => line.said.slice(since).some(({ is, kind, on }) => is === 'alarm' && kind === 'recorder' && !on));
  await until('the page’s state says so, too', () => !line.state.alarms.includes('recorder'));
  await until('two more seconds are on disk', () => written() > full_bytes + 2 * RECORDED_BYTES_PER_S);
  assert.ok(!line.said.slice(since).some(({ is, kind, on }) => is === 'alarm' && kind === 'recorder' && on), 'no new alarm');
  // What was written before and after reads as one file: no half chunk stands between.
  const least = (0.8 * written()) / RECORDED_BYTES_PER_S;
  const seconds = (await decode(recording)).length / RATE;
  assert.ok(seconds > least, `${seconds} s can be decoded of at least ${least} s`);
  assert.doesNotMatch(full.log, /panicked/);
  line.close();
  await full.stop();
});
