// Compares sound with sound: is what was heard what was said, and how much later?
//
// Speech through Opus, a level rider, a limiter and a browser's noise suppression is never the same samples; what
// survives is how the energy of each band moves. So sound becomes a picture of bands over time, and two pictures are
// slid along each other until they correlate best.

import { readFileSync } from 'node:fs';
import { DEADLINE_MS, run, until } from './tools.mjs';

export const RATE = 16_000;
/** Similarity of the same speech after mixer, codec and a browser's processing is above; unrelated speech stays below LIKE_NOT. */
export const LIKE = 0.5;
export const LIKE_NOT = 0.4;
const HOP = 320; // 20 ms
const HOP_MS = (HOP * 1000) / RATE;
const WINDOW = 512;
const BANDS = [120, 250, 400, 600, 850, 1150, 1500, 2000, 2600, 3400, 4500, 6000];
/** What is this far below the loudest moment of a band is silence, decibels. */
const RANGE_DB = 45;
/** Speech of the programme lies around -18 dBFS; a stretch below this has none. */
const SILENT_DBFS = -60;

/** Decodes anything ffmpeg knows (path, or bytes) to mono samples. */
export async function decode(source, { rate = RATE, args = [] } = {}) {
  const bytes = typeof source === 'string' ? null : source;
  const input = bytes ? '-' : source;
  const ran = await run('ffmpeg', ['-v', 'error', ...args, '-i', input, '-map', 'a:0', '-f', 'f32le', '-ac', '1', '-ar', `${rate}`, '-'], { input: bytes ?? undefined });
  if (ran.bytes.length === 0) throw new Error(`ffmpeg decoded nothing: ${ran.stderr}`);
  return new Float32Array(ran.bytes.buffer.slice(ran.bytes.byteOffset, ran.bytes.byteOffset + ran.bytes.length - (ran.bytes.length % 4)));
}

/** A 16-bit mono WAV of ours, as `speech.mjs` writes them, at 16 kHz. */
export const decodeWav = (path) => decode(readFileSync(path));

export const dbfs = (samples) => 10 * Math.log10(samples.reduce((sum, s) => sum + s * s, 0) / Math.max(1, samples.length) + 1e-12);

/** Level of each 10 ms, dBFS. */
export function levels(samples, rate = RATE) {
  const hop = rate / 100;
  return Array.from({ length: Math.floor(samples.length / hop) }, (_, n) => dbfs(samples.subarray(n * hop, (n + 1) * hop)));
}

/** Fourier transform in place; the length is a power of two. */
export function fft(re, im) {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) [re[i], re[j], im[i], im[j]] = [re[j], re[i], im[j], im[i]];
  }
  for (let size = 2; size <= n; size <<= 1) {
    const step = (-2 * Math.PI) / size;
    const [cs, sn] = [new Float64Array(size / 2), new Float64Array(size / 2)];
    for (let k = 0; k < size / 2; k++) [cs[k], sn[k]] = [Math.cos(step * k), Math.sin(step * k)];
    for (let start = 0; start < n; start += size) {
      for (let k = 0; k < size / 2; k++) {
        const [a, b] = [start + k, start + k + size / 2];
        const [x, y] = [re[b] * cs[k] - im[b] * sn[k], re[b] * sn[k] + im[b] * cs[k]];
        re[b] = re[a] - x;
        im[b] = im[a] - y;
        re[a] += x;
        im[a] += y;
      }
    }
  }
}

/** Bands over time: `frames × bands`, decibels above each band's own floor. */
export function picture(samples) {
  const window = Float64Array.from({ length: WINDOW }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / WINDOW));
  const edges = BANDS.map((hz) => Math.round((hz * WINDOW) / RATE));
  const bands = edges.length - 1;
  const frames = Math.max(0, Math.floor((samples.length - WINDOW) / HOP) + 1);
  const out = new Float32Array(frames * bands);
  for (let f = 0; f < frames; f++) {
    const re = new Float64Array(WINDOW);
    const im = new Float64Array(WINDOW);
    for (let i = 0; i < WINDOW; i++) re[i] = samples[f * HOP + i] * window[i];
    fft(re, im);
    for (let b = 0; b < bands; b++) {
      let power = 1e-9;
      for (let k = edges[b]; k < edges[b + 1]; k++) power += re[k] * re[k] + im[k] * im[k];
      out[f * bands + b] = 10 * Math.log10(power);
    }
  }
  for (let b = 0; b < bands; b++) {
    let top = -Infinity;
    for (let f = 0; f < frames; f++) top = Math.max(top, out[f * bands + b]);
    for (let f = 0; f < frames; f++) out[f * bands + b] = Math.max(0, out[f * bands + b] - top + RANGE_DB);
  }
  return { frames, bands, values: out };
}

