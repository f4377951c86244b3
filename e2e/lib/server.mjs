// A Stentor server of a test's own: free ports, a data folder that goes away, and the links it printed.

import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fetch } from './http.mjs';
import { ROOT, folder, run, sleep, until } from './tools.mjs';

export const BINARY = process.env.E2E_SERVER ?? join(ROOT, 'target/debug/stentor');
/** Whoever is told to leave and does not, is killed, and the test that asks for its exit code sees it. */
const STOP_MS = 30_000;
/** Below what systems take for outgoing connections (Linux: from 32768 on): none of those can take a server's port while it is down. */
const PORTS = { from: 10_000, to: 32_000 };
/** Of what the server logged, the end is kept for a failed test's message, bytes. */
const LOG_BYTES_MAX = 200_000;

/** Environment without `STENTOR_…`, which are configuration keys of the server; AAC and MP3 cost processor time that only their own test needs. */
export const env = () => ({ ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('STENTOR_'))), STENTOR_FFMPEG: 'off' });

/** A port that is free for TCP and for UDP at this moment. */
export async function freePort() {
  for (;;) {
    const port = randomInt(PORTS.from, PORTS.to);
    const tcp = createServer();
    const udp = createSocket('udp4');
    const taken = (one, take) => new Promise((done) => take(one.once('error', () => done(true)), () => done(false)));
    const any = await Promise.all([
      taken(tcp, (one, done) => one.listen(port, '127.0.0.1', done)),
      taken(udp, (one, done) => one.bind(port, '127.0.0.1', done)),
    ]);
    udp.close();
    await new Promise((done) => tcp.close(done));
    if (!any.includes(true)) return port;
  }
}

/** `listener  http://…` and so on, from what was printed. */
export function links(text) {
  return Object.fromEntries([...text.matchAll(/^\s*(listener|host|guest)\s+(\S+)$/gm)].map(([, name, url]) => [name, url]));
}

export const tokenOf = (link) => new URLSearchParams(new URL(link).hash.slice(1)).get('t');

export class Server {
  /**
   * `args` are added to every start, `command` stands before it; an event may be made before the first one with `create`.
   * `rung`: where listeners join, however busy the machine is; null leaves it to the load or the configuration file.
   */
  constructor(t, { data, args = [], scheme = 'http', address = '127.0.0.1', udp = true, command = [], rung = 0 } = {}) {
    this.child = null;
    if (data) t?.after(() => this.stop());
    this.data = data ?? folder(t, 'stentor', () => this.stop());
    this.rung = rung;
    this.command = command;
    // Named, the speakers' UDP stays on loopback; without it the server finds an address that Firefox can speak to.
    this.udp = udp;
    this.args = args;
    this.scheme = scheme;
    this.address = address;
    this.log = '';
  }

  async ports() {
    this.port ??= await freePort();
    this.url = `${this.scheme}://${this.address}:${this.port}`;
  }

  /** Makes an event; gives its links. The server need not run yet. */
  async create({ slug, title = 'An evening of talk', lang = 'en', host = 'Ada', starts, opensAt, more = [] } = {}) {
    await this.ports();
    const args = ['event', 'create', '--data', this.data, '--listen', `${this.address}:${this.port}`, '--title', title, '--lang', lang, '--host', host];
    if (slug) args.push('--slug', slug);
    if (starts) args.push('--starts', String(starts));
    if (opensAt !== undefined) args.push('--opens-at', String(opensAt));
    args.push(...more);
    const ran = await run(BINARY, args, { env: env() });
    if (ran.code !== 0) throw new Error(`event create: ${ran.stderr}`);
    this.links = links(ran.stdout);
    return this.links;
  }

  async start(extra = []) {
    await this.ports();
    const address = `${this.address}:${this.port}`;
    this.out = '';
    const [program, ...rest] = [...this.command, BINARY, 'serve', '--listen', address, ...(this.udp ? ['--udp', address] : []), '--data', this.data, ...this.args, ...extra];
    const child = spawn(program, rest, {
      env: this.rung === null ? env() : { ...env(), STENTOR_RUNG: String(this.rung) },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child = child;
    this.exited = new Promise((done) => child.on('close', (code, signal) => done({ code, signal })));
    const keep = (bytes) => (this.log = (this.log + bytes).slice(-LOG_BYTES_MAX));
    child.stdout.on('data', (bytes) => {
      this.out += bytes;
      keep(bytes);
    });
    child.stderr.on('data', keep);
    const gone = this.exited.then(({ code, signal }) => {
      throw new Error(`the server ended with ${code ?? signal}: ${this.log}`);
    });
    gone.catch(() => {});
    await Promise.race([until('the server says that it is ready', () => /^ready$/m.test(this.out), { every: 20 }), gone]);
    this.links = { ...this.links, ...links(this.out) };
    return this;
  }

  get pid() {
    return this.child?.pid;
  }

  get running() {
    return this.child !== null && this.child.exitCode === null && this.child.signalCode === null;
  }

  /** As a power cut would. */
  async kill9() {
    this.child.kill('SIGKILL');
    await this.exited;
  }

  async stop() {
    if (!this.child || !this.running) return;
    this.child.kill('SIGTERM');
    const ended = await Promise.race([this.exited.then(() => true), sleep(STOP_MS).then(() => false)]);
    if (!ended) await this.kill9();
  }

  path(slug, rest = '') {
    return `${this.url}/e/${slug}${rest}`;
  }

  async status(slug = 'demo') {
    return (await fetch(this.path(slug, '/status.json'))).json();
  }
}

/** A demonstration server, up and on air. */
export const demo = async (t, options = {}) => new Server(t, { ...options, args: ['--demo', ...(options.args ?? [])] }).start();
