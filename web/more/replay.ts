// The replay as one likes it: back and forward, faster, from chapter to chapter, and on from where one was.

import { keep, kept } from '../shared/kept.ts';
import { isOver } from '../shared/status.ts';
import { clock } from '../shared/time.ts';
import { type MoreSay } from './main.ts';
import { type Host, button, section } from './host.ts';
import { BACK_S, FORWARD_S } from './lock-screen.ts';

const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
/** Where one was is kept so often, ms, and not where it would be the beginning or the end, seconds. */
const KEEP_MS = 5_000;
const EDGE_S = 10;

export class Replay {
  private readonly key: string;
  private keptAt = 0;
  private resumed = false;
  private asked = false;
  private list = document.createElement('ol');
  private controls: HTMLElement | undefined;

  constructor(private readonly host: Host) {
    this.key = `stentor-at-${host.base.slice(3)}`;
    host.audio.addEventListener('timeupdate', () => this.remember());
    host.audio.addEventListener('loadedmetadata', () => this.resume());
  }

  private get on(): boolean {
    const { phase, replay } = this.host.status();
    return isOver(phase) && !!replay;
  }

  draw(say: MoreSay): HTMLElement {
    const { audio, seek } = this.host;
    const speed = document.createElement('select');
    speed.setAttribute('aria-label', say('more-speed'));
    for (const rate of SPEEDS) speed.append(new Option(`${rate.toLocaleString(document.documentElement.lang)}×`, String(rate), rate === 1, rate === audio.playbackRate));
    speed.addEventListener('change', () => (audio.playbackRate = audio.defaultPlaybackRate = Number(speed.value)));
    this.list = document.createElement('ol');
    this.list.setAttribute('aria-label', say('more-chapters'));
    this.asked = false;
    this.controls = section(
      button(say('more-back', { seconds: BACK_S }), () => seek(audio.currentTime - BACK_S)),
      button(say('more-forward', { seconds: FORWARD_S }), () => seek(audio.currentTime + FORWARD_S)),
      speed,
      this.list,
    );
    this.controls.id = 'replay-tools';
    return this.controls;
  }

  follow(): void {
    if (this.controls) this.controls.hidden = !this.on;
    if (!this.on || this.asked) return;
    this.asked = true;
    void this.chapters();
    if (this.host.audio.readyState > 0) this.resume();
  }

  private async chapters(): Promise<void> {
    const response = await fetch(`${this.host.base}/chapters.json`).catch(() => undefined);
    const { chapters = [] } = ((response?.ok && (await response.json().catch(() => ({})))) || {}) as { chapters?: { startTime: number; title: string }[] };
    this.list.replaceChildren(
      ...chapters.map(({ startTime, title }) => {
        const li = document.createElement('li');
        li.append(
          button(`${clock(startTime)} ${title}`, () => {
            this.host.seek(startTime);
            this.host.start();
          }),
        );
        return li;
      }),
    );
  }

  private remember(): void {
    const { currentTime, duration } = this.host.audio;
    if (!this.on || !this.resumed || Date.now() - this.keptAt < KEEP_MS) return;
    this.keptAt = Date.now();
    keep(this.key, currentTime > EDGE_S && currentTime < duration - EDGE_S ? String(Math.floor(currentTime)) : '0');
  }

  private resume(): void {
    if (!this.on || this.resumed) return;
    this.resumed = true;
    const at = Number(kept(this.key));
    if (at > 0 && this.host.audio.currentTime < 1) this.host.seek(at);
  }
}
