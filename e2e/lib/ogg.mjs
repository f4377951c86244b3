// Puts Opus packets into an Ogg file (RFC 7845), so that ffmpeg can decode what a test sent or received.

const CRC = new Uint32Array(256).map((_, byte) => {
  let r = byte << 24;
  for (let bit = 0; bit < 8; bit++) r = r & 0x80000000 ? (r << 1) ^ 0x04c11db7 : r << 1;
  return r >>> 0;
});

function page(body, lacing, { serial, sequence, granule, flags }) {
  const head = Buffer.alloc(27);
  head.write('OggS', 0);
  head[5] = flags;
  head.writeBigInt64LE(BigInt(granule), 6);
  head.writeUInt32LE(serial, 14);
  head.writeUInt32LE(sequence, 18);
  head[26] = lacing.length;
  const bytes = Buffer.concat([head, Buffer.from(lacing), body]);
  let crc = 0;
  for (const byte of bytes) crc = ((crc << 8) ^ CRC[((crc >>> 24) ^ byte) & 255]) >>> 0;
  bytes.writeUInt32LE(crc, 22);
  return bytes;
}

function lace(packet) {
  const full = Math.floor(packet.length / 255);
  return [...Array(full).fill(255), packet.length % 255];
}

/** Mono Opus packets of `samples` (48 kHz) each, one page a packet. A missing packet may be an empty buffer. */
export function oggOpus(packets, samples = 960) {
  const head = Buffer.from('OpusHead\x01\x01\x00\x00\x80\xbb\x00\x00\x00\x00\x00', 'latin1');
  const tags = Buffer.concat([Buffer.from('OpusTags'), Buffer.from([4, 0, 0, 0]), Buffer.from('test'), Buffer.alloc(4)]);
  const serial = 1;
  const pages = [
    page(head, lace(head), { serial, sequence: 0, granule: 0, flags: 2 }),
    page(tags, lace(tags), { serial, sequence: 1, granule: 0, flags: 0 }),
  ];
  packets.forEach((packet, n) => {
    const flags = n === packets.length - 1 ? 4 : 0;
    pages.push(page(packet, lace(packet), { serial, sequence: n + 2, granule: (n + 1) * samples, flags }));
  });
  return Buffer.concat(pages);
}

/** The packets of a file of (u16 big-endian length, packet), as crates/event/assets/demo/voice.opus-packets is. */
export function unpack(bytes) {
  const packets = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt16BE(at);
    packets.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return packets;
}
