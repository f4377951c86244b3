// The peer of `eight-speakers`: Janus (Debian's package `janus`) with one AudioBridge room, which mixes on the server and gives each
// speaker the others, as we do. It is put behind a WHIP endpoint of ours, so that the very same publishers speak to both.

import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { freePort } from '../e2e/lib/server.mjs';
import { folder, run, until } from '../e2e/lib/tools.mjs';

const JANUS = process.env.JANUS ?? '/usr/bin/janus';
const ROOM = 8;

/** What Debian says is installed, or null: then there is nothing to compare with. */
export async function janusVersion() {
  if (!existsSync(JANUS)) return null;
  const { stdout } = await run('dpkg-query', ['-W', '-f', '${Version}', 'janus']).catch(() => ({ stdout: '' }));
  return stdout.trim() || 'unknown';
}

async function modules() {
  const { stdout } = await run('dpkg', ['-L', 'janus']);
  return stdout.match(/^(.*)\/plugins\/libjanus_audiobridge\.so$/m)[1];
}

/** A Janus of its own with AudioBridge and the HTTP interface, nothing else; ICE-lite, as we are. */
async function start(t) {
  const home = folder(t, 'janus');
  const from = await modules();
  const port = await freePort();
  for (const name of ['events', 'loggers']) mkdirSync(join(home, name));
  const write = (name, text) => writeFileSync(join(home, `${name}.jcfg`), text);
  write('janus', `general: {
    configs_folder = "${home}"
    plugins_folder = "${from}/plugins"
    transports_folder = "${from}/transports"
    events_folder = "${home}/events"
    loggers_folder = "${home}/loggers"
    debug_level = 3
  }
  nat: { ice_lite = true }
  plugins: { disable = "libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,libjanus_videoroom.so,libjanus_voicemail.so" }
  transports: { disable = "libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so,libjanus_websockets.so" }
`);
  write('janus.transport.http', `general: { http = true\n port = ${port}\n ip = "127.0.0.1"\n base_path = "/janus"\n }\nadmin: { admin_http = false\n }\n`);
  write('janus.plugin.audiobridge', 'general: {\n}\n');
  const child = spawn(JANUS, ['-F', home], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => (log = (log + bytes).slice(-20_000)));
  const ended = new Promise((done) => child.on('close', done));
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const base = `http://127.0.0.1:${port}/janus`;
  await until('Janus answers', async () => (await fetch(`${base}/info`)).ok, { ms: 15_000 }).catch((error) => {
    throw new Error(`${error.message}\n${log}`);
  });
  return { base, pid: child.pid };
}

/** One session of Janus's own interface: what is asked, and what comes later by its long poll. */
class Api {
  static async open(t, base) {
    const api = new Api();
    api.base = base;
    api.waiting = new Map();
    api.url = `${base}/${(await api.say(base, { janus: 'create' })).data.id}`;
    t.after(() => (api.over = true));
    void api.poll();
    return api;
  }

  async say(url, message) {
    const transaction = Math.random().toString(36).slice(2);
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ transaction, ...message }) });
    const said = await response.json();
    if (said.janus === 'error') throw new Error(`Janus: ${said.error.reason}`);
    return said;
  }

  async poll() {
    while (!this.over) {
      try {
        const events = await (await fetch(`${this.url}?maxev=10`)).json();
        for (const event of [events].flat()) this.waiting.get(event.transaction)?.(event);
      } catch {
        if (!this.over) await new Promise((done) => setTimeout(done, 100));
      }
    }
  }

  async attach() {
    return `${this.url}/${(await this.say(this.url, { janus: 'attach', plugin: 'janus.plugin.audiobridge' })).data.id}`;
  }

  /** A message to the plugin; gives what it answers, at once or later. */
  async ask(handle, body, jsep) {
    const transaction = Math.random().toString(36).slice(2);
    const later = new Promise((done, failed) => {
      const timer = setTimeout(() => failed(new Error(`Janus did not answer ${body.request}`)), 10_000);
      this.waiting.set(transaction, (event) => {
        if (event.janus === 'ack') return;
        clearTimeout(timer);
        done(event);
      });
    });
    later.catch(() => {});
    const said = await this.say(handle, { janus: 'message', transaction, body, ...(jsep ? { jsep } : {}) });
    const event = said.janus === 'ack' ? await later : said;
    this.waiting.delete(transaction);
    const { error } = event.plugindata?.data ?? {};
    if (error) throw new Error(`AudioBridge refuses ${body.request}: ${error}`);
    return event;
  }
}

/** A running Janus with a room of 48 kHz. `whip` takes one speaker for each POST. */
export async function audioBridge(t) {
  const { base, pid } = await start(t);
  const api = await Api.open(t, base);
  const desk = await api.attach();
  await api.ask(desk, { request: 'create', room: ROOM, sampling_rate: 48_000, audiolevel_event: false });
  let speakers = 0;
  const server = createServer((request, response) => {
    let offer = '';
    request.on('data', (bytes) => (offer += bytes));
    request.on('end', async () => {
      try {
        const handle = await api.attach();
        await api.ask(handle, { request: 'join', room: ROOM, display: `Speaker ${++speakers}`, muted: false });
        const { jsep } = await api.ask(handle, { request: 'configure', muted: false }, { type: 'offer', sdp: offer });
        response.writeHead(201, { 'content-type': 'application/sdp', location: `/${speakers}` }).end(jsep.sdp);
      } catch (error) {
        response.writeHead(500).end(String(error));
      }
    });
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => server.close());
  return { pid, whip: `http://127.0.0.1:${server.address().port}/whip` };
}
