// Two speakers of one event in one Chromium page, and one audio context that hears both what goes in and what comes out.
//
// The page is a blank one of the server's own origin. Each peer offers over WHIP as the stage page does; the people behind them
// (who says `ready`, who admits) are stage lines of the test library.

import { readFileSync } from 'node:fs';
import { browser } from '../e2e/lib/browser.mjs';
import { Line } from '../e2e/lib/line.mjs';
import { speech } from '../e2e/lib/speech.mjs';
import { until } from '../e2e/lib/tools.mjs';
import { demonstration } from './lib.mjs';

/** Runs inside the page: what is said goes to peer `mouth`; `ear` is another peer of the same event. */
async function connect({ wav, mouth, ear }) {
  const context = new AudioContext({ sampleRate: 48_000, latencyHint: 'interactive' });
  await context.resume();
  const bytes = Uint8Array.from(atob(wav), (c) => c.charCodeAt(0));
  const voice = new AudioBufferSourceNode(context, { buffer: await context.decodeAudioData(bytes.buffer), loop: true });
  const silence = new ConstantSourceNode(context, { offset: 0 });
  const into = (node) => {
    const end = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    node.connect(end);
    return end.stream.getAudioTracks()[0];
  };
  const join = async ({ url, token }, track) => {
    const peer = new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
    const heard = new Promise((done) => (peer.ontrack = ({ track }) => done(track)));
    const transceiver = peer.addTransceiver(track, { direction: 'sendrecv' });
    const codecs = RTCRtpSender.getCapabilities('audio').codecs;
    const named = (name) => codecs.filter(({ mimeType }) => mimeType.toLowerCase() === `audio/${name}`);
    transceiver.setCodecPreferences([...named('red'), ...named('opus')]);
    await peer.setLocalDescription();
    const response = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/sdp', authorization: `Bearer ${token}` }, body: peer.localDescription.sdp });
    const answer = await response.text();
    if (response.status !== 201) throw new Error(`${response.status}: ${answer}`);
    await peer.setRemoteDescription({ type: 'answer', sdp: answer });
    await new Promise((done, failed) => {
      peer.onconnectionstatechange = () => (peer.connectionState === 'connected' ? done() : peer.connectionState === 'failed' && failed(new Error('the peer failed')));
      if (peer.connectionState === 'connected') done();
    });
    return heard;
  };
  await join(mouth, into(voice));
  const track = await join(ear, into(silence));
  // Chromium only decodes a remote track that some element plays.
  const audio = new Audio();
  audio.srcObject = new MediaStream([track]);
  void audio.play();
  voice.start();
  silence.start();
  globalThis.bench = { context, voice, returned: new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([track]) }) };
}

/** Runs inside the page: two nodes side by side for a while, as two sample-synchronous channels. */
async function record({ seconds, from }) {
  const { context, voice, returned } = globalThis.bench;
  const other = from === 'return' ? returned : globalThis.bench[from];
  const code = 'registerProcessor("tape", class extends AudioWorkletProcessor { process([a, b]) { this.port.postMessage([a[0] ?? null, b[0] ?? null]); return true; } });';
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: 'text/javascript' }))).catch((error) => {
    if (!/already/.test(String(error))) throw error;
  });
  const tape = new AudioWorkletNode(context, 'tape', { numberOfInputs: 2, numberOfOutputs: 0, channelCount: 1, channelCountMode: 'explicit' });
  const blocks = [];
  tape.port.onmessage = ({ data }) => blocks.push(data);
  voice.connect(tape, 0, 0);
  other.connect(tape, 0, 1);
  await new Promise((done) => setTimeout(done, seconds * 1000));
  voice.disconnect(tape);
  other.disconnect(tape);
  tape.port.onmessage = null;
  const side = (n) => {
    const out = new Int16Array(blocks.length * 128);
    blocks.forEach((block, i) => block[n]?.forEach((s, k) => (out[i * 128 + k] = Math.max(-1, Math.min(1, s)) * 32767)));
    let text = '';
    const bytes = new Uint8Array(out.buffer);
    for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
    return btoa(text);
  };
  return [side(0), side(1)];
}

/** Every third sample, after averaging three: 48 to 16 kHz is enough to place speech to a tenth of a millisecond. */
function unpack(text) {
  const bytes = Buffer.from(text, 'base64');
  const out = new Float32Array(Math.floor(bytes.length / 6));
  for (let i = 0; i < out.length; i++) out[i] = (bytes.readInt16LE(i * 6) + bytes.readInt16LE(i * 6 + 2) + bytes.readInt16LE(i * 6 + 4)) / 3 / 32768;
  return out;
}

export const RATE = 16_000;

/** Host speaks, guest listens, both on stage of a demonstration whose recorded voice has left. */
export async function duplex(t) {
  const server = await demonstration(t);
  const chromium = await browser(t, { args: ['--autoplay-policy=no-user-gesture-required'] });
  const context = await chromium.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await page.goto(`${server.url}/healthz/live`);
  const host = await Line.open(t, server, server.links.host);
  const guest = await Line.open(t, server, server.links.guest);
  const wav = readFileSync((await speech()).host).toString('base64');
  await page.evaluate(connect, { wav, mouth: { url: host.whip, token: host.token }, ear: { url: guest.whip, token: guest.token } });
  const voice = host.state.seats.find(({ role }) => role === 'line_in');
  host.say({ do: 'green_room', seat: voice.seat });
  for (const line of [host, guest]) {
    await host.admit(line.welcome.seat);
    if (line.me.muted) await line.mute(line.welcome.seat, false); // nobody else may open a microphone
    await until('the microphone is open', () => line.me.mixer_muted === false, { ms: 10_000 });
  }
  return {
    server,
    page,
    /** `seconds` of what goes in and of what comes out (`return`, or a node put into `globalThis.bench`), at 16 kHz. */
    record: async (seconds, from = 'return') => (await page.evaluate(record, { seconds, from })).map(unpack),
  };
}
