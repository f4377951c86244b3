// Feeds an `<audio>` element from chunks through MediaSource or ManagedMediaSource, and keeps it at the live edge.
//
// It knows nothing of the network: boxes come in, sound and due notices come out. The programme's decode
// times are absolute for the whole life of the event, so whatever arrives after a reconnection lands where it belongs.

import { type Box, type EventMessage, decodeTime, eventMessage, lasts } from './boxes.ts';
import { AT_REST, NoticeQueue, cadence } from './notices.ts';
import { ArrivalGap, decide, targetFor } from './sync.ts';

/** Opus in MP4 as browsers spell it: the registered way (RFC 6381, MP4RA) and, in Safari's MediaSource, the other. */
const SPELLINGS = ['opus', 'Opus'].map((codec) => `audio/mp4; codecs="${codec}"`);
/** Sample clock of the programme, Hz. */
const TIMESCALE = 48_000;
/** Played sound kept behind the playhead, seconds. */
const BEHIND_KEPT_S = 8;
/** Chunks waiting for the SourceBuffer, half a minute; beyond it the oldest go. */
const QUEUE_CHUNKS_MAX = 150;
/** Longest wait for the first burst to be complete. */
const FIRST_WAIT_MS = 600;
/** Bytes that come so often (seconds) need no buffer of their own. */
const AS_IT_IS_MADE_S = 0.5;
/** A step back in decode time larger than this (seconds) is a new timeline, not a repeated chunk. */
const STEP_BACK_S = 60;

type Source = typeof MediaSource;

/** What plays our sound, and the name that it knows it by. */
function supported(): [source: Source, type: string] | undefined {
  const w = globalThis as { MediaSource?: Source; ManagedMediaSource?: Source };
  // Plain MediaSource first: it never evicts what we have not played yet.
  for (const source of [w.MediaSource, w.ManagedMediaSource])
    for (const type of SPELLINGS) if (source?.isTypeSupported(type)) return [source, type];
  return undefined;
}

export const mseSupported = (): boolean => !!supported();

