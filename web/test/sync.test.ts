import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArrivalGap, BEHIND_MAX_S, RATE_MAX, RATE_MIN, TARGET_MAX_S, TARGET_MIN_S, decide, targetFor } from '../listen/sync.ts';

const target = TARGET_MIN_S;
const at = (position: number, ranges: [number, number][], rate = 1, since = 0, most = target) => decide({ position, ranges, target, most, rate, since });

test('nothing buffered: nothing to do', () => {
  assert.deepEqual(at(0, []), { rate: 1 });
});

test('at the target it plays at its own speed', () => {
  assert.deepEqual(at(10, [[0, 10 + target]]), { rate: 1 });
  assert.deepEqual(at(10, [[0, 10 + target - 0.15]]), { rate: 1 });
});

test('behind the target it catches up, never faster than is heard', () => {
  for (let behind = target + 0.3; behind < target + BEHIND_MAX_S; behind += 0.1) {
    const { rate, seek } = at(10, [[0, 10 + behind]]);
    assert.equal(seek, undefined);
    assert.ok(rate > 1 && rate <= RATE_MAX, `${behind} s ahead at ${rate}`);
  }
});

test('catching up ends at the target and does not flutter around it', () => {
  const slightly: [number, number][] = [[0, 10 + target + 0.05]];
  assert.equal(at(10, slightly, 1).rate, 1);
  assert.ok(at(10, slightly, 1.02).rate > 1);
  assert.equal(at(10, [[0, 10 + target]], 1.02).rate, 1);
});

test('a buffer too small for its cadence is grown by playing slower', () => {
  assert.equal(at(10, [[0, 10 + target - 0.4]]).rate, RATE_MIN);
  assert.equal(at(10, [[0, 10 + target - 0.15]], RATE_MIN).rate, RATE_MIN);
  assert.equal(at(10, [[0, 10 + target - 0.05]], RATE_MIN).rate, 1);
});

test('between two arrivals a shrinking buffer is not a lack', () => {
  assert.equal(at(10, [[0, 10.1]], 1, 0).rate, RATE_MIN);
  assert.equal(at(10, [[0, 10.1]], 1, target - 0.1).rate, 1);
});

test('too far behind it jumps to the target', () => {
  assert.equal(at(10, [[0, 10 + target + BEHIND_MAX_S + 0.1]]).seek, 10 + BEHIND_MAX_S + 0.1);
});

test('what was held for a slower cadence is given back by playing faster, not by a jump', () => {
  const held = 13;
  assert.deepEqual(at(10, [[0, 10 + held]], 1, 0, held), { rate: RATE_MAX });
  assert.equal(at(10, [[0, 10 + held + BEHIND_MAX_S + 0.1]], 1, 0, held).seek, 10 + held + BEHIND_MAX_S + 0.1 - target);
});

test('a gap is crossed only when what lies before it has been heard', () => {
  const ranges: [number, number][] = [[0, 10], [14, 15]];
  assert.equal(at(9.5, ranges).seek, undefined);
  assert.equal(at(9.85, ranges).seek, 15 - target);
  assert.equal(at(12, ranges).seek, 15 - target);
});

test('a range shorter than the target is entered at its beginning', () => {
  assert.equal(at(12, [[0, 10], [14, 14.2]]).seek, 14.02);
});

test('at the very end it waits for the next chunk', () => {
  assert.deepEqual(at(10.2, [[0, 10]]), { rate: 1 });
});

test('the target grows with the spacing of arrivals, within its bounds', () => {
  assert.equal(targetFor(0), TARGET_MIN_S);
  assert.ok(targetFor(1) > 1.2 && targetFor(4) > 4.5);
  assert.equal(targetFor(60), TARGET_MAX_S);
});

test('the longest recent gap counts, and is forgotten after the window', () => {
  const gap = new ArrivalGap(30);
  let now = 100;
  assert.equal(gap.arrived(now), 0);
  assert.ok(Math.abs(gap.arrived((now += 0.2)) - 0.2) < 1e-9);
  assert.equal(gap.arrived((now += 2)), 2);
  for (let i = 0; i < 100; i++) gap.arrived((now += 0.2));
  assert.ok(gap.arrived((now += 0.2)) > 1.9);
  for (let i = 0; i < 60; i++) gap.arrived((now += 0.2));
  assert.ok(gap.arrived((now += 0.2)) < 0.3);
});

test('time since the last arrival counts up to the usual spacing, or the announced one', () => {
  const gap = new ArrivalGap();
  assert.equal(gap.since(5, 0), 0);
  gap.arrived(10);
  gap.arrived(11);
  assert.equal(gap.since(11.4, 0).toFixed(3), '0.400');
  assert.equal(gap.since(15, 0), 1);
  assert.equal(gap.since(15, 10), 4);
  assert.equal(gap.since(60, 10), 10);
});

test('the pause of a reconnection is not a gap', () => {
  const gap = new ArrivalGap();
  gap.arrived(1);
  gap.restart();
  assert.equal(gap.arrived(50), 0);
});
