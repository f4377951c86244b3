// What the direct face carries, read as bytes: no browser and no player in between.

import { between, chunks } from './boxes.mjs';
import { fetch } from './http.mjs';
import { decode } from './sound.mjs';
import { DEADLINE_MS } from './tools.mjs';

/** A stream that is read from now on, until the test has seen enough of it. */
export class Recording {
  static async start(url) {
    const recording = new Recording();
    recording.stream = new AbortController();
    const response = await fetch(url, { signal: recording.stream.signal });
    if (response.status !== 200) throw new Error(`${url} answered ${response.status}`);
    recording.reader = response.body.getReader();
    recording.bytes = Buffer.alloc(0);
    return recording;
  }

  /** When the first sample in it was captured, Unix ms. Ends the stream. */
  async first() {
    for (;;) {
      const [first] = chunks(this.bytes).list;
      if (first) break;
      await this.#read();
    }
    this.stream.abort();
    return chunks(this.bytes).list[0].capture_us / 1000;
  }

  async #read() {
    const { done, value } = await this.reader.read();
    if (done) throw new Error('the stream ended');
    this.bytes = Buffer.concat([this.bytes, value]);
  }

  /**
   * What was captured between these moments (Unix ms), at 16 kHz, and when its first sample was. By the capture times in the stream, so
   * that neither its first burst nor anything that was said before is in it, however long it takes to arrive. Ends the stream.
   */
  async between(from_ms, until_ms) {
    const timer = setTimeout(() => this.stream.abort(new Error('the stream stands still')), until_ms - Date.now() + DEADLINE_MS);
    for (;;) {
      const newest = chunks(this.bytes).list.at(-1);
      if (newest && newest.capture_us >= until_ms * 1000) break;
      await this.#read();
    }
    clearTimeout(timer);
    this.stream.abort();
    const { file, first_ms } = between(this.bytes, from_ms, until_ms);
    return { samples: await decode(file), first_ms };
  }
}

/** The sound that is captured from this moment on, for so many seconds, at 16 kHz. */
export async function fromNowOn(url, seconds) {
  const from = Date.now();
  return (await (await Recording.start(url)).between(from, from + seconds * 1000)).samples;
}

/** How much sound from before it asked a newcomer is given at once, at least, seconds. */
export async function burst(url) {
  const asked_ms = Date.now();
  const recording = await Recording.start(url);
  return (asked_ms - (await recording.first())) / 1000;
}
