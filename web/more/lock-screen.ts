// What the lock screen and the keys of a headset show and do (Media Session).

import { titled } from '../shared/status.ts';
import { isOver } from '../shared/status.ts';
import { type Host } from './host.ts';

/** Seconds that the keys go back and forward. */
export const BACK_S = 15;
export const FORWARD_S = 15;

export class LockScreen {
  private described = '';

  constructor(private readonly host: Host) {
    const { audio } = host;
    this.handle('play', () => host.start());
    this.handle('pause', () => host.stop());
    this.handle('stop', () => host.stop());
    this.handle('seekto', (d) => host.seek((d as { seekTime?: number }).seekTime ?? 0));
    this.handle('seekbackward', (d) => host.seek(audio.currentTime - (d.seekOffset ?? BACK_S)));
    this.handle('seekforward', (d) => host.seek(audio.currentTime + (d.seekOffset ?? FORWARD_S)));
  }

  follow(): void {
    const session = navigator.mediaSession;
    if (!session) return;
    const { stage } = this.host.status();
    const [, title] = titled(this.host.status(), this.host.lang());
    const artist = stage.map((p) => p.name).join(', ');
    if (this.described !== title + artist) {
      this.described = title + artist;
      session.metadata = new MediaMetadata({ title, artist: artist || 'Stentor', artwork: [{ src: '/assets/icon-512.png', sizes: '512x512' }] });
    }
    session.playbackState = this.host.active() ? 'playing' : 'paused';
    const { duration, currentTime, playbackRate } = this.host.audio;
    if (isOver(this.host.status().phase) && Number.isFinite(duration)) session.setPositionState?.({ duration, position: Math.min(currentTime, duration), playbackRate });
  }

  private handle(action: MediaSessionAction, handler: MediaSessionActionHandler): void {
    try {
      navigator.mediaSession?.setActionHandler(action, handler);
    } catch {
      // An action this browser does not know: its button is not shown.
    }
  }
}
