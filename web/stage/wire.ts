// Generated from crates/api/src/stage/wire.rs: the messages of the stage's WebSocket.

import { type Condition, type Phase, type Role, type Texts } from '../shared/wire.ts';

export type Place = 'invited' | 'green_room' | 'on_stage' | 'removed';

export type SeatWarning = 'flooding' | 'handshake_failed' | 'not_reached' | 'not_ready' | 'silent_microphone' | 'too_quiet';

export type Alarm = 'output_silent' | 'recorder' | 'mixer_late' | 'store' | 'replay';

export type Refusal = 'no_such_sender' | 'no_such_seat' | 'not_allowed' | 'unmute_other' | 'stale_version' | 'not_now' | 'event_ended' | 'event_cancelled' | 'time_past' | 'time_far' | 'chapter_outside' | 'too_many_chapters' | 'cut_outside' | 'replay_deleted' | 'history_full' | 'stage_full' | 'seats_full' | 'not_connected' | 'not_in_green_room' | 'too_many_sessions' | 'too_many_offers' | 'not_heard' | 'receive_only' | 'host_stays' | 'role_not_given' | 'name_empty' | 'too_long' | 'control_characters';

export type Act = 'announce' | 'open_doors' | 'go_on_air' | 'hold' | 'resume' | 'postpone' | 'end' | 'cancel' | 'correct' | 'offer_replay' | 'cut_replay' | 'delete_replay' | 'chapter';

export type Fact = 'made' | 'announced' | 'doors_opened' | 'went_on_air' | 'held' | 'resumed' | 'postponed' | 'ended' | 'cancelled' | 'corrected' | 'replay_offered' | 'replay_cut' | 'replay_deleted' | 'chapter';

export type StartForm = { /** Milliseconds since 1970. */ at: number, /** The zone in which it was meant (IANA). */ zone?: string };

export type ActForm = { /** Which: announce, open_doors, go_on_air, hold, resume, postpone, end, cancel, correct, offer_replay, cut_replay, delete_replay or chapter. */ act: Act, /** The version of the schedule that its sender saw. */ version: number, /** Why, by language. */ why?: Texts, /** When it begins, for `postpone` and `correct`; null: nobody knows yet. */ start?: StartForm | null, /** When it goes on, for `hold`. */ until?: number, /** What it is called, for `correct`; the name of a `chapter`, null to take it away. */ title?: string | null, /** What it is called in its other languages, for `correct`. */ titles?: Texts, /** In which languages it is told beside its default one, for `correct`. */ languages?: Array<string>, /** The series it belongs to, for `correct`; blank: none. */ series?: string, /** What it is about, by language, for `correct`. */ about?: Texts, /** Whether it goes on air by itself, for `correct`. */ automatic?: boolean, /** Whether the public may hear the recording, for `offer_replay`. */ on?: boolean, /** From when on the public may hear the recording, for `offer_replay`; without it at once. Where a `cut_replay` begins; without it nothing is cut off
 * the beginning. */ from?: number, /** Where a `cut_replay` ends; without it nothing is cut off the end. */ to?: number, /** Where a `chapter` begins; without it now. */ at?: number };

export type ScheduleForm = { /** What it is called, in its default language. */ title: string, /** What it is called in its other languages. */ titles: Texts | null, /** In which languages it is told beside its default one. */ languages: Array<string>, /** The series it belongs to. */ series: string | null, /** Whether it has a picture of its own. */ picture: boolean, /** What it is about, by language. */ about: Texts | null, /** The zone in which the beginning was meant (IANA), where it is known. */ zone: string | null, /** What was announced before it was postponed. */ was: number | null, /** Postponed, and nobody knows to when. */ open: boolean, /** Whether it goes on air by itself. */ automatic: boolean, /** Why it stands so, by language, as whoever brought it about said. */ why: Texts | null, /** When it goes on, while it is held and that was said. */ until: number | null, /** What was decided about the recording. */ replay: ReplayForm, /** What begins when: the time and the name of each chapter. */ chapters: Array<[number, string]>, /** Who did something last. */ last: LastForm };

export type ReplayForm = { /** Whether the public may hear it, now or later. */ on: boolean, /** From when on; null: as soon as there is one. */ from: number | null, /** Where it begins, if something is cut off. */ cut_from: number | null, /** Where it ends, if something is cut off. */ cut_to: number | null, /** It was taken away, for good. */ deleted: boolean };

export type LastForm = { /** The number of their seat; null where it was the operator. */ seat: number | null, /** What has happened, by its word. */ what: Fact, /** When. */ at: number };

export type EventForm = { slug: string, title: string, /** Its default language. */ lang: string };

export type SeatForm = { seat: number, name: string, role: Role, place: Place, connected: boolean, muted: boolean, mute_version: number, mixer_muted: boolean, speaking: boolean, ready: boolean, muted_by_host: boolean, heard: boolean, pre_listens: number | null, warning: SeatWarning | null };

export type ServerMessage =
  | { is: "welcome", seat: number, role: Role, event: EventForm, whip: string, listen: string }
  | { is: "state", phase: Phase, /** Of the schedule, to be sent back with an act. */ version: number, condition: Condition, since: number, starts: number | null, on_air_since: number | null, schedule: ScheduleForm, listeners: number, message: Texts | null, alarms: Alarm[], /** Whether what is on air is recorded. */ recorded: boolean, /** When it is ended because everybody has left it, in milliseconds since 1970. */ ends: number | null, seats: Array<SeatForm> }
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
  | { do: "act" } & ActForm | { do: "message" } & ({ [key in string]: string }) | { do: "loopback", on: boolean }
  | { do: "link", seat: number };

export type RecordingsForm = { /** What the replay plays; null where there is none. */ replay: ReplayTimesForm | null, /** The files to take along. */ files: Array<RecordingFileForm> };

export type ReplayTimesForm = { /** How long it is, in milliseconds. */ duration: number, /** The parts of the evening that it plays, one after the other. */ spans: Array<SpanForm> };

export type SpanForm = { /** When the replay plays it, in milliseconds from its beginning. */ at: number, /** When that was, in milliseconds since 1970. */ from: number, /** How long it is, in milliseconds. */ length: number };

export type RecordingFileForm = { /** What it is called. */ name: string, /** Its length in bytes. */ bytes: number, /** Path under which a browser is given it for ten minutes, and needs no token. */ href: string };
