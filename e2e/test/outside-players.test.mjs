// Players that know nothing of us: ffmpeg and ffprobe, hls.js, and a reader of bytes with the specifications in hand.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { chunks as chunksOf } from '../lib/boxes.mjs';
import { hear } from '../lib/browser.mjs';
import { hlsJs } from '../lib/hls-js.mjs';
import { fetch } from '../lib/http.mjs';
import { Line } from '../lib/line.mjs';
import { demo } from '../lib/server.mjs';
import { LIKE, RATE, dbfs, decode, decodeWav, levels, match, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { run, shared, until } from '../lib/tools.mjs';

const MINUTE_S = 60;
/** How far the two ways to say when a chunk was captured may differ. */
const CAPTURE_US = 1_000;

const t = shared();
let server;
let said;

before(async () => {
  server = await demo(t, { command: ['env', 'STENTOR_FFMPEG=auto'] });
  said = await decodeWav((await speech()).demo);
  await until('whole segments', async () => ((await (await fetch(server.path('demo', '/48/index.m3u8'))).text()).match(/#EXTINF/g) ?? []).length >= 3);
});
after(t.release);

/** Everything ffmpeg finds to complain about at its most talkative sensible level, while decoding a live address. */
async function decodeLive(url, seconds) {
  const ran = await run(
    'ffmpeg',
    ['-hide_banner', '-nostats', '-v', 'warning', '-i', url, '-t', `${seconds}`, '-map', 'a:0', '-f', 'f32le', '-ac', '1', '-ar', `${RATE}`, '-'],
    { ms: (seconds + 30) * 1000 },
  );
  assert.equal(ran.code, 0, ran.stderr);
  const samples = new Float32Array(ran.bytes.buffer.slice(ran.bytes.byteOffset, ran.bytes.byteOffset + ran.bytes.length));
  return { samples, complaints: ran.stderr.split('\n').filter((line) => line.trim()) };
}

function assertWhole({ samples, complaints }, seconds, what) {
  assert.deepEqual(complaints, [], `${what}: ffmpeg complains`);
  assert.ok(Math.abs(samples.length / RATE - seconds) < 0.1, `${what}: ${samples.length / RATE} s of ${seconds} s`);
  const { similarity } = match(samples.subarray(0, 8 * RATE), said);
  assert.ok(similarity > LIKE, `${what}: similarity at the start ${similarity}`);
  const end = match(samples.subarray(-8 * RATE), said);
  assert.ok(end.similarity > LIKE, `${what}: similarity at the end ${end.similarity}`);
  // What was said came out at the pace it was said: nothing is missing or twice between the start and the end.
  const begin = match(samples.subarray(0, 8 * RATE), said).at_ms;
  const loop = Math.floor(said.length / RATE * 1000);
  const expected = (begin + (samples.length / RATE - 8) * 1000) % loop;
  const off = Math.abs(((end.at_ms - expected + loop * 1.5) % loop) - loop / 2);
  assert.ok(off <= 60, `${what}: the end is ${off} ms off its place`);
}

// They all listen to one programme, and none changes it.
describe('players at the same time', { concurrency: true }, () => {
  test('ffmpeg decodes the direct face and the Ogg face for a minute without a discontinuity', async () => {
    const [direct, ogg] = await Promise.all([
      decodeLive(server.path('demo', '/48/live.mp4'), MINUTE_S),
      decodeLive(server.path('demo', '/ogg/live.ogg'), MINUTE_S),
    ]);
    assertWhole(direct, MINUTE_S, 'direct');
    assertWhole(ogg, MINUTE_S, 'Ogg');
  });

  test('the direct face’s packets follow each other without a gap, in all three renditions', async () => {
    await Promise.all(
      [['48', 960], ['24', 960], ['12', 2880]].map(async ([rendition, duration]) => {
        const url = server.path('demo', `/${rendition}/live.mp4`);
        const ran = await run('ffprobe', ['-v', 'error', '-read_intervals', '%+12', '-show_entries', 'packet=pts,duration', '-of', 'csv=p=0', url]);
        const rows = ran.stdout.trim().split('\n').map((line) => line.split(',').map(Number));
        assert.ok(rows.length > (10 * 48_000) / duration, `${rendition}: ${rows.length} packets, ${ran.stderr}`);
        for (let n = 1; n < rows.length; n++) assert.equal(rows[n][0] - rows[n - 1][0], duration, `${rendition}: packet ${n}`);
      }),
    );
  });

  test('ffprobe and ffmpeg play HLS', async () => {
    const probe = await run('ffprobe', ['-v', 'error', '-show_entries', 'stream=codec_name,sample_rate,channels', '-of', 'json', server.path('demo', '/index.m3u8')]);
    const { streams } = JSON.parse(probe.stdout);
    assert.deepEqual(streams.map(({ codec_name }) => codec_name), ['opus', 'opus', 'opus', 'aac'], probe.stdout + probe.stderr);
    assert.ok(streams.every(({ sample_rate }) => sample_rate === '48000'), probe.stdout);
    const { samples } = await decodeLive(server.path('demo', '/48/index.m3u8'), 15);
    const { similarity } = match(samples.subarray(0, 10 * RATE), said);
    assert.ok(similarity > LIKE, `similarity ${similarity}`);
  });

  test('playlists and segments say how long they may be kept', async () => {
    const head = async (path) => {
      const response = await fetch(server.path('demo', path));
      return { status: response.status, type: response.headers.get('content-type'), cache: response.headers.get('cache-control'), cors: response.headers.get('access-control-allow-origin'), text: await response.text() };
    };
    const multivariant = await head('/index.m3u8');
    const playlist = await head('/48/index.m3u8');
    for (const { status, type, cors, cache } of [multivariant, playlist]) {
      assert.equal(status, 200);
      assert.equal(type, 'application/vnd.apple.mpegurl');
      assert.equal(cors, '*');
      assert.match(cache, /max-age=\d/);
      assert.doesNotMatch(cache, /immutable/);
    }
    for (const rendition of ['48', '24', '12']) assert.ok(multivariant.text.includes(`${rendition}/index.m3u8`), multivariant.text);
    assert.match(playlist.text, /#EXT-X-MAP:URI="/);
    const segment = playlist.text.split('\n').filter((line) => line && !line.startsWith('#')).at(-1);
    const url = new URL(segment, server.path('demo', '/48/index.m3u8')).href;
    const response = await fetch(url);
    assert.equal(response.headers.get('content-type'), 'audio/mp4');
    assert.match(response.headers.get('cache-control'), /immutable/);
    assert.equal(response.headers.get('access-control-allow-origin'), '*');
    const once = Buffer.from(await response.arrayBuffer());
    assert.deepEqual(Buffer.from(await (await fetch(url)).arrayBuffer()), once, 'the same bytes each time');
  });

  test('the manifest proves each chunk: length, hash and capture time as published', async () => {
    const manifest = await until('a manifest of some chunks', async () => {
      const response = await fetch(server.path('demo', '/48/manifest.json'));
      const document = await response.json();
      return document.chunks?.length > 5 && document;
    });
    for (const { seq, len, sha256, capture_us } of manifest.chunks.slice(-6)) {
      const response = await fetch(server.path('demo', `/48/${seq}.m4s`));
      assert.equal(response.status, 200, `chunk ${seq}`);
      assert.match(response.headers.get('cache-control'), /immutable/);
      const bytes = Buffer.from(await response.arrayBuffer());
      assert.equal(bytes.length, len, `chunk ${seq}`);
      assert.equal(createHash('sha256').update(bytes).digest('hex'), sha256, `chunk ${seq}`);
      const inside = chunksOf(bytes).list;
      assert.equal(inside.length, 1, `chunk ${seq}: one prft`);
      assert.ok(Math.abs(inside[0].capture_us - capture_us) < CAPTURE_US, `chunk ${seq}: prft ${inside[0].capture_us}, manifest ${capture_us}`);
      // A time in the right unit and era, too: both were just now.
      assert.ok(Math.abs(capture_us / 1000 - Date.now()) < MINUTE_S * 1000, `chunk ${seq}: captured ${capture_us}`);
    }
  });

  test('hls.js plays HLS in a page of another origin', async () => {
    const { page, state } = await hlsJs(t, server.path('demo', '/index.m3u8'));
    await until('hls.js plays', async () => (await state()).at > 1).catch(async (error) => {
      throw new Error(`${error.message}: ${JSON.stringify(await state())}`);
    });
    await soundsLike('hls.js', () => hear(page, 6), said);
    assert.deepEqual((await state()).problems.filter((line) => line.startsWith('fatal')), []);
    await page.context().close();
  });
});

test('the programme never stops: with nobody on stage the bed is there, packets go on', async () => {
  const line = await Line.open(t, server, server.links.host);
  const voice = line.state.seats.find(({ role }) => role === 'line_in');
  line.say({ do: 'green_room', seat: voice.seat });
  await until('the stage is empty', async () => (await server.status()).condition !== 'ok');
  const { samples, complaints } = await decodeLive(server.path('demo', '/48/live.mp4'), 8);
  assert.deepEqual(complaints, []);
  assert.ok(samples.length / RATE > 7.9);
  const quiet = levels(samples.subarray(-3 * RATE));
  assert.ok(Math.max(...quiet) < -25 && dbfs(samples.subarray(-3 * RATE)) > -80, `a quiet bed, ${Math.max(...quiet)} dBFS at most`);
  await line.admit(voice.seat);
  await until('the voice is back', async () => (await server.status()).condition === 'ok');
});
