// The messages of the stage's WebSocket by the names this page uses. Their forms are the server's (`wire.ts`).

import { type ClientMessage, type SeatForm, type ServerMessage } from './wire.ts';

export { type Alarm, type Place, type Refusal } from './wire.ts';
export type FromServer = ServerMessage;
export type ToServer =
  | ClientMessage
  | { do: 'hello'; token: string; page: string }
  | { do: 'admit'; seat: number; force: boolean }
  | { do: 'pre_listen'; seat: number | null }
  | { do: 'record'; on: boolean };
/** What a server says that knows it: an older one leaves it out, and the page does without. */
interface SeatMore {
  muted_by_host?: boolean;
  heard?: boolean;
  pre_listens?: number | null;
}
interface StateMore {
  recorded?: boolean;
  ends?: number | null;
}
export type StageSeat = SeatForm & SeatMore;
export type StageState = Omit<Extract<ServerMessage, { is: 'state' }>, 'is' | 'seats'> & StateMore & { seats: StageSeat[] };
export type Welcome = Omit<Extract<ServerMessage, { is: 'welcome' }>, 'is'>;
