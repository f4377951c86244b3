// The microphone: asked for once, watched, and fetched again when it is unplugged or taken away.
//
// Processing stays the browser's own (mono, echo cancellation on): stereo or `echoCancellation: false`
// silently turns the canceller off (docs/design.md §5). The meter reads a clone of the
// track, so that somebody who speaks while muted can be told so. A track that has ended is no track.

import { type Choice, chosen, devicesOf, remembered, remember, wanted } from './devices.ts';

export type MicProblem = 'insecure' | 'denied' | 'missing' | 'busy' | 'taken' | 'ended';

const CHOICE = 'stentor-microphone';
/** Set while this tab has the microphone, so that a reload takes it again. */
const OPENED = 'stentor-microphone-open';
/** Below this the meter shows nothing. */
export const FLOOR_DBFS = -60;

export class Microphone {
  track: MediaStreamTrack | null = null;
  devices: MediaDeviceInfo[] = [];
  problem: MicProblem | null = null;
  asking = false;
  /** What the track was opened as: its device, and the device behind "default" at that time. */
  private opened: Choice = { id: '', group: '' };
  /** Given back for good: what the browser hands over after this is let go at once. */
  private closed = false;
  /** Opened again after what happens now, because something has happened meanwhile. */
  private again = false;
  private clone: MediaStreamTrack | null = null;
  private context: AudioContext | null = null;
  private source: MediaStreamAudioSourceNode | null = null;
  private analyser: AnalyserNode | null = null;
  private samples = new Float32Array(1024);
  /** What its owner wants of whatever track there is. */
  private enabled = true;

