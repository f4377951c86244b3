// Why nobody hears somebody whose microphone is open: the third state of the big word, beside live and muted.
//
// What the mixer was told is not what is heard. Between a voice and the mixer lie a microphone, a browser's permission, a path and a
// server, and each can be gone without a word from it. A pure function of what the page can measure; it mends nothing.

import { type MicProblem } from './mic.ts';

/**
 * The microphone's own trouble; `voice`: nothing comes from the server on the connection of the voice; `line`: the server says nothing any
 * more, so that nobody knows; `silent`: the server hears digital silence; `on_the_way`: this page hears a voice and the server none.
 */
export type Unheard = MicProblem | 'voice' | 'line' | 'silent' | 'on_the_way';

export interface Hearing {
  /** Whether there is a microphone that gives something: an ended track is none. */
  track: boolean;
  problem: MicProblem | null;
  /** The browser is asking its user. */
  asking: boolean;
  voice: boolean;
  line: boolean;
  warned: boolean;
  arrives: boolean;
}

/** The nearest cause, for the nearest is what its owner can mend; null if all is well. */
export function unheard({ track, problem, asking, voice, line, warned, arrives }: Hearing): Unheard | null {
  if (problem) return problem;
  if (!track) return asking ? null : 'ended';
  if (!voice) return 'voice';
  if (!line) return 'line';
  if (warned) return 'silent';
  return arrives ? null : 'on_the_way';
}

/** A voice as the microphone's meter shows it, dBFS. */
const VOICE_DBFS = -38;
/** Nothing, as the server's meter shows it, dBFS: a quiet room is far above. */
const NOTHING_DBFS = -90;
/** Heard here so often, in looks in a row, and not once there: it is lost on the way. The mixer needs a moment to open a microphone. */
const LOOKS = 12;

/** Compares what the microphone gives with what the server says that it gets. */
export class Arrival {
  private lost = 0;

  /** One look: own level, level at the server (undefined while it says none). True while what is said arrives. */
  look(here: number | null, there: number | undefined, open: boolean): boolean {
    if (!open || here === null || there === undefined || there > NOTHING_DBFS) this.lost = 0;
    else if (here > VOICE_DBFS) this.lost++;
    return this.lost < LOOKS;
  }
}
