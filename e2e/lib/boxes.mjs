// What is inside fragmented MP4, as far as tests ask: where its chunks begin and when their sound was captured.

/** Seconds from 1900 (NTP) to 1970 (Unix). */
const NTP_UNIX_OFFSET_S = 2_208_988_800;

/** The top-level boxes, whole ones only: `{ type, start, end }`, in bytes. */
export function boxes(bytes) {
  const found = [];
  for (let start = 0; start + 8 <= bytes.length; ) {
    const size = bytes.readUInt32BE(start);
    if (size < 8) throw new Error(`a box of ${size} bytes at ${start}`);
    if (start + size > bytes.length) break;
    found.push({ type: bytes.toString('latin1', start + 4, start + 8), start, end: start + size });
    start += size;
  }
  return found;
}

/** When the first sample behind a `prft` (ISO/IEC 14496-12 §8.16.5, version 1) was captured, microseconds since 1970. */
function captured(bytes, { start }) {
  if (bytes[start + 8] !== 1) throw new Error('prft of another version');
  const seconds = bytes.readUInt32BE(start + 16) - NTP_UNIX_OFFSET_S;
  return seconds * 1e6 + (bytes.readUInt32BE(start + 20) * 1e6) / 2 ** 32;
}

/** Capture time of each chunk and its bytes, from a recording or a single chunk; `head` is what stands before the first. */
export function chunks(bytes) {
  const all = boxes(bytes);
  const begins = all.filter(({ type }) => type === 'prft');
  const ends = all.filter(({ type }) => type === 'mdat');
  return {
    head: bytes.subarray(0, all.find(({ type }) => type === 'moov')?.end ?? 0),
    list: begins.slice(0, ends.length).map((prft, n) => ({ capture_us: captured(bytes, prft), bytes: bytes.subarray(prft.start, ends[n].end) })),
  };
}

/** The part of a recording that was captured from `from_ms` until `to_ms` (Unix), as a file of its own, and when its first sample was. */
export function between(bytes, from_ms, to_ms) {
  const { head, list } = chunks(bytes);
  const inside = list.filter(({ capture_us }) => capture_us >= from_ms * 1000 && capture_us < to_ms * 1000);
  return { chunks: inside.length, first_ms: inside[0]?.capture_us / 1000, file: Buffer.concat([head, ...inside.map((chunk) => chunk.bytes)]) };
}