  constructor(
    private readonly changed: () => void,
    /** A new track has to take the old one's place in the connection. */
    private readonly replaced: (track: MediaStreamTrack) => void,
  ) {
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.devicesChanged());
    document.addEventListener('visibilitychange', () => void this.lookedAtAgain());
    addEventListener('pointerdown', () => void this.context?.resume());
    void this.followPermission();
  }

  /** The device whose sound this is; empty where its owner leaves it to the system and that has no name. */
  get chosen(): string {
    const named = this.devices.some((d) => d.deviceId === 'default');
    return named || remembered(CHOICE).id ? this.opened.id : '';
  }

  /** Whether to take the microphone without a touch: this tab had it, or the browser would give it without asking. */
  static async granted(): Promise<boolean> {
    // Firefox says "prompt" for what was allowed once, and decides by itself whether to ask again.
    if (sessionStorage.getItem(OPENED)) return true;
    return (await permission())?.state === 'granted';
  }

  async open(): Promise<void> {
    if (this.asking) this.again = true;
    if (this.asking || this.closed) return;
    if (!navigator.mediaDevices) return this.fail('insecure');
    this.asking = true;
    this.changed();
    try {
      const stream = await obtain(remembered(CHOICE).id);
      if (this.closed) return stream.getTracks().forEach((track) => track.stop());
      this.devices = await devicesOf('audioinput');
      this.take(stream.getAudioTracks()[0]!);
    } catch (error) {
      const name = (error as Error).name;
      this.fail(name === 'NotAllowedError' ? 'denied' : name === 'NotFoundError' ? 'missing' : 'busy');
    } finally {
      this.asking = false;
      this.changed();
    }
    if (!this.again) return;
    this.again = false;
    await this.devicesChanged();
  }

  async choose(deviceId: string): Promise<void> {
    remember(CHOICE, this.devices, deviceId);
    await this.open();
  }

  /** Whether it gives sound or silence: this track, and any that takes its place. */
  enable(on: boolean): void {
    this.enabled = on;
    if (this.track) this.track.enabled = on;
  }

  close(): void {
    this.closed = true;
    sessionStorage.removeItem(OPENED);
    this.drop();
    void this.context?.close();
    this.context = this.analyser = null;
  }

  /** RMS level of what the microphone hears, dBFS; null while it cannot be measured. */
  level(): number | null {
    if (!this.track || !this.analyser || this.context?.state !== 'running') return null;
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const s of this.samples) sum += s * s;
    return Math.max(FLOOR_DBFS, 10 * Math.log10(sum / this.samples.length + 1e-12));
  }

  private drop(): void {
    this.track?.stop();
    this.clone?.stop();
    this.track = this.clone = null;
  }

  private fail(problem: MicProblem): void {
    // One that is only silenced by the system comes back by itself.
    if (this.track?.readyState === 'ended') this.drop();
    this.problem = problem;
    this.changed();
  }

  private take(track: MediaStreamTrack): void {
    this.drop();
    this.problem = null;
    sessionStorage.setItem(OPENED, '1');
    this.track = track;
    this.opened = chosen(this.devices, track.getSettings().deviceId ?? '');
    this.clone = track.clone();
    track.enabled = this.enabled;
    track.addEventListener('ended', () => this.track === track && this.ended());
    track.addEventListener('mute', () => this.track === track && this.fail('taken'));
    track.addEventListener('unmute', () => {
      if (this.track !== track) return;
      this.problem = null;
      this.changed();
    });
    this.measure(this.clone);
    this.replaced(track);
  }

  /** Unplugged, or forbidden: what is left is asked for, once. */
  private ended(): void {
    this.drop();
    this.fail('ended');
    void this.open();
  }

  private measure(track: MediaStreamTrack): void {
    this.context ??= new AudioContext();
    this.source?.disconnect();
    this.source = this.context.createMediaStreamSource(new MediaStream([track]));
    if (!this.analyser) {
      this.analyser = this.context.createAnalyser();
      this.analyser.fftSize = this.samples.length;
    }
    // Not connected to the destination: nobody should hear themselves through this page.
    this.source.connect(this.analyser);
  }

  private async devicesChanged(): Promise<void> {
    if ((!this.track && !this.problem) || this.closed) return;
    if (this.asking) return void (this.again = true);
    this.devices = await devicesOf('audioinput');
    const helps = this.problem === 'missing' || this.problem === 'busy' || this.problem === 'ended';
    if (this.track ? wanted(this.devices, remembered(CHOICE), this.opened) : helps && this.devices.length) await this.open();
    this.changed();
  }

  /** Taken back in the browser's own bar, or given there: a page that shows a button hears of neither otherwise. */
  private async followPermission(): Promise<void> {
    const status = await permission();
    if (!status) return;
    status.onchange = () => {
      if (this.closed) return;
      if (status.state === 'granted' && this.problem && !this.track) void this.open();
      if (status.state === 'denied' && this.track) {
        this.drop();
        this.fail('denied');
      }
    };
  }

  /** Phones give the microphone to whichever app is in front; coming back we take it again. */
  private async lookedAtAgain(): Promise<void> {
    if (document.hidden || !this.track) return;
    void this.context?.resume();
    if (this.track.readyState === 'ended' || this.track.muted) await this.open();
  }
}

/** What is sent is one voice, with the browser's own processing. */
const VOICE = { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/**
 * The microphone that was chosen where it is there, and no other: a browser may take a wish for one as nothing but that. Before the first
 * permission none says which there are; then it is a wish.
 */
async function obtain(id: string): Promise<MediaStream> {
  const ask = (deviceId: ConstrainDOMString | undefined) => navigator.mediaDevices.getUserMedia({ audio: deviceId ? { ...VOICE, deviceId } : VOICE });
  const there = !!id && (await devicesOf('audioinput')).some((d) => d.deviceId === id);
  if (!there) return ask(id ? { ideal: id } : undefined);
  try {
    return await ask({ exact: id });
  } catch (error) {
    // Unplugged in this moment.
    if ((error as Error).name === 'OverconstrainedError') return ask(undefined);
    throw error;
  }
}

async function permission(): Promise<PermissionStatus | null> {
  try {
    return await navigator.permissions.query({ name: 'microphone' as PermissionName });
  } catch {
    return null; // not every browser says
  }
}
