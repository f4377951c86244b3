// The listener's page: one address before, during and after. This file joins the parts and owns the model.

import { jittered } from '../shared/backoff.ts';
import { type Delta, type Status, isFull, isLive, isOver, merge, parseNotice, settled } from '../shared/status.ts';
import { AT_REST } from './notices.ts';
import { $, type Model, Page } from './page.ts';
import { type Link, Player } from './player.ts';
import { type Lang } from '../shared/messages.ts';
import { type Words, fetchWords } from '../shared/words.ts';
import { type Host } from '../more/host.ts';

/** Pace of the status poll where the server names none (Cache-Control: max-age), and its bounds, seconds. */
const POLL_S = 7;
const POLL_MIN_S = 2;
const POLL_MAX_S = 60;
const ANSWER_MS = 8_000;
/** A first state older than this was cached, or one of the clocks is wrong: ask at once. */
const STALE_MS = 10_000;
/** A page that is older than this has lived through the end of the event together with the whole crowd. */
const OPENED_MS = 5_000;
/** Over this time the crowd asks how long the replay is; who presses play asks at once. */
const REPLAY_SPREAD_MS = 30_000;
/** Polls that may fail before the page says that the server is silent. */
const UNANSWERED_MAX = 2;

/** A page in another language than its reader's waits so long for the other words before it shows its own. */
const WORDS_MS = 3_000;

const root = document.documentElement;
const base = root.dataset['base']!;
const chosen = root.lang as Lang;
const own = (root.dataset['own'] ?? chosen) as Lang;
/** The languages whose words are here: the page carries those of its own. */
const spoken: { [lang in Lang]?: Words } = { [own]: JSON.parse($('words').textContent!) };
/** The one that was asked for last, while its words are fetched. */
let asked = own;
const audio = $<HTMLAudioElement>('audio');
const page = new Page(own, spoken[own]!);
const first = parseNotice($('state').textContent ?? '') as Status;

const model: Model = {
  status: first,
  link: 'idle',
  cadence: AT_REST,
  wanted: false,
  asksAt: 0,
  unanswered: false,
  skew: 0,
  replay: { playing: false, at: 0, length: 0 },
};
let pace = POLL_S;
let missed = 0;
let pollTimer = 0;

/** What was fetched after the page, once it is here. */
let follow = (): void => {};

const player = new Player(audio, base, {
  refresh,
  notice: apply,
  link(link: Link) {
    model.link = link;
    render();
    schedulePoll();
  },
  stopped: stop,
});

async function refresh(): Promise<Status | null> {
  try {
    const signal = AbortSignal.timeout?.(ANSWER_MS) ?? null;
    const response = await fetch(`${base}/status.json`, { signal });
    const status = parseNotice(await response.text());
    if (!response.ok || !status || !isFull(status)) throw new Error('no status');
    const age = /max-age=(\d+)/.exec(response.headers.get('cache-control') ?? '');
    pace = age ? Math.min(POLL_MAX_S, Math.max(POLL_MIN_S, Number(age[1]))) : POLL_S;
    model.skew = status.now - Date.now();
    missed = 0;
    return status;
  } catch {
    missed++;
    return null;
  } finally {
    model.unanswered = missed >= UNANSWERED_MAX;
    render();
  }
}

function apply(notice: Status | Delta): void {
  const before = model.status;
  model.status = merge(before, notice);
  if (model.status.phase !== before.phase || model.status.replay !== before.replay) turn(before);
  render();
}

/** The event has moved on: the lobby becomes the programme, the programme becomes the replay. */
function turn(before: Status): void {
  const { phase, replay } = model.status;
  const over = isOver(phase);
  if (over && !isOver(before.phase)) {
    model.wanted = false;
    player.stop();
  }
  if (over && replay) offerReplay();
  if (before.replay && !replay) audio.removeAttribute('src');
  if (over) lent = false;
  if (isLive(phase) && model.wanted) player.go();
  schedulePoll();
}

/** The replay's length is fetched now by who opens the page, and not by all at once where an event has just ended. */
function offerReplay(): void {
  const hadBegun = performance.now() > OPENED_MS;
  audio.preload = hadBegun ? 'none' : 'metadata';
  audio.src = `${base}/replay.mp4`;
  if (hadBegun) setTimeout(() => (audio.preload = 'metadata'), Math.random() * REPLAY_SPREAD_MS);
}

