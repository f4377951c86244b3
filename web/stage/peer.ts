// One sendrecv audio connection to the mixer over WHIP (RFC 9725): watched, moved to another path when its path is silent, and made
// again when it is lost.
//
// The server is ICE-lite with its candidates in the answer, so the offer goes at once, without waiting for
// ours. A silent path is left by an ICE restart, which keeps the session; a session that the server does not know any more, or that
// a restart does not bring back, is replaced by a new one of the same seat: the server closes the old one and
// holds the new one muted until this page has said `ready`.

import { backoff } from '../shared/backoff.ts';
import { Quiet, onPathChange, patience, way } from '../shared/path.ts';
import { Pulse } from './pulse.ts';
import { FRAGMENT, answerWith, fragmentOf } from './restart.ts';

export type PeerLink = 'idle' | 'connecting' | 'connected' | 'reconnecting';

/** Nothing has arrived for so long: another path is looked for, ms. */
export const DOUBTED_MS = 700;
/** Nothing has arrived for so long: nobody hears us, as far as this page can know, ms. */
export const SILENT_MS = 1_800;
const LOOK_MS = 200;
/** How long the server may take at least to answer a fragment, or an offer, before another try, ms. */
const PATIENCE_MS = 500;
const OFFER_PATIENCE_MS = 2_500;
/** How long a connection may take once the offer was answered, ms. */
const CONNECT_MS = 8_000;
/**
 * How long a restart that was answered may take until something arrives, ms; longer, and a new session is tried. By how often the answer
 * took: the checks, and the first packet after them, go the same way. In one restart of ten Firefox sends nothing by the way that it chose.
 */
const RENEWED_MS = { least: 1_200, most: 2_500 };
const RENEWED_TIMES = 8;
/** The server learns of a new connection a little after we do. */
const BELIEVED_MS = 2_000;

export class Peer {
  link: PeerLink = 'idle';
  /** Connected, and something has arrived lately. */
  heard = false;
  /** Why the server would not have us, in its words; null while it has said nothing. */
  refused: string | null = null;
  private pc: RTCPeerConnection | null = null;
  private session: string | null = null;
  private track: MediaStreamTrack | null = null;
  private attempt = 0;
  private timer = 0;
  private generation = 0;
  private connectedAt = 0;
  private renewing = false;
  private looking = false;
  /** What the last answer took, ms. */
  private took = 0;
  /** Ends the wait of the try that is being made. */
  private hurry: () => void = () => {};
  private quiet = new Quiet();
  private pulse = new Pulse();

  constructor(
    private readonly speaker: HTMLAudioElement,
    private readonly endpoint: () => { url: string; token: string } | null,
    private readonly changed: () => void,
  ) {
    onPathChange(() => this.doubt());
    addEventListener('pagehide', (e) => e.persisted || this.leave(true));
    setInterval(() => void this.look(), LOOK_MS);
  }

  /** The track to send from now on. The connection is made when there is none. */
  send(track: MediaStreamTrack): void {
    this.track = track;
    const sender = this.pc?.getSenders()[0];
    if (sender && this.link === 'connected') void sender.replaceTrack(track).catch(() => this.restart(0));
    else this.restart(0);
  }

  /** Connects if it ought to be connected and is not (the server has just come back). */
  ensure(): void {
    if (this.track && this.link !== 'connected' && this.link !== 'connecting') this.restart(0);
  }

  /** The server does not know our connection (it was restarted): ICE would need many seconds to notice. */
  denied(): void {
    if (this.link === 'connected' && performance.now() - this.connectedAt > BELIEVED_MS) this.lost(this.generation);
  }

  /** The network may be another one. */
  doubt(): void {
    this.quiet.doubt();
    this.retry();
  }

  /** There is a path again: a try that was begun before is not waited for. */
  retry(): void {
    if (this.link === 'reconnecting') this.restart(0);
    else if (this.renewing) this.hurry();
  }

  /** Begins anew at once, whatever is believed or waited for. */
  again(): void {
    this.lost(this.generation);
    this.restart(0);
  }

  close(): void {
    this.track = null;
    clearTimeout(this.timer);
    this.leave(false);
    this.show('idle', false);
  }

  private show(link: PeerLink, heard: boolean): void {
    if (link === this.link && heard === this.heard) return;
    this.link = link;
    this.heard = heard;
    this.changed();
  }

  private leave(unloading: boolean): void {
    this.generation++;
    this.renewing = false;
    this.pc?.close();
    this.pc = null;
    const at = this.endpoint();
    if (this.session && at) {
      const headers = { authorization: `Bearer ${at.token}` };
      void fetch(this.session, { method: 'DELETE', headers, keepalive: unloading }).catch(() => {});
    }
    this.session = null;
  }

  private restart(delay: number): void {
    clearTimeout(this.timer);
    if (!this.track) return;
    this.show(this.link === 'idle' || this.link === 'connecting' ? 'connecting' : 'reconnecting', false);
    this.timer = window.setTimeout(() => void this.connect(), delay);
  }

  private lost(generation: number): void {
    if (generation !== this.generation) return;
    this.leave(false);
    if (this.link === 'connected') this.show('reconnecting', false);
    this.restart(backoff(this.attempt++));
  }

  /** Is something arriving? If not: another path, while the session is what it was. */
  private async look(): Promise<void> {
    const { pc, generation } = this;
    if (!pc || this.link !== 'connected' || this.looking) return;
    this.looking = true;
    const beats = await this.pulse.beats(pc).catch(() => false);
    this.looking = false;
    if (generation !== this.generation || this.link !== 'connected') return;
    if (beats) this.quiet.heard();
    this.show('connected', this.quiet.look() <= SILENT_MS);
    if (this.quiet.doubtful(DOUBTED_MS) && !this.renewing && this.session) void this.renew(pc, this.session);
  }

