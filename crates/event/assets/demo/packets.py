"""Strip an Ogg Opus file (RFC 7845) to its packets: each as a big-endian u16 length and its bytes."""

import struct
import sys
from pathlib import Path


def packets(ogg: bytes):
    """The packets of a single-stream Ogg file, in order (RFC 3533 §6)."""
    at, packet = 0, b""
    while at < len(ogg):
        if ogg[at: at + 4] != b"OggS":
            sys.exit(f"no Ogg page at byte {at}")
        segments = ogg[at + 26]
        lacing = ogg[at + 27: at + 27 + segments]
        at += 27 + segments
        for length in lacing:
            packet += ogg[at: at + length]
            at += length
            if length < 255:  # a segment of 255 bytes says that the packet goes on
                yield packet
                packet = b""


def main(source: Path, target: Path) -> None:
    head, _tags, *sound = packets(source.read_bytes())
    if head[:8] != b"OpusHead" or head[9] != 1:
        sys.exit("expected one mono Opus stream")
    # 20 ms, one frame a packet, at every bandwidth: RFC 6716 §3.1, table 2.
    for number, packet in enumerate(sound):
        config, stereo, code = packet[0] >> 3, packet[0] >> 2 & 1, packet[0] & 3
        if stereo or code or config not in {1, 5, 9, 13, 15, 19, 23, 27, 31}:
            sys.exit(f"packet {number} is not one mono frame of 20 ms: TOC {packet[0]:#04x}")
    target.write_bytes(b"".join(struct.pack(">H", len(packet)) + packet for packet in sound))
    print(f"{target.name}: {len(sound)} packets, {len(sound) / 50:.1f} s, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
