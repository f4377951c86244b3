// The times of a replay and the moments of the evening that it plays: what was not recorded, or was cut off, lies between.

import { type SpanForm } from './wire.ts';

/** The moment that a replay plays at a time, in milliseconds; what is beyond it is its end. */
export function momentOf(spans: SpanForm[], at: number): number | null {
  const before = spans.filter((span) => span.at <= at);
  const span = before[before.length - 1] ?? spans[0];
  return span ? span.from + Math.min(Math.max(at - span.at, 0), span.length) : null;
}

/** When a replay plays a moment, in milliseconds; of what it does not play, when it goes on behind that. */
export function timeOf(spans: SpanForm[], moment: number): number {
  const next = spans.find((span) => moment < span.from + span.length);
  const last = spans[spans.length - 1];
  if (!next) return last ? last.at + last.length : 0;
  return next.at + Math.max(moment - next.from, 0);
}

/** 1:15 → 75, 1:02:03 → 3723, 90 → 90; null for what is no time. */
export function seconds(text: string): number | null {
  const match = /^\s*(?:(?:(\d{1,3}):)?(\d{1,3}):)?(\d{1,5}(?:[.,]\d+)?)\s*$/.exec(text);
  if (!match) return null;
  const [, hours, minutes, rest] = match;
  const s = Number(rest!.replace(',', '.'));
  if ((minutes !== undefined && s >= 60) || (hours !== undefined && Number(minutes) >= 60)) return null;
  return (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60 + s;
}
