// Times and spans as people write them.

import { type Lang } from './messages.ts';

/** 75 → "1:15", 3675 → "1:01:15": how a clock or a player shows a span. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(s / 60) % 60;
  return s < 3600 ? `${minutes}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(minutes)}:${two(s % 60)}`;
}

/** A date and time as one writes them there; null for what is none: a page must live with whatever it is sent. */
export function moment(ms: number, locale: string): string | null {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return null;
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  const named = { weekday: 'long', day: 'numeric', month: 'long', year, hour: 'numeric', minute: '2-digit' } as const;
  const text = new Intl.DateTimeFormat(locale, named).format(date);
  // « mardi 1er décembre »: no Intl knows it.
  return locale.startsWith('fr') ? text.replace(/^(\D+1) /, '$1er ') : text;
}

/** A wait as one says it: days and hours while far, a clock within the day. `both` says the two together. */
export function countdown(seconds: number, lang: Lang, both: (days: string, hours: string) => string): string {
  if (seconds < 86_400) return clock(seconds);
  const unit = (n: number, name: string) =>
    new Intl.NumberFormat(lang, { style: 'unit', unit: name, unitDisplay: 'long' }).format(n);
  const days = unit(Math.floor(seconds / 86_400), 'day');
  const hours = Math.floor((seconds % 86_400) / 3600);
  return hours ? both(days, unit(hours, 'hour')) : days;
}

/** A moment as a field for date and time holds it, by this machine's zone. */
export function local(ms: number): string {
  const date = new Date(ms);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/**
 * The moments at which this machine's clock shows that date and time: none in the hour that summer time skips, two in the one that it
 * repeats. `value` is that of a field for date and time.
 */
export function instants(value: string): number[] {
  const wall = Date.parse(`${value}Z`);
  if (Number.isNaN(wall)) return [];
  const offsets = [-86_400_000, 86_400_000].map((away) => new Date(wall + away).getTimezoneOffset() * 60_000);
  return [...new Set(offsets.map((offset) => wall + offset))].filter((ms) => local(ms) === value.slice(0, 16)).sort((a, b) => a - b);
}

/** The reader's own way of writing dates (en-GB, fr-CA), if it is in the page's language. */
export function locale(lang: Lang): string {
  return navigator.languages.find((l) => l.startsWith(lang)) ?? lang;
}
