// The ladder as listeners and operators meet it: nobody inside hears a gap, newcomers hear at once, and who must wait is told.

import assert from 'node:assert/strict';
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { browser, hear, open, playsOn, says } from '../lib/browser.mjs';
import { Pinned, heardNoGap, noticed, watchBuffer } from '../lib/ladder.mjs';
import { decodeWav, matchStretched } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { folder, shared, sleep, until } from '../lib/tools.mjs';

const LIKE = 0.5;
/** From the word to the move from rung 0 to rung 1 (`Rung::warning_ms`), with a look to spare, ms. */
const CLIMB_MS = 31_000;
/** Between two sendings at rung 3: who had to wait for the next one would hear nothing for up to so long, ms. */
const FLUSH_MS = 10_000;

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

async function listening(server) {
  const page = await open(chromium, server.path('demo'), { init: watchBuffer });
  await page.getByRole('button', { name: 'Listen' }).click();
  await says(page, 'You are listening live.');
  // The player finds its place in the burst; from here on every jump is one that is heard.
  await playsOn(page, 1);
  await noticed(page);
  return page;
}

function onlyOgg() {
  delete globalThis.MediaSource;
  delete globalThis.ManagedMediaSource;
  HTMLMediaElement.prototype.canPlayType = () => '';
}

const likeWhatWasSaid = async (page, seconds, what) => isLikeWhatWasSaid(await hear(page, seconds), what);

function isLikeWhatWasSaid(heard, what) {
  const { similarity } = matchStretched(heard, said);
  assert.ok(similarity > LIKE, `${what}: similarity ${similarity}`);
}

// Mostly they wait for the ladder's own time, each with a server of its own, so they do it together.
describe('who listens while the rung changes', { concurrency: true }, () => {
  test('who is inside is told, plays a little slower, moves to the slower cadence and back, and hears no gap', async (t) => {
    const server = await pinned(t);
    const page = await listening(server);
    await server.pin(1);
    // Until just before the move, which comes when so much time has passed: it is then in the middle of what is heard.
    await sleep(CLIMB_MS - 4_000);
    await likeWhatWasSaid(page, 10, 'across the move');
    const climbed = await noticed(page);
    heardNoGap(t, climbed, 'across the move');
    assert.ok(climbed.lowest > 0.05, `the least it held: ${climbed.lowest} s`);
    assert.ok(climbed.rates.includes(0.96) && climbed.rates.every((rate) => rate <= 1.04), `it slowed down: ${climbed.rates}`);
    await playsOn(page, 3);
    const { lowest, ahead } = await noticed(page);
    assert.ok(lowest > 0.2 && ahead < 2.5, `on the slower cadence it holds ${lowest} to ${ahead} s`);
    await server.pin(0);
    // The spacing that was measured is forgotten after half a minute; then it plays faster, until it is close to the stage again.
    await until('it is close to live again', async () => (await page.evaluate(() => globalThis.__ladder.ahead)) < 0.8, { ms: 90_000, every: 500 });
    const back = await noticed(page);
    heardNoGap(t, back, 'on the way down');
    assert.ok(back.rates.every((rate) => rate >= 0.96 && rate <= 1.04), `not heard as another speed: ${back.rates}`);
    assert.ok(await page.evaluate(() => document.querySelector('audio').preservesPitch), 'the pitch stays');
    await page.context().close();
  });

  test('a newcomer at the highest open rung hears at once, is told why it sounds simpler, and runs never dry', async (t) => {
    const server = await pinned(t);
    await server.pin(3);
    const began = Date.now();
    const page = await listening(server);
    assert.ok(Date.now() - began < FLUSH_MS, `heard after ${Date.now() - began} ms`);
    await page.locator('#sub').filter({ hasText: 'Very many are listening: the sound is simpler' }).waitFor();
    assert.equal((await server.renditions())['12'], 1);
    await until('what is not sound costs less, too', async () => /max-age=6/.test((await fetch(server.path('demo', '/status.json'))).headers.get('cache-control')), { ms: 12_000 });
    await likeWhatWasSaid(page, 24, 'twelve kbit/s every ten seconds');
    const seen = await noticed(page);
    heardNoGap(t, seen, 'at the highest open rung');
    assert.ok(seen.lowest > 1, `the least it held: ${seen.lowest} s`);
    await server.pin(0);
    await until('it is back on the best rendition', async () => (await server.renditions())['48'] === 1, { ms: 30_000 });
    await likeWhatWasSaid(page, 8, 'back at rest');
    const back = await noticed(page);
    heardNoGap(t, back, 'on the way down');
    await page.locator('#sub').waitFor({ state: 'hidden' });
    // The slow cadence that was measured is forgotten after half a minute: what is held beyond is given back without a jump.
    await playsOn(page, 36);
    heardNoGap(t, await noticed(page), 'giving back what was held');
    await page.context().close();
  });

  test('when the doors are closed a newcomer is told and let in by itself later; who is inside keeps hearing', async (t) => {
    const server = await pinned(t);
    await server.pin(3);
    const inside = await listening(server);
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
      await says(page, 'So many are listening that nobody new gets in for the moment.');
      assert.match(await page.locator('#sub').textContent(), /^Next try in (\d|1\d) s\.$/);
      outside.push(page);
    }
    assert.ok((await server.metric('stentor_refused_total{port="public",reason="doors_closed"}')) >= 2);
    await likeWhatWasSaid(inside, 12, 'inside');
    const seen = await noticed(inside);
    heardNoGap(t, seen, 'inside while the doors are closed');
    await server.pin(3);
    for (const page of outside) {
      await says(page, 'You are listening live.', 30_000);
      await page.context().close();
    }
    await inside.context().close();
  });
});

