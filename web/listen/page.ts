// Puts what is going on into words and shapes. One function of the model; it owns no state of the event.

import { type Condition, type Phase, type Role, type Status, isAhead, isOver, said, titled } from '../shared/status.ts';
import { Dial } from './dial.ts';
import { farewell } from './farewell.ts';
import { CROWD_RUNG, type Cadence, type Reason } from './notices.ts';
import { type Link } from './player.ts';
import { type Lang } from '../shared/messages.ts';
import { type IdOf, type Say, type Words, sayer } from '../shared/words.ts';
import { clock, countdown, locale, moment } from '../shared/time.ts';

/** Screen readers hear at most one word of what goes on by itself in this time: a page that keeps talking cannot be listened past. */
const ANNOUNCE_MS = 5_000;
/** The countdown lights one stroke of the dial a minute over this long. */
const DIAL_S = 50 * 60;

const PLAY = 'M8 4.5v15l12-7.5z';
const STOP = 'M6 6h12v12H6z';
const PAUSE = 'M6 5h4.5v14H6zM13.5 5H18v14h-4.5z';
const TICK = 'M9.5 17.6 4 12.1l2-2 3.5 3.5 8.5-8.6 2 2z';

type Id = IdOf<'listen' | 'common' | 'embed'>;
// Here an id stands whole: the build makes a number of it.
const WHY: { [reason in Reason]: Id } = {
  busy: 'listen-why-busy',
  link: 'listen-why-link',
  blocked: 'listen-why-blocked',
  opening: 'listen-why-opening',
  pinned: 'listen-why-pinned',
  calm: 'listen-why-calm',
};
const LINK: { [link in Link]?: Id } = {
  reconnecting: 'listen-reconnecting',
  gone: 'listen-gone',
  full: 'listen-full',
  leaving: 'listen-leaving',
  offline: 'listen-offline',
};
const AIR: { [phase in Phase]?: Id } = { on_air: 'common-on-air', held: 'listen-paused', ended: 'listen-over', cancelled: 'listen-over' };
const CONDITION: { [condition in Condition]?: Id } = { host_dropped: 'listen-host-dropped', stage_empty: 'listen-stage-empty', fault: 'listen-fault' };
/** A role that says nothing to listeners has no word. */
const ROLE: { [role in Role]?: Id } = { host: 'common-role-host', co_host: 'common-role-co_host', guest: 'common-role-guest' };

export interface Model {
  status: Status;
  link: Link;
  cadence: Cadence;
  wanted: boolean;
  /** When a full server is asked again, ms of our clock. */
  asksAt: number;
  /** The status poll has failed while we are not playing. */
  unanswered: boolean;
  /** Server's clock minus ours, ms. */
  skew: number;
  replay: { playing: boolean; at: number; length: number };
}

export const $ = <T extends Element = HTMLElement>(id: string): T => document.getElementById(id) as unknown as T;

export class Page {
  private lang!: Lang;
  private say!: Say<'listen' | 'common' | 'embed'>;
  private readonly dial = EMBED ? undefined : new Dial($('full'), $('faint'));
  private people = '';
  private said = '';
  private saidAt = 0;
  private state = '';
  private timer = 0;

  constructor(lang: Lang, words: Words) {
    this.speak(lang, words);
    $('play').hidden = false;
  }

  /** In this language from now on; `render` says the rest. */
  speak(lang: Lang, words: Words): void {
    this.lang = lang;
    const say = (this.say = sayer(words, lang));
    this.people = this.said = $('live').textContent = '';
    this.saidAt = 0;
    $('seek').setAttribute('aria-label', say('listen-seek'));
    if (EMBED) text('open', say('embed-open'));
    $('msg').firstElementChild!.textContent = say('listen-message');
  }

  render(m: Model): void {
    const { status } = m;
    const { phase } = status;
    const body = document.body;
    body.dataset['view'] = phase === 'on_air' ? 'air' : isOver(phase) ? 'ended' : 'wait';
    const trouble = this.trouble(m);
    const waits = isAhead(phase) ? this.waiting(m) : phase === 'held' ? this.held(m) : null;
    body.classList.toggle('trouble', !!trouble);
    body.classList.toggle('count', !!waits?.counting && !trouble);
    body.classList.toggle('ready', isAhead(phase) && m.wanted);
    const [tag, title] = titled(status, this.lang);
    $('title').lang = tag;
    text('title', title);
    document.title = `${title} · Stentor`;
    const lost = !!this.linkTrouble(m);
    this.air(status, lost);
    const say = trouble ?? this.calm(m, waits?.say);
    text('say', say);
    text('sub', trouble && this.timed(m) ? this.say('listen-since', { span: clock((Date.now() + m.skew - status.since) / 1000) }) : (waits?.sub ?? this.asks(m) ?? this.crowd(m)));
    this.button(m);
    if (!EMBED) this.who(status, lost);
    const words = this.words(status);
    if (!EMBED) this.links(status);
    // The countdown's digits are for the eye; a reader hears the state it belongs to.
    this.announce([waits?.counting ? `${waits.sub}.` : say, ...words].filter(Boolean).join(' '), phase + !trouble);
  }

