// What is going on at the event, as status.json and the in-band notices say it, and how a page keeps up with it.

import { type Condition, type Delta, type OnStage, type Phase, type Role, type Status, type Texts } from './wire.ts';

export { type Condition, type Delta, type OnStage as Seat, type Phase, type Role, type Status, type Texts };

/** It has not begun, and may still. */
export const isAhead = (phase: Phase): boolean => phase === 'announced' || phase === 'doors' || phase === 'draft';

/** There is sound: the bed in the lobby and while it is held, the stage on air. */
export const isLive = (phase: Phase): boolean => phase === 'doors' || phase === 'on_air' || phase === 'held';

/** Nothing will come any more. */
export const isOver = (phase: Phase): boolean => phase === 'ended' || phase === 'cancelled';

/** Nothing more will be said about this event: it is over, and its replay is here or will never be. */
export const settled = ({ phase, replay }: Status): boolean => phase === 'cancelled' || (phase === 'ended' && replay !== false);

/** The tag of a language, and the words in it. */
type Said = [tag: string, words: string];

/** A text in that language, else in one like it. */
function nearest(texts: Texts | null | undefined, lang: string): Said | undefined {
  const all = Object.entries(texts ?? {});
  const primary = (tag: string) => tag.split('-')[0];
  return all.find(([tag]) => tag === lang) ?? all.find(([tag]) => primary(tag) === primary(lang));
}

/** A text in the reader's language, else in the event's own, else in any it was written in. */
export function said(texts: Texts | null | undefined, lang: string, own: string): Said | undefined {
  return nearest(texts, lang) ?? nearest(texts, own) ?? Object.entries(texts ?? {})[0];
}

/** The title in the reader's language, else in the event's own. */
export function titled({ title, titles, lang: own }: { title: string; titles?: Texts | null; lang: string }, lang: string): Said {
  return (lang !== own && nearest(titles, lang)) || [own, title];
}

export const isFull = (notice: Status | Delta): notice is Status => 'phase' in notice;

/**
 * The state after `notice`. A full state older than what we have is dropped by its clock, not by its
 * id: ids may begin again when a server is replaced. A delta counts only on top of a lower id.
 */
export function merge(state: Status, notice: Status | Delta): Status {
  if (isFull(notice)) return notice.now >= state.now ? notice : state;
  return notice.id > state.id ? { ...state, ...notice } : state;
}

/** Parses one notice or status document; null for anything that is not one. */
export function parseNotice(text: string): Status | Delta | null {
  try {
    const value = JSON.parse(text);
    return value && value.v === 1 && typeof value.id === 'number' ? value : null;
  } catch {
    return null;
  }
}
