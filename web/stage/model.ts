// What the stage page knows and does: token, control line, microphone and connection, in one place.
// The views read it and call it; it draws nothing.

import { type Lang } from '../shared/messages.ts';
import { type Role, isOver } from '../shared/status.ts';
import { type AskedAct } from './act-dialog.ts';
import { Awake } from './awake.ts';
import { Keys } from './keys.ts';
import { Microphone } from './mic.ts';
import { Peer } from './peer.ts';
import { hushed } from './hushed.ts';
import { type FromServer, type Refusal, type StageSeat, type StageState, type ToServer, type Welcome } from './protocol.ts';
import { StageSocket } from './socket.ts';
import { Speaker } from './speaker.ts';
import { Spoken, type StageSay } from './spoken.ts';
import { Arrival, type Unheard, unheard } from './unheard.ts';

/** The mixer follows within 100 ms; held muted for longer against everybody's wish, we say `ready` again. */
const UNHEEDED_MS = 700;
const INSIST_MS = 350;
const NOTE_MS = 8_000;
/** What a token is made of, and what may stand in a protocol's name. */
/** What the server refuses, and what its line does beside the domain. */
type Refused = Refusal | 'too_many';

const TOKEN = /^[\w.-]+$/;
const FIGURES_MS = 500;
/** How long the loudest moment of a sound check is shown, and what counts as none, dBFS. */
const HOLD_MS = 3_000;
const SILENT_DBFS = -70;
/** How often it is looked whether what this page says is still so: nobody sends a message when something falls silent. */
const LOOK_MS = 125;

/** Why this page is no longer the seat: put out, not believed, or opened again elsewhere. */
export type Ending = 'removed' | 'rejected' | 'replaced';

export type Dialog =
  | { kind: 'end' }
  | { kind: 'start' }
  | { kind: 'invite'; done?: { seat: number; name: string; link: string } }
  | { kind: 'message' }
  | { kind: 'act'; act: AskedAct }
  | { kind: 'record' }
  | { kind: 'delete_replay' }
  | { kind: 'leave' }
  | { kind: 'remove' | 'hand_over' | 'admit'; seat: number };

export class Stage {
  readonly slug = location.pathname.split('/')[2] ?? '';
  readonly token: string;
  /** This page's own number: it survives a reload, and a link opened anew has another. */
  readonly page = pageNumber();
  readonly spoken: Spoken;
  welcome: Welcome | null = null;
  state: StageState | null = null;
  levels = new Map<number, number>();
  speaking = new Set<number>();
  lufs: number | null = null;
  /** The loudest microphone on stage in the last seconds, dBFS; null while there was nothing. */
  loudest: number | null = null;
  private loudestAt = 0;
  end: Ending | null = null;
  /** The version of the schedule that was shown when the question was opened: what somebody does meanwhile is not done over. */
  seen: number | null = null;
  note = '';
  loopback = false;
  /** Muted by somebody else while this page was looking. */
  hushed = false;
  dialog: Dialog | null = null;
  /** A message to listeners that is being written. */
  draft: { [lang: string]: string } = {};
  /** Somebody else has sent this page's owner back to the green room, where they still are. */
  takenOff = false;
  /** Its owner has asked to go there. */
  private leaving = false;
  readonly mic: Microphone;
  readonly peer: Peer;
  readonly speaker: Speaker;
  readonly keys: Keys;
  private readonly awake = new Awake();
  private readonly arrival = new Arrival();
  private arrives = true;
  private looked: Unheard | null = null;
  private socket: StageSocket | null = null;
  private noteTimer = 0;
  private figuresAt = 0;
  /** Mute was pressed here and the server has not said yet that it holds. Until then this microphone stays shut. */
  wantsMuted = false;
  /** Version of the mute state at which opening was asked for, until the server has answered; what it showed before says nothing. */
  private opening: number | null = null;
  private readySent = 0;
  /** Just connected: what the last state says is from before. */
  private unseen = true;
  /** A new name that was asked for, and whether everybody sees it now. */
  private newName = '';
  renamed = false;
  /** Links that this page has asked for: another page of the same seat is told them, too. */
  private awaitedLinks = 0;
  /** Whom this page has asked onto the stage. */
  private admitted = 0;

  constructor(private readonly changed: () => void) {
    this.spoken = new Spoken(changed);
    this.token = token(this.slug);
    this.speaker = new Speaker(changed);
    this.peer = new Peer(
      this.speaker.element,
      () => (this.welcome ? { url: this.welcome.whip, token: this.token } : null),
      () => this.peerChanged(),
    );
    this.mic = new Microphone(changed, (track) => {
      this.peer.send(track);
      // Only now does a browser say what its devices are called.
      void this.speaker.look();
    });
    this.keys = new Keys({ toggle: () => this.toggle(), talk: (open) => this.talk(open) }, changed);
    if (this.token) this.connect();
    // Another link pasted over this one changes only the fragment: the browser would not load anything.
    addEventListener('hashchange', () => location.reload());
    setInterval(() => this.insist(), INSIST_MS);
    setInterval(() => this.look(), LOOK_MS);
    addEventListener('beforeunload', (e) => this.live && e.preventDefault());
  }

