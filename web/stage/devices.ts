// Which microphone, which loudspeaker: the choice that is remembered, and when devices that come and go change what is used.
//
// As people expect of a browser: what was chosen is used whenever it is there, its substitute only while it is not; who chose nothing
// follows the system's default. It opens nothing: `mic.ts` and `speaker.ts` do, when this says so.

import { keep, kept } from '../shared/kept.ts';

/** A device, and the physical one behind it: what Chromium calls "default" is another one after the system's setting was changed. */
export interface Choice {
  id: string;
  group: string;
}

type Known = Pick<MediaDeviceInfo, 'deviceId' | 'groupId' | 'label'>;

/** Chromium's names for what the system uses. */
const isDefault = (id: string) => id === '' || id === 'default';

/** Devices without a label are those of which the browser says nothing yet: no choice can be made among them. */
export async function devicesOf(kind: MediaDeviceKind): Promise<MediaDeviceInfo[]> {
  return (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === kind && d.deviceId !== 'communications');
}

/** This one as it is now. */
export function chosen(devices: Known[], id: string): Choice {
  const known = devices.find((d) => d.deviceId === id);
  // Where there is no "default" to name, the first is what the system uses.
  return { id, group: known?.groupId ?? '' };
}

/** Whether another device than the one in use is to be taken now. `choice` was made by its owner, or is none. */
export function wanted(devices: Known[], choice: { id: string }, inUse: Choice): boolean {
  if (!devices.length) return false;
  const there = (id: string) => devices.some((d) => d.deviceId === id);
  if (!isDefault(choice.id) && there(choice.id)) return inUse.id !== choice.id;
  if (!there(inUse.id)) return true;
  // What stands in for a chosen one that is away stays; who follows the system goes with it.
  if (!isDefault(choice.id)) return false;
  const system = devices.find((d) => d.deviceId === 'default') ?? devices[0]!;
  return system.deviceId === inUse.id ? system.groupId !== inUse.group : true;
}

/** What was chosen for this use; an empty id is "whatever the system uses". */
export function remembered(key: string): { id: string } {
  return { id: kept(key) ?? '' };
}

export function remember(key: string, devices: Known[], id: string): void {
  keep(key, isDefault(id) || !devices.some((d) => d.deviceId === id) ? null : id);
}