  /** What the host says: why it stands so, and the line to everybody. */
  private words({ why, message, lang }: Status): string[] {
    const texts = [said(why, this.lang, lang), said(message, this.lang, lang)].filter((text) => !!text);
    $('msg').hidden = !texts.length;
    [...$('msg').querySelectorAll('p')].forEach((p, at) => {
      const [tag, words] = texts[at] ?? ['', ''];
      p.lang = tag;
      if (p.textContent !== words) p.textContent = words;
    });
    return texts.map(([, words]) => words);
  }

  private timed(m: Model): boolean {
    return m.status.phase === 'on_air' && m.status.condition !== 'ok' && !this.linkTrouble(m);
  }

  /** Why it sounds simpler than it might, while it does. */
  private crowd({ wanted, link, cadence, status }: Model): string | undefined {
    const heard = wanted && link === 'playing' && status.phase === 'on_air';
    if (!heard || cadence.rung < CROWD_RUNG) return undefined;
    // Whatever else a server runs short of, or does not say: it has much to do.
    const why = this.say(WHY[cadence.why as Reason] ?? WHY.busy);
    return this.say('listen-crowd', { why, seconds: Math.round(cadence.hold) });
  }

  /** About how long it takes until we ask a full server again. */
  private asks({ link, wanted, asksAt }: Model): string | undefined {
    const left = Math.ceil((asksAt - Date.now()) / 1000);
    return wanted && link === 'full' && left > 0 ? this.say('listen-asks', { seconds: left }) : undefined;
  }

  private linkTrouble({ link, wanted, unanswered }: Model): string | undefined {
    if (link !== 'playing' && !navigator.onLine) return this.say('listen-offline');
    const wrong = wanted && LINK[link];
    return wrong ? this.say(wrong) : unanswered ? this.say('listen-gone') : undefined;
  }

  /** What is wrong, nearest cause first: our own connection before the event's. */
  private trouble(m: Model): string | undefined {
    const mine = this.linkTrouble(m);
    if (mine || m.status.phase !== 'on_air') return mine;
    const { condition, ends } = m.status;
    const wrong = CONDITION[condition];
    if (!wrong) return undefined;
    const till = ends && condition === 'stage_empty' ? ` ${this.say('listen-ends', { moment: moment(ends, locale(this.lang)) ?? '' })}` : '';
    return this.say(wrong) + till;
  }

  private waiting({ status, skew }: Model): { say: string; sub?: string; counting?: boolean } {
    const when = status.starts === null ? null : moment(status.starts, locale(this.lang));
    if (status.open) return { say: this.say('common-postponed-open') };
    if (status.starts === null || !when) return { say: this.say('common-not-yet') };
    const left = (status.starts - Date.now() - skew) / 1000;
    const at = this.say('listen-at', { moment: when });
    const sub = status.was ? this.say('listen-postponed', { moment: at }) : at;
    if (left <= 0) return { say: this.say('common-any-moment'), sub };
    const span = countdown(left, this.lang, (days, hours) => this.say('listen-span', { days, hours }));
    return { say: this.say('listen-starts-in', { span }), sub, counting: true };
  }

  /** A pause: how long it has lasted is for the host to say. */
  private held({ status }: Model): { say: string; sub?: string; counting?: boolean } {
    const when = status.until && moment(status.until, locale(this.lang));
    return { say: this.say('common-held'), ...(when && { sub: this.say('common-held-until', { moment: when }) }) };
  }

  private calm({ status, link, wanted }: Model, waits?: string): string | undefined {
    if (waits) return waits;
    if (status.phase === 'cancelled') return this.say('listen-cancelled');
    if (status.phase === 'ended') return farewell(this.say, status.replay);
    if (wanted) return this.say(link === 'playing' ? 'common-live' : link === 'stalled' ? 'listen-stalled' : 'listen-connecting');
    return this.say('listen-press');
  }

