// A level meter of fifty strokes. It draws itself at its own pace from a reading it is given, so that the page is
// not rendered ten times a second.

import { FLOOR_DBFS } from './mic.ts';

const STROKES = 50;
const FRAME_MS = 50;
/** Fall of the meter per frame, dB: quick to rise, slow to fall, as on a desk. */
const FALL_DB = 2;
const NS = 'http://www.w3.org/2000/svg';

export class Level extends HTMLElement {
  /** The level now, dBFS; null for nothing to show. */
  read: () => number | null = () => null;
  private strokes: SVGElement[] = [];
  private shown = FLOOR_DBFS;
  private lit = -1;
  private timer = 0;

  connectedCallback(): void {
    this.setAttribute('aria-hidden', 'true');
    if (!this.strokes.length) this.build();
    this.timer = window.setInterval(() => this.draw(), FRAME_MS);
  }

  disconnectedCallback(): void {
    clearInterval(this.timer);
  }

  private build(): void {
    const ring = this.hasAttribute('ring');
    const svg = document.createElementNS(NS, 'svg');
    svg.setAttribute('viewBox', ring ? '-200 -200 400 400' : `0 0 ${STROKES * 8} 28`);
    if (!ring) svg.setAttribute('preserveAspectRatio', 'none');
    for (let i = 0; i < STROKES; i++) {
      const line = document.createElementNS(NS, 'path');
      if (ring) {
        // From the bottom up both sides, so that a voice fills the ring like a vessel.
        const angle = ((i >> 1) + 0.5) * (Math.PI / 25) * (i % 2 ? -1 : 1);
        const [x, y] = [Math.sin(angle), Math.cos(angle)];
        const at = (r: number) => `${(x * r).toFixed(1)} ${(y * r).toFixed(1)}`;
        line.setAttribute('d', `M${at(150)}L${at(186)}`);
      } else line.setAttribute('d', `M${i * 8 + 4} 2V26`);
      svg.append(line);
      this.strokes.push(line);
    }
    this.append(svg);
  }

  private draw(): void {
    const level = this.read() ?? FLOOR_DBFS;
    this.shown = Math.max(level, this.shown - FALL_DB);
    const lit = Math.round(Math.min(1, Math.max(0, (this.shown - FLOOR_DBFS) / -FLOOR_DBFS)) * STROKES);
    if (lit === this.lit) return;
    this.lit = lit;
    this.strokes.forEach((s, i) => s.classList.toggle('lit', i < lit));
  }
}

customElements.define('stentor-level', Level);
