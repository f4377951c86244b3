// Puts what is going on into words and shapes. One function of the model; it owns no state of the event.

import { type Status } from '../shared/status.ts';
import { Dial } from './dial.ts';
import { CROWD_RUNG, type Cadence } from './notices.ts';
import { type Link } from './player.ts';
import { type Lang, STRINGS, type Strings, farewell } from './strings.ts';
import { clock, countdown, locale, moment } from '../shared/time.ts';

/** Screen readers hear at most one word of what goes on by itself in this time: a page that keeps talking cannot be listened past. */
const ANNOUNCE_MS = 5_000;
/** The countdown lights one stroke of the dial a minute over this long. */
const DIAL_S = 50 * 60;

const PLAY = 'M8 4.5v15l12-7.5z';
const STOP = 'M6 6h12v12H6z';
const PAUSE = 'M6 5h4.5v14H6zM13.5 5H18v14h-4.5z';
const TICK = 'M9.5 17.6 4 12.1l2-2 3.5 3.5 8.5-8.6 2 2z';

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
  private s!: Strings;
  private readonly dial = new Dial($('full'), $('faint'));
  private people = '';
  private said = '';
  private saidAt = 0;
  private state = '';
  private timer = 0;

  constructor(
    private lang: Lang,
    desktop: boolean,
  ) {
    this.speak(lang);
    $('say').removeAttribute('lang');
    $('play').hidden = false;
    $('vol').hidden = !desktop;
  }

  /** In this language from now on; `render` says the rest. */
  speak(lang: Lang): void {
    this.lang = lang;
    const s = (this.s = STRINGS[lang]);
    this.people = this.said = $('live').textContent = '';
    this.saidAt = 0;
    $('vol').firstElementChild!.textContent = s.volume;
    this.loud($('vol').lastElementChild as HTMLInputElement);
    $('seek').setAttribute('aria-label', s.seek);
    $('msg').firstElementChild!.textContent = s.message;
  }

  /** The volume as one says it. */
  loud(bar: HTMLInputElement): void {
    bar.setAttribute('aria-valuetext', (+bar.value).toLocaleString(this.lang, { style: 'percent' }));
  }

  render(m: Model): void {
    const { status } = m;
    const { phase } = status;
    const body = document.body;
    body.dataset['view'] = phase === 'on_air' ? 'air' : phase;
    const trouble = this.trouble(m);
    const waits = phase === 'scheduled' ? this.waiting(m) : null;
    body.classList.toggle('trouble', !!trouble);
    body.classList.toggle('count', !!waits?.counting && !trouble);
    body.classList.toggle('ready', phase === 'scheduled' && m.wanted);
    text('title', status.title);
    const lost = !!this.linkTrouble(m);
    this.air(status, lost);
    const say = trouble ?? this.calm(m, waits?.say);
    text('say', say);
    text('sub', trouble && this.timed(m) ? this.s.since(clock((Date.now() + m.skew - status.since) / 1000)) : (waits?.sub ?? this.asks(m) ?? this.crowd(m)));
    this.button(m);
    this.who(status, lost);
    const own = status.message?.[this.lang];
    const words = own || status.message?.[other(this.lang)];
    const p = $('msg').lastElementChild as HTMLElement;
    $('msg').hidden = !words;
    p.lang = own ? this.lang : other(this.lang);
    if (words) p.textContent = words;
    this.links(status);
    // The countdown's digits are for the eye; a reader hears the state it belongs to.
    this.announce([waits?.counting ? `${waits.sub}.` : say, words].filter(Boolean).join(' '), phase + !trouble);
  }

  private timed(m: Model): boolean {
    return m.status.phase === 'on_air' && m.status.condition !== 'ok' && !this.linkTrouble(m);
  }

  /** Why it sounds simpler than it might, while it does. */
  private crowd({ wanted, link, cadence, status }: Model): string | undefined {
    const heard = wanted && link === 'playing' && status.phase === 'on_air';
    if (!heard || cadence.rung < CROWD_RUNG) return undefined;
    const { why } = this.s;
    // Whatever else a server runs short of, or does not say: it has much to do.
    return this.s.crowd((why as Record<string, string | undefined>)[cadence.why ?? ''] ?? why.busy, Math.round(cadence.hold));
  }

  /** About how long it takes until we ask a full server again. */
  private asks({ link, wanted, asksAt }: Model): string | undefined {
    const left = Math.ceil((asksAt - Date.now()) / 1000);
    return wanted && link === 'full' && left > 0 ? this.s.asks(left) : undefined;
  }

  private linkTrouble({ link, wanted, unanswered }: Model): string | undefined {
    if (link !== 'playing' && !navigator.onLine) return this.s.offline;
    if (wanted && (link === 'reconnecting' || link === 'gone' || link === 'full' || link === 'leaving' || link === 'offline')) return this.s[link];
    return unanswered ? this.s.gone : undefined;
  }

  /** What is wrong, nearest cause first: our own connection before the event's. */
  private trouble(m: Model): string | undefined {
    const mine = this.linkTrouble(m);
    if (mine || m.status.phase !== 'on_air') return mine;
    const { hostDropped, stageEmpty, fault } = this.s;
    const { condition, ends } = m.status;
    const till = ends && condition === 'stage_empty' ? ` ${this.s.ends(moment(ends, locale(this.lang)) ?? '')}` : '';
    const said = { ok: undefined, host_dropped: hostDropped, stage_empty: stageEmpty, fault }[condition];
    return said && said + till;
  }

  private waiting({ status, skew }: Model): { say: string; sub?: string; counting?: boolean } {
    const when = status.starts === null ? null : moment(status.starts, locale(this.lang));
    if (status.starts === null || !when) return { say: this.s.notYet };
    const left = (status.starts - Date.now() - skew) / 1000;
    const sub = this.s.at(when);
    return left > 0 ? { say: this.s.startsIn(countdown(left, this.lang)), sub, counting: true } : { say: this.s.anyMoment, sub };
  }

  private calm({ status, link, wanted }: Model, waits?: string): string | undefined {
    if (waits) return waits;
    if (status.phase === 'ended') return farewell(this.s, status.replay);
    if (wanted) return link === 'playing' ? this.s.live : link === 'stalled' ? this.s.stalled : this.s.connecting;
    return this.s.press;
  }

  /** `lost`: what we know is from before our connection broke, and nobody can say whether it still holds. */
  private air({ phase, listeners }: Status, lost: boolean): void {
    const p = $('air');
    const label = { scheduled: this.s.soon, on_air: this.s.onAir, ended: this.s.over }[phase];
    const n = phase === 'on_air' && !lost && listeners > 0 ? this.s.listening(listeners.toLocaleString(this.lang)) : '';
    const html = label + n;
    if (p.dataset['v'] === html) return;
    p.dataset['v'] = html;
    p.hidden = false;
    const span = document.createElement('span');
    span.textContent = n;
    p.replaceChildren(label, ' ', span);
  }

  private button({ status, link, wanted, replay, skew }: Model): void {
    const s = this.s;
    const over = status.phase === 'ended';
    const wait = status.phase === 'scheduled';
    const icon = over ? (replay.playing ? PAUSE : PLAY) : wait ? (wanted ? TICK : PLAY) : wanted ? STOP : PLAY;
    const label = over ? (replay.playing ? s.pause : s.again) : wait ? (wanted ? s.disarm : s.listen) : wanted ? s.stop : s.listen;
    $('icon').setAttribute('d', icon);
    $('go').setAttribute('aria-label', label);
    $('play').hidden = over && !status.replay;
    text('hint', wait ? (wanted ? s.armed : s.arm) : '');
    $('time').hidden = !over;
    if (over) {
      this.dial.show('quiet', replay.length ? replay.at / replay.length : 0);
      this.seekBar(replay.at, replay.length);
    } else if (wait) {
      const left = status.starts === null ? DIAL_S : (status.starts - Date.now() - skew) / 1000;
      this.dial.show('quiet', 1 - left / DIAL_S);
    } else if (wanted && link !== 'playing') this.dial.show('search', 1);
    else this.dial.show(wanted && status.speaking.length ? 'voice' : 'quiet', status.condition === 'ok' ? 1 : 0.5);
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
    const s = this.s;
    const list = stage.filter((p) => p.role !== 'monitor');
    $('who').hidden = !list.length || phase === 'scheduled';
    $('who').firstElementChild!.textContent = phase === 'ended' ? s.wasOnStage : s.onStage;
    $('who').lastElementChild!.replaceChildren(
      ...list.map((p) => {
        const li = document.createElement('li');
        const now = phase === 'on_air' && !lost;
        const speaks = now && speaking.includes(p.seat);
        const state = !p.connected ? s.lost : speaks ? s.speaking : p.muted ? s.muted : '';
        li.className = speaks ? 'on' : '';
        const small = document.createElement('small');
        small.textContent = (now && state) || (s.roles[p.role] ?? '');
        li.append(p.name, ' ', small);
        return li;
      }),
    );
  }

  private links({ phase, replay }: Status): void {
    const a = $<HTMLAnchorElement>('app');
    const base = document.documentElement.dataset['base'];
    const over = phase === 'ended';
    a.href = base + (over ? '/replay.mp4' : '/ogg/live.ogg');
    if (over) a.download = `${base!.slice(3)}.mp4`;
    text('app', over ? this.s.save : this.s.elsewhere);
    a.hidden = phase === 'scheduled' || (over && !replay);
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

export const other = (lang: Lang): Lang => (lang === 'fr' ? 'en' : 'fr');

function text(id: string, words?: string): void {
  const e = $(id);
  e.hidden = !words;
  if (e.textContent !== (words ?? '')) e.textContent = words ?? '';
}