  get lang(): Lang {
    return this.spoken.lang;
  }

  get words(): StageSay {
    return this.spoken.say;
  }

  get online(): boolean {
    return !!this.socket?.open;
  }

  /** The server has not answered for a while, or never has. */
  get unanswered(): boolean {
    return (this.socket?.unanswered ?? 0) > 2;
  }

  get me(): StageSeat | undefined {
    return this.state?.seats.find((s) => s.seat === this.welcome?.seat);
  }

  /** Nothing more happens on this page. */
  get over(): boolean {
    return !!this.end || (!!this.state && isOver(this.state.phase));
  }

  /** Of the schedule, as it is shown. */
  get version(): number {
    return this.state?.version ?? 0;
  }

  get runs(): boolean {
    const role: Role | undefined = this.me?.role ?? this.welcome?.role;
    return role === 'host' || role === 'co_host';
  }

  /** One's own microphone is closed, or is being closed. */
  get shut(): boolean {
    return !!this.me?.muted || this.wantsMuted;
  }

  /** Listeners hear this microphone, or are meant to. */
  get live(): boolean {
    return !this.over && this.state?.phase === 'on_air' && this.me?.place === 'on_stage' && !this.shut;
  }

  /** Why nobody hears this microphone, which is open on stage; null if it is heard, or not open. */
  get unheard(): Unheard | null {
    const { me, mic, peer } = this;
    if (me?.place !== 'on_stage' || this.shut) return null;
    return unheard({
      track: !!mic.track,
      problem: mic.problem,
      asking: mic.asking,
      voice: peer.heard,
      line: this.online,
      warned: me.warning === 'silent_microphone',
      arrives: this.arrives,
    });
  }

  seat(n: number): StageSeat | undefined {
    return this.state?.seats.find((s) => s.seat === n);
  }

  /** Whether it went out; if it did not, that is said. */
  send(message: ToServer): boolean {
    const sent = !!this.socket?.send(message);
    if (!sent) this.say(this.words('stage-not-connected'));
    else if (message.do === 'green_room') this.leaving = message.seat === this.welcome?.seat && this.me?.place === 'on_stage';
    else if (message.do === 'invite' || message.do === 'link') this.awaitedLinks++;
    return sent;
  }

  /** Desired state with the version we saw: pressing twice cannot become a toggle. */
  mute(seat: StageSeat, muted: boolean): void {
    if (seat.seat === this.welcome?.seat) {
      this.wantsMuted = muted;
      if (!muted) this.opening = seat.mute_version;
      if (muted) this.mic.enable(false);
    }
    this.send({ do: 'mute', seat: seat.seat, muted, version: seat.mute_version });
    this.changed();
  }

  /** The round button and the key. */
  toggle(): void {
    if (this.me?.place === 'on_stage') this.mute(this.me, !this.shut);
  }

  /** Push to talk. */
  private talk(open: boolean): void {
    // Closing is always said: the word to open may still be on its way.
    if (this.me?.place === 'on_stage' && (!open || this.shut)) this.mute(this.me, !open);
  }

  /** Whatever does not get through is tried anew. */
  again(): void {
    this.socket?.doubt();
    this.peer.again();
    if (!this.mic.track) void this.mic.open();
  }

  setLoopback(on: boolean): void {
    this.loopback = on;
    this.send({ do: 'loopback', on });
    this.changed();
  }

  rename(name: string): void {
    if (!this.welcome || !this.send({ do: 'rename', seat: this.welcome.seat, name })) return;
    this.newName = name;
    this.renamed = false;
  }

  /** The name is being changed again: it is no longer the one that was saved. */
  typing(): void {
    if (!this.renamed) return;
    this.renamed = false;
    this.changed();
  }

  /** Onto the stage; somebody of whom nothing was heard yet only after a question. */
  admit(seat: StageSeat): void {
    this.admitted = seat.seat;
    if (seat.heard === false) this.open({ kind: 'admit', seat: seat.seat });
    else this.send({ do: 'admit', seat: seat.seat });
  }

  /** Hears one who waits, alone, or nobody any more; for hosts. */
  preListen(seat: number | null): void {
    this.send({ do: 'pre_listen', seat });
  }

  goOnStage(): void {
    if (this.loopback) this.setLoopback(false);
    // Oneself one hears.
    if (this.welcome) this.send({ do: 'admit', seat: this.welcome.seat, force: true });
  }

