// hls.js across a server that was killed: by hand until it has run twenty times beside a load.
//   node --test e2e/by-hand/hls-js-comes-back.test.mjs

import { after, before, test } from 'node:test';
import { hlsJs } from '../lib/hls-js.mjs';
import { Line } from '../lib/line.mjs';
import { demo } from '../lib/server.mjs';
import { shared, sleep, until } from '../lib/tools.mjs';

/** As long as three segments: what HLS players like to be behind. */
const SEGMENTS_S = 10.8;
const BEHIND_S = 3;
/** The server is away for so long. */
const AWAY_MS = 1_500;

const t = shared();
let server;
before(async () => {
  server = await demo(t);
});
after(t.release);

test('hls.js as its manual has it goes on after a server that was killed has come back, and ends with the event', async () => {
  const hls = await hlsJs(t, server.path('demo', '/index.m3u8'));
  const at = async () => (await hls.state()).at;
  const told = async (error) => {
    throw new Error(`${error.message}: ${JSON.stringify(await hls.state())}`);
  };
  await until('hls.js plays', async () => (await at()) > SEGMENTS_S).catch(told);
  await server.kill9();
  await sleep(AWAY_MS);
  await server.start();
  // Beyond what it had loaded before.
  const had = await hls.page.evaluate(() => {
    const { buffered } = document.querySelector('#audio');
    return buffered.end(buffered.length - 1);
  });
  await until('hls.js plays what came after', async () => (await at()) > had + BEHIND_S).catch(told);
  const host = await Line.open(t, server, server.links.host);
  await host.phase('ended');
  await until('hls.js has ended', async () => (await hls.state()).ended).catch(told);
});
