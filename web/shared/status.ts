// What is going on at the event, as status.json and the in-band notices say it (`crates/event/src/status.rs`).

export type Phase = 'scheduled' | 'on_air' | 'ended';
export type Condition = 'ok' | 'host_dropped' | 'stage_empty' | 'fault';
export type Role = 'host' | 'co_host' | 'guest' | 'line_in' | 'monitor';

export interface Seat {
  seat: number;
  name: string;
  role: Role;
  muted: boolean;
  connected: boolean;
}

export interface Message {
  fr: string;
  en: string;
}

/** Times are Unix milliseconds by the server's clock. */
export interface Status {
  v: 1;
  id: number;
  phase: Phase;
  condition: Condition;
  since: number;
  starts: number | null;
  now: number;
  title: string;
  listeners: number;
  stage: Seat[];
  speaking: number[];
  message: Message | null;
  /** True when it can be played, null when there will never be one. */
  replay: boolean | null;
}

export interface Delta {
  v: 1;
  id: number;
  speaking?: number[];
  listeners?: number;
}

/** Nothing more will be said about this event: it is over, and its replay is here or will never be. */
export const settled = ({ phase, replay }: Status): boolean => phase === 'ended' && replay !== false;

export const isFull = (notice: Status | Delta): notice is Status => 'phase' in notice;

/**
 * The state after `notice`. A full state older than what we have is dropped by its clock, not by its
 * id: ids may begin again when a server is replaced. A delta counts only on top of a lower id.
 */
export function merge(state: Status, notice: Status | Delta): Status {
  if (isFull(notice)) return notice.now >= state.now ? notice : state;
  return notice.id > state.id ? { ...state, ...notice } : state;
}

/** Parses one notice or status document; null for anything that is not one. */
export function parseNotice(text: string): Status | Delta | null {
  try {
    const value = JSON.parse(text);
    return value && value.v === 1 && typeof value.id === 'number' ? value : null;
  } catch {
    return null;
  }
}
