// Players as Debian ships them, each on each face that it plays: it begins, says what it plays, and ends by itself with the event.
//
// By hand, for what they bring along is some hundred megabytes; who is not installed is skipped by name:
//   apt-get install --no-install-recommends mpv vlc-bin vlc-plugin-base gstreamer1.0-tools gstreamer1.0-plugins-{base,good,bad} gstreamer1.0-libav liquidsoap oggz-tools curl wget
//   node --test e2e/by-hand/debian-players.test.mjs

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Line } from '../lib/line.mjs';
import { demo } from '../lib/server.mjs';
import { folder, run, shared, sleep, until } from '../lib/tools.mjs';

const FACES = { ogg: '/ogg/live.ogg', mp4: '/48/live.mp4', hls: '/index.m3u8', mp3: '/live.mp3', aac: '/aac/index.m3u8' };
const TITLE = 'Stentor, a demonstration';
/** So long they play before the event ends, and so long an end may take: HLS plays what it has. */
const PLAYED_MS = 15_000;
const ENDED_MS = 60_000;
/** VLC and Liquidsoap refuse to be root. */
const NOBODY = process.getuid() === 0 ? ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] : [];

const t = shared();
let server;
let kept;
before(async () => {
  server = await demo(t);
  kept = folder(t);
  await until('segments', async () => ((await (await fetch(server.path('demo', '/aac/index.m3u8'))).text()).match(/#EXTINF/g) ?? []).length >= 3);
});
after(t.release);

/** `title`: whether it says what it plays; `ends`: whether it leaves by itself when the event is over. */
const PLAYERS = [
  ...['ogg', 'mp4', 'hls', 'mp3', 'aac'].map((face) => ({ face, title: !['hls', 'aac'].includes(face), ends: true, command: (url) => ['mpv', '--no-config', '--ao=null', '--msg-level=all=info', url] })),
  ...['ogg', 'mp4', 'hls', 'mp3', 'aac'].map((face) => ({ face, title: face !== 'aac', ends: true, command: (url) => ['ffplay', '-nodisp', '-autoexit', '-hide_banner', '-stats', url] })),
  ...['ogg', 'mp4', 'hls', 'mp3', 'aac'].map((face) => ({ face, title: !['hls', 'aac'].includes(face), ends: true, command: (url) => [...NOBODY, 'cvlc', '-vv', '--no-color', '-A', 'dummy', '--play-and-exit', url] })),
  ...['ogg', 'mp4', 'mp3'].map((face) => ({ face, title: false, ends: true, command: (url) => ['gst-launch-1.0', 'playbin', `uri=${url}`, 'audio-sink=fakesink sync=true'] })),
  ...['hls', 'aac'].map((face) => ({ face, title: false, ends: true, command: (url) => ['gst-launch-1.0', 'playbin3', `uri=${url}`, 'audio-sink=fakesink sync=true'] })),
  { face: 'ogg', title: false, ends: false, command: (url) => [...NOBODY, 'liquidsoap', `output.dummy(fallible=true, input.http("${url}"))`] },
  { face: 'mp3', title: false, ends: false, command: (url) => [...NOBODY, 'liquidsoap', `output.dummy(fallible=true, input.http("${url}"))`] },
  { face: 'ogg', title: false, ends: true, file: 'curl.ogg', command: (url, to) => ['curl', '-sS', '-o', to, url] },
  { face: 'ogg', title: false, ends: true, file: 'wget.ogg', command: (url, to) => ['wget', '-q', '-O', to, url] },
];

const isThere = async (program) => (await run('sh', ['-c', `command -v ${program}`])).code === 0;

test('each plays, says what, and ends with the event', async (test) => {
  const started = [];
  for (const { face, title, ends, file, command } of PLAYERS) {
    const words = command(server.path('demo', FACES[face]), file && join(kept, file));
    const program = words.find((word) => !word.startsWith('-') && word !== 'setpriv');
    if (!(await isThere(program))) {
      test.diagnostic(`${program}: not installed`);
      continue;
    }
    const child = spawn(words[0], words.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, SDL_AUDIODRIVER: 'dummy', HOME: kept } });
    t.after(() => child.kill('SIGKILL'));
    const player = { what: `${program} ${face}`, title, ends, said: '', code: null, child };
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (player.said += bytes));
    child.on('close', (code) => (player.code = code));
    started.push(player);
  }
  await sleep(PLAYED_MS);
  for (const { what, code, said } of started) assert.equal(code, null, `${what} ended by itself: ${said.slice(-2_000)}`);
  const host = await Line.open(t, server, server.links.host);
  await host.phase('ended');
  const over = Date.now();
  const faults = [];
  for (const player of started) {
    const { what, title, ends, child } = player;
    if (ends) await until(`${what} ends`, () => player.code !== null, { ms: ENDED_MS }).catch((error) => faults.push(error.message));
    else child.kill();
    test.diagnostic(`${what}: ${ends ? `ended with ${player.code} within ${((Date.now() - over) / 1000).toFixed(1)} s` : 'stays'}`);
    if (ends && player.code) faults.push(`${what} ended with ${player.code}: ${player.said.slice(-500)}`);
    if (title && !player.said.includes(TITLE)) faults.push(`${what} does not say what it plays`);
  }
  assert.deepEqual(faults, []);
  if (await isThere('oggz-validate')) {
    const { stdout, stderr } = await run('oggz-validate', [join(kept, 'curl.ogg')]);
    // An empty last page is one that RFC 3533 §6 knows ("nil page"), and this program does not.
    const other = (stdout + stderr).split('\n').filter((line) => line.includes('***') && !line.includes('eos marked on page with no completed packets'));
    assert.deepEqual(other, []);
  }
});
