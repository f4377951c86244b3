// HLS, side by side: Stentor's own face, and nginx with the same playlist and segments from a folder, each on processor 0, the
// same herd on processor 1. The folder is filled from the Stentor that goes on beside it, on processor 1 as well.

import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../e2e/lib/server.mjs';
import { folder, run, sleep, until } from '../e2e/lib/tools.mjs';
import { child, herd, idle, pin, stentor, valid } from './herd.mjs';
import { repeat } from './lib.mjs';

const NGINX = process.env.NGINX ?? '/usr/sbin/nginx';
const RENDITION = '/e/demo/48';
const PLAYLIST = `${RENDITION}/index.m3u8`;
/** Until the playlist holds three target durations, from which a listener begins. */
const FILLED_MS = 30_000;
const MIRROR_EVERY_MS = 1_000;

export const nginxThere = () => existsSync(NGINX);
export const nginxVersion = async () => (await run('dpkg-query', ['-W', '-f', '${Package} ${Version}', 'nginx-light'])).stdout || (await run(NGINX, ['-v'])).stderr.trim();

const segments = (playlist) => playlist.split('\n').filter((line) => line && !line.startsWith('#'));

async function get(port, path) {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`);
  if (!answer.ok) throw new Error(`${path}: status ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

async function filled(port) {
  await until('the playlist is long enough', async () => segments(String(await get(port, PLAYLIST))).length >= 5, { ms: FILLED_MS, every: 500 });
}

/** Puts what `port` publishes into a folder every second: segments first, then the playlist that lists them. */
function mirror(t, port, root) {
  const there = new Set();
  const put = (path, bytes) => {
    writeFileSync(join(root, `${path}.new`), bytes);
    renameSync(join(root, `${path}.new`), join(root, path));
  };
  let going = true;
  let failure = null;
  const once = async () => {
    const playlist = await get(port, PLAYLIST);
    for (const name of ['init.mp4', ...segments(String(playlist))].filter((name) => !there.has(name))) {
      put(`${RENDITION}/${name}`, await get(port, `${RENDITION}/${name}`));
      there.add(name);
    }
    put(PLAYLIST, playlist);
  };
  const ended = (async () => {
    for (; going; await sleep(MIRROR_EVERY_MS)) await once().catch((error) => (failure = error));
  })();
  t.after(async () => {
    going = false;
    await ended;
  });
  return () => {
    if (failure) throw new Error(`the folder of nginx was not kept: ${failure.message}`);
  };
}

/** nginx with one worker on processor 0; gives the pid of the worker, which is what serves. */
async function nginx(t, from) {
  const home = folder(t, 'nginx');
  const root = join(home, 'root');
  mkdirSync(join(root, RENDITION, 'hls'), { recursive: true });
  const kept = mirror(t, from, root);
  const port = await freePort();
  const config = join(home, 'nginx.conf');
  // As its manual advises for many small files: no copies through user space, and no look at the disk for each request.
  writeFileSync(
    config,
    `daemon off; worker_processes 1; worker_rlimit_nofile 20000; pid ${home}/pid; error_log ${home}/error.log;
events { worker_connections 19000; multi_accept on; }
http { access_log off; sendfile on; tcp_nopush on; keepalive_timeout 75s; keepalive_requests 100000; server_tokens off;
types { application/vnd.apple.mpegurl m3u8; audio/mp4 mp4 m4s; } open_file_cache max=1000 inactive=60s; open_file_cache_valid 1s;
client_body_temp_path ${home}/body; proxy_temp_path ${home}/proxy; fastcgi_temp_path ${home}/fastcgi; uwsgi_temp_path ${home}/uwsgi; scgi_temp_path ${home}/scgi;
server { listen 127.0.0.1:${port} backlog=4096; root ${root};
location ~ m3u8$ { add_header Cache-Control "public, max-age=1"; } location ~ m4s$ { add_header Cache-Control "public, max-age=31536000, immutable"; } } }`,
  );
  await run('chmod', ['-R', 'a+rX', home]);
  const program = child(t, NGINX, ['-c', config, '-e', `${home}/error.log`], { signal: 'SIGTERM' });
  await until('nginx serves the playlist', async () => (await get(port, PLAYLIST)).length > 0, { ms: 10_000 }).catch((error) => {
    throw new Error(`${error.message}\n${program.log()}`);
  });
  const pid = Number((await run('pgrep', ['-P', String(program.pid)])).stdout.trim());
  await pin(pid, 0);
  return { pid, port, kept };
}

/** `{ ours, peer }`, one of each per repetition; no peer where there is no nginx. */
export async function hls(listeners) {
  const ride = { path: PLAYLIST, listeners, rate: 1_000, hold: 30, before: true };
  const ours = await repeat(async (t) => {
    const { pid, port } = await stentor(t, { rung: 0 });
    await filled(port);
    const idleCores = await idle(pid);
    const one = await valid(() => herd(t, pid, { ...ride, port, more: ['--hls'] }));
    return { ...one, serving: one.cores - idleCores };
  });
  if (!nginxThere()) return { ours, peer: [] };
  const peer = await repeat(async (t) => {
    const source = await stentor(t, { rung: 0 });
    await pin(source.pid, 1);
    await filled(source.port);
    const { pid, port, kept } = await nginx(t, source.port);
    await sleep(3_000);
    const one = await valid(() => herd(t, pid, { ...ride, port, more: ['--hls', '--manifest', `http://127.0.0.1:${source.port}${RENDITION}/manifest.json`] }));
    kept();
    return { ...one, serving: one.cores };
  });
  return { ours, peer };
}