test('a configuration that cannot be read changes nothing, and says so', async (t) => {
  const server = await pinned(t);
  await server.pin(2);
  writeFileSync(server.config, 'rung = 9\n');
  process.kill(server.pid, 'SIGHUP');
  await until('it is told', () => /rung must be 0 to 4, got 9/.test(server.log));
  assert.equal((await server.ladder()).rung, 2);
});

test('a server told to leave goes red, hands its listeners over while it still sends, and is gone when they are', async (t) => {
  const first = await Pinned.open(t, { args: ['--demo'], more: 'drain_s = 30\n' });
  // The same event elsewhere: its timeline is the clock's, so that both say the same time.
  await first.start();
  await first.stop();
  const data = folder(t);
  cpSync(first.data, data, { recursive: true });
  rmSync(join(data, 'lock'), { force: true });
  const second = await Pinned.open(t, { args: ['--demo'], data });
  await Promise.all([first.start(), second.start()]);
  const balancer = await Balancer.start(t, first.port);
  const page = await open(chromium, `${balancer.url}/e/demo`, { init: watchBuffer });
  await page.getByRole('button', { name: 'Listen' }).click();
  await says(page, 'You are listening live.');
  await playsOn(page, 2);
  await noticed(page);
  first.child.kill('SIGTERM');
  await until('it is red', async () => (await fetch(`${first.url}/healthz/ready`)).status === 503);
  const refused = await fetch(first.path('demo', '/48/live.mp4'));
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [503, '1']);
  balancer.to = second.port;
  const { code } = await first.exited;
  assert.equal(code, 0);
  assert.match(first.log, /leaving handed_over=1 left=0/);
  assert.equal((await second.renditions())['48'], 1);
  await says(page, 'You are listening live.');
  const heard = await hear(page, 8);
  // Looked at first: while sounds are compared, the balancer stands still.
  const seen = await noticed(page);
  heardNoGap(t, seen, 'from one server to the other');
  isLikeWhatWasSaid(heard, 'from the other server');
  await page.context().close();
});

test('who pays no heed to a server that leaves is sent to for as long as was said, and then ended cleanly', async (t) => {
  const own = await Pinned.open(t, { args: ['--demo'], more: 'drain_s = 3\n' });
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
  assert.ok(endedMs >= 2_900 && endedMs < 6_000, `ended after ${endedMs} ms`);
  assert.ok(since.lastMs > 2_500 && since.bytes > 3 * 4_000, JSON.stringify(since));
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
