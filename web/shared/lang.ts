// The language of a page: asked for by its address, else chosen before, else the first of the browser's that there is, else the page's own.

import { keep, kept } from './kept.ts';
import { LANGS, type Lang } from './messages.ts';

const KEPT = 'stentor-lang';

const known = (code?: string | null) => LANGS.includes(code as Lang);

/** Keeps what was chosen. */
export const keepLanguage = (lang: Lang): void => keep(KEPT, lang);

/** `asked` by the address; `own` where nothing else is known. */
export function language(asked: string | undefined, own: Lang): Lang {
  return [asked, kept(KEPT), ...navigator.languages.map((tag) => tag.split('-')[0]), own].find(known) as Lang;
}
