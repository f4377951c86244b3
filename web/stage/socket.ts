// The control line to the server: one WebSocket, and another beside it as soon as it is silent, for ever.
//
// It carries words, never sound. Commands given while the line is down are dropped, not queued: a mute
// pressed ten seconds ago must not happen now. A socket is never asked whether it is alive, nor waited for at its
// end: on a path that died without a word, a browser fires `close` a minute after it was told to close.

import { backoff } from '../shared/backoff.ts';
import { PATIENCE_MS_MAX, Quiet, onPathChange, patience } from '../shared/path.ts';
import { type FromServer, type ToServer } from './protocol.ts';

/** The server says something four times a second at least. Silent for so long, another line is opened beside this one, ms. */
export const DOUBTED_MS = 700;
/** Silent for so long, nobody can say any more what the server knows, ms. */
export const SILENT_MS = 1_800;
/** How long a new line may take at least before another is tried, ms. */
const PATIENCE_MS = 1_200;
const LOOK_MS = 100;

export class StageSocket {
  /** Said welcome, and has not been silent since. */
  open = false;
  private line: WebSocket | null = null;
  /** Opened beside the line, or because there is none; not welcomed yet. */
  private next: WebSocket | null = null;
  private nextAt = 0;
  private took = 0;
  private attempt = 0;
  private retryAt = 0;
  private done = false;
  private asking = false;
  private readonly quiet = new Quiet();
  private readonly timer: number;

  constructor(
    private readonly url: string,
    /** The protocols of RFC 6455: the stage's, and beside it who we are, for a browser lets a page say that nowhere else. */
    private readonly protocols: string[],
    /** Whether the server refuses who we are: a browser does not say why no socket was opened. */
    private readonly rejected: () => Promise<boolean>,
    private readonly receive: (message: FromServer) => void,
    private readonly changed: () => void,
  ) {
    this.dial();
    this.timer = setInterval(() => this.look(), LOOK_MS) as unknown as number;
    onPathChange(() => this.doubt());
  }

  send(message: ToServer): boolean {
    if (!this.open || this.line?.readyState !== WebSocket.OPEN) return false;
    this.line.send(JSON.stringify(message));
    return true;
  }

  /** Attempts in a row that found nobody. */
  get unanswered(): number {
    return this.attempt;
  }

  /** No more attempts: the server has said that this seat is not ours any more. */
  end(): void {
    this.done = true;
    this.open = false;
    clearInterval(this.timer);
    this.line = forget(this.line);
    this.next = forget(this.next);
  }

  /** The network may be another one: what was opened on the old one is not waited for. */
  doubt(): void {
    if (this.done) return;
    this.quiet.doubt();
    this.retryAt = 0;
    if (this.next || !this.line) this.dial();
  }

  private look(): void {
    const now = performance.now();
    const doubtful = !this.line || this.quiet.doubtful(DOUBTED_MS);
    if (this.next) {
      // Of a path that has never carried anything nothing says that it is dead: the first answer has its time.
      const least = this.took ? PATIENCE_MS : PATIENCE_MS_MAX;
      if (now - this.nextAt > patience(this.attempt, least, this.took)) {
        this.attempt++;
        this.dial();
      }
    } else if (doubtful && now >= this.retryAt) this.dial();
    this.show(!!this.line && this.quiet.look() <= SILENT_MS);
  }

  private show(open: boolean): void {
    if (open === this.open) return;
    this.open = open;
    this.changed();
  }

  private dial(): void {
    forget(this.next);
    const socket = (this.next = new WebSocket(this.url, this.protocols));
    this.nextAt = performance.now();
    socket.onmessage = ({ data }) => this.heard(socket, String(data));
    socket.onclose = () => this.closed(socket);
  }

  private heard(socket: WebSocket, text: string): void {
    let message: FromServer;
    try {
      message = JSON.parse(text);
    } catch {
      return; // not ours; the next message may be
    }
    if (message.is === 'welcome' && socket === this.next) {
      forget(this.line);
      this.line = socket;
      this.next = null;
      this.attempt = 0;
      this.took = performance.now() - this.nextAt;
    }
    if (socket === this.line) {
      this.quiet.heard();
      // It was only late.
      this.next = forget(this.next);
      this.show(true);
    }
    if (message.is !== 'alive') this.receive(message);
  }

  /** A socket was not opened: there is no server, or we are not let in. */
  private async ask(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const rejected = await this.rejected().catch(() => false);
    this.asking = false;
    if (rejected && !this.done) this.receive({ is: 'refused', what: 'hello', code: 'wrong_token', why: '' });
  }

  private closed(socket: WebSocket): void {
    if (socket === this.next) {
      this.next = null;
      void this.ask();
    } else this.line = null;
    if (this.next) return this.show(!!this.line);
    this.retryAt = performance.now() + backoff(this.attempt++);
    this.show(!!this.line);
  }
}

/** Nothing that it still says counts, its end least of all. */
function forget(socket: WebSocket | null): null {
  if (socket) {
    socket.onmessage = socket.onclose = null;
    socket.close();
  }
  return null;
}
