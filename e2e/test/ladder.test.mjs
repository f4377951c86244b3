// The ladder as listeners and operators meet it: nobody inside hears a gap, newcomers hear at once, and who must wait is told.

import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { browser, hear, open, playsOn, says } from '../lib/browser.mjs';
import { burst } from '../lib/direct.mjs';
import { fetch } from '../lib/http.mjs';
import { Pinned, Watched, heardNoGap, waited, watchBuffer } from '../lib/ladder.mjs';
import { LIKE, RATE, decode, decodeWav, match, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { DEADLINE_MS, folder, shared, sleep, until } from '../lib/tools.mjs';

/** Between two sendings at a rung, seconds (`Rung::flush_ms`). */
const FLUSH_S = { 0: 0.2, 1: 1, 3: 10 };
/** What Chromium leaves at the end of what it has, at most, while its speed is not 1, seconds. */
const LEFT_S = 0.2;
/** So long a server that leaves sends on to who pays no heed, seconds. */
const DRAIN_S = 4;
/** So much at the start and at the end of what a player was given is placed in what was said, seconds, and may be off by so much, ms. */
const WHOLE_S = 6;
const PLACED_MS = 60;

const t = shared();
let chromium;
let said;

before(async () => {
  chromium = await browser(t);
  said = await decodeWav((await speech()).demo);
});
after(t.release);

/** What stands in front of several servers: each new connection goes to the one that `to` says. */
class Balancer {
  static async start(t, to) {
    const balancer = new Balancer();
    balancer.to = to;
    const sockets = new Set();
    const server = createServer((one) => {
      const other = connect(balancer.to, '127.0.0.1');
      for (const [from, into] of [[one, other], [other, one]]) {
        sockets.add(from);
        from.on('error', () => {});
        from.on('close', () => (sockets.delete(from), into.destroy()));
        from.pipe(into);
      }
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', done));
    t.after(() => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    });
    balancer.url = `http://127.0.0.1:${server.address().port}`;
    return balancer;
  }
}

/** A server of a test's own, on air, whose rung it holds. */
const pinned = async (t) => (await Pinned.open(t, { args: ['--demo'] })).start();

/** A page that listens at `url`, watched; it may be sent to by any of `servers`. */
async function listening(servers, url) {
  const page = await open(chromium, url, { init: watchBuffer });
  await page.getByRole('button', { name: 'Listen' }).click();
  await says(page, 'You are listening live.');
  const watched = new Watched(page, servers);
  // The player finds its place in the burst; from here on every jump is one that is heard.
  await playsOn(page, 1);
  await watched.noticed();
  return watched;
}

/** How often the server's one listener was sent to, seconds, over a few of its turns. */
async function sentEvery(server) {
  const flushes = () => server.metric('stentor_flushes_total');
  const [before, since] = [await flushes(), Date.now()];
  await sleep(3_000);
  return (Date.now() - since) / 1000 / ((await flushes()) - before);
}

/** What a newcomer is given at once at rung 3 outlasts the time until the next sending, once there is so much sound. */
async function outlasts(server) {
  await until('a burst that outlasts the cadence', async () => {
    const given_s = await burst(server.path('demo', '/12/live.mp4'));
    if (given_s <= FLUSH_S[3] + LEFT_S) throw new Error(`${given_s} s`);
    return true;
  }, { every: 1_000 });
}

function onlyOgg() {
  delete globalThis.MediaSource;
  delete globalThis.ManagedMediaSource;
  HTMLMediaElement.prototype.canPlayType = () => '';
}

/** What comes out of the page is what was said. */
const isHeard = (page, what) => soundsLike(what, () => hear(page, 6), said);

/** What the player was given, from the last time until it has played on for so many seconds, is what was said, and nothing is missing. */
async function isWhole(watched, seconds, what) {
  await playsOn(watched.page, seconds);
  const samples = await decode(await watched.fed());
  const [start, end] = [samples.subarray(0, WHOLE_S * RATE), samples.subarray(-WHOLE_S * RATE)].map((part) => match(part, said));
  assert.ok(Math.min(start.similarity, end.similarity) > LIKE, `${what}: similarity ${start.similarity} at its start, ${end.similarity} at its end`);
  const loopMs = (said.length / RATE) * 1000;
  const offMs = (end.at_ms - start.at_ms - (samples.length / RATE - WHOLE_S) * 1000) % loopMs;
  assert.ok(Math.min(Math.abs(offMs), loopMs - Math.abs(offMs)) <= PLACED_MS, `${what}: the end is ${offMs} ms off its place`);
}

// Mostly they wait for the ladder's own time, each with a server of its own, so they do it together.
describe('who listens while the rung changes', { concurrency: true }, () => {
  test('who is inside is told, plays a little slower, moves to the slower cadence and back, and hears no gap', async (t) => {
    const server = await pinned(t);
    const watched = await listening([server], server.path('demo'));
    const { page } = watched;
    await watched.fed();
    const had = await watched.held();
    await server.pin(1);
    // It grows until it holds what the slower cadence asks for, and only then is moved (`Rung::warning_ms`): half a minute.
    await until('it holds enough', async () => (await watched.held()) > FLUSH_S[1] + LEFT_S, { every: 500 });
    const told = await watched.noticed();
    heardNoGap(t, told, FLUSH_S[0], 'before the move');
    // Who had to wait for data before may hold enough already.
    assert.ok(had > FLUSH_S[1] || told.rates.includes(0.96), `it slowed down: ${told.rates}, from ${had} s`);
    assert.ok(told.rates.every((rate) => rate >= 0.96 && rate <= 1.04), `not heard as another speed: ${told.rates}`);
    await until('it has moved', async () => (await sentEvery(server)) > 0.7 * FLUSH_S[1], { every: 1 });
    await isWhole(watched, 4, 'across the move');
    const climbed = await watched.noticed();
    heardNoGap(t, climbed, FLUSH_S[1], 'across the move');
    // What it has waited for it holds, too.
    const most = 2 * FLUSH_S[1] + 1 + waited(told) + waited(climbed);
    assert.ok(climbed.held.most < most, `on the slower cadence it holds ${climbed.held.most} s, more than ${most} s`);
    await isHeard(page, 'on the slower cadence');
    const slower = await watched.noticed();
    heardNoGap(t, slower, FLUSH_S[1], 'on the slower cadence');
    await server.pin(0);
    // The spacing that was measured is forgotten after half a minute; then it plays faster, until it is close to the stage again.
    // What it has waited for it gives back at the same pace, which is not waited for here.
    const all = [told, climbed, slower];
    await until('it is close to live again', async () => {
      const back = await watched.noticed();
      all.push(back);
      return (await watched.held()) < 0.8 + all.reduce((sum, seen) => sum + waited(seen), 0);
    }, { ms: 3 * DEADLINE_MS, every: 2_000 });
    for (const back of all.slice(3)) {
      heardNoGap(t, back, FLUSH_S[0], 'on the way down');
      assert.ok(back.rates.every((rate) => rate >= 0.96 && rate <= 1.04), `not heard as another speed: ${back.rates}`);
    }
    assert.ok(await page.evaluate(() => document.querySelector('audio').preservesPitch), 'the pitch stays');
    await page.context().close();
  });

  test('a newcomer at the highest open rung hears at once, is told why it sounds simpler, and runs never dry', async (t) => {
    const server = await pinned(t);
    await server.pin(3);
    await outlasts(server);
    const watched = await listening([server], server.path('demo'));
    const { page } = watched;
    await page.locator('#sub').filter({ hasText: 'To go easy on the server: lower sound quality' }).waitFor();
    assert.equal((await server.renditions())['12'], 1);
    await until('what is not sound costs less, too', async () => /max-age=6/.test((await fetch(server.path('demo', '/status.json'))).headers.get('cache-control')));
    await watched.fed();
    await isWhole(watched, 24, 'twelve kbit/s every ten seconds');
    const seen = await watched.noticed();
    heardNoGap(t, seen, FLUSH_S[3], 'at the highest open rung');
    assert.ok(seen.held.least > FLUSH_S[3] + LEFT_S, `the least it held: ${seen.held.least} s`);
    await isHeard(page, 'twelve kbit/s');
    await watched.noticed();
    await server.pin(0);
    await until('it is back on the best rendition', async () => (await server.renditions())['48'] === 1);
    await watched.fed();
    await isWhole(watched, 8, 'back at rest');
    const back = await watched.noticed();
    heardNoGap(t, back, FLUSH_S[0], 'on the way down');
    await page.locator('#sub').waitFor({ state: 'hidden' });
    // The slow cadence that was measured is forgotten after half a minute: what is held beyond is given back without a jump.
    await playsOn(page, 36);
    heardNoGap(t, await watched.noticed(), FLUSH_S[0], 'giving back what was held');
    await page.context().close();
  });

  test('when the doors are closed a newcomer is told and let in by itself later; who is inside keeps hearing', async (t) => {
    const server = await pinned(t);
    await server.pin(3);
    await outlasts(server);
    const inside = await listening([server], server.path('demo'));
    await server.pin(4);
    const refused = await fetch(server.path('demo', '/48/live.mp4'));
    assert.equal(refused.status, 503);
    assert.equal(refused.headers.get('retry-after'), '15');
    assert.match(await refused.text(), /nobody new/);
    // One that plays through MediaSource, and one whose element could not say why it got nothing.
    const outside = [];
    for (const init of [() => {}, onlyOgg]) {
      const page = await open(chromium, server.path('demo'), { init });
      await page.getByRole('button', { name: 'Listen' }).click();
      await says(page, 'The server is full.');
      assert.match(await page.locator('#sub').textContent(), /^Next try in (\d|1\d) s\.$/);
      outside.push(page);
    }
    // What claims the element without MediaSource is a moment of silence; that it is over is no wish to stop, however late the page learns it.
    await outside[1].evaluate(() => {
      const audio = document.querySelector('audio');
      audio.currentTime = 0;
      audio.dispatchEvent(new Event('pause'));
    });
    assert.ok((await server.metric('stentor_refused_total{port="public",reason="doors_closed"}')) >= 2);
    await inside.fed();
    await isWhole(inside, 12, 'inside');
    heardNoGap(t, await inside.noticed(), FLUSH_S[3], 'inside while the doors are closed');
    await isHeard(inside.page, 'inside while the doors are closed');
    await server.pin(3);
    for (const page of outside) {
      await says(page, 'You are listening live.');
      await page.context().close();
    }
    await inside.page.context().close();
  });
});

test('a configuration that cannot be read changes nothing, and says so', async (t) => {
  const server = await pinned(t);
  await server.pin(2);
  writeFileSync(server.config, 'rung = 9\n');
  process.kill(server.pid, 'SIGHUP');
  await until('it is told', () => /rung must be 0 to 4, for example 2, got 9/.test(server.log));
  assert.equal((await server.ladder()).rung, 2);
});

test('a server told to leave goes red, hands its listeners over while it still sends, and is gone when they are', async (t) => {
  const first = await Pinned.open(t, { args: ['--demo'], more: 'drain_s = 30\n' });
  // The same event elsewhere: its timeline is the clock's, so that both say the same time.
  await first.start();
  await first.stop();
  let second;
  const data = folder(t, 'stentor', () => second?.stop());
  cpSync(first.data, data, { recursive: true });
  rmSync(join(data, 'lock'), { force: true });
  second = await Pinned.open(t, { args: ['--demo'], data });
  await Promise.all([first.start(), second.start()]);
  const balancer = await Balancer.start(t, first.port);
  const watched = await listening([first, second], `${balancer.url}/e/demo`);
  first.child.kill('SIGTERM');
  await until('it is red', async () => (await fetch(`${first.url}/healthz/ready`)).status === 503);
  const refused = await fetch(first.path('demo', '/48/live.mp4'));
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  assert.equal(refused.headers.get('stentor-state'), 'leaving');
  balancer.to = second.port;
  const { code } = await first.exited;
  assert.equal(code, 0);
  assert.match(first.log, /leaving handed_over=1 left=0/);
  assert.equal((await second.renditions())['48'], 1);
  await says(watched.page, 'You are listening live.');
  await playsOn(watched.page, 6);
  // Looked at first: while sounds are compared, the balancer stands still.
  heardNoGap(t, await watched.noticed(), FLUSH_S[0], 'from one server to the other');
  await isHeard(watched.page, 'from the other server');
  await watched.page.context().close();
});

test('who pays no heed to a server that leaves is sent to for as long as was said, and then ended cleanly', async (t) => {
  const own = await Pinned.open(t, { args: ['--demo'], more: `drain_s = ${DRAIN_S}\n` });
  await own.start();
  const heard = await fetch(own.path('demo', '/48/live.mp4'));
  const reader = heard.body.getReader();
  const since = { bytes: 0, lastMs: 0 };
  await reader.read();
  const told = Date.now();
  own.child.kill('SIGTERM');
  // A body that is cut is an error; one that ends is done.
  for (let one = await reader.read(); !one.done; one = await reader.read()) {
    since.bytes += one.value.length;
    since.lastMs = Date.now() - told;
  }
  const endedMs = Date.now() - told;
  assert.ok(endedMs >= DRAIN_S * 1000, `ended after ${endedMs} ms`);
  assert.ok(since.lastMs > DRAIN_S * 500 && since.bytes > DRAIN_S * 2_000, JSON.stringify(since));
  assert.equal((await own.exited).code, 0);
});

test('a server that is full still tells its operator that it lives', async (t) => {
  const own = await Pinned.open(t, { args: ['--demo'], connections: 1 });
  await own.start();
  const inside = connect(own.port, '127.0.0.1');
  t.after(() => inside.destroy());
  await until('the one place is taken', async () => (await own.metric('stentor_connections_accepted_total{port="public"}')) === 1);
  assert.equal((await fetch(`${own.url}/healthz/live`)).status, 503);
  for (const path of ['live', 'ready']) {
    assert.equal((await fetch(`http://${own.metrics}/healthz/${path}`)).status, 200, path);
  }
});

test('an event opens its doors on its rung before anybody comes, and the step is kept with its reason', async (t) => {
  const own = await Pinned.open(t, { rung: null });
  await own.create({ slug: 'crowd', opensAt: 3 });
  await own.start();
  const ladder = await until('the doors are open', async () => {
    const now = await own.ladder();
    return now.rung === 3 && now;
  });
  assert.deepEqual(ladder.steps.map(({ from, to, reason }) => [from, to, reason]), [[0, 3, 'opening']]);
  assert.equal(ladder.pinned, null);
  assert.equal(await own.metric('stentor_rung'), 3);
  assert.match(own.log, /the ladder made a step/);
});
