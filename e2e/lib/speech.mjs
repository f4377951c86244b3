// Speech to put into microphones, cut out of the demonstration voice: nothing is downloaded or committed twice.

import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { oggOpus, unpack } from './ogg.mjs';
import { ROOT, run } from './tools.mjs';

const SOURCE = join(ROOT, 'crates/event/assets/demo/voice.opus-packets');
const DATA = join(ROOT, 'e2e/data');
export const RATE = 48_000;

/** Whose turn is when, in seconds of the recording. */
const TURNS = {
  host: [[0, 10.02], [18.6, 25.64], [33.24, 40.71]],
  guest: [[10.56, 18.07], [26.15, 32.71], [41.24, 45.23]],
};

/** The recording's Opus packets: 20 ms each, mono. */
export const packets = () => unpack(readFileSync(SOURCE));

export function wav(samples, rate = RATE) {
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + samples.length * 2, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(samples.length * 2, 40);
  const body = Buffer.alloc(samples.length * 2);
  samples.forEach((s, i) => body.writeInt16LE(Math.round(Math.max(-1, Math.min(1, s)) * 32767), i * 2));
  return Buffer.concat([head, body]);
}

/** Drops every pause longer than `pause` seconds down to it: speech that never lets up. */
function withoutPauses(samples, pause = 0.06) {
  const block = RATE / 100;
  const kept = [];
  let quiet = 0;
  for (let at = 0; at + block <= samples.length; at += block) {
    const part = samples.subarray(at, at + block);
    const loud = Math.sqrt(part.reduce((sum, s) => sum + s * s, 0) / block) > 0.01;
    quiet = loud ? 0 : quiet + 1;
    if (quiet <= pause * 100) kept.push(...part);
  }
  return Float32Array.from(kept);
}

/** The server's demonstration puts this pause behind the recording before it comes round again, seconds. */
const DEMO_PAUSE_S = 2;
const NAMES = ['host', 'guest', 'silence', 'demo'];

/**
 * Paths of WAV files, made when older than the voice: `host` and `guest` (one voice each, without pauses, so that
 * silence means silence), `silence`, and `demo`, what the demonstration's line-in says.
 */
export async function speech() {
  const paths = Object.fromEntries(NAMES.map((name) => [name, join(DATA, `${name}.wav`)]));
  const fresh = (path) => existsSync(path) && statSync(path).mtimeMs > statSync(SOURCE).mtimeMs;
  if (Object.values(paths).every(fresh)) return paths;
  mkdirSync(DATA, { recursive: true });
  const { code, bytes, stderr } = await run('ffmpeg', ['-v', 'error', '-i', '-', '-f', 'f32le', '-ac', '1', '-ar', `${RATE}`, '-'], {
    input: oggOpus(packets()),
  });
  if (code !== 0) throw new Error(`ffmpeg could not decode the voice: ${stderr}`);
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const say = (turns) => Float32Array.from(turns.flatMap(([from, to]) => [...all.subarray(from * RATE, to * RATE)]));
  const demo = Float32Array.from([...all, ...new Float32Array(RATE * DEMO_PAUSE_S)]);
  const sounds = { host: withoutPauses(say(TURNS.host)), guest: withoutPauses(say(TURNS.guest)), silence: new Float32Array(RATE * 5), demo };
  for (const [name, samples] of Object.entries(sounds)) {
    writeFileSync(`${paths[name]}.tmp`, wav(samples));
    renameSync(`${paths[name]}.tmp`, paths[name]);
  }
  return paths;
}
