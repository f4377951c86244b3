// How long to wait before the next attempt: exponential with full jitter, for ever.
//
// Full jitter because after a server restart every page retries at once; spreading them over the
// whole interval is what lets the server come back (AWS Architecture Blog, "Exponential Backoff
// and Jitter"). There is no last attempt: a listener who left the page open wants the sound back.

export const FIRST_DELAY_MS = 500;
export const LONGEST_DELAY_MS = 15_000;
const SHORTEST_DELAY_MS = 150;

/** Delay in ms before attempt `attempt` (0-based); `random` is in [0, 1). */
export function backoff(attempt: number, random: number = Math.random()): number {
  const ceiling = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10));
  return Math.max(SHORTEST_DELAY_MS, Math.round(ceiling * random));
}

/** `ms` spread by ±25 %, so that pages opened together do not ask together. */
export function jittered(ms: number, random: number = Math.random()): number {
  return Math.round(ms * (0.75 + random / 2));
}
