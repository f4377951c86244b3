// The microphone: asked for once, watched, and fetched again when it is unplugged or taken away.
//
// Processing stays the browser's own (mono, echo cancellation on): stereo or `echoCancellation: false`
// silently turns the canceller off (docs/design.md §5). The meter reads a clone of the
// track, so that somebody who speaks while muted can be told so.

export type MicProblem = 'insecure' | 'denied' | 'missing' | 'busy' | 'taken';

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
  /** Given back for good: what the browser hands over after this is let go at once. */
  private closed = false;
  private clone: MediaStreamTrack | null = null;
  private context: AudioContext | null = null;
  private source: MediaStreamAudioSourceNode | null = null;
  private analyser: AnalyserNode | null = null;
  private samples = new Float32Array(1024);

  constructor(
    private readonly changed: () => void,
    /** A new track has to take the old one's place in the connection. */
    private readonly replaced: (track: MediaStreamTrack) => void,
  ) {
    navigator.mediaDevices?.addEventListener('devicechange', () => void this.devicesChanged());
    document.addEventListener('visibilitychange', () => void this.lookedAtAgain());
    addEventListener('pointerdown', () => void this.context?.resume());
  }

  get deviceId(): string {
    return this.track?.getSettings().deviceId ?? '';
  }

  /** Whether to take the microphone without a touch: this tab had it, or the browser would give it without asking. */
  static async granted(): Promise<boolean> {
    // Firefox says "prompt" for what was allowed once, and decides by itself whether to ask again.
    if (sessionStorage.getItem(OPENED)) return true;
    try {
      return (await navigator.permissions.query({ name: 'microphone' as PermissionName })).state === 'granted';
    } catch {
      return false;
    }
  }

  async open(deviceId = localStorage.getItem(CHOICE) ?? ''): Promise<void> {
    if (this.asking || this.closed) return;
    if (!navigator.mediaDevices) return this.fail('insecure');
    this.asking = true;
    this.changed();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({
        audio: {
          channelCount: 1,
          echoCancellation: true,
          noiseSuppression: true,
          autoGainControl: true,
          ...(deviceId ? { deviceId: { ideal: deviceId } } : {}),
        },
      });
      if (this.closed) return stream.getTracks().forEach((track) => track.stop());
      this.take(stream.getAudioTracks()[0]!);
      this.devices = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === 'audioinput');
    } catch (error) {
      const name = (error as Error).name;
      this.fail(name === 'NotAllowedError' ? 'denied' : name === 'NotFoundError' ? 'missing' : 'busy');
    } finally {
      this.asking = false;
      this.changed();
    }
  }

  async choose(deviceId: string): Promise<void> {
    localStorage.setItem(CHOICE, deviceId);
    await this.open(deviceId);
  }

  close(): void {
    this.closed = true;
    sessionStorage.removeItem(OPENED);
    this.track?.stop();
    this.clone?.stop();
    this.track = this.clone = null;
    void this.context?.close();
    this.context = this.analyser = null;
  }

  /** RMS level of what the microphone hears, dBFS; null while it cannot be measured. */
  level(): number | null {
    if (!this.analyser || this.context?.state !== 'running') return null;
    this.analyser.getFloatTimeDomainData(this.samples);
    let sum = 0;
    for (const s of this.samples) sum += s * s;
    return Math.max(FLOOR_DBFS, 10 * Math.log10(sum / this.samples.length + 1e-12));
  }

  private fail(problem: MicProblem): void {
    this.problem = problem;
    this.changed();
  }

  private take(track: MediaStreamTrack): void {
    const enabled = this.track?.enabled ?? true;
    this.track?.stop();
    this.clone?.stop();
    this.problem = null;
    sessionStorage.setItem(OPENED, '1');
    this.track = track;
    this.clone = track.clone();
    track.enabled = enabled;
    track.addEventListener('ended', () => this.track === track && void this.open());
    track.addEventListener('mute', () => this.track === track && this.fail('taken'));
    track.addEventListener('unmute', () => {
      if (this.track !== track) return;
      this.problem = null;
      this.changed();
    });
    this.measure(this.clone);
    this.replaced(track);
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
    if (!this.track && !this.problem) return;
    this.devices = (await navigator.mediaDevices.enumerateDevices()).filter((d) => d.kind === 'audioinput');
    const gone = this.track && !this.devices.some((d) => d.deviceId === this.deviceId);
    if (gone || this.problem === 'missing' || this.problem === 'busy') await this.open();
    this.changed();
  }

  /** Phones give the microphone to whichever app is in front; coming back we take it again. */
  private async lookedAtAgain(): Promise<void> {
    if (document.hidden || !this.track) return;
    void this.context?.resume();
    if (this.track.readyState === 'ended' || this.track.muted) await this.open();
  }
}
