import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chosen, wanted } from '../stage/devices.ts';

const device = (deviceId: string, groupId = deviceId, label = deviceId) => ({ deviceId, groupId, label });
/** As Chromium lists them: a default of its own, in the group of what is behind it. */
const system = (behind: string, ...others: string[]) => [device('default', behind), ...[behind, ...others].map((id) => device(id))];
const none = { id: '' };

test('what was chosen is taken again as soon as it is back, and only then', () => {
  const headset = { id: 'headset' };
  assert.equal(wanted(system('laptop'), headset, { id: 'headset', group: 'headset' }), true, 'it went: something else');
  const substitute = chosen(system('laptop'), 'default');
  assert.equal(wanted(system('laptop', 'webcam'), headset, substitute), false, 'the substitute stays');
  assert.equal(wanted(system('laptop', 'headset'), headset, substitute), true, 'it is back');
  assert.equal(wanted(system('headset', 'laptop'), headset, { id: 'headset', group: 'headset' }), false, 'and stays');
});

test('who chose nothing follows the system, where it has a name for that and where not', () => {
  const before = chosen(system('laptop'), 'default');
  assert.equal(wanted(system('headset', 'laptop'), none, before), true, 'plugged in, and the system uses it');
  assert.equal(wanted(system('laptop', 'headset'), none, before), false, 'plugged in, and the system does not');
  assert.equal(wanted(system('laptop'), none, { id: 'headset', group: 'headset' }), true, 'unplugged');
  const first = [device('headset'), device('laptop')];
  assert.equal(wanted(first, none, { id: 'laptop', group: 'laptop' }), true);
  assert.equal(wanted(first, none, { id: 'headset', group: 'headset' }), false);
});

test('a chosen one that is not the system’s stays, whatever the system does', () => {
  assert.equal(wanted(system('headset', 'laptop', 'desk'), { id: 'desk' }, { id: 'desk', group: 'desk' }), false);
  assert.equal(wanted(system('desk', 'laptop'), { id: 'desk' }, { id: 'desk', group: 'desk' }), false);
});

test('without devices there is nothing to take', () => {
  assert.equal(wanted([], none, { id: 'laptop', group: '' }), false);
  assert.equal(wanted([], { id: 'desk' }, { id: 'desk', group: '' }), false);
});