function joined(parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

export class MseFeed {
  readonly notices = new NoticeQueue();
  private media!: MediaSource;
  private buffer: SourceBuffer | null = null;
  private queue: Uint8Array[] = [];
  private head: Uint8Array[] = [];
  private messages: EventMessage[] = [];
  private moof: Uint8Array | null = null;
  /** Decode time of the first chunk: zero of the element's clock. */
  private base: number | null = null;
  /** Where the sound we hold ends. */
  private ends = -1;
  private anchored = false;
  private firstDataAt = 0;
  /** As the server last said. */
  cadence = AT_REST;
  private gap = new ArrivalGap();
  private chunkS = 0;
  private target = targetFor(0);
  private most = 0;

  constructor(private readonly audio: HTMLAudioElement) {
    this.open();
  }

  /** Starts over with an empty MediaSource on the same element. */
  open(): void {
    this.close();
    const [source, type] = supported()!;
    this.media = new source();
    this.queue = [];
    this.base = null;
    this.ends = -1;
    this.anchored = false;
    this.most = 0;
    this.firstDataAt = 0;
    this.notices.clear();
    const media = this.media;
    media.addEventListener('sourceopen', () => {
      if (this.media !== media) return;
      this.buffer = media.addSourceBuffer(type);
      this.buffer.addEventListener('updateend', () => this.pump());
      this.pump();
    });
    // ManagedMediaSource opens only where no remote playback is possible (W3C MSE §10.1).
    this.audio.disableRemotePlayback = true;
    this.audio.src = URL.createObjectURL(media);
  }

  close(): void {
    this.buffer = null;
    if (this.audio.src) {
      URL.revokeObjectURL(this.audio.src);
      this.audio.removeAttribute('src');
      this.audio.load();
    }
  }

  /** A new response begins, in chunks of `chunkS`: its first bytes are a burst, which says nothing about the cadence. */
  connected(chunkS: number): void {
    this.chunkS = chunkS;
    this.cadence = AT_REST;
    this.target = Math.max(this.target, targetFor(chunkS));
    this.gap.restart();
    this.messages = [];
    this.moof = null;
  }

  arrived(nowS: number): void {
    this.aim(this.gap.arrived(nowS));
  }

  /** What to hold: what came teaches, and what was announced before it comes. */
  private aim(gap: number): void {
    const { flush, hold } = this.cadence;
    // Where sound comes as it is made, what is measured decides.
    this.target = Math.max(targetFor(Math.max(this.chunkS, gap)), flush > AS_IT_IS_MADE_S ? hold : 0);
  }

  push({ type, bytes }: Box): void {
    if (type === 'ftyp') this.head = [bytes];
    else if (type === 'moov') this.enqueue(joined([...this.head, bytes]));
    else if (type === 'emsg') {
      const message = eventMessage(bytes);
      const told = message && cadence(message);
      if (told) {
        this.cadence = told;
        this.aim(0);
      } else if (message) this.messages.push(message);
    } else if (type === 'moof') this.begin(bytes);
    else if (type === 'mdat' && this.moof) {
      this.enqueue(joined([this.moof, bytes]));
      this.moof = null;
    }
  }

  private begin(moof: Uint8Array): void {
    const time = decodeTime(moof);
    const messages = this.messages;
    this.messages = [];
    if (time === null) return;
    const end = time + lasts(moof);
    // A longer chunk of another rendition may begin with what we hold and go on: it replaces that.
    if (end <= this.ends) {
      if (this.ends - end < STEP_BACK_S * TIMESCALE) return; // a chunk of the burst that we already hold
      throw new Error('the timeline has begun again');
    }
    this.base ??= time;
    this.ends = end;
    this.moof = moof;
    for (const m of messages) this.notices.add(m, time / TIMESCALE);
  }

  private enqueue(bytes: Uint8Array): void {
    this.queue.push(bytes);
    if (this.queue.length > QUEUE_CHUNKS_MAX) this.queue.splice(1, 1);
    this.pump();
  }

  private pump(): void {
    const b = this.buffer;
    if (!b || b.updating || !this.queue.length || this.base === null || this.media.readyState !== 'open') return;
    const bytes = joined(this.queue);
    try {
      if (!this.firstDataAt) {
        b.timestampOffset = -this.base / TIMESCALE;
        this.firstDataAt = performance.now();
      }
      b.appendBuffer(bytes);
      this.queue = [];
    } catch (error) {
      if ((error as Error).name !== 'QuotaExceededError') throw error;
      this.trim(1);
    }
  }

  private trim(kept: number): void {
    const b = this.buffer;
    if (!b || b.updating || !b.buffered.length) return;
    const until = this.audio.currentTime - kept;
    if (b.buffered.start(0) < until - BEHIND_KEPT_S) b.remove(0, until);
  }

  /** Media time being heard, in seconds of the event's timeline. */
  private get heard(): number {
    return this.audio.currentTime + (this.base ?? 0) / TIMESCALE;
  }

  /** Called a few times a second while sound is wanted. Returns the notices now due. */
  tick(): ReturnType<NoticeQueue['due']> {
    const b = this.buffer;
    if (!b || !b.buffered.length) return [];
    this.pump();
    const ranges: [number, number][] = [];
    for (let i = 0; i < b.buffered.length; i++) ranges.push([b.buffered.start(i), b.buffered.end(i)]);
    const [start, end] = ranges[ranges.length - 1]!;
    if (!this.anchored) {
      // The burst may fall a little short of the target; sound now is worth more than the rest of it.
      if (end - start < this.target - 0.15 && performance.now() - this.firstDataAt < FIRST_WAIT_MS) return [];
      this.anchored = true;
      this.seek(Math.max(start, end - this.target));
    }
    const { currentTime: position, playbackRate: rate } = this.audio;
    const since = this.gap.since(performance.now() / 1000, this.cadence.flush);
    // A target that has become smaller is reached by playing faster: what was held rightly is no reason to jump.
    this.most = Math.max(this.target, Math.min(this.most, end - position + since));
    const d = decide({ position, ranges, target: this.target, most: this.most, rate, since });
    if (d.seek !== undefined) this.seek(d.seek);
    if (rate !== d.rate) this.audio.playbackRate = d.rate;
    this.trim(BEHIND_KEPT_S);
    return this.notices.due(this.heard + 0.05);
  }

  private seek(to: number): void {
    if (Math.abs(this.audio.currentTime - to) > 0.02) this.audio.currentTime = to;
  }
}
