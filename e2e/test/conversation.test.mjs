// A whole evening: host and guest in two browsers, a listener in a third, from the green room to the replay.
// The steps follow one another as they do on an evening; sound is compared with sound.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { between } from '../lib/boxes.mjs';
import { browser, hear, open, playsOn, says } from '../lib/browser.mjs';
import { Recording, fromNowOn } from '../lib/direct.mjs';
import { fetch } from '../lib/http.mjs';
import { Server } from '../lib/server.mjs';
import { LIKE, LIKE_NOT, RATE, dbfs, decode, decodeWav, levels, match, soundsLike } from '../lib/sound.mjs';
import { speech } from '../lib/speech.mjs';
import { bringOnStage, endEvent, enter, goOnStage, mute, onStage, startEvent, unmute } from '../lib/stage.mjs';
import { DEADLINE_MS, story, until } from '../lib/tools.mjs';

/** Alike enough to look no further. */
const SURELY = 0.7;
/** Speech in the programme is about -20 dBFS; the bed under an empty stage about -42. */
const SPEECH_DBFS = -30;
/** A return has no bed: what is left after a mute is below this. */
const SILENCE_DBFS = -55;
/** From the command to the last sound in the programme, both by the server's clock. */
const MUTE_MS = 300;
/** So much of the programme before a command and after it is looked at, ms. */
const BEFORE_MS = 1_000;
const AFTER_MS = 1_500;
/** Of each half of the evening so much is compared with what was said, seconds. */
const PART_S = 6;

/** What the page plays is speech again, without anybody having touched it. */
const heardAgain = (page, what) => until(what, async () => dbfs(await hear(page, 1)) > SPEECH_DBFS);

/** Waits until a page plays what is `like`, and nothing of what is `unlike`. */
async function playsOnly(t, page, who, { like, unlike }) {
  const { similarity, wrong } = await soundsLike(`${who} is heard`, () => hear(page, 6), like, { unlike });
  t.diagnostic(`${who}: similarity ${similarity.toFixed(2)}, to the other ${wrong.toFixed(2)}`);
}

/** When the server was last told to mute somebody, by its log, Unix ms. */
const lastMuted = (server) => Date.parse([...server.log.matchAll(/^(\S+) DEBUG .*commanded.*command="mute"/gm)].at(-1)?.[1]);

/**
 * `press` mutes the only one who is heard: how long the programme still carried speech after the command, ms. By the capture times in the
 * stream and the server's log, so that it is the server's doing alone, however late page, network or test are.
 */
async function muteTakes(server, press, undo) {
  const live = server.path('evening', '/48/live.mp4');
  return until('somebody was muted who spoke', async () => {
    await until('speech in the programme', async () => dbfs(await fromNowOn(live, 1)) > SPEECH_DBFS);
    const recording = await Recording.start(live);
    const began = Date.now();
    await press();
    const at = await until('the command', () => lastMuted(server) >= began && lastMuted(server));
    const { samples, first_ms } = await recording.between(at - BEFORE_MS, at + AFTER_MS);
    const loud = levels(samples).map((level) => level > SPEECH_DBFS);
    const of = (ms) => Math.round((ms - first_ms) / 10);
    const spoke = loud.slice(0, of(at)).includes(true);
    if (!spoke) await undo();
    return spoke && { ms: first_ms + (loud.lastIndexOf(true) + 1) * 10 - at };
  });
}

/** The end of what was recorded of `track` from one moment until another (Unix, ms), its last second left out. */
async function recorded(server, track, from_ms, to_ms) {
  const path = join(server.data, 'recordings/evening', `${track}.mp4`);
  if (!existsSync(path)) return new Float32Array(0);
  const { chunks, file } = between(readFileSync(path), from_ms, to_ms);
  return chunks ? (await decode(file)).subarray(0, -RATE) : new Float32Array(0);
}

/** The last `PART_S` of these samples in which the voice is the one of `said`, and how like it is; else what came closest. */
function lastSaying(samples, said) {
  let best = { similarity: -1, part: new Float32Array(0) };
  for (let end = samples.length; end >= PART_S * RATE && best.similarity < SURELY; end -= RATE) {
    const part = samples.subarray(end - PART_S * RATE, end);
    // Muted there: nothing to compare.
    if (dbfs(part) < SILENCE_DBFS) continue;
    const { similarity } = match(part, said);
    if (similarity > best.similarity) best = { similarity, part };
  }
  return best;
}

