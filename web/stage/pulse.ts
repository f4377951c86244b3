// Whether anything arrives from the server on a connection, by WebRTC's own counts.
//
// The server sends sound fifty times a second whatever happens on stage, so a count that stands still means a path that carries nothing.
// Which counts there are differs between browsers; all of them grow, so their sum does.

interface Counts {
  type: string;
  packetsReceived?: number;
  bytesReceived?: number;
  responsesReceived?: number;
}

/** Everything that has arrived so far: a number that means nothing but that it grows. */
export function arrived(stats: Iterable<Counts>): number {
  let sum = 0;
  for (const { type, packetsReceived = 0, bytesReceived = 0, responsesReceived = 0 } of stats) {
    if (type === 'inbound-rtp') sum += packetsReceived;
    else if (type === 'candidate-pair') sum += bytesReceived + responsesReceived;
  }
  return sum;
}

export class Pulse {
  private last = -1;

  /** Whether something has arrived since this was last asked. Pairs go with a restart of ICE: a sum that shrinks says nothing. */
  async beats(pc: RTCPeerConnection): Promise<boolean> {
    const now = arrived((await pc.getStats()).values());
    const grew = now > this.last && this.last >= 0;
    this.last = now;
    return grew;
  }
}
