// The control line to the server: one WebSocket, and another beside it as soon as it is silent, for ever.
//
// It carries words, never sound. Commands given while the line is down are dropped, not queued: a mute
// pressed ten seconds ago must not happen now. A socket is never asked whether it is alive, nor waited for at its
// end: on a path that died without a word, a browser fires `close` a minute after it was told to close.
//
// Before a socket is opened the server is asked by a plain request whether it is there and lets us in. A request can be given up; a
// socket that was closed before it was open keeps its connection in Firefox for five minutes (`WebSocketChannel::Close` without a
// transport cancels no request), and after six of them nothing passes to this server any more.

import { backoff } from '../shared/backoff.ts';
import { PATIENCE_MS_MAX, Quiet, onPathChange, patience, way } from '../shared/path.ts';
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
  /** The question that comes before, while it is not answered. */
  private question: AbortController | null = null;
  /** When the step that is being waited for was begun. */
  private stepAt = 0;
  private took = 0;
  private attempt = 0;
  private retryAt = 0;
  private done = false;
  private readonly quiet = new Quiet();
  private readonly timer: number;

  constructor(
    private readonly url: string,
    /** The protocols of RFC 6455: the stage's, and beside it who we are, for a browser lets a page say that nowhere else. */
    private readonly protocols: string[],
    /** Whether the server lets us in: of a socket that was not opened a browser does not say why. Rejects where no server answers. */
    private readonly letsIn: (signal: AbortSignal, credentials: RequestCredentials) => Promise<boolean>,
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
    this.giveUp();
  }

  /** The network may be another one: what was opened on the old one is not waited for. */
  doubt(): void {
    if (this.done) return;
    this.quiet.doubt();
    this.retryAt = 0;
    if (this.trying || !this.line) this.dial();
  }

  private get trying(): boolean {
    return !!this.next || !!this.question;
  }

  private look(): void {
    const now = performance.now();
    const doubtful = !this.line || this.quiet.doubtful(DOUBTED_MS);
    if (this.trying) {
      // Of a path that has never carried anything nothing says that it is dead: the first answer has its time.
      const least = this.took ? PATIENCE_MS : PATIENCE_MS_MAX;
      if (now - this.stepAt > patience(this.attempt, least, this.took)) {
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

  private giveUp(): void {
    this.question?.abort();
    this.question = null;
    this.next = forget(this.next);
  }

  private dial(): void {
    this.giveUp();
    const question = (this.question = new AbortController());
    this.stepAt = performance.now();
    this.letsIn(question.signal, way(this.attempt)).then(
      (yes) => question === this.question && this.answered(yes),
      () => question === this.question && this.failed(),
    );
  }

  private answered(letsIn: boolean): void {
    this.question = null;
    if (!letsIn) return this.receive({ is: 'refused', what: 'hello', code: 'wrong_token', why: '' });
    const socket = (this.next = new WebSocket(this.url, this.protocols));
    this.stepAt = performance.now();
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
      this.took = performance.now() - this.stepAt;
    }
    if (socket === this.line) {
      this.quiet.heard();
      // It was only late.
      this.giveUp();
      this.show(true);
    }
    if (message.is !== 'alive') this.receive(message);
  }

  private closed(socket: WebSocket): void {
    if (socket !== this.next) this.line = null;
    else this.next = null;
    if (this.trying) this.show(!!this.line);
    else this.failed();
  }

  private failed(): void {
    this.question = null;
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