  /** Back to the green room; on air only after a question. */
  leaveStage(): void {
    if (!this.welcome) return;
    if (this.state?.phase === 'on_air') this.open({ kind: 'leave' });
    else this.send({ do: 'green_room', seat: this.welcome.seat });
  }

  open(dialog: Dialog | null): void {
    this.dialog = dialog;
    this.seen = dialog && this.version;
    this.note = '';
    this.changed();
  }

  say(note: string): void {
    this.note = note;
    clearTimeout(this.noteTimer);
    this.noteTimer = window.setTimeout(() => {
      this.note = '';
      this.changed();
    }, NOTE_MS);
    this.changed();
  }

  private connect(): void {
    if (!TOKEN.test(this.token)) return this.leave('rejected');
    const url = new URL(`/api/v1/events/${this.slug}/stage`, location.href);
    const headers = { authorization: `Bearer ${this.token}` };
    const asked = url.href;
    url.protocol = url.protocol.replace('http', 'ws');
    this.socket = new StageSocket(
      url.href,
      ['stentor.stage', `stentor.token.${this.token}`, `stentor.page.${this.page}`],
      async (signal, credentials) => (await fetch(asked, { headers, signal, credentials, cache: 'no-store' })).status !== 401,
      (message) => this.receive(message),
      this.changed,
    );
  }

  private receive(message: FromServer): void {
    switch (message.is) {
      case 'welcome':
        this.welcome = message;
        this.unseen = true;
        this.readySent = 0;
        // What was asked for on the line before is not answered on this one.
        [this.leaving, this.awaitedLinks] = [false, 0];
        this.peer.ensure();
        // The line was opened just now, so there is a way.
        this.peer.retry();
        if (this.loopback) this.send({ do: 'loopback', on: true });
        void this.resume();
        break;
      case 'state':
        this.follow(message);
        break;
      case 'levels':
        return this.heard(message.seats, message.lufs);
      case 'invited':
        if (!this.awaitedLinks) break;
        this.awaitedLinks--;
        this.dialog = { kind: 'invite', done: message };
        this.note = '';
        break;
      case 'refused':
        return this.refused(message);
      case 'warning': {
        const seat = this.seat(message.seat);
        if (seat) seat.warning = message.on ? message.warning : null;
        break;
      }
      case 'alarm':
        if (this.state) this.state.alarms = this.state.alarms.filter((k) => k !== message.kind).concat(message.on ? message.kind : []);
        break;
      case 'removed':
      case 'replaced':
        return this.leave(message.is);
      case 'ended':
        // Whether it has ended or was cancelled says the state, which may be here already.
        if (this.state && !isOver(this.state.phase)) this.state.phase = 'ended';
        this.obey();
        break;
    }
    this.changed();
  }

  /** `why` is for programs: it is in English, and this page may not be. */
  private refused({ what, code }: { what: string; code: string }): void {
    if (code === 'wrong_token') return this.leave('rejected');
    if (what === 'mute') this.opening = null;
    if (what === 'invite' || what === 'link') this.awaitedLinks = Math.max(0, this.awaitedLinks - 1);
    if (code === 'not_heard') return this.open({ kind: 'admit', seat: this.admitted });
    this.obey(); // a local mute that was refused is undone
    if (what === 'ready') return;
    const words = this.words(`stage-refusal-${code as Refused}`) || this.words('stage-refused');
    this.say(code === 'stale_version' || code === 'event_cancelled' ? `${this.lastAct()} ${words}` : words);
  }

  /** Who did what last with the event: for whoever was a moment later. */
  private lastAct(): string {
    const last = this.state?.schedule.last;
    if (!last) return '';
    const name = (last.seat && this.seat(last.seat)?.name) || this.words('stage-operator');
    return this.words('stage-did', { name, what: this.words(`stage-did-${last.what}`) });
  }

  private look(): void {
    const { me } = this;
    const open = me?.place === 'on_stage' && !me.muted && !me.mixer_muted && this.online && this.peer.heard;
    this.arrives = this.arrival.look(this.mic.level(), me && this.levels.get(me.seat), open);
    this.awake.want(!this.over && me?.place === 'on_stage');
    if (this.unheard === this.looked) return;
    this.looked = this.unheard;
    this.changed();
  }

  /** It is over: the line, the connection and the microphone are let go. */
  private rest(): void {
    this.dialog = null;
    // Whoever runs it has the recording to look after.
    if (this.end || !this.runs) this.socket?.end();
    this.peer.close();
    this.mic.close();
  }

  private leave(end: Ending): void {
    this.end = end;
    if (end === 'rejected') sessionStorage.removeItem(tokenKey(this.slug));
    this.rest();
    this.changed();
  }

