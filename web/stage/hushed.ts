// Whether somebody else has closed this microphone. The server says that a seat is muted, not by whom; the page knows
// what it has asked for itself, so a mute it sees happen and did not ask for is a host's.

import { type StageSeat } from './protocol.ts';

/**
 * `was`: the last answer. `before`: this seat as the same connection last showed it; undefined after a reconnection,
 * when the server may have muted it for being away. `asked`: mute was pressed here and does not hold yet.
 */
export function hushed(was: boolean, before: StageSeat | undefined, now: StageSeat, asked: boolean): boolean {
  if (!now.muted || now.place !== 'on_stage' || asked) return false;
  const seen = before && before.place === 'on_stage' && before.connected && now.connected;
  return was || (!!seen && !before.muted);
}