  /** ICE restarts until one is answered and something arrives; a session that is gone, or is not brought back, is made anew. */
  private async renew(pc: RTCPeerConnection, session: string): Promise<void> {
    const mine = this.generation;
    this.renewing = true;
    for (let tries = 0; mine === this.generation; tries++) {
      const control = new AbortController();
      // An error comes at once where nobody listens; the next try does not.
      const over = new Promise<void>((done) => {
        setTimeout(done, patience(tries, PATIENCE_MS, this.took));
        this.hurry = done;
      }).then(() => control.abort());
      const outcome = await this.renewOnce(pc, session, tries, control.signal).catch(() => null);
      if (mine !== this.generation) return;
      if (outcome === 'gone') return this.lost(mine);
      if (outcome === 'renewed') break;
      await over;
    }
    await this.renewed(mine);
  }

  /** Waits until something arrives by the restarted way. */
  private async renewed(mine: number): Promise<void> {
    const answered = performance.now();
    const within = Math.min(RENEWED_MS.most, Math.max(RENEWED_MS.least, this.took * RENEWED_TIMES));
    while (mine === this.generation && this.quiet.look() > 2 * LOOK_MS) {
      if (performance.now() - answered > within) return this.lost(mine);
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    if (mine === this.generation) this.renewing = false;
  }

  private async renewOnce(pc: RTCPeerConnection, session: string, tries: number, signal: AbortSignal): Promise<'renewed' | 'gone'> {
    // New credentials for each try: the server may have obeyed one whose answer was lost.
    await pc.setLocalDescription(await pc.createOffer({ iceRestart: true }));
    const asked = performance.now();
    const response = await fetch(session, {
      method: 'PATCH',
      // RFC 9725 §4.3.3: whatever ICE session there is.
      headers: { 'content-type': FRAGMENT, 'if-match': '*' },
      body: fragmentOf(pc.localDescription!.sdp),
      credentials: way(tries),
      signal,
    });
    if (response.status === 404) return 'gone';
    const answer = response.ok ? answerWith(pc.currentRemoteDescription?.sdp ?? '', await response.text()) : null;
    if (!answer) throw new Error(`the server answered ${response.status} to our fragment`);
    this.took = performance.now() - asked;
    await pc.setRemoteDescription({ type: 'answer', sdp: answer });
    return 'renewed';
  }

  private async connect(): Promise<void> {
    this.leave(false);
    const at = this.endpoint();
    const track = this.track;
    const mine = this.generation;
    if (!at || !track) return;
    try {
      const pc = (this.pc = new RTCPeerConnection({ bundlePolicy: 'max-bundle' }));
      this.watch(pc, mine);
      preferRed(pc.addTransceiver(track, { direction: 'sendrecv' }));
      await pc.setLocalDescription();
      const response = await fetch(at.url, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp', authorization: `Bearer ${at.token}` },
        body: pc.localDescription!.sdp,
        // The other way round than a fragment's, so that the first of those finds no connection of this request.
        credentials: way(this.attempt + 1),
        signal: AbortSignal.timeout(patience(this.attempt, OFFER_PATIENCE_MS, this.took)),
      });
      const answer = await response.text();
      if (mine !== this.generation) return;
      this.refused = response.status >= 400 && response.status < 500 ? reason(answer) : null;
      if (!response.ok) throw new Error(`the server answered ${response.status} to our offer`);
      const location = response.headers.get('location');
      this.session = location && new URL(location, response.url).href;
      await pc.setRemoteDescription({ type: 'answer', sdp: answer });
      setTimeout(() => this.link === 'connected' || this.lost(mine), CONNECT_MS);
    } catch {
      this.changed();
      this.lost(mine);
    }
  }

  private watch(pc: RTCPeerConnection, mine: number): void {
    pc.ontrack = ({ track }) => {
      // A plain element: sound played through WebAudio is invisible to the echo canceller.
      this.speaker.srcObject = new MediaStream([track]);
      this.speaker.play().catch(() => {});
    };
    pc.onconnectionstatechange = () => {
      if (mine !== this.generation) return;
      if (pc.connectionState === 'connected') {
        this.attempt = 0;
        this.refused = null;
        const sender = pc.getSenders()[0];
        if (sender && sender.track !== this.track) void sender.replaceTrack(this.track);
        if (this.link === 'connected') return;
        this.connectedAt = performance.now();
        this.quiet = new Quiet();
        this.pulse = new Pulse();
        this.show('connected', true);
        // A disconnected one is being looked after already: `look` sees it sooner than ICE does.
      } else if (pc.connectionState === 'failed' && !this.renewing) this.lost(mine);
    };
  }
}

/** The sentence of a problem document (RFC 9457); whoever stands between answers in a form of their own. */
function reason(answer: string): string {
  try {
    const { detail } = JSON.parse(answer);
    if (typeof detail === 'string') return detail.slice(0, 200);
  } catch {
    // not one of the server's
  }
  return answer.slice(0, 200);
}

/** RED first (RFC 2198): each packet repeats the one before, so single losses are not heard. */
function preferRed(transceiver: RTCRtpTransceiver): void {
  const codecs = RTCRtpSender.getCapabilities?.('audio')?.codecs ?? [];
  const named = (name: string) => codecs.filter((c) => c.mimeType.toLowerCase() === `audio/${name}`);
  const wanted = [...named('red'), ...named('opus')];
  try {
    if (named('opus').length) transceiver.setCodecPreferences(wanted);
  } catch {
    // The browser's own order is good enough.
  }
}
