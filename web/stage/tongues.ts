// The languages of the event, in which whoever runs it is asked for texts.

import { type Lang, NAMES } from '../shared/messages.ts';
import { type Texts } from '../shared/status.ts';
import { type Stage } from './model.ts';

/** The one in which everything is told that is told in one. */
export const own = (stage: Stage): string => stage.welcome!.event.lang;

/** The event's own, its others, and those in which something was said already: nothing is lost because it is not asked for. */
export function tongues(stage: Stage, ...texts: (Texts | null | undefined)[]): string[] {
  const known = texts.flatMap((text) => Object.keys(text ?? {}));
  return [...new Set([own(stage), ...(stage.state?.schedule.languages ?? []), ...known])];
}

/** What its speakers call it. */
export function nameOf(tag: string): string {
  const known = NAMES[tag as Lang];
  if (known) return known;
  try {
    return new Intl.DisplayNames(tag, { type: 'language' }).of(tag) ?? tag;
  } catch {
    return tag;
  }
}
