// Another language without another page: the sound goes on. The choice is kept, and the address is the one for everybody.

import { keepLanguage } from '../shared/lang.ts';
import { type Lang } from '../shared/messages.ts';
import { type Host } from './host.ts';

const root = document.documentElement;

/**
 * What it is about, in another language: it stands in the page in the page's language only, for it is too long for every notice. It is taken
 * from the page in that language, where it is said in several.
 */
export function about(host: Host): () => Promise<void> {
  const place = document.getElementById('about');
  let shown = root.dataset['own'] ?? root.lang;
  return async () => {
    const lang = host.lang();
    if (place?.dataset['differs'] === undefined || lang === shown) return;
    shown = lang;
    const page = await fetch(`${host.base}/${lang}`).then((response) => response.text(), () => '');
    const there = new DOMParser().parseFromString(page, 'text/html').getElementById('about');
    if (!there || shown !== lang) return;
    place.lang = there.lang;
    place.textContent = there.textContent;
  };
}

export function languages(host: Host): void {
  document.getElementById('langs')!.addEventListener('click', (e) => {
    const link = (e.target as Element).closest('a');
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    history.replaceState(null, '', host.base);
    keepLanguage(link.lang as Lang);
    // Without the words: the page that carries them, unless that would end the sound, or lead nowhere.
    host.translate(link.lang as Lang).catch(() => host.active() || !navigator.onLine || location.assign(link.href));
  });
}
