// An ICE restart by fragment, as texts: what of our offer the server is sent, and the answer that its fragment makes of the last one
// (RFC 8840, RFC 9725 §4.3.3). The session, its keys and its codecs stay; only the way changes.

export const FRAGMENT = 'application/trickle-ice-sdpfrag';

const line = (sdp: string, name: string): string | undefined => new RegExp(`^a=${name}:(.*?)\\r?$`, 'm').exec(sdp)?.[1];

/** The fragment of an offer: new credentials, and no candidates, for the server learns our addresses from our checks. Null without credentials. */
export function fragmentOf(offer: string): string | null {
  const [ufrag, pwd] = [line(offer, 'ice-ufrag'), line(offer, 'ice-pwd')];
  if (!ufrag || !pwd) return null;
  return `a=ice-ufrag:${ufrag}\r\na=ice-pwd:${pwd}\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:${line(offer, 'mid') ?? '0'}\r\n`;
}

/** The answer of before with the credentials of this fragment; null where there are none. */
export function answerWith(answer: string, fragment: string): string | null {
  const [ufrag, pwd] = [line(fragment, 'ice-ufrag'), line(fragment, 'ice-pwd')];
  if (!ufrag || !pwd) return null;
  return answer.replace(/^a=ice-ufrag:.*$/gm, () => `a=ice-ufrag:${ufrag}`).replace(/^a=ice-pwd:.*$/gm, () => `a=ice-pwd:${pwd}`);
}
