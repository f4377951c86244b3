// What is said when it is over.

import { type Say } from '../shared/words.ts';

/** The replay is here, will come (false), or never will (null). */
export const farewell = (say: Say<'listen'>, replay: boolean | null): string =>
  replay ? say('listen-replay') : `${say('listen-thanks')} ${replay === null ? say('listen-no-replay') : say('listen-replay-soon')}`;
