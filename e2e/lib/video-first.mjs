// What many a player and publisher in a browser does: one bundle, and video before audio. For a page's `evaluate`, in any browser.

/** Sends a microphone (WHIP) and hears the programme (WHEP); gives what became of both once they are connected, or after `ms`. */
export async function videoFirst({ whip, whep, token, ms }) {
  const bundled = () => new RTCPeerConnection({ bundlePolicy: 'max-bundle' });
  async function negotiate(connection, url) {
    await connection.setLocalDescription(await connection.createOffer());
    const headers = { 'content-type': 'application/sdp', authorization: `Bearer ${token}` };
    const response = await fetch(url, { method: 'POST', headers, body: connection.localDescription.sdp });
    const sdp = await response.text();
    if (response.status !== 201) throw new Error(`${response.status} ${sdp}`);
    await connection.setRemoteDescription({ type: 'answer', sdp });
    return sdp;
  }
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const canvas = document.createElement('canvas');
  canvas.getContext('2d').fillRect(0, 0, 1, 1);
  const sending = bundled();
  sending.addTransceiver(canvas.captureStream(5).getVideoTracks()[0], { direction: 'sendonly' });
  sending.addTransceiver(microphone.getAudioTracks()[0], { direction: 'sendonly' });
  const hearing = bundled();
  hearing.addTransceiver('video', { direction: 'recvonly' });
  hearing.addTransceiver('audio', { direction: 'recvonly' });
  const answer = await negotiate(sending, whip);
  await negotiate(hearing, whep);
  const heard = async () => [...(await hearing.getStats()).values()].find((s) => s.type === 'inbound-rtp' && s.kind === 'audio')?.packetsReceived ?? 0;
  const until = performance.now() + ms;
  while (performance.now() < until && !(sending.connectionState === 'connected' && (await heard()) > 50)) await new Promise((done) => setTimeout(done, 100));
  // Kept from being collected: it is to go on.
  globalThis.videoFirst = { sending, hearing };
  return { sending: sending.connectionState, heard: await heard(), answer };
}
