// How loud, where the machine has no keys for it at hand: a telephone has.

import { keep, kept } from '../shared/kept.ts';
import { type MoreSay } from './main.ts';
import { type Host } from './host.ts';

const KEPT = 'stentor-volume';
/** Next to nothing, kept for the next time, would look like a fault. */
const KEPT_MIN = 0.1;

export function volume(host: Host, say: MoreSay): HTMLElement {
  const { audio } = host;
  const label = document.createElement('label');
  const bar = document.createElement('input');
  label.id = 'vol';
  label.hidden = !matchMedia('(hover: hover) and (pointer: fine)').matches;
  Object.assign(bar, { type: 'range', min: '0', max: '1', step: '.01', value: String(audio.volume) });
  const loud = () => {
    audio.volume = Number(bar.value);
    bar.setAttribute('aria-valuetext', audio.volume.toLocaleString(host.lang(), { style: 'percent' }));
  };
  bar.addEventListener('input', () => {
    loud();
    if (audio.volume > KEPT_MIN) keep(KEPT, bar.value);
  });
  const name = document.createElement('span');
  name.textContent = say('more-volume');
  label.append(name, bar);
  const known = kept(KEPT);
  if (known) bar.value = known;
  loud();
  return label;
}
