// The stage WebSocket's words (`crates/api/src/stage/wire.rs`), as types.

import { type Condition, type Message, type Phase, type Role } from '../shared/status.ts';

export type Place = 'invited' | 'green_room' | 'on_stage' | 'removed';

export interface StageSeat {
  seat: number;
  name: string;
  role: Role;
  place: Place;
  connected: boolean;
  /** What is asked for. */
  muted: boolean;
  mute_version: number;
  /** What the mixer does: the only thing a mute button may show. */
  mixer_muted: boolean;
  warning: null | 'silent_microphone';
}

export interface StageState {
  phase: Phase;
  phase_version: number;
  condition: Condition;
  since: number;
  listeners: number;
  message: Message | null;
  alarms: string[];
  seats: StageSeat[];
}

export interface Welcome {
  seat: number;
  role: Role;
  event: { slug: string; title: string };
  whip: string;
  listen: string;
}

export type FromServer =
  | ({ is: 'welcome' } & Welcome)
  | ({ is: 'state' } & StageState)
  | { is: 'levels'; seats: [seat: number, dbfs: number, speaking: boolean][]; lufs: number | null; peak: number | null }
  | { is: 'invited'; seat: number; name: string; link: string }
  | { is: 'refused'; what: string; why: string; code: string }
  | { is: 'warning'; seat: number; warning: string; on: boolean }
  | { is: 'alarm'; kind: string; on: boolean }
  | { is: 'removed' }
  /** The same seat has been taken by a newer page. */
  | { is: 'replaced' }
  | { is: 'ended' };

export type ToServer =
  | { do: 'hello'; token: string; name?: string }
  | { do: 'ready'; muted_version: number }
  | { do: 'mute'; seat: number; muted: boolean; version: number }
  | { do: 'admit' | 'green_room' | 'remove' | 'hand_over' | 'link'; seat: number }
  | { do: 'role'; seat: number; role: 'co_host' | 'guest' }
  | { do: 'invite'; name: string; role: 'guest' | 'co_host' | 'line_in' }
  | { do: 'rename'; seat: number; name: string }
  | { do: 'phase'; phase: 'on_air' | 'ended'; version: number }
  | { do: 'message'; fr: string; en: string }
  | { do: 'loopback'; on: boolean };
