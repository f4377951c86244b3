// The messages of the stage's WebSocket by the names this page uses. Their forms are the server's (`wire.ts`).

import { type ClientMessage, type SeatForm, type ServerMessage } from './wire.ts';

export { type ActForm, type Alarm, type Place, type Refusal } from './wire.ts';
export type FromServer = ServerMessage;
export type ToServer = ClientMessage;
export type StageSeat = SeatForm;
export type StageState = Omit<Extract<ServerMessage, { is: 'state' }>, 'is'>;
export type Welcome = Omit<Extract<ServerMessage, { is: 'welcome' }>, 'is'>;