function correlation(a, b, bands, atA, atB, frames, loop) {
  let total = 0;
  for (let band = 0; band < bands; band++) {
    let [sa, sb, saa, sbb, sab] = [0, 0, 0, 0, 0];
    for (let f = 0; f < frames; f++) {
      const x = a.values[(atA + f) * bands + band];
      const y = b.values[(loop ? (atB + f) % b.frames : atB + f) * bands + band];
      sa += x;
      sb += y;
      saa += x * x;
      sbb += y * y;
      sab += x * y;
    }
    const spread = Math.sqrt((saa - (sa * sa) / frames) * (sbb - (sb * sb) / frames));
    total += spread > 1e-6 ? (sab - (sa * sb) / frames) / spread : 0;
  }
  return total / bands;
}

/**
 * Where in `said` is `heard`? Both are samples at 16 kHz; `loop` when what was said comes round again.
 * Gives the similarity (1: the same movement in all bands; unrelated speech stays below about 0.35) and the position in `said`, ms.
 */
export function match(heard, said, { loop = true } = {}) {
  const a = picture(heard);
  const b = picture(said);
  const frames = loop ? Math.min(a.frames, b.frames) : a.frames;
  if (!loop && b.frames < frames) throw new Error(`heard ${a.frames} frames of only ${b.frames} said`);
  const offsets = loop ? b.frames : b.frames - frames + 1;
  let best = { similarity: -1, at_ms: 0 };
  for (let at = 0; at < offsets; at++) {
    const similarity = correlation(a, b, a.bands, 0, at, frames, loop);
    if (similarity > best.similarity) best = { similarity, at_ms: at * HOP_MS };
  }
  return best;
}

/**
 * As `match`, for sound that a player may have stretched by a few per cent to grow or shrink its buffer: each `windowS` is placed on
 * its own, and only windows that come one after the other in `said`, within `slackMs` of where they should, count. A window in which
 * nobody speaks has no place of its own and is left out. Gives the mean.
 */
export function matchStretched(heard, said, { windowS = 2, slackMs = 400 } = {}) {
  const step = windowS * RATE;
  const placed = [];
  for (let at = 0; at + step <= heard.length; at += step) {
    const window = heard.subarray(at, at + step);
    if (dbfs(window) > SILENT_DBFS) placed.push({ at, ...match(window, said) });
  }
  if (placed.length < 2) throw new Error(`${(heard.length / RATE).toFixed(1)} s were heard, and ${placed.length} × ${windowS} s of speech in them: at least 2 are needed`);
  const loopMs = (said.length / RATE) * 1000;
  const follows = (a, b) => {
    const apartMs = ((b.at - a.at) * 1000) / RATE;
    const off = (((b.at_ms - a.at_ms - apartMs) % loopMs) + loopMs * 1.5) % loopMs - loopMs / 2;
    return Math.abs(off) <= slackMs;
  };
  const counts = placed.map((one, n) => ((n > 0 && follows(placed[n - 1], one)) || (n + 1 < placed.length && follows(one, placed[n + 1])) ? one.similarity : 0));
  return { similarity: counts.reduce((sum, value) => sum + value, 0) / counts.length, at_ms: placed[0].at_ms };
}

/**
 * Listens until what is heard is what was `said` and nothing of what is `unlike`; gives it with its similarity. Speech from before needs a
 * moment to be over, and a browser that has no processor speaks and plays brokenly, until it has one again.
 */
export async function soundsLike(what, listen, said, { unlike, compare = matchStretched } = {}) {
  return until(what, async () => {
    const heard = await listen();
    const { similarity } = compare(heard, said);
    const wrong = unlike ? compare(heard, unlike).similarity : 0;
    if (similarity <= LIKE || wrong >= LIKE_NOT) throw new Error(`similarity ${similarity.toFixed(2)}, to the other ${wrong.toFixed(2)}, ${dbfs(heard).toFixed(1)} dBFS`);
    return { heard, similarity, wrong };
  }, { ms: 3 * DEADLINE_MS });
}
