// The language of a page: asked for by its address, else chosen before, else the first of the browser's that there is, else the page's own.

import { type Lang } from './time.ts';

const KEPT = 'stentor-lang';

const known = (code?: string | null) => code === 'fr' || code === 'en';

/** What was chosen before; a browser that keeps nothing says nothing. */
function kept(): string | null {
  try {
    return localStorage.getItem(KEPT);
  } catch {
    return null;
  }
}

export function keep(lang: Lang): void {
  try {
    localStorage.setItem(KEPT, lang);
  } catch {
    // Then it is chosen anew next time.
  }
}

/** `asked` by the address; `own` where nothing else is known. */
export function language(asked: string | undefined, own: Lang): Lang {
  return [asked, kept(), ...navigator.languages.map((tag) => tag.slice(0, 2)), own].find(known) as Lang;
}
