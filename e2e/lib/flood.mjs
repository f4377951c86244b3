// A program of its own, so that what it costs is not the test's: with one stage link it asks for everything without end.
// node flood.mjs ENDPOINT TOKEN OFFER-FILE SECONDS; prints what was answered, by kind and status.

import { readFileSync } from 'node:fs';
import WebSocket from 'ws';

const [endpoint, token, offerFile, seconds] = process.argv.slice(2);
const offer = readFileSync(offerFile, 'utf8');
const until = Date.now() + Number(seconds) * 1_000;
const answers = {};
const count = (what) => (answers[what] = (answers[what] ?? 0) + 1);
const headers = { authorization: `Bearer ${token}` };
const breathe = () => new Promise((done) => setTimeout(done, 1));

/** Offers, and for each session that is granted, fragments. */
async function sessions() {
  while (Date.now() < until) {
    const response = await fetch(`${endpoint}whip`, { method: 'POST', headers: { ...headers, 'content-type': 'application/sdp' }, body: offer }).catch(() => null);
    count(`offer ${response?.status}`);
    await response?.arrayBuffer();
    const location = response?.headers.get('location');
    for (let n = 0; location && n < 50 && Date.now() < until; n++) {
      const body = ['a=ice-ufrag:abcd', 'a=ice-pwd:0123456789abcdefghijklmn', 'm=audio 9 UDP/TLS/RTP/SAVPF 111', 'a=mid:0', ...Array.from({ length: 200 }, (_, k) => `a=candidate:${k} 1 udp 1 127.0.0.1 ${1_024 + k} typ host`), ''].join('\r\n');
      const patched = await fetch(new URL(location, endpoint), { method: 'PATCH', headers: { 'content-type': 'application/trickle-ice-sdpfrag', 'if-match': '*' }, body }).catch(() => null);
      count(`fragment ${patched?.status}`);
      await patched?.arrayBuffer();
    }
    await breathe();
  }
}

/** Pages that say something, ping and send bytes as fast as they are let. */
async function pages() {
  while (Date.now() < until) {
    const socket = new WebSocket(`${endpoint.replace(/^http/, 'ws')}stage`, ['stentor.stage', `stentor.token.${token}`]);
    let open = true;
    socket.on('error', () => {});
    socket.on('close', () => (open = false));
    const there = await new Promise((done) => {
      socket.once('open', () => done(true));
      socket.once('close', () => done(false));
    });
    count(there ? 'page' : 'no page');
    for (let n = 0; open && n < 2_000 && Date.now() < until; n++) {
      socket.send(JSON.stringify({ do: 'ready', muted_version: n }));
      socket.ping();
      socket.send(Buffer.alloc(64));
      if (n % 20 === 0) await breathe();
    }
    socket.terminate();
    await breathe();
  }
}

await Promise.all([...Array.from({ length: 4 }, sessions), ...Array.from({ length: 4 }, pages)]);
console.log(JSON.stringify(answers));
