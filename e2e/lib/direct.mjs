// What the direct face carries, read as bytes: no browser and no player in between.

import { between, chunks } from './boxes.mjs';
import { decode } from './sound.mjs';

/** A stream that sends nothing for so long is given up, ms. */
const PATIENCE_MS = 20_000;

/**
 * The sound that is captured from this moment on, for so many seconds, at 16 kHz. By the capture times in the stream, so that neither its
 * first burst nor anything that was said before is in it, however long it takes to arrive.
 */
export async function fromNowOn(url, seconds) {
  const from = Date.now();
  const until = from + seconds * 1000;
  const response = await fetch(url, { signal: AbortSignal.timeout(seconds * 1000 + PATIENCE_MS) });
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
  const parts = [];
  for await (const part of response.body) {
    parts.push(part);
    const newest = chunks(Buffer.concat(parts)).list.at(-1);
    if (newest && newest.capture_us >= until * 1000) break;
  }
  return decode(between(Buffer.concat(parts), from, until).file);
}
