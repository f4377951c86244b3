// Going back while it is live: pieces of the recording, played through a media source of their own; the live sound waits, and is there again
// with one touch. What is fetched in which order: the server's `programme::past`.

import { clock } from '../shared/time.ts';
import { isLive } from '../shared/status.ts';
import { type MoreSay } from './main.ts';
import { type Host, button, section } from './host.ts';

interface Index {
  recorded: boolean;
  epoch_unix_ms: number;
  piece_ms: number;
  segment_ms: number;
  /** From and to, in milliseconds since the timeline began. */
  spans: [number, number][];
}

const TYPE = 'audio/mp4; codecs="opus"';
/** Heard ahead of, seconds; and kept behind. */
const AHEAD_S = 45;
const BEHIND_S = 60;
/** So long after something has begun a first piece of it is there, ms. */
const YOUNG_MS = 35_000;
/** No event takes so long, seconds. */
const END_S = 1_000_000;
/** A piece that is not there yet is asked for again so often, ms. */
const AGAIN_MS = 2_000;
/** What one press goes back, ms. */
const STEP_MS = 60_000;

export class Rewind {
  private index: Index | undefined;
  private run = 0;
  private box: HTMLElement | undefined;
  private bar = document.createElement('input');
  private shown = document.createElement('span');
  private live: HTMLButtonElement | undefined;

  constructor(private readonly host: Host) {}

  /** Something that was said before plays. */
  get on(): boolean {
    return this.run > 0;
  }

  draw(say: MoreSay): HTMLElement {
    const bar = (this.bar = Object.assign(document.createElement('input'), { type: 'range', id: 'past', min: '0', step: '1' }));
    bar.setAttribute('aria-label', say('more-rewind'));
    bar.addEventListener('change', () => void this.go(() => this.first + Number(bar.value) * 1000));
    this.shown = document.createElement('span');
    const back = button(say('more-rewind-back'), () => void this.go(() => (this.on ? this.at : this.now) - STEP_MS));
    this.live = button(say('more-live'), () => this.leave());
    this.live.className = 'key';
    this.box = section(back, bar, this.shown, this.live);
    this.box.id = 'rewind';
    return this.box;
  }

  private get first(): number {
    return this.index?.spans[0]?.[0] ?? 0;
  }

  /** Now on the timeline, ms. */
  private get now(): number {
    return Date.now() + this.host.skew() - (this.index?.epoch_unix_ms ?? 0);
  }

  private get at(): number {
    return this.host.audio.currentTime * 1000;
  }

  follow(): void {
    const { phase } = this.host.status();
    // An event that has just begun has nothing to go back to.
    const young = this.host.status().since + YOUNG_MS > Date.now() + this.host.skew();
    const possible = !young && isLive(phase) && phase !== 'doors' && 'MediaSource' in window && MediaSource.isTypeSupported(TYPE);
    if (!isLive(phase) && this.on) this.leave();
    if (!this.box) return;
    this.box.hidden = !possible && !this.on;
    // Where one can go is asked for by who goes: it costs the others nothing.
    this.bar.hidden = !this.index?.spans.length;
    this.bar.max = String(Math.max(1, Math.floor((this.now - this.first) / 1000)));
    if (document.activeElement !== this.bar || !this.bar.matches(':active')) this.bar.value = this.on ? String((this.at - this.first) / 1000) : this.bar.max;
    this.shown.textContent = this.on ? `−${clock((this.now - this.at) / 1000)}` : '';
    this.bar.setAttribute('aria-valuetext', this.shown.textContent);
    this.live!.hidden = !this.on;
  }

  private async ask(): Promise<void> {
    const response = await fetch(`${this.host.base}/past/index.json`).catch(() => undefined);
    if (response?.ok) this.index = (await response.json()) as Index;
    this.follow();
  }

  private leave(): void {
    if (!this.on) return;
    this.run = 0;
    this.host.takeBack();
    this.follow();
  }

  /** To a moment, which is asked for once it is known where the timeline begins. */
  private async go(moment: () => number): Promise<void> {
    await this.ask();
    if (!this.index) return;
    const from = this.nearest(this.index, moment());
    if (!this.on) this.host.lend();
    const run = (this.run = Date.now());
    const source = new MediaSource();
    const { audio } = this.host;
    audio.src = URL.createObjectURL(source);
    await new Promise((open) => source.addEventListener('sourceopen', open, { once: true }));
    URL.revokeObjectURL(audio.src);
    try {
      await this.feed(source, source.addSourceBuffer(TYPE), from, () => this.run === run);
    } catch {
      // Another moment was chosen, or the sound is not to be had: live is.
      if (this.run === run) this.leave();
    }
  }

  /** Where what is wanted can be heard, or what comes next after it. */
  private nearest({ spans, epoch_unix_ms, segment_ms }: Index, wanted: number): number {
    const span = spans.find(([, to]) => to > wanted);
    if (span) return Math.max(wanted, span[0]);
    // Newer than any piece, of which an event that has just begun has none: the segments of the last minute are there.
    const recorded = spans[spans.length - 1]?.[1] ?? this.host.status().since - epoch_unix_ms;
    return Math.ceil(Math.max(wanted, recorded, this.now - STEP_MS) / segment_ms) * segment_ms;
  }

  private async feed(source: MediaSource, buffer: SourceBuffer, from: number, wanted: () => boolean): Promise<void> {
    const { base, audio } = this.host;
    await append(buffer, (await get(`${base}/past/init.mp4`))!);
    // Without an end one can only go to where something is already.
    source.duration = from / 1000 + END_S;
    audio.currentTime = from / 1000;
    void audio.play().catch(() => {});
    let at = from;
    while (wanted()) {
      if (at / 1000 - audio.currentTime > AHEAD_S) {
        await sleep(1_000);
        continue;
      }
      const { index } = this;
      if (!index) return;
      const recorded = at < (index.spans[index.spans.length - 1]?.[1] ?? 0);
      const step = recorded ? index.piece_ms : index.segment_ms;
      const number = Math.floor(at / step);
      const bytes = await get(recorded ? `${base}/past/${number}.m4s` : `${base}/48/hls/${number}.m4s`);
      if (!wanted()) return;
      if (bytes) await append(buffer, bytes);
      else if (!recorded) {
        // Not there yet, or in a piece by now.
        await sleep(AGAIN_MS);
        await this.ask();
        if (this.now - at < 60_000) continue;
      }
      at = (number + 1) * step;
      const next = index.spans.find(([, ends]) => ends > at);
      if (next && next[0] > at) {
        at = next[0];
        if (audio.currentTime * 1000 < at) audio.currentTime = at / 1000;
      }
      const old = audio.currentTime - BEHIND_S;
      if (buffer.buffered.length && buffer.buffered.start(0) < old - BEHIND_S) await done(buffer, () => buffer.remove(0, old));
    }
  }
}

const sleep = (ms: number) => new Promise((over) => setTimeout(over, ms));

async function get(url: string): Promise<ArrayBuffer | undefined> {
  const response = await fetch(url);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.arrayBuffer();
}

const append = (buffer: SourceBuffer, bytes: ArrayBuffer) => done(buffer, () => buffer.appendBuffer(bytes));

function done(buffer: SourceBuffer, act: () => void): Promise<void> {
  return new Promise((over, failed) => {
    buffer.addEventListener('updateend', () => over(), { once: true });
    buffer.addEventListener('error', failed, { once: true });
    act();
  });
}
