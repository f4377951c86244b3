// A stage page without a browser: the WebSocket line (what a person decides) as a test wants it.

import WebSocket from 'ws';
import { tokenOf } from './server.mjs';
import { until } from './tools.mjs';

export class Line {
  /** Opens the line of a stage link and says hello; `ready` as a page says it. */
  static async open(t, server, link, { name, ready = true } = {}) {
    const url = new URL(link);
    const slug = url.pathname.split('/')[2];
    const line = new Line();
    line.token = tokenOf(link);
    line.slug = slug;
    line.server = server;
    line.endpoint = `${server.url}/api/v1/events/${slug}/`;
    line.state = null;
    line.said = [];
    line.levels = [];
    line.ready = ready;
    line.readyFor = new Set();
    line.socket = new WebSocket(`${server.url.replace(/^http/, 'ws')}/api/v1/events/${slug}/stage`, { rejectUnauthorized: false });
    line.socket.on('error', (error) => (line.error = error));
    line.socket.on('close', (code, reason) => (line.closed = { code, reason: String(reason) }));
    line.socket.on('message', (text) => line.#hear(JSON.parse(text)));
    t?.after(() => line.close());
    await new Promise((done, failed) => {
      line.socket.once('open', done);
      line.socket.once('error', failed);
    });
    line.say({ do: 'hello', token: line.token, ...(name ? { name } : {}) });
    await until('welcome', () => line.welcome ?? (line.closed && Promise.reject(new Error(`closed: ${JSON.stringify(line.closed)}`))));
    await until('the first state', () => line.state);
    // The address in the welcome names this page, so that the session opened there is this page's.
    line.whip = new URL(line.welcome.whip, server.url).href;
    line.whep = `${line.endpoint}whep`;
    return line;
  }

  #hear(message) {
    if (message.is === 'levels') {
      this.levels = message.seats;
      this.lufs = message.lufs;
      return;
    }
    this.said.push(message);
    if (message.is === 'welcome') this.welcome = message;
    if (message.is !== 'state') return;
    this.state = message;
    // As the page does it: whoever is held muted and should not be has to say that it knows the desired state.
    const me = this.me;
    if (this.ready && me?.connected && me.mixer_muted !== me.muted) this.say({ do: 'ready', muted_version: me.mute_version });
  }

  say(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  seat(number) {
    return this.state?.seats.find((seat) => seat.seat === number);
  }

  get me() {
    return this.seat(this.welcome?.seat);
  }

  /** Waits for a message of this kind that was not there before. */
  heard(is, since = 0) {
    return until(`a message '${is}'`, () => this.said.slice(since).find((message) => message.is === is));
  }

  async admit(seat) {
    const since = this.said.length;
    this.say({ do: 'admit', seat, force: true });
    const refusal = () => this.said.slice(since).find(({ is, what }) => is === 'refused' && what === 'admit')?.why;
    await until(`seat ${seat} is on stage`, () => this.seat(seat)?.place === 'on_stage' || (refusal() && Promise.reject(new Error(refusal()))));
  }

  /** Leads the event: `more` is what belongs to the act. */
  async act(act, more = {}) {
    this.say({ do: 'act', act, version: this.state.version, ...more });
  }

  async phase(phase) {
    const acts = { on_air: this.state.phase === 'held' ? 'resume' : 'go_on_air', held: 'hold', ended: 'end', cancelled: 'cancel', announced: 'announce', doors: 'open_doors' };
    await this.act(acts[phase]);
    await until(`the event is ${phase}`, () => this.state.phase === phase);
  }

  async mute(seat, muted) {
    this.say({ do: 'mute', seat, muted, version: this.seat(seat).mute_version });
    await until(`seat ${seat} ${muted ? 'muted' : 'heard'}`, () => this.seat(seat).mixer_muted === muted);
  }

  /** Invites somebody; gives seat and link, on this server's own address. */
  async invite(name, role) {
    const since = this.said.length;
    this.say({ do: 'invite', name, role });
    const { seat, link } = await this.heard('invited', since);
    return { seat, link, token: tokenOf(link) };
  }

  close() {
    this.socket.close();
  }
}
