// Cuts an endless fMP4 byte stream at its top-level boxes and reads the few fields the player needs.
//
// ISO/IEC 14496-12: a box is a 32-bit size, a four-letter type and a body. It is not a demuxer: the
// browser's own parser gets the bytes unchanged.

/** Largest box accepted, in bytes. A full-quality chunk is about 2 kB; a second of it never nears this. */
export const BOX_BYTES_MAX = 1 << 20;

export interface Box {
  type: string;
  /** The whole box, header included. */
  bytes: Uint8Array;
}

const viewOf = (b: Uint8Array) => new DataView(b.buffer, b.byteOffset, b.byteLength);
const typeAt = (b: Uint8Array, at: number) => String.fromCharCode(b[at]!, b[at + 1]!, b[at + 2]!, b[at + 3]!);
const u64 = (v: DataView, at: number) => v.getUint32(at) * 2 ** 32 + v.getUint32(at + 4);

export class BoxSplitter {
  private rest = new Uint8Array(0);

  /** Whole boxes completed by `bytes`, in order. Throws on a size that cannot be. */
  push(bytes: Uint8Array): Box[] {
    let data = bytes;
    if (this.rest.length) {
      data = new Uint8Array(this.rest.length + bytes.length);
      data.set(this.rest);
      data.set(bytes, this.rest.length);
    }
    const boxes: Box[] = [];
    const view = viewOf(data);
    let at = 0;
    while (data.length - at >= 8) {
      const size = view.getUint32(at);
      if (size < 8 || size > BOX_BYTES_MAX) throw new RangeError(`box of ${size} bytes`);
      if (data.length - at < size) break;
      boxes.push({ type: typeAt(data, at + 4), bytes: data.slice(at, at + size) });
      at += size;
    }
    this.rest = data.slice(at);
    return boxes;
  }
}

/** Body of the first box found by walking `path` inside `box`; null where there is none. */
function find(box: Uint8Array, path: string[]): Uint8Array | null {
  let body = box.subarray(8);
  for (const wanted of path) {
    let found: Uint8Array | null = null;
    const view = viewOf(body);
    for (let at = 0; at + 8 <= body.length; ) {
      const size = view.getUint32(at);
      if (size < 8 || at + size > body.length) break;
      if (typeAt(body, at + 4) === wanted) {
        found = body.subarray(at + 8, at + size);
        break;
      }
      at += size;
    }
    if (!found) return null;
    body = found;
  }
  return body;
}

/** Decode time of a `moof` in timescale units (`traf/tfdt`, version 0 or 1); null if it has none. */
export function decodeTime(moof: Uint8Array): number | null {
  const body = find(moof, ['traf', 'tfdt']);
  if (!body || body.length < 8) return null;
  const view = viewOf(body);
  if (body[0] !== 1) return view.getUint32(4);
  return body.length < 12 ? null : u64(view, 4);
}

/** Samples of an Opus packet where a fragment does not say otherwise. */
const FRAME_SAMPLES = 960;

/** How long a `moof` sounds in timescale units: the packets of its run, each as long as `tfhd` says; 0 if it cannot be read. */
export function lasts(moof: Uint8Array): number {
  const [tfhd, trun] = [find(moof, ['traf', 'tfhd']), find(moof, ['traf', 'trun'])];
  if (!tfhd || tfhd.length < 8 || !trun || trun.length < 8) return 0;
  const head = viewOf(tfhd);
  const flags = head.getUint32(0);
  // What comes before the duration (ISO/IEC 14496-12 §8.8.7), by the flags that announce it.
  const at = 8 + (flags & 1 ? 8 : 0) + (flags & 2 ? 4 : 0);
  const each = flags & 8 && tfhd.length >= at + 4 ? head.getUint32(at) : FRAME_SAMPLES;
  return viewOf(trun).getUint32(4) * each;
}

export interface EventMessage {
  scheme: string;
  /** Timescale units: absolute in version 1, relative to the next chunk in version 0. */
  time: number;
  relative: boolean;
  timescale: number;
  payload: string;
}

/** An `emsg` box (ISO/IEC 23009-1 §5.10.3.3), versions 0 and 1; null when it is malformed. */
export function eventMessage(box: Uint8Array): EventMessage | null {
  const body = box.subarray(8);
  const view = viewOf(body);
  let at = 4;
  const text = (): string => {
    const end = body.indexOf(0, at);
    if (end < 0) throw new RangeError();
    const out = new TextDecoder().decode(body.subarray(at, end));
    at = end + 1;
    return out;
  };
  try {
    let scheme: string, timescale: number, time: number;
    const relative = body[0] === 0;
    if (relative) {
      scheme = text();
      text();
      timescale = view.getUint32(at);
      time = view.getUint32(at + 4);
      at += 16;
    } else {
      timescale = view.getUint32(at);
      time = u64(view, at + 4);
      at += 20;
      scheme = text();
      text();
    }
    if (!timescale || at > body.length) return null;
    return { scheme, time, relative, timescale, payload: new TextDecoder().decode(body.subarray(at)) };
  } catch {
    return null;
  }
}
