// Keeps a speaker's screen on: a phone that sleeps takes the microphone with it.

export class Awake {
  private wanted = false;
  private lock: WakeLockSentinel | null = null;
  private asking = false;

  constructor() {
    // A hidden page loses its lock; seen again, it asks again.
    document.addEventListener('visibilitychange', () => void this.follow());
  }

  want(on: boolean): void {
    if (on === this.wanted) return;
    this.wanted = on;
    void this.follow();
  }

  private async follow(): Promise<void> {
    if (!this.wanted) return void this.lock?.release();
    if (this.asking || this.lock || document.hidden || !navigator.wakeLock) return;
    this.asking = true;
    try {
      const lock = (this.lock = await navigator.wakeLock.request('screen'));
      lock.addEventListener('release', () => (this.lock = null));
      if (!this.wanted) await lock.release();
    } catch {
      // Low battery, or forbidden: the screen goes as it always does.
    }
    this.asking = false;
  }
}