function start(): void {
  const { phase } = model.status;
  if (lent) return replay();
  if (isOver(phase)) return replay();
  model.wanted = true;
  player.arm();
  if (isLive(phase)) player.go();
  render();
}

function replay(): void {
  if (audio.error) {
    const at = audio.currentTime;
    audio.load();
    audio.currentTime = at;
  }
  audio.play().catch(() => {}); // the button goes on showing that it is not playing
}

/** Something that was said before plays: the button pauses that, and the page asks how things are. */
let lent = false;

function stop(): void {
  if (lent) return audio.pause();
  if (isOver(model.status.phase)) return audio.pause();
  model.wanted = false;
  player.stop();
  render();
}

const active = () => (lent || isOver(model.status.phase) ? !audio.paused : model.wanted);
const toggle = () => (active() ? stop() : start());

/** While notices ride in-band, nobody asks; a page nobody looks at or listens to does not either. */
function schedulePoll(): void {
  clearTimeout(pollTimer);
  if (player.carriesNotices || settled(model.status) || (document.hidden && !model.wanted && !lent)) return;
  pollTimer = window.setTimeout(poll, jittered(pace * 1000));
}

async function poll(): Promise<void> {
  const status = await refresh();
  if (status && !player.carriesNotices) apply(status);
  schedulePoll();
}

function render(): void {
  const over = isOver(model.status.phase);
  model.cadence = player.cadence;
  model.asksAt = player.asksAt;
  model.replay = { playing: over && !audio.paused, at: audio.currentTime, length: audio.duration || 0 };
  page.render(model);
  follow();
}

const seek = (to: number) => {
  if (isOver(model.status.phase)) audio.currentTime = Math.max(0, Math.min(to, audio.duration || 0));
};
$('go').addEventListener('click', toggle);
/** Speaks that language once its words are here; until then, and if they do not come, what it spoke before. */
async function translate(lang: Lang): Promise<void> {
  asked = lang;
  spoken[lang] ??= await fetchWords(EMBED ? 'embed' : 'listen', lang);
  if (asked === lang) speak(lang);
}

function speak(lang: Lang): void {
  root.lang = lang;
  delete root.dataset['own'];
  for (const link of $('langs').children) link.setAttribute('aria-current', `${(link as HTMLElement).lang === lang}`);
  page.speak(lang, spoken[lang]!);
  render();
}

$('seek').addEventListener('input', (e) => seek(Number((e.target as HTMLInputElement).value)));
for (const name of ['play', 'pause', 'durationchange']) audio.addEventListener(name, render);
for (const name of ['online', 'offline', 'pageshow']) addEventListener(name, back);
document.addEventListener('visibilitychange', back);

/** Network back, page restored or looked at again: whatever was waiting tries now. */
function back(): void {
  render();
  player.nudge();
  if (document.hidden || !navigator.onLine) return;
  if (!player.carriesNotices && !settled(model.status)) {
    clearTimeout(pollTimer);
    pollTimer = window.setTimeout(poll, jittered(500));
  }
}

/** The rest of the page: nobody waits for it, and without it one hears as well. */
const MORE = '/assets/more.js';
const host: Host = {
  audio,
  base,
  status: () => model.status,
  lang: () => root.lang as Lang,
  skew: () => model.skew,
  active,
  start,
  stop,
  lend: () => {
    lent = true;
    model.wanted = false;
    player.stop();
  },
  takeBack: () => {
    lent = false;
    audio.removeAttribute('src');
    start();
  },
  seek,
  translate,
};
const fetchMore = () =>
  import(/* @vite-ignore */ MORE).then(({ attach }: { attach(host: Host): () => void }) => {
    follow = attach(host);
  });
if (!EMBED) addEventListener('load', () => setTimeout(() => void fetchMore().catch(() => {})));

setInterval(render, 1000);
if (isOver(first.phase)) turn({ ...first, phase: 'doors' });
if (Math.abs(first.now - Date.now()) > STALE_MS) void poll();
else {
  model.skew = first.now - Date.now();
  schedulePoll();
}
render();
if (chosen !== own) {
  const its = () => root.dataset['own'] && speak(own);
  setTimeout(its, WORDS_MS);
  translate(chosen).catch(its);
}
