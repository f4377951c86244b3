// Generated from crates/api/src/stage/wire.rs: the messages of the stage's WebSocket.

import { type Condition, type MessageForm, type Phase, type Role } from '../shared/wire.ts';

export type Place = 'invited' | 'green_room' | 'on_stage' | 'removed';

export type SeatWarning = 'flooding' | 'handshake_failed' | 'not_reached' | 'not_ready' | 'silent_microphone' | 'too_quiet';

export type Alarm = 'output_silent' | 'recorder' | 'mixer_late' | 'store';

export type Refusal = 'no_such_sender' | 'no_such_seat' | 'not_allowed' | 'unmute_other' | 'stale_version' | 'phase_backwards' | 'event_ended' | 'stage_full' | 'seats_full' | 'not_connected' | 'not_in_green_room' | 'too_many_sessions' | 'too_many_offers' | 'not_heard' | 'receive_only' | 'host_stays' | 'role_not_given' | 'name_empty' | 'too_long' | 'control_characters';

export type EventForm = { slug: string, title: string };

export type SeatForm = { seat: number, name: string, role: Role, place: Place, connected: boolean, muted: boolean, mute_version: number, mixer_muted: boolean, speaking: boolean, ready: boolean, muted_by_host: boolean, heard: boolean, pre_listens: number | null, warning: SeatWarning | null };

export type ServerMessage =
  | { is: "welcome", seat: number, role: Role, event: EventForm, whip: string, listen: string }
  | { is: "state", phase: Phase, phase_version: number, condition: Condition, since: number, starts: number | null, on_air_since: number | null, listeners: number, message: MessageForm | null, alarms: Alarm[], /** Whether what is on air is recorded. */ recorded: boolean, /** When it is ended because everybody has left it, in milliseconds since 1970. */ ends: number | null, seats: Array<SeatForm> }
  | { is: "levels", seats: Array<[number, number, boolean]>, lufs: number, peak: number }
  | { is: "invited", seat: number, name: string, link: string }
  | { is: "refused", what: string, code: string, why: string }
  | { is: "warning", seat: number, warning: SeatWarning, on: boolean }
  | { is: "alarm", kind: Alarm, on: boolean }
  | { is: "removed" }
  | { is: "replaced" }
  | { is: "ended" }
  | { is: "alive" };

export type ClientMessage =
  | { do: "hello", token: string, /** The page's own number: 128 bits in hexadecimal, kept when it is reloaded. */ page?: string }
  | { do: "ready", muted_version: number }
  | { do: "mute", seat: number, muted: boolean, version: number }
  | { do: "admit", seat: number, /** Although nothing was heard of them yet. */ force?: boolean }
  | { do: "pre_listen", seat: number | null }
  | { do: "record", on: boolean }
  | { do: "green_room", seat: number }
  | { do: "remove", seat: number }
  | { do: "hand_over", seat: number }
  | { do: "role", seat: number, role: Role }
  | { do: "invite", name: string, role: Role }
  | { do: "rename", seat: number, name: string }
  | { do: "phase", phase: Phase, version: number }
  | { do: "message" } & ({ [key in string]: string }) | { do: "loopback", on: boolean }
  | { do: "link", seat: number };
