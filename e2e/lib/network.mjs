// A network between browser and server: one that can be cut and comes back as another one, that carries no UDP, or whose flows die in silence.
//
// Chromium's own "offline" (setOffline) leaves open WebSockets and WebRTC's UDP alone, so it cannot show what a train
// does. Here page, control line and voice all go through a relay on an address of its own, which the server announces
// (`--public-ip`). A cut ends all of them at once, and each end is told. Where a telephone moves from one network to another nobody is
// told anything: `strand` lets every flow of now go dead without FIN, RST or ICMP, and new ones pass.

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
    /** What is taken silently: nothing gets through, and nobody is told. */
    network.dark = { tcp: false, udp: false };
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
    stream.on('error', () => {});
    this.streams.add(stream);
    // The relay's kernel has taken it; from here it is as one whose first packet went nowhere.
    if (this.dark.tcp) return stream.pause();
    const server = connect(this.port, SERVER);
    for (const [one, other] of [[stream, server], [server, stream]]) {
      this.streams.add(one);
      one.on('error', () => {});
      one.on('close', () => {
        this.streams.delete(one);
        if (!one.stranded) other.destroy();
      });
      one.pipe(other);
    }
  }

  #carry(bytes, from) {
    if (!this.up || this.dark.udp) return;
    this.datagrams++;
    const key = `${from.address}:${from.port}`;
    if (!this.sources.has(key)) {
      const socket = createSocket('udp4');
      socket.on('error', () => {});
      socket.on('message', (answer) => this.up && !this.dark.udp && !socket.stranded && this.udp.send(answer, from.port, from.address));
      this.sources.set(key, socket);
    }
    const socket = this.sources.get(key);
    if (!socket.stranded) socket.send(bytes, this.port, SERVER);
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

  /** Every flow there is goes dead, and no end of it is told. What is begun from now on passes. */
  strand({ tcp = true, udp = true } = {}) {
    // Whoever closes such a flow is not heard either: a paused stream sees no end.
    for (const stream of tcp ? this.streams : []) {
      stream.stranded = true;
      stream.unpipe();
      stream.pause();
    }
    for (const socket of udp ? this.sources.values() : []) socket.stranded = true;
  }

  /** Nothing gets through for so long, in silence; what was there before stays dead. */
  async darken(ms, what = { tcp: true, udp: true }) {
    this.strand(what);
    this.dark = { tcp: false, udp: false, ...what };
    await new Promise((done) => setTimeout(done, ms));
    // A connection that was begun meanwhile is as dead; a datagram's flow is what its next datagram makes it.
    this.strand({ ...what, udp: false });
    this.dark = { tcp: false, udp: false };
  }

  /** As many a company's network: datagrams go nowhere, and nobody says so. */
  blockUdp(blocked) {
    this.dark.udp = blocked;
  }

  close() {
    this.cut();
    this.tcp.close();
    this.udp.close();
  }
}
