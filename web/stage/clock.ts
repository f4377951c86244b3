// How long on air: it ticks by itself, so that the page is not rendered every second.

import { clock } from '../shared/time.ts';

export class Clock extends HTMLElement {
  /** ms since 1970; null for nothing to show. */
  since: number | null = null;
  private timer = 0;

  connectedCallback(): void {
    this.timer = window.setInterval(() => this.draw(), 250);
    this.draw();
  }

  disconnectedCallback(): void {
    clearInterval(this.timer);
  }

  private draw(): void {
    const text = this.since === null ? '' : clock((Date.now() - this.since) / 1000);
    if (this.textContent !== text) this.textContent = text;
  }
}

customElements.define('stentor-clock', Clock);
