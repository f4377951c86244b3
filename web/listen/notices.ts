// Notices wait here until the listener hears the moment they belong to.

import { type Delta, type Status, parseNotice } from '../shared/status.ts';
import { type EventMessage } from './boxes.ts';

export const SCHEME = 'urn:stentor:notice';
/** Words to this listener alone: how it is served from here on. They belong to no moment of the sound. */
export const CADENCE_SCHEME = 'urn:stentor:cadence';
/** More than a minute of speaking changes. Beyond it the oldest is due anyway. */
export const WAITING_MAX = 256;

/** Why a server sends less (`stentor_core::admission::StepReason`), as far as a listener can tell the difference. */
export type Reason = 'busy' | 'link' | 'blocked' | 'opening' | 'pinned' | 'calm';

/**
 * How this listener is served (docs/design.md §6): as on which rung, how often bytes come, how much sound to hold for that, and, when the
 * server leaves, for how long yet (else 0); seconds.
 */
export interface Cadence {
  rung: number;
  flush: number;
  hold: number;
  leaves: number;
  /** Why it is this rung, in a server's word. */
  why?: string;
}

/** From this rung on everybody's sound is another one, and people are told. */
export const CROWD_RUNG = 2;

/** Served as when nobody else is there: sound comes as it is made. */
export const AT_REST: Cadence = { rung: 0, flush: 0, hold: 0, leaves: 0 };

/** What the server says about the cadence; null for what is none. */
export function cadence({ scheme, payload }: EventMessage): Cadence | null {
  if (scheme !== CADENCE_SCHEME) return null;
  try {
    const { rung, flush_ms, hold_ms, leaves_in_ms = 0, why } = JSON.parse(payload);
    const read = { rung, flush: flush_ms / 1000, hold: hold_ms / 1000, leaves: leaves_in_ms / 1000 };
    return Object.values(read).every((n) => Number.isFinite(n)) ? { ...read, ...(typeof why === 'string' && { why }) } : null;
  } catch {
    return null;
  }
}

export class NoticeQueue {
  private waiting: { at: number; notice: Status | Delta }[] = [];

  /** `chunkTime`: decode time of the chunk that follows, in seconds, for version 0 messages. */
  add(message: EventMessage, chunkTime: number): void {
    if (message.scheme !== SCHEME) return;
    const notice = parseNotice(message.payload);
    if (!notice) return;
    const at = message.time / message.timescale + (message.relative ? chunkTime : 0);
    this.waiting.push({ at, notice });
    if (this.waiting.length > WAITING_MAX) this.waiting.shift();
  }

  /** Notices whose media time (seconds) has been reached, oldest first. */
  due(mediaTime: number): (Status | Delta)[] {
    let n = 0;
    while (n < this.waiting.length && this.waiting[n]!.at <= mediaTime) n++;
    return this.waiting.splice(0, n).map((w) => w.notice);
  }

  clear(): void {
    this.waiting = [];
  }
}
