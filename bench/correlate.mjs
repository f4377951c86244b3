// How much later is the same sound in another recording? Windows of speech, cross-correlated sample by sample.

import { fft } from '../e2e/lib/sound.mjs';

function padded(samples, from, count, n) {
  const out = new Float64Array(n);
  for (let i = 0; i < count; i++) out[i] = samples[from + i] ?? 0;
  return out;
}

/**
 * Delay of `out` behind `inn` (same rate, same start) for windows of `windowS`, each looked for up to `reachS` later.
 * Gives the delays in ms of the windows that were found: `certainty` is the normalised correlation.
 */
export function delays(inn, out, { rate, windowS = 1, hopS = 0.5, reachS = 1, certainty = 0.5 }) {
  const window = Math.round(windowS * rate);
  const reach = Math.round(reachS * rate);
  let n = 1;
  while (n < window + reach + window) n <<= 1;
  const found = [];
  for (let at = 0; at + window + reach < out.length && at + window < inn.length; at += Math.round(hopS * rate)) {
    const ar = padded(inn, at, window, n);
    const br = padded(out, at, window + reach, n);
    let energy = 0;
    for (let i = 0; i < window; i++) energy += ar[i] * ar[i];
    if (energy / window < 1e-5) continue; // a pause says nothing
    const squares = new Float64Array(window + reach + 1);
    for (let i = 0; i < window + reach; i++) squares[i + 1] = squares[i] + br[i] * br[i];
    const [ai, bi] = [new Float64Array(n), new Float64Array(n)];
    fft(ar, ai);
    fft(br, bi);
    // Conjugate product; an inverse transform is a forward one with the parts exchanged.
    const [re, im] = [new Float64Array(n), new Float64Array(n)];
    for (let k = 0; k < n; k++) {
      re[k] = ar[k] * br[k] + ai[k] * bi[k];
      im[k] = ar[k] * bi[k] - ai[k] * br[k];
    }
    fft(im, re);
    let best = { value: 0, lag: 0 };
    for (let lag = 0; lag < reach; lag++) {
      const power = squares[lag + window] - squares[lag];
      const value = power > 0 ? re[lag] / n / Math.sqrt(energy * power) : 0;
      if (value > best.value) best = { value, lag };
    }
    if (best.value >= certainty) found.push({ at_s: at / rate, ms: (best.lag / rate) * 1000, certainty: best.value });
  }
  return found;
}
