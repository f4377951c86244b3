// Publishers and monitors without a browser, over libdatachannel (what OBS uses): WHIP and WHEP as an outside program speaks them.

import nodeDataChannel from 'node-datachannel';
import { fetch } from './http.mjs';
import { packets } from './speech.mjs';
import { sleep, until } from './tools.mjs';

const FRAME_MS = 20;
const FRAME_SAMPLES = 960;

/** One RTP packet (RFC 3550 §5.1) of payload type 111. */
export function rtp({ sequence, timestamp, ssrc, payload, marker = false, payloadType = 111 }) {
  const head = Buffer.alloc(12);
  head[0] = 0x80;
  head[1] = (marker ? 0x80 : 0) | payloadType;
  head.writeUInt16BE(sequence & 0xffff, 2);
  head.writeUInt32BE(timestamp >>> 0, 4);
  head.writeUInt32BE(ssrc >>> 0, 8);
  return Buffer.concat([head, payload]);
}

/** Sequence, timestamp and payload of an RTP packet; extension and padding are skipped. Null when it is RTCP. */
export function parseRtp(bytes) {
  if (bytes.length < 12 || (bytes[1] >= 192 && bytes[1] <= 223)) return null;
  let at = 12 + (bytes[0] & 15) * 4;
  if (bytes[0] & 0x10) at += 4 + bytes.readUInt16BE(at + 2) * 4;
  const end = bytes.length - (bytes[0] & 0x20 ? bytes[bytes.length - 1] : 0);
  return { payloadType: bytes[1] & 127, sequence: bytes.readUInt16BE(2), timestamp: bytes.readUInt32BE(4), ssrc: bytes.readUInt32BE(8), payload: bytes.subarray(at, end) };
}

/** One session over WHIP or WHEP. `direction`: SendOnly, SendRecv or RecvOnly. */
export class Session {
  static async open(t, { url, token, direction = 'SendOnly', ssrc = 0x5e47 + Math.floor(Math.random() * 1e6) }) {
    const session = new Session();
    session.ssrc = ssrc;
    session.token = token;
    session.received = [];
    session.states = [];
    const pc = new nodeDataChannel.PeerConnection(`test-${ssrc}`, { iceServers: [], disableAutoNegotiation: true });
    session.pc = pc;
    t?.after(() => session.close());
    pc.onStateChange((state) => session.states.push(state));
    const audio = new nodeDataChannel.Audio('audio', direction);
    audio.addOpusCodec(111);
    if (direction !== 'RecvOnly') audio.addSSRC(ssrc, 'test', 'test', 'test');
    session.track = pc.addTrack(audio);
    session.track.onMessage((bytes) => {
      const at = performance.now();
      const packet = parseRtp(Buffer.from(bytes));
      if (packet) session.received.push({ at, ...packet, payload: Buffer.from(packet.payload) });
    });
    const described = new Promise((done) => pc.onLocalDescription((sdp) => done(sdp)));
    pc.setLocalDescription('offer');
    session.offer = await described;
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` },
      body: session.offer,
    });
    session.answer = await response.text();
    session.status = response.status;
    if (response.status !== 201) throw new Error(`${url} answered ${response.status}: ${session.answer}`);
    session.location = new URL(response.headers.get('location'), url).href;
    session.etag = response.headers.get('etag');
    pc.setRemoteDescription(session.answer, 'answer');
    await until('the session is connected', () => session.states.includes('connected'));
    return session;
  }

  /** Speaks Opus packets, 20 ms each, in real time and on schedule; `onSent(index, performance.now())` as each leaves. */
  async speak(opus, { onSent, mangle } = {}) {
    const start = performance.now();
    this.sequence ??= Math.floor(Math.random() * 30_000);
    this.timestamp ??= Math.floor(Math.random() * 1e9);
    for (let n = 0; n < opus.length && !this.closed; n++) {
      const due = start + n * FRAME_MS;
      const wait = due - performance.now();
      if (wait > 1) await sleep(wait);
      const packet = { sequence: this.sequence++, timestamp: this.timestamp, ssrc: this.ssrc, payload: opus[n], marker: n === 0 };
      this.timestamp += FRAME_SAMPLES;
      const bytes = rtp(mangle ? mangle(packet, n) : packet);
      if (this.track.isOpen()) this.track.sendMessageBinary(bytes);
      onSent?.(n, performance.now());
    }
  }

  /** The demonstration voice, again and again until the session is closed. */
  async speakForEver(opus = packets()) {
    while (!this.closed) await this.speak(opus);
  }

  async remove() {
    const response = await fetch(this.location, { method: 'DELETE', headers: { authorization: `Bearer ${this.token}` } });
    await response.arrayBuffer();
    return response.status;
  }

  close() {
    if (this.closed) return;
    this.closed = true;
    this.pc.close();
  }
}

/** The library's threads keep a process alive; to be called when the last session is closed. */
export const endPublishing = () => nodeDataChannel.cleanup();
