// The page by keys: play and pause, back and forward.

import { type Host } from './host.ts';
import { BACK_S, FORWARD_S } from './lock-screen.ts';

export function keys(host: Host): void {
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || (e.target as Element).closest('button,input,select,a,audio,summary')) return;
    if (e.key === ' ') {
      e.preventDefault();
      if (host.active()) host.stop();
      else host.start();
    } else if (e.key === 'ArrowLeft') host.seek(host.audio.currentTime - BACK_S);
    else if (e.key === 'ArrowRight') host.seek(host.audio.currentTime + FORWARD_S);
  });
}
