// Where live playback should be: the decision, as plain data in and out.
//
// It holds a small buffer ahead of the playhead: enough for the server's flush interval, which grows
// under load (docs/design.md §6), and no more, so that speech stays near the stage.

/** Least buffer ahead of the playhead, seconds. */
export const TARGET_MIN_S = 0.45;
export const TARGET_MAX_S = 14;
/** Fastest playback while catching up: 4 % is not heard on speech. */
export const RATE_MAX = 1.04;
/** Playback while the buffer is too small for its cadence: as much slower. The server counts on it (`Rung::warning_ms`). */
export const RATE_MIN = 0.96;
/** Further behind than this beyond what may be held, we jump instead of catching up. */
export const BEHIND_MAX_S = 6;
/** Chromium stops this far before the end of what it has, at most, when its speed is not 1. */
const PLAYED_OUT_S = 0.2;
const SLACK_S = 0.1;
const HEADROOM = 1.25;
/** A buffer this much below the target is grown by playing slower, until it is nearly there. */
const SHORT_S = 0.2;
const NEARLY_S = 0.1;

export interface Moment {
  /** Playhead, seconds of media time. */
  position: number;
  /** Buffered ranges, ascending. */
  ranges: [start: number, end: number][];
  target: number;
  /** What may be held before it is too much: the target, or what is left of an earlier, larger one. */
  most: number;
  rate: number;
  /**
   * Playing time since data last came, seconds, at most the usual spacing. Between two arrivals the buffer only shrinks;
   * counting this time back in, a slow cadence does not look like a lack.
   */
  since: number;
}

export interface Decision {
  seek?: number;
  rate: number;
}

/** Buffer to hold when data has been arriving at most `gap` seconds apart. */
export function targetFor(gap: number): number {
  return Math.min(TARGET_MAX_S, Math.max(TARGET_MIN_S, gap * HEADROOM + 0.2));
}

export function decide({ position, ranges, target, most, rate, since }: Moment): Decision {
  const last = ranges[ranges.length - 1];
  if (!last) return { rate: 1 };
  const inside = ranges.find(([start, end]) => position >= start - 0.05 && position <= end);
  const live = Math.max(last[0] + 0.02, last[1] - target);
  if (!inside) {
    // Past the end we wait: the next chunk is on its way. Before a range we are in a gap: go over it.
    return position > last[1] && position - last[1] < 1 ? { rate: 1 } : { seek: live, rate: 1 };
  }
  // A gap ahead is entered only when what lies before it has been played out, as far as a browser plays that is stretching.
  if (inside !== last && inside[1] - position < PLAYED_OUT_S) return { seek: live, rate: 1 };
  const ahead = last[1] - position;
  if (ahead > most + BEHIND_MAX_S) return { seek: live, rate: 1 };
  const over = ahead + since - target;
  // Catching up goes on until the target is met, and begins only beyond the slack: no flutter.
  if (over > SLACK_S || (rate > 1 && over > 0)) return { rate: Math.min(RATE_MAX, 1.01 + over * 0.04) };
  if (over < -SHORT_S || (rate < 1 && over < -NEARLY_S)) return { rate: RATE_MIN };
  return { rate: 1 };
}

/** The longest spacing between arrivals within a sliding window, in seconds. */
export class ArrivalGap {
  private seen: { at: number; gap: number }[] = [];
  private last = 0;

  constructor(private readonly windowS = 30) {}

  /** `at` in seconds, monotonic. */
  arrived(at: number): number {
    const gap = this.last ? at - this.last : 0;
    this.last = at;
    this.seen = this.seen.filter((s) => at - s.at < this.windowS && s.gap > gap);
    this.seen.push({ at, gap });
    return this.seen[0]!.gap;
  }

  /** Seconds since the last arrival, at most the longest recent spacing or the one that was announced. */
  since(at: number, announced: number): number {
    return this.last ? Math.min(at - this.last, Math.max(announced, this.seen[0]?.gap ?? 0)) : 0;
  }

  /** After a reconnection the pause before it says nothing about the flush interval. */
  restart(): void {
    this.last = 0;
  }
}
