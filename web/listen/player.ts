// Live sound: one endless response, played, watched, and fetched again whenever it breaks, for ever.
//
// Engines in order of preference: MediaSource from the direct face, the browser's own HLS, Ogg. One that
// receives data and still never moves its playhead is given up for the next: support is probed by
// playing, not by asking the browser's name. It decides nothing about the event; the page does.

import { backoff, jittered } from '../shared/backoff.ts';
import { AT_REST, CROWD_RUNG, type Cadence } from './notices.ts';
import { type Delta, type Status, isLive } from '../shared/status.ts';
import { BoxSplitter } from './boxes.ts';
import { MseFeed, mseSupported } from './mse.ts';

export type Link = 'idle' | 'connecting' | 'playing' | 'stalled' | 'reconnecting' | 'gone' | 'full' | 'leaving' | 'offline';

/** No progress for this long and the connection is given up. */
const STUCK_MS = 5_000;
const STALL_SHOWN_MS = 900;
const TICK_MS = 200;
/** Renditions (`stentor_media::rendition`): kbit/s and seconds a chunk. A slow network is given the next one. */
const RENDITIONS: [kbps: number, chunkS: number][] = [[48, 0.2], [24, 0.4], [12, 1.2]];
/** Stalls within this time that ask for a smaller rendition; as long without one asks for a larger. */
const STALLS_MAX = 3;
const STALLS_MS = 60_000;
const CALM_MS = 300_000;
/** A server that asks for no more patience than this (seconds) is not full: it makes what was asked for. */
const SOON_S = 2;
/** Connections with data but no sound after which an engine is given up. */
const SILENT_TRIES_MAX = 2;

/** Between the first two looks for another server while ours still sends. */
const ELSEWHERE_MS = 2_000;

type Reader = ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));

export interface Hooks {
  /** Fresh status from the server, not yet applied; null when it does not answer. */
  refresh(): Promise<Status | null>;
  notice(notice: Status | Delta): void;
  link(link: Link): void;
  /** The browser wants a touch first, or the listener paused from outside the page. */
  stopped(): void;
}

type Engine = 'mse' | 'hls' | 'ogg';

/**
 * Two samples of silence as a WAV, 8 bits at 8 kHz: something for `play()` to claim the element with before the programme exists. All of its
 * bytes are ASCII, so that they can stand here as text.
 */
const SILENCE = 'RIFF&\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0@\x1f\0\0@\x1f\0\0\x01\0\b\0data\x02\0\0\0\x7f\x7f';

const silence = () => URL.createObjectURL(new Blob([SILENCE], { type: 'audio/wav' }));

export class Player {
  link: Link = 'idle';
  /** When we ask a full server again, ms of our clock; 0 while that is not waited for. */
  asksAt = 0;
  private readonly engines: Engine[];
  private feed: MseFeed | null = null;
  private wanted = false;
  private running = false;
  private broken: Link = 'reconnecting';
  private attempt = 0;
  private moved = 0;
  private position = -1;
  private everMoved = false;
  private gotData = false;
  private silentTries = 0;
  /** Another rendition is wanted. What we hear goes on until it is there: a server that is full lets nobody in again. */
  private redial = false;
  /** The server takes nobody new: when to ask again, seconds; below 0 where it leaves, and another one answers. */
  private retryS = 0;
  private rendition = 0;
  private stalls: number[] = [];
  private calmSince = 0;
  private connection: AbortController | null = null;
  private wake: () => void = () => {};

  constructor(
    private readonly audio: HTMLAudioElement,
    private readonly base: string,
    private readonly hooks: Hooks,
  ) {
    const hls = !!audio.canPlayType('application/vnd.apple.mpegurl');
    this.engines = [...(mseSupported() ? ['mse' as const] : []), ...(hls ? ['hls' as const] : []), 'ogg'];
    audio.addEventListener('pause', () => {
      // A pause we did not ask for: headphones pulled, another app, the lock screen. The end of the silence that claims the element is none,
      // and a busy browser may have forgotten by now that it was the end.
      const claiming = this.engines[0] !== 'mse' && audio.src.startsWith('blob:');
      if (this.wanted && !claiming && audio.readyState > 0 && !audio.ended && !audio.error) this.hooks.stopped();
    });
    setInterval(() => this.tick(), TICK_MS);
  }

  /** How the server says that it serves us. */
  get cadence(): Cadence {
    return this.feed?.cadence ?? AT_REST;
  }

