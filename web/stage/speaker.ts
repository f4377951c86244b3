// The loudspeaker: where the others are heard, and a tone to try it.
//
// A plain `<audio>` element, because sound played through WebAudio is invisible to the echo canceller. Which loudspeakers there are, not
// every browser says: where it does not, it may ask its user itself (`selectAudioOutput`), or there is the system's alone.

import { keep } from '../shared/kept.ts';
import { devicesOf, remember, remembered } from './devices.ts';
import { tone } from './tone.ts';

const CHOICE = 'stentor-loudspeaker';

type Selecting = MediaDevices & { selectAudioOutput?(options?: { deviceId?: string }): Promise<MediaDeviceInfo> };

export class Speaker {
  readonly element = document.createElement('audio');
  devices: MediaDeviceInfo[] = [];
  /** The device that is used; empty for the system's. */
  deviceId = '';
  playing = false;
  private readonly probe = document.createElement('audio');

  constructor(private readonly changed: () => void) {
    this.element.autoplay = true;
    document.body.append(this.element);
    this.probe.onended = () => this.show(false);
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.look());
    addEventListener('pointerdown', () => this.element.srcObject && this.element.paused && void this.element.play().catch(() => {}));
  }

  /** Whether this browser can play elsewhere than on the system's loudspeaker. */
  get selectable(): boolean {
    return 'setSinkId' in this.element;
  }

  /** Whether the browser asks its user itself. */
  get asks(): boolean {
    return this.selectable && !this.devices.length && !!(navigator.mediaDevices as Selecting | undefined)?.selectAudioOutput;
  }

  /** Looks which there are (they have names once the microphone was allowed) and takes the chosen one if it is there. */
  async look(): Promise<void> {
    if (!this.selectable || !navigator.mediaDevices) return;
    this.devices = (await devicesOf('audiooutput')).filter((d) => d.deviceId && d.label);
    const { id } = remembered(CHOICE);
    await this.use(this.devices.some((d) => d.deviceId === id) ? id : '');
    this.changed();
  }

  async choose(id: string): Promise<void> {
    remember(CHOICE, this.devices, id);
    await this.use(id === 'default' ? '' : id);
    this.changed();
  }

  /** The browser's own question. */
  async ask(): Promise<void> {
    try {
      const { deviceId } = await (navigator.mediaDevices as Selecting).selectAudioOutput!();
      keep(CHOICE, deviceId);
      await this.look();
    } catch {
      // Nothing was chosen.
    }
  }

  /** A tone from the loudspeaker that the others come from. */
  async test(): Promise<void> {
    this.probe.src ||= tone();
    this.show(true);
    try {
      await this.probe.play();
    } catch {
      this.show(false);
    }
  }

  private async use(id: string): Promise<void> {
    if (id === this.deviceId) return;
    try {
      await Promise.all([this.element, this.probe].map((e) => e.setSinkId(id)));
      this.deviceId = id;
    } catch {
      // It has gone just now: the browser plays on the system's.
      this.deviceId = '';
    }
  }

  private show(playing: boolean): void {
    this.playing = playing;
    this.changed();
  }
}
