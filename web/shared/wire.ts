// Generated from crates/event/src/status.rs: what is going on at an event, as status.json and the notices inside the sound say it.
// Times are Unix milliseconds by the server's clock.

/** A text by the tags of its languages. */
export type Texts = { [language: string]: string };

export type Phase = 'draft' | 'announced' | 'doors' | 'on_air' | 'held' | 'ended' | 'cancelled';

export type Condition = 'ok' | 'stage_empty' | 'host_dropped' | 'fault';

export type Role = 'host' | 'co_host' | 'guest' | 'line_in' | 'monitor';

export type OnStage = { seat: number, name: string, role: Role, muted: boolean, connected: boolean };

export type Status = { v: number, id: number, phase: Phase, condition: Condition, /** Since when phase and condition are so, milliseconds since 1970. */ since: number, starts: number | null, /** The zone in which that was meant, where it is known. */ zone?: string, /** What was announced before, once it is postponed. */ was?: number, /** True once it is postponed and nobody knows to when. */ open?: boolean, /** Why it stands so, in the languages in which that was said. */ why?: Texts, /** When it goes on, while it is held and that was said. */ until?: number, /** When it is ended because everybody has left it, once that is to be expected. */ ends?: number, /** When this was written, so that a page can correct its own clock. */ now: number, /** The language of `title`, and of whatever was said in one language only. */ lang: string, title: string, /** What it is called in its other languages. */ titles?: Texts, listeners: number, stage: Array<OnStage>, speaking: Array<number>, /** The host's line, in the languages in which it was written. */ message: Texts | null, /** True when it can be played, null when there will never be one. */ replay: boolean | null };

export type Delta = { v: number, id: number, speaking?: Array<number>, listeners?: number };
