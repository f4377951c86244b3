// The one key of the stage page: M opens and closes one's microphone, or opens it while it is held.
//
// It is shown, can be switched off (WCAG 2.1.4), and never acts by being held down too long: a key that repeats is one press.

import { keep, kept } from '../shared/kept.ts';

const KEYS = 'stentor-keys';
const TALK = 'stentor-push-to-talk';

interface Pressed {
  key: string;
  repeat: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  target: EventTarget | null;
}

export class Keys {
  on: boolean;
  /** Push to talk: open while the key or the round button is held. */
  hold: boolean;
  private talking = false;

  constructor(
    private readonly act: { toggle(): void; talk(open: boolean): void },
    private readonly changed: () => void,
  ) {
    this.on = kept(KEYS) !== 'off';
    this.hold = kept(TALK) === 'on';
    addEventListener('keydown', (e) => this.down(e));
    addEventListener('keyup', (e) => e.key.toLowerCase() === 'm' && this.talk(false));
    // Whoever looks away holds nothing any more.
    addEventListener('blur', () => this.talk(false));
    document.addEventListener('visibilitychange', () => document.hidden && this.talk(false));
  }

  switch(on: boolean): void {
    this.on = on;
    keep(KEYS, on ? 'on' : 'off');
    this.talk(false);
    this.changed();
  }

  pushToTalk(hold: boolean): void {
    this.talk(false);
    this.hold = hold;
    // Nothing is held at this moment.
    if (hold) this.act.talk(false);
    keep(TALK, hold ? 'on' : 'off');
    this.changed();
  }

  /** Opened, or closed, by holding something. */
  talk(open: boolean): void {
    if (open === this.talking || (open && !this.hold)) return;
    this.talking = open;
    this.act.talk(open);
  }

  private down(e: Pressed): void {
    if (!this.on || e.repeat || e.key.toLowerCase() !== 'm' || e.ctrlKey || e.metaKey || e.altKey || e.shiftKey) return;
    if ((e.target as Element | null)?.closest?.('input:not([type=checkbox]),textarea,select')) return;
    if (this.hold) this.talk(true);
    else this.act.toggle();
  }
}
