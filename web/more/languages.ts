// Another language without another page: the sound goes on. The choice is kept, and the address is the one for everybody.

import { keepLanguage } from '../shared/lang.ts';
import { type Lang } from '../shared/messages.ts';
import { type Host } from './host.ts';

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
