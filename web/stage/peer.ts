// One sendrecv audio connection to the mixer over WHIP (RFC 9725), made again whenever it is lost.
//
// The server is ICE-lite with its candidates in the answer, so the offer goes at once, without waiting for
// ours. A lost connection is replaced by a new session of the same seat: the server closes the old one and
// holds the new one muted until this page has said `ready`.

import { backoff } from '../shared/backoff.ts';

export type PeerLink = 'idle' | 'connecting' | 'connected' | 'reconnecting';

const CONNECT_MS = 10_000;
/** ICE may recover from a short disconnection by itself; longer, and we start again. */
const DISCONNECTED_MS = 3_000;
/** The server learns of a new connection a little after we do. */
const BELIEVED_MS = 2_000;

export class Peer {
  link: PeerLink = 'idle';
  /** Why the server would not have us, in its words; null while it has said nothing. */
  refused: string | null = null;
  private pc: RTCPeerConnection | null = null;
  private session: string | null = null;
  private track: MediaStreamTrack | null = null;
  private attempt = 0;
  private timer = 0;
  private generation = 0;
  private connectedAt = 0;

  constructor(
    private readonly speaker: HTMLAudioElement,
    private readonly endpoint: () => { url: string; token: string } | null,
    private readonly changed: () => void,
  ) {
    addEventListener('online', () => this.link === 'reconnecting' && this.restart(0));
    addEventListener('pagehide', (e) => e.persisted || this.leave(true));
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

  close(): void {
    this.track = null;
    clearTimeout(this.timer);
    this.leave(false);
    this.show('idle');
  }

  private show(link: PeerLink): void {
    if (link === this.link) return;
    this.link = link;
    this.changed();
  }

  private leave(unloading: boolean): void {
    this.generation++;
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
    this.show(this.link === 'idle' || this.link === 'connecting' ? 'connecting' : 'reconnecting');
    this.timer = window.setTimeout(() => void this.connect(), delay);
  }

  private lost(generation: number): void {
    if (generation !== this.generation) return;
    this.leave(false);
    if (this.link === 'connected') this.show('reconnecting');
    this.restart(backoff(this.attempt++));
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
        signal: AbortSignal.timeout(CONNECT_MS),
      });
      const answer = await response.text();
      if (mine !== this.generation) return;
      this.refused = response.status >= 400 && response.status < 500 ? answer.slice(0, 200) : null;
      if (!response.ok) throw new Error(`the server answered ${response.status} to our offer`);
      const location = response.headers.get('location');
      this.session = location && new URL(location, response.url).href;
      await pc.setRemoteDescription({ type: 'answer', sdp: answer });
      setTimeout(() => pc.connectionState === 'connected' || this.lost(mine), CONNECT_MS);
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
        this.connectedAt = performance.now();
        this.refused = null;
        const sender = pc.getSenders()[0];
        if (sender && sender.track !== this.track) void sender.replaceTrack(this.track);
        this.show('connected');
      } else if (pc.connectionState === 'failed') this.lost(mine);
      else if (pc.connectionState === 'disconnected')
        setTimeout(() => pc.connectionState === 'disconnected' && this.lost(mine), DISCONNECTED_MS);
    };
  }
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
