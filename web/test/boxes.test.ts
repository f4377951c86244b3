import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BOX_BYTES_MAX, BoxSplitter, decodeTime, eventMessage, lasts } from '../listen/boxes.ts';

function box(type: string, ...bodies: Uint8Array[]): Uint8Array {
  const size = 8 + bodies.reduce((n, b) => n + b.length, 0);
  const out = Buffer.alloc(size);
  out.writeUInt32BE(size);
  out.write(type, 4, 'latin1');
  let at = 8;
  for (const b of bodies) {
    out.set(b, at);
    at += b.length;
  }
  return out;
}

function tfdt(version: number, time: bigint): Uint8Array {
  const body = Buffer.alloc(version ? 12 : 8);
  body[0] = version;
  if (version) body.writeBigUInt64BE(time, 4);
  else body.writeUInt32BE(Number(time), 4);
  return box('tfdt', body);
}

function emsg(version: number, time: bigint, scheme: string, payload: string): Uint8Array {
  const strings = Buffer.from(`${scheme}\0` + `1\0`);
  const numbers = Buffer.alloc(version ? 20 : 16);
  numbers.writeUInt32BE(48_000);
  if (version) numbers.writeBigUInt64BE(time, 4);
  else numbers.writeUInt32BE(Number(time), 4);
  const head = Buffer.from([version, 0, 0, 0]);
  return version ? box('emsg', head, numbers, strings, Buffer.from(payload)) : box('emsg', head, strings, numbers, Buffer.from(payload));
}

const stream = Buffer.concat([box('ftyp', Buffer.from('iso6')), box('moof', box('traf', tfdt(1, 5n))), box('mdat', Buffer.alloc(700, 7))]);

test('a stream cut anywhere yields the same boxes', () => {
  for (const step of [1, 2, 3, 7, 8, 9, 64, 4096]) {
    const splitter = new BoxSplitter();
    const boxes = [];
    for (let at = 0; at < stream.length; at += step) boxes.push(...splitter.push(stream.subarray(at, at + step)));
    assert.deepEqual(boxes.map((b) => b.type), ['ftyp', 'moof', 'mdat'], `in steps of ${step}`);
    assert.deepEqual(Buffer.concat(boxes.map((b) => b.bytes)), stream);
  }
});

test('a box keeps its own copy of the bytes', () => {
  const bytes = Uint8Array.from(stream);
  const [first] = new BoxSplitter().push(bytes);
  bytes.fill(0);
  assert.equal(first!.bytes[4], 'f'.charCodeAt(0));
});

test('sizes that cannot be are refused, at the limit and past it', () => {
  const sized = (n: number) => {
    const b = Buffer.alloc(8);
    b.writeUInt32BE(n);
    return b;
  };
  for (const bad of [0, 1, 7, BOX_BYTES_MAX + 1, 0xffffffff]) assert.throws(() => new BoxSplitter().push(sized(bad)), /box of/);
  assert.deepEqual(new BoxSplitter().push(sized(BOX_BYTES_MAX)), []);
});

test('decode time is read in both versions, past 32 bits too', () => {
  assert.equal(decodeTime(box('moof', box('mfhd', Buffer.alloc(8)), box('traf', box('tfhd', Buffer.alloc(8)), tfdt(1, 1n << 40n)))), 2 ** 40);
  assert.equal(decodeTime(box('moof', box('traf', tfdt(0, 9600n)))), 9600);
});

test('a moof without a readable decode time is nothing, not an error', () => {
  for (const bad of [box('moof'), box('moof', box('traf')), box('moof', box('traf', box('tfdt', Buffer.from([1, 0, 0])))), Buffer.from([0, 0, 0, 8, 109])])
    assert.equal(decodeTime(bad), null);
});

test('an event message is read in both versions', () => {
  const one = eventMessage(emsg(1, 7_000_000_000n, 'urn:stentor:notice', '{"v":1,"id":3,"listeners":4}'));
  assert.deepEqual(one, { scheme: 'urn:stentor:notice', time: 7_000_000_000, relative: false, timescale: 48_000, payload: '{"v":1,"id":3,"listeners":4}' });
  assert.equal(eventMessage(emsg(0, 480n, 'x', 'é'))!.relative, true);
  assert.equal(eventMessage(emsg(0, 480n, 'x', 'é'))!.payload, 'é');
});

test('a cut event message is nothing', () => {
  const whole = emsg(1, 1n, 'urn:stentor:notice', '');
  for (let n = 8; n < whole.length; n++) assert.equal(eventMessage(whole.subarray(0, n)), null, `cut at ${n}`);
});

test('how long a chunk sounds is said by itself, or is that of 20 ms packets', () => {
  const u32 = (...values: number[]) => Uint8Array.from(values.flatMap((n) => [n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]));
  const moof = (tfhd: Uint8Array) => box('moof', box('traf', box('tfhd', tfhd), box('trun', u32(1, 20, 0))));
  assert.equal(lasts(moof(u32(0x020010, 1, 30))), 20 * 960);
  assert.equal(lasts(moof(u32(0x020018, 1, 2880, 30))), 20 * 2880);
  assert.equal(lasts(box('moof')), 0);
});