  /** In-band notices come with the sound only through MediaSource; otherwise the page must ask. */
  get carriesNotices(): boolean {
    return this.engines[0] === 'mse' && this.link === 'playing';
  }

  /** Within the listener's touch: claims the element, so that sound may start later without one. */
  arm(): void {
    this.wanted = true;
    if (this.engines[0] !== 'mse') this.audio.src = silence();
    else if (this.feed) this.feed.open();
    else this.feed = new MseFeed(this.audio);
    this.play();
  }

  /** Connects and stays connected until `stop`. */
  go(): void {
    if (!this.wanted) this.arm();
    if (!this.running) void this.run();
  }

  stop(): void {
    this.wanted = false;
    this.connection?.abort();
    this.wake();
    this.audio.pause();
    this.feed?.close();
    this.feed = null;
    this.show('idle');
  }

  /** The network or the page has changed: do not sit out a wait, nor trust a connection from before. */
  nudge(): void {
    this.wake();
    if (!navigator.onLine || performance.now() - this.moved > 2_000) this.connection?.abort();
  }

  private show(link: Link): void {
    if (link !== this.link) this.hooks.link((this.link = link));
  }

  private play(): void {
    if (this.engines[0] !== 'mse' && !this.audio.getAttribute('src')) return;
    this.audio.play().catch((error: Error) => {
      if (error.name === 'NotAllowedError' && this.wanted) this.hooks.stopped();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    this.show('connecting');
    let failed = 0;
    while (this.wanted) {
      await this.connect();
      if (!this.wanted) break;
      this.judgeEngine();
      const full = this.retryS > SOON_S;
      const leaving = this.retryS < 0;
      this.broken = !navigator.onLine ? 'offline' : full ? 'full' : leaving ? 'leaving' : failed > 1 ? 'gone' : 'reconnecting';
      const wait = full ? jittered(this.retryS * 1000) : backoff(this.attempt++);
      if (full) this.asksAt = Date.now() + wait;
      await this.pause(wait);
      this.asksAt = 0;
      if (!this.wanted) break;
      const status = await this.hooks.refresh();
      failed = status ? 0 : failed + 1;
      if (!status || !this.wanted) continue;
      const live = isLive(status.phase);
      if (!live) await this.drained();
      this.hooks.notice(status);
      if (!live) break;
    }
    this.running = false;
  }

  private pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  /** Resolves when what is buffered has been heard: the end of an event is not cut off. */
  private async drained(): Promise<void> {
    while (this.wanted && performance.now() - this.moved < 3 * TICK_MS) await this.pause(TICK_MS);
  }

  /** An engine that never made a sound is replaced by the next one. */
  private judgeEngine(): void {
    if (this.everMoved || !this.gotData || ++this.silentTries < SILENT_TRIES_MAX || this.engines.length < 2) return;
    this.engines.shift();
    this.silentTries = 0;
    this.feed?.close();
    this.feed = null;
  }

  /** One connection, from request to break. Never throws. */
  private async connect(): Promise<void> {
    const control = (this.connection = new AbortController());
    this.retryS = 0;
    this.moved = performance.now();
    try {
      if (this.engines[0] === 'mse') await this.stream(control.signal);
      else await this.native(control.signal);
    } catch {
      // Broken by the network, the server, our watchdog or the decoder: the answer is the same.
    }
    control.abort();
    this.connection = null;
  }

  private async stream(signal: AbortSignal): Promise<void> {
    if (!this.feed || this.audio.error) {
      this.feed?.close();
      this.feed = new MseFeed(this.audio);
    }
    const feed = this.feed;
    this.redial = false;
    let [kbps, chunkS] = RENDITIONS[this.rendition]!;
    let reader = await this.dial(kbps, signal);
    let splitter = new BoxSplitter();
    let next: Reader | undefined;
    let looking = false;
    feed.connected(chunkS);
    this.play();
    for (;;) {
      // A server that leaves breaks off: then, too, we go on with the next if we have it.
      const { done, value } = await reader.read().catch(() => ({ done: true, value: undefined }));
      if (value) this.take(feed, splitter, value);
      if (next) {
        // The other server sends what this one did, and a little of what we already hold.
        if (!done) void reader.cancel();
        [reader, next, looking, splitter] = [next, undefined, false, new BoxSplitter()];
        feed.connected(chunkS);
      } else if (done) return;
      else if (!looking && (this.redial || feed.cadence.leaves)) {
        looking = true;
        this.redial = false;
        [kbps, chunkS] = RENDITIONS[this.rendition]!;
        void this.elsewhere(kbps, signal, feed.cadence.leaves).then((found) => (next = found));
      }
    }
  }

  private take(feed: MseFeed, splitter: BoxSplitter, bytes: Uint8Array): void {
    this.gotData = true;
    feed.arrived(performance.now() / 1000);
    try {
      for (const box of splitter.push(bytes)) feed.push(box);
    } catch (error) {
      feed.open();
      throw error;
    }
  }

  private async dial(kbps: number, signal: AbortSignal): Promise<Reader> {
    return (await this.ask(`/${kbps}/live.mp4`, 'GET', signal)).body!.getReader();
  }

  private async ask(path: string, method: string, signal: AbortSignal): Promise<Response> {
    const response = await fetch(this.base + path, { method, cache: 'no-store', signal });
    const { headers } = response;
    this.retryS = headers.get('stentor-state') ? -1 : Number(headers.get('retry-after')) || 0;
    if (!response.ok) throw new Error(`stream answered ${response.status}`);
    return response;
  }

  /**
   * Another connection while this one still sends: our server leaves in so many seconds, and not everybody asks at once; or we want
   * another rendition.
   */
  private async elsewhere(kbps: number, signal: AbortSignal, leavesS: number): Promise<Reader | undefined> {
    await sleep(Math.random() * leavesS * 500);
    // Rarer each time: the server that sends to everybody until it leaves must not be asked for it by everybody all the while.
    for (let tries = 0; !signal.aborted; tries++) {
      try {
        return await this.dial(kbps, signal);
      } catch {
        await sleep(jittered(ELSEWHERE_MS * 2 ** Math.min(tries, 3)));
      }
    }
    return undefined;
  }

  private async native(signal: AbortSignal): Promise<void> {
    const hls = this.engines[0] === 'hls';
    const path = hls ? '/index.m3u8' : '/ogg/live.ogg';
    // An element cannot say why it got nothing.
    if (!hls) await this.ask(path, 'HEAD', signal);
    this.gotData = true;
    this.audio.src = `${this.base}${path}?${Date.now() % 1e6}`;
    this.play();
    return new Promise((broken) => {
      signal.addEventListener('abort', () => broken());
      for (const name of ['error', 'ended']) this.audio.addEventListener(name, () => broken(), { signal });
    });
  }

  /** One stall more; too many and the next connection asks for fewer bytes. What is buffered plays on. */
  private burden(now: number): void {
    this.calmSince = now;
    this.stalls = [...this.stalls.filter((at) => now - at < STALLS_MS), now];
    if (this.stalls.length >= STALLS_MAX) this.change(1);
  }

  private relieve(now: number): void {
    if (this.rendition && now - this.calmSince > CALM_MS) this.change(-1);
  }

  private change(by: number): void {
    const to = Math.max(0, Math.min(RENDITIONS.length - 1, this.rendition + by));
    this.stalls = [];
    this.calmSince = performance.now();
    // From this rung on the server decides what is sent.
    if (to === this.rendition || this.engines[0] !== 'mse' || this.cadence.rung >= CROWD_RUNG) return;
    this.rendition = to;
    this.redial = true;
  }

  private tick(): void {
    if (!this.wanted || !this.running) return;
    for (const notice of this.feed?.tick() ?? []) this.hooks.notice(notice);
    if (!this.wanted) return; // a notice may have ended the event
    const now = performance.now();
    const { currentTime } = this.audio;
    if (currentTime !== this.position && !this.audio.paused && !this.audio.seeking) {
      const moving = this.position >= 0 && Math.abs(currentTime - this.position) < 2;
      this.position = currentTime;
      this.moved = now;
      if (moving && this.connection) {
        this.everMoved = true;
        this.attempt = 0;
        this.show('playing');
        this.relieve(now);
      }
      return;
    }
    if (this.audio.paused) this.play();
    const still = now - this.moved;
    if (!this.connection) {
      // Said only once what was buffered has been heard: most breaks are mended before.
      if (still > STALL_SHOWN_MS) this.show(this.broken);
      return;
    }
    if (this.link === 'playing' && still > STALL_SHOWN_MS) {
      this.show('stalled');
      this.burden(now);
    }
    if (still > STUCK_MS) this.connection.abort();
  }
}
