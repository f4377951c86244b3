// A server is restarted as planned, and players that know nothing of us go on: what breaks off is not what is over.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { after, before, test } from 'node:test';
import { demo } from '../lib/server.mjs';
import { shared, sleep, until } from '../lib/tools.mjs';

/** Heard before the restart, and again behind it, s. */
const BEFORE_S = 2;
const BEHIND_S = 3;
/** The server is away for so long. */
const AWAY_MS = 1_500;
/** As people put it into their players' lists. */
const RECONNECT = ['-reconnect', '1', '-reconnect_streamed', '1', '-reconnect_at_eof', '1', '-reconnect_on_network_error', '1', '-reconnect_delay_max', '2'];

const t = shared();
let server;
before(async () => {
  server = await demo(t);
});
after(t.release);

/** An ffmpeg that plays an address; how much it has played, s, and whether it still does. */
function plays(url, more) {
  const args = ['-hide_banner', '-nostats', '-v', 'warning', '-progress', 'pipe:1', ...more, '-i', url, '-f', 'null', '-'];
  const child = spawn('ffmpeg', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const player = { url, played: 0, said: '', over: null };
  child.stdout.on('data', (bytes) => {
    const at = [...String(bytes).matchAll(/^out_time_us=(\d+)/gm)].pop();
    if (at) player.played = Number(at[1]) / 1e6;
  });
  child.stderr.on('data', (bytes) => (player.said += bytes));
  child.on('close', (code) => (player.over = code));
  t.after(() => child.kill('SIGKILL'));
  return player;
}

/** How the answer of a live face ends: whole, or broken off. */
function ends(path) {
  return new Promise((done, failed) => {
    const asked = request(server.url + path, (answer) => {
      answer.resume();
      answer.on('error', () => {});
      answer.on('close', () => done({ status: answer.statusCode, complete: answer.complete }));
    });
    asked.on('error', failed);
    asked.end();
  });
}

test('ffmpeg that is told to reconnect does, and the live answers broke off without saying that they are over', async () => {
  const faces = ['/e/demo/ogg/live.ogg', '/e/demo/48/live.mp4', '/e/demo/12/live.mp4'];
  const players = faces.map((path) => plays(server.url + path, RECONNECT));
  for (const player of players) await until(`${player.url} plays`, () => player.played >= BEFORE_S);
  const answers = faces.map(ends);
  await sleep(500);
  await server.stop();
  for (const answer of answers) assert.deepEqual(await answer, { status: 200, complete: false });
  const before = players.map(({ played }) => played);
  await sleep(AWAY_MS);
  await server.start();
  for (const [n, player] of players.entries()) {
    await until(`${player.url} plays again`, () => player.played >= before[n] + BEHIND_S || player.over !== null);
    assert.equal(player.over, null, `${player.url} ended with ${player.over}: ${player.said}`);
  }
});