test('an evening: green room, stage, broadcast, a killed server, the end, the replay', async (t) => {
  const mics = await speech();
  const said = { host: await decodeWav(mics.host), guest: await decodeWav(mics.guest) };
  const server = new Server(t, { args: ['--log', 'info,stentor_event=debug'] });
  const links = await server.create({ slug: 'evening', title: 'An evening of talk', host: 'Ada' });
  await server.start();
  const [host, guest, chromium] = await Promise.all([
    enter(t, links.host, mics.host),
    enter(t, links.guest, mics.guest),
    browser(t),
  ]);
  const listener = await open(chromium, links.listener);
  const step = story(t);
  /** When the server was killed and was back, Unix ms. */
  const killed = { at: 0, back: 0 };

  await step('before the event the listener is told that it has not begun', async () => {
    await says(listener, 'It hasn’t started yet.');
    await listener.getByRole('button', { name: 'Listen' }).click();
    await says(listener, 'All set: the sound will start by itself.');
  });

  await step('the host goes on stage and brings the guest on', async () => {
    await goOnStage(host);
    await bringOnStage(host, 'Guest');
    await onStage(guest);
    await Promise.all([unmute(host), unmute(guest)]);
  });

  await step('the listener hears the start without another touch', async () => {
    await startEvent(host);
    await says(listener, 'You are listening live.');
    await heardAgain(listener, 'the programme in the listener’s page');
  });

  await step('the sound that went in comes out: the host’s', async () => {
    await mute(guest);
    await playsOnly(t, listener, 'the host alone', { like: said.host, unlike: said.guest });
  });

  await step('the sound that went in comes out: the guest’s', async () => {
    await unmute(guest);
    await mute(host);
    await playsOnly(t, listener, 'the guest alone', { like: said.guest, unlike: said.host });
    await unmute(host);
  });

  await step('host and guest hear each other and never themselves', async () => {
    await until('each hears the other alone', async () => {
      const [atHost, atGuest] = await Promise.all([hear(host, 6), hear(guest, 6)]);
      const like = {
        hostHearsGuest: match(atHost, said.guest).similarity,
        hostHearsHost: match(atHost, said.host).similarity,
        guestHearsHost: match(atGuest, said.host).similarity,
        guestHearsGuest: match(atGuest, said.guest).similarity,
      };
      const heard = like.hostHearsGuest > LIKE && like.guestHearsHost > LIKE;
      const itself = like.hostHearsHost >= LIKE_NOT || like.guestHearsGuest >= LIKE_NOT;
      if (!heard || itself) throw new Error(JSON.stringify(like));
      t.diagnostic(JSON.stringify(like));
      return true;
    }, { ms: 3 * DEADLINE_MS });
  });

  await step('mute silences within 300 ms, whoever presses it', async () => {
    for (const [by, other, ears, press, undo] of [
      // The host mutes the guest: the mixer does it. Only the guest can undo it.
      ['the host', host, host, () => host.getByRole('button', { name: 'Mute: Guest' }).click(), () => unmute(guest)],
      ['the one who speaks', guest, guest, () => mute(host), () => unmute(host)],
    ]) {
      await mute(other);
      const { ms } = await muteTakes(server, press, undo);
      t.diagnostic(`by ${by}: the programme was silent ${ms.toFixed(0)} ms after the command`);
      assert.ok(ms <= MUTE_MS, `by ${by}: ${ms} ms`);
      await until('nothing is heard', async () => dbfs(await hear(ears, 1)) < SILENCE_DBFS);
      await unmute(other);
      await undo();
      await heardAgain(ears, 'heard again after unmuting');
    }
  });

  await step('a host who reloads comes back into the same place, muted as before', async () => {
    await mute(host);
    await host.reload();
    await onStage(host);
    await host.locator('.mute.muted').waitFor();
    assert.equal(await host.getByRole('button', { name: 'End the event' }).count(), 1, 'still the host');
    await unmute(host);
    await host.reload();
    await onStage(host);
    await host.locator('.mute.live').waitFor();
    await heardAgain(guest, 'the guest hears the host after the reload');
  });

  await step('a server that was killed is heard again by itself, with the same links', async () => {
    await server.kill9();
    killed.at = Date.now();
    await says(listener, /Connection lost|The server isn’t answering/);
    killed.back = Date.now();
    await server.start();
    const since = Date.now();
    await Promise.all([
      heardAgain(listener, 'the listener hears again'),
      heardAgain(guest, 'the guest hears the host again'),
      heardAgain(host, 'the host hears the guest again'),
    ]);
    t.diagnostic(`heard again ${Date.now() - since} ms after the server was back`);
    await says(listener, 'You are listening live.');
    await Promise.all([host.locator('.mute.live').waitFor(), guest.locator('.mute.live').waitFor()]);
    await until('the guest’s second half is on disk', async () => (await recorded(server, 'speaker-2', killed.back, Date.now())).length > PART_S * RATE, { every: 500 });
    await mute(guest);
    await playsOnly(t, listener, 'the host again', { like: said.host });
    const fresh = await open(chromium, links.listener);
    await says(fresh, 'It’s live. Press to listen.');
    await fresh.context().close();
  });

  await step('after the end the same address plays the replay, with seek', async () => {
    await endEvent(host);
    await says(listener, 'It’s over. You can listen to all of it again.');
    await listener.getByRole('button', { name: 'Listen again' }).click();
    await until('the replay plays', () => listener.evaluate(() => document.querySelector('#audio').currentTime > 0.5));
    const length = await listener.evaluate(() => document.querySelector('#audio').duration);
    assert.ok(length > 30, `the replay lasts ${length} s`);
    const sought = listener.evaluate(() => new Promise((done) => document.querySelector('#audio').addEventListener('seeked', ({ target }) => done(target.currentTime), { once: true })));
    await listener.getByRole('slider', { name: 'Position' }).fill(String(Math.floor(length - 15)));
    const at = await sought;
    assert.ok(at > length - 16.5, `from there: ${at} s of ${length} s`);
    await playsOn(listener, 0.5);
    assert.ok(dbfs(await hear(listener, 2)) > SPEECH_DBFS, 'speech is heard in the replay');
    const replay = Buffer.from(await (await fetch(server.path('evening', '/replay.mp4'))).arrayBuffer());
    const samples = await decode(replay);
    assert.ok(Math.abs(samples.length / 16_000 - length) < 1, `decodes whole: ${samples.length / 16_000} s of ${length} s`);
    const part = await fetch(server.path('evening', '/replay.mp4'), { headers: { range: 'bytes=100-199' } });
    assert.equal(part.status, 206);
    assert.deepEqual(Buffer.from(await part.arrayBuffer()), replay.subarray(100, 200));
  });

  await step('each speaker was recorded alone, and the programme whole, before and after the kill', async () => {
    const now = Date.now();
    const halves = { before: [0, killed.at], after: [killed.back, now] };
    for (const [half, [from, to]] of Object.entries(halves)) {
      const [ofHost, ofGuest, programme] = await Promise.all(['speaker-1', 'speaker-2', 'programme'].map((track) => recorded(server, track, from, to)));
      const host = lastSaying(ofHost, said.host);
      const guest = lastSaying(ofGuest, said.guest);
      const like = {
        host: host.similarity,
        hostHasGuest: match(host.part, said.guest).similarity,
        guest: guest.similarity,
        guestHasHost: match(guest.part, said.host).similarity,
        programme: lastSaying(programme, said.host).similarity,
      };
      t.diagnostic(`recorded ${half} the kill: ${JSON.stringify(like, (_, value) => (typeof value === 'number' ? +value.toFixed(2) : value))}`);
      assert.ok(Math.min(like.host, like.guest, like.programme) > LIKE, `${half}: ${JSON.stringify(like)}`);
      assert.ok(Math.max(like.hostHasGuest, like.guestHasHost) < LIKE_NOT, `${half}: nobody else is in it: ${JSON.stringify(like)}`);
    }
    // What goes missing is what was on its way to the disk, and the time without a server.
    const first = await recorded(server, 'programme', 0, killed.at);
    assert.ok(first.length > 20 * RATE, `${first.length / RATE} s before the kill`);
    const whole = await decode(Buffer.from(await (await fetch(server.path('evening', '/replay.mp4'))).arrayBuffer()));
    const second = await recorded(server, 'programme', killed.back, now);
    assert.ok(Math.abs(whole.length - first.length - second.length) < 3 * RATE, `the replay has ${whole.length / RATE} s of ${(first.length + second.length) / RATE}`);
  });

  await step('no stage page asked for the broadcast: it would be heard a second late and defeat the echo canceller', () => {
    for (const page of [host, guest]) {
      assert.ok(page.asked.some((path) => path.endsWith('/whip')), 'requests are seen');
      assert.deepEqual(page.asked.filter((path) => path.startsWith('/e/')), []);
    }
  });

  await step('no page complained', () => {
    const network = /Failed to load resource|WebSocket connection|ERR_|net::/;
    const all = [host, guest, listener].flatMap((page) => page.complaints).filter((line) => !network.test(line));
    assert.deepEqual(all, []);
  });
});
