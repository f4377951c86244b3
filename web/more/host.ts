// What the listener's page hands over to what is fetched after it.

import { type Lang } from '../shared/messages.ts';
import { type Status } from '../shared/status.ts';

export interface Host {
  audio: HTMLAudioElement;
  /** `/e/SLUG` */
  base: string;
  status(): Status;
  lang(): Lang;
  /** Server's clock minus ours, ms. */
  skew(): number;
  /** Whether something plays, or is meant to. */
  active(): boolean;
  start(): void;
  stop(): void;
  /** The live sound gives the element away, and takes it back. */
  lend(): void;
  takeBack(): void;
  seek(to: number): void;
  /** Speaks another language once its words are here; it fails where they cannot be had. */
  translate(lang: Lang): Promise<void>;
}

/** Whether the server can do that: send reminders by mail; make AAC and MP3. */
export const offers = (what: 'mails' | 'mp3'): boolean => !!document.documentElement.dataset[what];

/** A button that says what it does. */
export function button(label: string, act: () => void): HTMLButtonElement {
  const b = document.createElement('button');
  b.type = 'button';
  b.textContent = label;
  b.addEventListener('click', act);
  return b;
}

export function section(...children: (Node | string)[]): HTMLElement {
  const s = document.createElement('section');
  s.append(...children);
  return s;
}
