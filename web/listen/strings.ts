// Every word of the listener's page, in both languages.

import { type Role } from '../shared/status.ts';
import { type Lang } from '../shared/time.ts';

export { type Lang };

/** Why a server sends less (`stentor_core::admission::StepReason`), as far as a listener can tell the difference. */
export type Reason = 'busy' | 'link' | 'blocked' | 'opening' | 'pinned' | 'calm';

export interface Strings {
  soon: string;
  onAir: string;
  over: string;
  startsIn(span: string): string;
  at(moment: string): string;
  anyMoment: string;
  notYet: string;
  armed: string;
  listening(n: string): string;
  listen: string;
  arm: string;
  disarm: string;
  stop: string;
  again: string;
  pause: string;
  press: string;
  live: string;
  connecting: string;
  stalled: string;
  reconnecting: string;
  gone: string;
  full: string;
  leaving: string;
  asks(seconds: number): string;
  /** Why the sound is simpler, by the server's reason. */
  why: { [reason in Reason]: string };
  crowd(why: string, seconds: number): string;
  offline: string;
  hostDropped: string;
  stageEmpty: string;
  /** When it is ended if nobody comes back. */
  ends(moment: string): string;
  fault: string;
  since(span: string): string;
  thanks: string;
  replaySoon: string;
  noReplay: string;
  replay: string;
  onStage: string;
  wasOnStage: string;
  speaking: string;
  muted: string;
  lost: string;
  message: string;
  volume: string;
  seek: string;
  elsewhere: string;
  save: string;
  /** A role that says nothing to listeners has no word. */
  roles: { [role in Role]?: string };
}

const fr: Strings = {
  soon: 'Bientôt',
  onAir: 'À l’antenne',
  over: 'Terminé',
  startsIn: (span) => `Début dans ${span}`,
  at: (moment) => `${moment}, heure locale`,
  anyMoment: 'C’est l’heure. Nous attendons l’hôte, restez avec nous.',
  notYet: 'La conversation n’a pas encore commencé. Elle commencera ici.',
  armed: 'C’est noté : le son démarrera tout seul. Appuyez pour annuler.',
  listening: (n) => `${n} à l’écoute`,
  listen: 'Écouter',
  arm: 'Appuyez maintenant : le son démarrera tout seul au début.',
  disarm: 'Annuler',
  stop: 'Arrêter l’écoute',
  again: 'Réécouter',
  pause: 'Pause',
  press: 'C’est en direct. Appuyez pour écouter.',
  live: 'Vous écoutez en direct.',
  connecting: 'Le son arrive…',
  stalled: 'Le réseau ralentit. Le son revient.',
  reconnecting: 'Connexion perdue. Elle se rétablit d’elle-même.',
  gone: 'Le serveur ne répond pas. Nous réessayons, restez avec nous.',
  full: 'Le serveur est complet. Le son démarrera tout seul dès qu’une place se libère.',
  leaving: 'Ce serveur s’arrête. Nous en cherchons un autre.',
  asks: (seconds) => `Prochain essai dans ${seconds} s.`,
  why: {
    busy: 'Serveur très sollicité',
    link: 'Réseau du serveur saturé',
    blocked: 'Réseaux lents en ce moment',
    opening: 'Beaucoup de monde est attendu',
    pinned: 'Pour ménager le serveur',
    calm: 'La charge diminue',
  },
  crowd: (why, seconds) => `${why} : la qualité du son est réduite, avec jusqu’à ${seconds} s de retard.`,
  offline: 'Votre appareil est hors ligne. Le son reviendra avec le réseau.',
  hostDropped: 'L’hôte a perdu la connexion. Restez avec nous.',
  stageEmpty: 'La scène est vide pour l’instant. Restez avec nous.',
  ends: (moment) => `Sans retour de l’hôte, l’émission s’arrêtera ${moment}.`,
  fault: 'Un problème de notre côté. Nous y travaillons, restez avec nous.',
  since: (span) => `depuis ${span}`,
  thanks: 'C’est fini. Merci d’avoir écouté.',
  replaySoon: 'L’enregistrement n’est pas encore prêt. Il apparaîtra ici.',
  noReplay: 'Il n’y a pas d’enregistrement à réécouter.',
  replay: 'C’est fini. Vous pouvez tout réécouter.',
  onStage: 'Sur scène',
  wasOnStage: 'Sur scène à la fin',
  speaking: 'parle',
  muted: 'micro coupé',
  lost: 'connexion perdue',
  message: 'Message de l’hôte',
  volume: 'Volume',
  seek: 'Position',
  elsewhere: 'Écouter dans une autre application',
  save: 'Télécharger',
  roles: { host: 'hôte', co_host: 'co-hôte', guest: 'invité' },
};

const en: Strings = {
  soon: 'Soon',
  onAir: 'On air',
  over: 'Ended',
  startsIn: (span) => `Starts in ${span}`,
  at: (moment) => `${moment}, your time`,
  anyMoment: 'It’s time. We’re waiting for the host, stay with us.',
  notYet: 'It hasn’t started yet. You’ll hear it here.',
  armed: 'All set: the sound will start by itself. Press to cancel.',
  listening: (n) => `${n} listening`,
  listen: 'Listen',
  arm: 'Press now and the sound will start on its own.',
  disarm: 'Cancel',
  stop: 'Stop listening',
  again: 'Listen again',
  pause: 'Pause',
  press: 'It’s live. Press to listen.',
  live: 'You are listening live.',
  connecting: 'Sound is on its way…',
  stalled: 'The network is slow. Sound is coming back.',
  reconnecting: 'Connection lost. Reconnecting…',
  gone: 'The server isn’t answering. We’ll keep trying; just stay here.',
  full: 'The server is full. The sound will start by itself as soon as there is room.',
  leaving: 'This server is closing. We are looking for another one.',
  asks: (seconds) => `Next try in ${seconds} s.`,
  why: {
    busy: 'The server is busy',
    link: 'The server’s network is full',
    blocked: 'Networks are slow at the moment',
    opening: 'We’re expecting a big audience',
    pinned: 'To go easy on the server',
    calm: 'The load is easing',
  },
  crowd: (why, seconds) => `${why}: lower sound quality, up to ${seconds} s behind.`,
  offline: 'Your device is offline. The sound comes back with your connection.',
  hostDropped: 'The host has lost the connection. Stay with us.',
  stageEmpty: 'Nobody is on stage right now. Stay with us.',
  ends: (moment) => `If nobody comes back, it ends on ${moment}.`,
  fault: 'Something went wrong on our side. We’re on it, stay with us.',
  since: (span) => `for ${span}`,
  thanks: 'It’s over. Thank you for listening.',
  replaySoon: 'The recording isn’t ready yet. It will appear here.',
  noReplay: 'There is no recording to listen to.',
  replay: 'It’s over. You can listen to all of it again.',
  onStage: 'On stage',
  wasOnStage: 'On stage at the end',
  speaking: 'speaking',
  muted: 'muted',
  lost: 'connection lost',
  message: 'From the host',
  volume: 'Volume',
  seek: 'Position',
  elsewhere: 'Listen in another app',
  save: 'Download',
  roles: { host: 'host', co_host: 'co-host', guest: 'guest' },
};

export const STRINGS: Record<Lang, Strings> = { fr, en };

/** What is said when it is over: the replay is here, will come, or never will. */
export const farewell = (s: Strings, replay: boolean | null): string =>
  replay ? s.replay : `${s.thanks} ${replay === null ? s.noReplay : s.replaySoon}`;
