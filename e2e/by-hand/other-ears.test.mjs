// AAC and MP3, for players that do not know Opus: what they hear, who stays with Opus, and what becomes of it all when the ffmpeg that
// makes them is killed, or is not there.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { hear } from '../lib/browser.mjs';
import { hlsJs } from '../lib/hls-js.mjs';
import { fetch } from '../lib/http.mjs';
import { Line } from '../lib/line.mjs';
import { BINARY, demo, env } from '../lib/server.mjs';
import { LIKE, RATE, dbfs, decodeWav, levels, match, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { run, shared, sleep, until } from '../lib/tools.mjs';

const LISTEN_S = 20;
/** What the demonstration's voice is heard at, as of every other rendition. */
const LEVEL_DBFS = { from: -35, to: -10 };
/** How far what was said may be off its place at the end: a gap, or sound that is there twice, is longer. */
const OFF_MS = 60;
const TITLE = 'Stentor, a demonstration';

const t = shared();
let server;
let said;

const segmentsOf = async (of, path) => ((await (await fetch(of.path('demo', path))).text()).match(/#EXTINF/g) ?? []).length;

before(async () => {
  server = await demo(t, { command: ['env', 'STENTOR_FFMPEG=auto'] });
  said = await decodeWav((await speech()).demo);
  await until('whole segments of AAC', async () => (await segmentsOf(server, '/aac/index.m3u8')) >= 3);
});
after(t.release);

/** What ffmpeg hears at an address, and what it finds to complain about. */
async function decodeLive(url, seconds) {
  const args = ['-hide_banner', '-nostats', '-v', 'warning', '-i', url, '-t', `${seconds}`, '-map', 'a:0', '-f', 'f32le', '-ac', '1', '-ar', `${RATE}`, '-'];
  const ran = await run('ffmpeg', args, { ms: (seconds + 60) * 1000 });
  assert.equal(ran.code, 0, ran.stderr);
  const samples = new Float32Array(ran.bytes.buffer.slice(ran.bytes.byteOffset, ran.bytes.byteOffset + ran.bytes.length));
  return { samples, complaints: ran.stderr.split('\n').filter((line) => line.trim()) };
}

/** It is the voice, as loud as it should be, and comes at the pace it was said: nothing is missing or twice. */
function assertHeard({ samples, complaints }, seconds, what) {
  assert.deepEqual(complaints, [], `${what}: ffmpeg complains`);
  assert.ok(Math.abs(samples.length / RATE - seconds) < 0.2, `${what}: ${samples.length / RATE} s of ${seconds} s`);
  const level = dbfs(samples);
  assert.ok(level > LEVEL_DBFS.from && level < LEVEL_DBFS.to, `${what}: ${level} dBFS`);
  const part = 6 * RATE;
  const begin = match(samples.subarray(0, part), said);
  const end = match(samples.subarray(-part), said);
  assert.ok(begin.similarity > LIKE && end.similarity > LIKE, `${what}: similarity ${begin.similarity}, ${end.similarity}`);
  const loop = Math.floor((said.length / RATE) * 1000);
  const expected = begin.at_ms + ((samples.length - part) / RATE) * 1000;
  const off = Math.abs(((((end.at_ms - expected) % loop) + loop * 1.5) % loop) - loop / 2);
  assert.ok(off <= OFF_MS, `${what}: the end is ${off} ms off its place`);
}

/** The children of a server that are ffmpeg. */
function children(pid) {
  const of = (id) => {
    try {
      const [, name, rest] = /^\d+ \((.*)\) (.*)$/s.exec(readFileSync(`/proc/${id}/stat`, 'utf8'));
      return { id: Number(id), name, state: rest.split(' ')[0], parent: Number(rest.split(' ')[1]) };
    } catch {
      return {};
    }
  };
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(of);
  return all.filter(({ name, parent, state }) => parent === pid && name === 'ffmpeg' && state !== 'Z').map(({ id }) => id);
}

describe('who listens at the same time', { concurrency: true }, () => {
  test('ffmpeg hears MP3 and AAC whole', async () => {
    const [mp3, aac] = await Promise.all([
      decodeLive(server.path('demo', '/live.mp3'), LISTEN_S),
      decodeLive(server.path('demo', '/aac/index.m3u8'), LISTEN_S),
    ]);
    assertHeard(mp3, LISTEN_S, 'MP3');
    assertHeard(aac, LISTEN_S, 'AAC');
  });

  test('AAC says what it is, when it was said, and the same each time', async () => {
    const playlist = await (await fetch(server.path('demo', '/aac/index.m3u8'))).text();
    const [, time] = /#EXT-X-PROGRAM-DATE-TIME:(\S+)/.exec(playlist);
    const age = Date.now() - Date.parse(time);
    const listed = [...playlist.matchAll(/#EXTINF:([\d.]+),/g)].reduce((sum, [, seconds]) => sum + Number(seconds), 0);
    // From its first segment to now is what is listed, and the one in the making.
    assert.ok(age / 1000 - listed > -1 && age / 1000 - listed < 15, `${age} ms, ${playlist}`);
    const name = playlist.trim().split('\n').at(-1);
    const response = await fetch(server.path('demo', `/aac/${name}`));
    assert.equal(response.headers.get('content-type'), 'audio/aac');
    assert.match(response.headers.get('cache-control'), /immutable/);
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(bytes.subarray(0, 3).toString(), 'ID3');
    assert.ok(bytes.includes('com.apple.streaming.transportStreamTimestamp'));
    const probed = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,profile,sample_rate,channels', '-of', 'csv=p=0', response.url]);
    assert.equal(probed.stdout.trim(), 'aac,LC,48000,1', probed.stderr);
  });

  test('who plays Opus stays with Opus', async (test) => {
    const multivariant = (await (await fetch(server.path('demo', '/index.m3u8'))).text()).trim().split('\n');
    assert.match(multivariant.at(-2), /CODECS="mp4a\.40\.2"/);
    assert.equal(multivariant.at(-1), 'aac/index.m3u8', 'it is the last one');
    const bandwidths = multivariant.filter((line) => line.startsWith('#EXT-X-STREAM-INF')).map((line) => Number(/BANDWIDTH=(\d+)/.exec(line)[1]));
    assert.equal(Math.max(...bandwidths), bandwidths[0], 'who takes the widest takes Opus');
    const { page, state } = await hlsJs(t, server.path('demo', '/index.m3u8'));
    await until('hls.js plays', async () => (await state()).at > 5);
    const loaded = await page.evaluate(() => performance.getEntriesByType('resource').map(({ name }) => name));
    test.diagnostic(`hls.js: ${[...new Set(loaded.map((url) => url.split('/').slice(5, 6)[0]))].join(', ')}`);
    assert.ok(loaded.some((url) => url.includes('/48/')) && !loaded.some((url) => url.includes('/aac/')), loaded.join('\n'));
    assert.deepEqual((await state()).problems.filter((line) => line.startsWith('fatal')), []);
    await page.context().close();
  });

  test('hls.js plays AAC alone, where a browser knows nothing else', async () => {
    const { page, state } = await hlsJs(t, server.path('demo', '/aac/index.m3u8'));
    await until('hls.js plays', async () => (await state()).at > 1).catch(async (error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await state())}`);
    });
    await soundsLike('hls.js', () => hear(page, 6), said);
    await page.context().close();
  });

  test('an old radio is answered as by Icecast', async () => {
    const answer = await new Promise((done, failed) => {
      const socket = connect(server.port, server.address, () => socket.write(`GET /e/demo/live.mp3 HTTP/1.0\r\nHost: ${server.address}:${server.port}\r\nIcy-MetaData: 1\r\nUser-Agent: an old radio\r\n\r\n`));
      const parts = [];
      socket.on('data', (bytes) => {
        parts.push(bytes);
        const all = Buffer.concat(parts);
        if (all.length > 40_000) {
          socket.destroy();
          done(all);
        }
      });
      socket.on('error', failed);
    });
    const end = answer.indexOf('\r\n\r\n');
    const head = answer.subarray(0, end).toString().toLowerCase();
    for (const line of ['content-type: audio/mpeg', 'icy-br: 64', `icy-name: ${TITLE.toLowerCase()}`, 'access-control-allow-origin: *']) {
      assert.ok(head.includes(line), head);
    }
    assert.ok(!/^(transfer-encoding|icy-metaint|content-length):/m.test(head), head);
    const body = answer.subarray(end + 4);
    assert.equal(body.subarray(0, 3).toString(), 'ID3');
    const frame = 10 + ((body[8] << 7) | body[9]);
    assert.equal(body.readUInt16BE(frame) & 0xfffe, 0xfffa, 'a frame begins behind the tag');
  });
});

test('the child is killed while people listen: nobody hears a gap, and another one goes on', async () => {
  const [killed, ...others] = children(server.pid);
  assert.deepEqual(others, [], 'one for an event');
  const direct = decodeLive(server.path('demo', '/48/live.mp4'), LISTEN_S);
  const mp3 = decodeLive(server.path('demo', '/live.mp3'), LISTEN_S);
  const aac = decodeLive(server.path('demo', '/aac/index.m3u8'), LISTEN_S);
  await sleep(6_000);
  process.kill(killed, 'SIGKILL');
  const [now] = await until('another one', () => {
    const found = children(server.pid).filter((id) => id !== killed);
    return found.length > 0 && found;
  });
  assert.notEqual(now, killed);
  assertHeard(await direct, LISTEN_S, 'Opus');
  assertHeard(await mp3, LISTEN_S, 'MP3');
  assertHeard(await aac, LISTEN_S, 'AAC');
  assert.match(server.log, /the ffmpeg that makes AAC and MP3 was lost/);
  const playlist = await (await fetch(server.path('demo', '/aac/index.m3u8'))).text();
  assert.ok(!playlist.includes('#EXT-X-DISCONTINUITY\n'), playlist);
});

test('both end with the event, no child is left, and the replay is there as MP3', async () => {
  const ends = ['/live.mp3', '/aac/index.m3u8'].map((path) => run('ffmpeg', ['-hide_banner', '-nostats', '-v', 'error', '-i', server.path('demo', path), '-f', 'null', '-'], { ms: 90_000 }));
  await sleep(3_000);
  const host = await Line.open(t, server, server.links.host);
  await host.phase('ended');
  for (const { code, stderr } of await Promise.all(ends)) assert.equal(code, 0, stderr);
  const file = join(server.data, 'recordings/demo/replay.mp3');
  await until('the replay as MP3', () => existsSync(file));
  await until('no child is left', () => children(server.pid).length === 0);
  const probed = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name:format_tags=title', '-of', 'json', file]);
  const { streams, format } = JSON.parse(probed.stdout);
  assert.deepEqual([streams[0].codec_name, format.tags.title], ['mp3', TITLE], probed.stderr);
  const { samples } = await decodeLive(file, 8);
  const { similarity } = match(samples, said);
  assert.ok(similarity > LIKE, `similarity ${similarity}`);
  // The voice itself pauses at about -100 dBFS; what is missing is nothing at all.
  assert.ok(Math.min(...levels(samples.subarray(RATE))) > -110, 'no hole');
  assert.equal((await fetch(server.path('demo', '/live.mp3'))).status, 410);
});

test('without ffmpeg all the rest is there, and the check says what is missing', async () => {
  const without = await demo(t, { command: ['env', 'STENTOR_FFMPEG=off'] });
  await until('segments', async () => (await segmentsOf(without, '/48/index.m3u8')) >= 1);
  for (const path of ['/live.mp3', '/aac/index.m3u8']) assert.equal((await fetch(without.path('demo', path))).status, 404, path);
  const multivariant = await (await fetch(without.path('demo', '/index.m3u8'))).text();
  assert.ok(!multivariant.includes('aac'), multivariant);
  assert.deepEqual(children(without.pid), []);
  const check = async (ffmpeg, path) => {
    const more = { ...env(), STENTOR_FFMPEG: ffmpeg, ...(path && { PATH: path }) };
    const { stdout } = await run(BINARY, ['check', '--data', without.data, '--listen', `127.0.0.1:${without.port}`], { env: more });
    return /^(\S+)\s+ffmpeg: (.*)$/m.exec(stdout).slice(1);
  };
  const missed = 'no AAC and no MP3, for old phones, radios and podcast apps';
  assert.deepEqual(await check('off'), ['ok', `switched off: ${missed}`]);
  const [verdict, found] = await check('auto');
  assert.equal(verdict, 'ok');
  assert.match(found, /ffmpeg \(ffmpeg version .*\) makes AAC and MP3$/);
  const [warned, why] = await check('auto', '/nowhere');
  assert.equal(warned, 'warn');
  assert.ok(why.startsWith(`there is no ffmpeg in the folders of PATH: ${missed}`), why);
  const [wrong, unfit] = await check('/bin/cat');
  assert.equal(wrong, 'warn');
  assert.match(unfit, /does not encode AAC and MP3 as it is asked to: /);
});
