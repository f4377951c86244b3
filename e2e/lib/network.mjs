// A network between browser and server that can be cut and comes back as another one, or that carries no UDP.
//
// Chromium's own "offline" (setOffline) leaves open WebSockets and WebRTC's UDP alone, so it cannot show what a train
// does. Here page, control line and voice all go through a relay on an address of its own, which the server announces
// (`--public-ip`); a cut drops all of them at once, and afterwards each comes from a port the server has not seen.

import { createSocket } from 'node:dgram';
import { connect, createServer } from 'node:net';

/** All of 127/8 is loopback, and secure enough for a microphone. */
export const ADDRESS = '127.0.0.2';
const SERVER = '127.0.0.1';

export class Network {
  /** Relays TCP and UDP from ADDRESS:port to the server on the same port of 127.0.0.1. */
  static async start(t, port) {
    const network = new Network();
    network.port = port;
    network.up = true;
    network.takesUdp = true;
    network.streams = new Set();
    network.sources = new Map();
    network.datagrams = 0;
    network.tcp = createServer((stream) => network.#join(stream));
    await new Promise((done, failed) => network.tcp.once('error', failed).listen(port, ADDRESS, done));
    network.udp = createSocket('udp4');
    network.udp.on('message', (bytes, from) => network.#carry(bytes, from));
    await new Promise((done) => network.udp.bind(port, ADDRESS, done));
    t?.after(() => network.close());
    return network;
  }

  /** A link of the server's, through this network. */
  through(link) {
    const url = new URL(link);
    url.hostname = ADDRESS;
    return url.href;
  }

  #join(stream) {
    if (!this.up) return stream.destroy();
    const server = connect(this.port, SERVER);
    for (const [one, other] of [[stream, server], [server, stream]]) {
      this.streams.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.streams.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }

  #carry(bytes, from) {
    if (!this.up || !this.takesUdp) return;
    this.datagrams++;
    const key = `${from.address}:${from.port}`;
    if (!this.sources.has(key)) {
      const socket = createSocket('udp4');
      socket.on('error', () => {});
      socket.on('message', (answer) => this.up && this.udp.send(answer, from.port, from.address));
      this.sources.set(key, socket);
    }
    this.sources.get(key).send(bytes, this.port, SERVER);
  }

  cut() {
    this.up = false;
    for (const stream of this.streams) stream.destroy();
    for (const socket of this.sources.values()) socket.close();
    this.sources.clear();
  }

  restore() {
    this.up = true;
  }

  /** As many a company's network: datagrams go nowhere, and nobody says so. */
  blockUdp(blocked) {
    this.takesUdp = !blocked;
  }

  close() {
    this.cut();
    this.tcp.close();
    this.udp.close();
  }
}