  /** `lost`: what we know is from before our connection broke, and nobody can say whether it still holds. */
  private air({ phase, listeners }: Status, lost: boolean): void {
    const p = $('air');
    const label = this.say(AIR[phase] ?? 'listen-soon');
    const n = phase === 'on_air' && !lost && listeners > 0 ? this.say('common-listening', { count: listeners }) : '';
    const html = label + n;
    if (p.dataset['v'] === html) return;
    p.dataset['v'] = html;
    p.hidden = false;
    const span = document.createElement('span');
    span.textContent = n;
    p.replaceChildren(label, ' ', span);
  }

  private button({ status, link, wanted, replay, skew }: Model): void {
    const over = isOver(status.phase);
    const wait = isAhead(status.phase);
    const icon = over ? (replay.playing ? PAUSE : PLAY) : wait ? (wanted ? TICK : PLAY) : wanted ? STOP : PLAY;
    const label = over ? (replay.playing ? 'listen-pause' : 'listen-again') : wanted ? (wait ? 'listen-disarm' : 'listen-stop') : 'listen-listen';
    $('icon').setAttribute('d', icon);
    $('go').setAttribute('aria-label', this.say(label));
    $('play').hidden = over && !status.replay;
    text('hint', wait ? this.say(!wanted ? 'listen-arm' : link === 'playing' ? 'listen-lobby' : 'listen-armed') : '');
    $('time').hidden = !over;
    if (over) {
      this.dial?.show('quiet', replay.length ? replay.at / replay.length : 0);
      this.seekBar(replay.at, replay.length);
    } else if (wait) {
      const left = status.starts === null ? DIAL_S : (status.starts - Date.now() - skew) / 1000;
      this.dial?.show('quiet', 1 - left / DIAL_S);
    } else if (wanted && link !== 'playing') this.dial?.show('search', 1);
    else this.dial?.show(wanted && status.speaking.length ? 'voice' : 'quiet', status.condition === 'ok' ? 1 : 0.5);
  }

  private seekBar(at: number, length: number): void {
    const bar = $<HTMLInputElement>('seek');
    bar.max = String(Math.floor(length) || 1);
    if (document.activeElement !== bar || !bar.matches(':active')) bar.value = String(Math.floor(at));
    bar.setAttribute('aria-valuetext', clock(at));
    text('now', clock(at));
    text('end', length ? clock(length) : '–:––');
  }

  private who({ stage, speaking, phase }: Status, lost: boolean): void {
    const key = JSON.stringify([stage, speaking, phase, lost]);
    if (key === this.people) return;
    this.people = key;
    const { say } = this;
    const list = stage.filter((p) => p.role !== 'monitor');
    $('who').hidden = !list.length || isAhead(phase);
    $('who').firstElementChild!.textContent = say(isOver(phase) ? 'listen-was-on-stage' : 'common-on-stage');
    $('who').lastElementChild!.replaceChildren(
      ...list.map((p) => {
        const li = document.createElement('li');
        const now = phase === 'on_air' && !lost;
        const speaks = now && speaking.includes(p.seat);
        const state = !p.connected ? say('common-connection-lost') : speaks ? say('listen-speaking') : p.muted ? say('common-muted') : '';
        li.className = speaks ? 'on' : '';
        const small = document.createElement('small');
        small.textContent = (now && state) || (ROLE[p.role] ? say(ROLE[p.role]!) : '');
        li.append(p.name, ' ', small);
        return li;
      }),
    );
  }

  private links({ phase, replay }: Status): void {
    const a = $<HTMLAnchorElement>('app');
    const base = document.documentElement.dataset['base'];
    const over = isOver(phase);
    a.href = base + (over ? '/replay.mp4' : '/ogg/live.ogg');
    if (over) a.download = `${base!.slice(3)}.mp4`;
    text('app', this.say(over ? 'listen-save' : 'listen-elsewhere'));
    a.hidden = isAhead(phase) || (over && !replay);
    text('ics', isAhead(phase) ? this.say('listen-calendar') : '');
  }

  /** A change of `state` is said at once. */
  private announce(words: string, state: string): void {
    if (words === this.said) return;
    if (state !== this.state) this.saidAt = 0;
    this.state = state;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(
      () => {
        this.said = words;
        this.saidAt = Date.now();
        $('live').textContent = words;
      },
      Math.max(300, this.saidAt + ANNOUNCE_MS - Date.now()),
    );
  }
}

function text(id: string, words?: string): void {
  const e = $(id);
  e.hidden = !words;
  if (e.textContent !== (words ?? '')) e.textContent = words ?? '';
}
