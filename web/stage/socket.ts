// The control line to the server: one WebSocket that comes back by itself, for ever.
//
// It carries words, never sound. Commands given while the line is down are dropped, not queued: a mute
// pressed ten seconds ago must not happen now.

import { backoff } from '../shared/backoff.ts';
import { type FromServer, type ToServer } from './protocol.ts';

/** The server sends levels every 100 ms; a line silent for this long is dead whatever TCP believes. */
const SILENT_MS = 10_000;
const CHECK_MS = 2_000;

export class StageSocket {
  open = false;
  private socket: WebSocket | null = null;
  private attempt = 0;
  private timer = 0;
  private heard = 0;
  private done = false;

  constructor(
    private readonly url: string,
    private readonly hello: () => ToServer,
    private readonly receive: (message: FromServer) => void,
    private readonly changed: () => void,
  ) {
    this.connect();
    setInterval(() => {
      if (this.open && Date.now() - this.heard > SILENT_MS) this.socket?.close();
    }, CHECK_MS);
    addEventListener('online', () => this.retryNow());
    document.addEventListener('visibilitychange', () => document.hidden || this.retryNow());
  }

  send(message: ToServer): boolean {
    if (!this.open || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** Attempts in a row that found nobody. */
  get unanswered(): number {
    return this.attempt;
  }

  /** No more attempts: the server has said that this seat is not ours any more. */
  end(): void {
    this.done = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  private retryNow(): void {
    if (this.open || this.done || this.socket?.readyState === WebSocket.CONNECTING) return;
    clearTimeout(this.timer);
    this.connect();
  }

  private connect(): void {
    const socket = (this.socket = new WebSocket(this.url));
    socket.onopen = () => {
      this.heard = Date.now();
      socket.send(JSON.stringify(this.hello()));
    };
    socket.onmessage = ({ data }) => {
      this.heard = Date.now();
      let message: FromServer;
      try {
        message = JSON.parse(String(data));
      } catch {
        return; // not ours; the next message may be
      }
      if (message.is === 'welcome') {
        this.open = true;
        this.attempt = 0;
      }
      this.receive(message);
    };
    socket.onclose = () => {
      if (this.socket !== socket) return;
      this.open = false;
      this.changed();
      if (!this.done) this.timer = window.setTimeout(() => this.connect(), backoff(this.attempt++));
    };
  }
}