  private heard(seats: [number, number, boolean][], lufs: number | null): void {
    this.lufs = lufs;
    let news = this.speaking.size !== seats.filter((s) => s[2]).length;
    this.levels.clear();
    for (const [seat, dbfs, speaks] of seats) {
      this.levels.set(seat, dbfs);
      if (speaks !== this.speaking.has(seat)) news = true;
    }
    // Meters draw themselves; figures may be half a second old.
    const now = Date.now();
    this.hold(now);
    if (!news && now - this.figuresAt < FIGURES_MS) return;
    this.figuresAt = now;
    this.speaking = new Set(seats.filter((s) => s[2]).map((s) => s[0]));
    this.changed();
  }

  private hold(now: number): void {
    const on = this.state?.seats.filter((s) => s.place === 'on_stage' && !s.mixer_muted) ?? [];
    const top = Math.max(-Infinity, ...on.map((s) => this.levels.get(s.seat) ?? -Infinity));
    if (now - this.loudestAt < HOLD_MS && top <= (this.loudest ?? -Infinity)) return;
    this.loudest = top > SILENT_DBFS ? top : null;
    this.loudestAt = now;
  }

  private follow(state: StageState): void {
    const before = this.unseen ? undefined : this.me;
    this.unseen = false;
    this.state = state;
    const me = this.me;
    if (me) {
      this.hushed = me.muted_by_host ?? hushed(this.hushed, before, me, this.wantsMuted);
      this.moved(before, me);
      if (this.newName && me.name === this.newName) [this.newName, this.renamed] = ['', true];
      // In the green room one may hear oneself; on stage it would be an echo.
      if (me.place === 'on_stage' && this.loopback) this.setLoopback(false);
    }
    this.obey();
  }

  /** What has become of oneself without one's own doing is said. */
  private moved(before: StageSeat | undefined, me: StageSeat): void {
    if (me.place !== 'green_room') this.takenOff = false;
    if (!before) return;
    if (before.place !== me.place) {
      this.takenOff = before.place === 'on_stage' && me.place === 'green_room' && !this.leaving;
      [this.leaving, this.renamed] = [false, false];
    }
    // The other roles are given with the seat and never change.
    if (before.role !== me.role) this.say(this.words(`stage-became-${me.role as 'host' | 'co_host' | 'guest'}`));
  }

  /** The microphone follows what the server wants, and `ready` follows what this page shows. */
  private obey(): void {
    if (this.state && isOver(this.state.phase)) return this.rest();
    const me = this.me;
    if (!me) return;
    if (me.mute_version !== this.opening) this.opening = null;
    if (me.muted && this.opening === null) this.wantsMuted = false;
    this.mic.enable(me.place !== 'on_stage' || !this.shut);
    // A mute that was lost with the line, or crossed another change, is asked for again until it holds.
    if (this.wantsMuted) this.socket?.send({ do: 'mute', seat: me.seat, muted: true, version: me.mute_version });
    if (!me.connected) this.peer.denied();
    this.sayReadyOnce();
  }

  private peerChanged(): void {
    if (this.peer.link === 'connected') {
      this.readySent = 0;
      this.sayReadyOnce();
      if (this.loopback) this.send({ do: 'loopback', on: true });
    }
    this.changed();
  }

  private sayReadyOnce(): void {
    const me = this.me;
    if (this.peer.link === 'connected' && me?.connected && !this.readySent) this.sayReady();
  }

  private sayReady(): void {
    const me = this.me;
    if (!me || !this.socket?.send({ do: 'ready', muted_version: me.mute_version })) return;
    this.readySent = Date.now();
  }

  /** Held muted although nobody asks for it: our `ready` was lost or carried an old version. */
  private insist(): void {
    const me = this.me;
    const held = me && me.place === 'on_stage' && !me.muted && me.mixer_muted;
    if (held && this.peer.link === 'connected' && Date.now() - this.readySent > UNHEEDED_MS) this.sayReady();
  }

  /** After a reload the microphone comes back without a touch where the browser allows it. */
  private async resume(): Promise<void> {
    if (!this.over && !this.mic.track && (await Microphone.granted())) await this.mic.open();
  }
}

/** 128 bits in hexadecimal, kept by this tab. */
function pageNumber(): string {
  const key = 'stentor-page';
  let number = sessionStorage.getItem(key);
  // A tab that is duplicated takes its number along; only a reload is the same page.
  const [navigation] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
  if (!number || navigation?.type === 'navigate') {
    number = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
    sessionStorage.setItem(key, number);
  }
  return number;
}

const tokenKey = (slug: string) => `stentor-token-${slug}`;

/** From the fragment, which no server ever sees; kept for this tab, so that a lost fragment does not lock out. */
function token(slug: string): string {
  const key = tokenKey(slug);
  const given = new URLSearchParams(location.hash.slice(1)).get('t');
  if (given) sessionStorage.setItem(key, given);
  return given ?? sessionStorage.getItem(key) ?? '';
}
