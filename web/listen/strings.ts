// Every word of the listener's page, in both languages.

import { type Role } from '../shared/status.ts';

export type Lang = 'fr' | 'en';

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
  crowd(seconds: number): string;
  offline: string;
  hostDropped: string;
  stageEmpty: string;
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
  at: (moment) => `${moment}, heure de chez vous`,
  anyMoment: 'L’heure est venue. Nous attendons l’hôte, restez là.',
  notYet: 'Ce n’est pas encore commencé. Tout se passera ici, sur cette page.',
  armed: 'C’est noté : le son partira tout seul. Appuyez pour annuler.',
  listening: (n) => `${n} à l’écoute`,
  listen: 'Écouter',
  arm: 'Appuyez maintenant : le son partira tout seul au début.',
  disarm: 'Annuler',
  stop: 'Couper le son',
  again: 'Réécouter',
  pause: 'Pause',
  press: 'C’est en direct. Appuyez pour écouter.',
  live: 'Vous écoutez en direct.',
  connecting: 'Le son arrive…',
  stalled: 'Le réseau ralentit. Le son revient.',
  reconnecting: 'La liaison a été coupée. Elle se rétablit toute seule.',
  gone: 'Le serveur ne répond pas. Nous réessayons sans relâche ; vous n’avez rien à faire.',
  full: 'Tant de monde écoute que plus personne n’entre pour l’instant. Restez là : le son partira tout seul dès qu’il y a une place.',
  leaving: 'Ce serveur s’arrête. Nous en cherchons un autre.',
  asks: (seconds) => `Prochain essai dans ${seconds} s.`,
  crowd: (seconds) => `Vous êtes très nombreux : le son est plus simple, et jusqu’à ${seconds} s derrière la scène.`,
  offline: 'Votre appareil n’a plus de réseau. Le son reviendra avec lui.',
  hostDropped: 'L’hôte a perdu la liaison. Nous restons à l’antenne.',
  stageEmpty: 'La scène est vide pour l’instant. Nous restons à l’antenne.',
  fault: 'Une panne, de notre côté. Nous y travaillons ; restez là.',
  since: (span) => `il y a ${span}`,
  thanks: 'C’est fini. Merci d’avoir écouté.',
  replaySoon: 'L’enregistrement n’est pas encore prêt. Il apparaîtra ici, sans recharger la page.',
  noReplay: 'Il n’y a pas d’enregistrement à réécouter.',
  replay: 'C’est fini, mais tout peut se réécouter.',
  onStage: 'Sur scène',
  wasOnStage: 'Sur scène à la fin',
  speaking: 'parle',
  muted: 'micro coupé',
  lost: 'liaison perdue',
  message: 'Mot de l’hôte',
  volume: 'Volume',
  seek: 'Position',
  elsewhere: 'Ouvrir le flux seul, pour une autre application',
  save: 'Télécharger',
  roles: { host: 'hôte', co_host: 'co-hôte', guest: 'invité·e' },
};

const en: Strings = {
  soon: 'Soon',
  onAir: 'On air',
  over: 'Ended',
  startsIn: (span) => `Starts in ${span}`,
  at: (moment) => `${moment}, your time`,
  anyMoment: 'It’s time. We’re waiting for the host, stay with us.',
  notYet: 'It hasn’t begun yet. Everything will happen here, on this page.',
  armed: 'All set: the sound will start by itself. Press to cancel.',
  listening: (n) => `${n} listening`,
  listen: 'Listen',
  arm: 'Press now: the sound will start by itself when it begins.',
  disarm: 'Cancel',
  stop: 'Stop the sound',
  again: 'Listen again',
  pause: 'Pause',
  press: 'It’s live. Press to listen.',
  live: 'You are listening live.',
  connecting: 'Sound is on its way…',
  stalled: 'The network is slow. Sound is coming back.',
  reconnecting: 'The connection broke. It is repairing itself.',
  gone: 'The server isn’t answering. We keep trying; there is nothing you need to do.',
  full: 'So many are listening that nobody new gets in for the moment. Stay here: the sound will start by itself as soon as there is room.',
  leaving: 'This server is closing. We are looking for another one.',
  asks: (seconds) => `Next try in ${seconds} s.`,
  crowd: (seconds) => `Very many are listening: the sound is simpler, and up to ${seconds} s behind the stage.`,
  offline: 'Your device is offline. Sound returns when the network does.',
  hostDropped: 'The host has dropped. We stay here.',
  stageEmpty: 'Nobody is on stage right now. We stay here.',
  fault: 'Something broke on our side. We’re on it; stay with us.',
  since: (span) => `${span} ago`,
  thanks: 'It’s over. Thank you for listening.',
  replaySoon: 'The recording isn’t ready yet. It will appear here, no need to reload.',
  noReplay: 'There is no recording to listen to.',
  replay: 'It’s over, but you can hear all of it again.',
  onStage: 'On stage',
  wasOnStage: 'On stage at the end',
  speaking: 'speaking',
  muted: 'muted',
  lost: 'connection lost',
  message: 'From the host',
  volume: 'Volume',
  seek: 'Position',
  elsewhere: 'Open the bare stream, for another app',
  save: 'Download',
  roles: { host: 'host', co_host: 'co-host', guest: 'guest' },
};

export const STRINGS: Record<Lang, Strings> = { fr, en };

/** What is said when it is over: the replay is here, will come, or never will. */
export const farewell = (s: Strings, replay: boolean | null): string =>
  replay ? s.replay : `${s.thanks} ${replay === null ? s.noReplay : s.replaySoon}`;

/** 75 → "1:15", 3675 → "1:01:15": how a clock or a player shows a span. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const minutes = Math.floor(s / 60) % 60;
  return s < 3600 ? `${minutes}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(minutes)}:${two(s % 60)}`;
}

/** A date and time as one writes them there; null for what is none: a page must live with whatever it is sent. */
export function moment(ms: number, locale: string): string | null {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return null;
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : 'numeric';
  const named = { weekday: 'long', day: 'numeric', month: 'long', year, hour: 'numeric', minute: '2-digit' } as const;
  return new Intl.DateTimeFormat(locale, named).format(date);
}

/** A wait as one says it: days and hours while far, a clock within the day. */
export function countdown(seconds: number, lang: Lang): string {
  if (seconds < 86_400) return clock(seconds);
  const unit = (n: number, name: string) =>
    new Intl.NumberFormat(lang, { style: 'unit', unit: name, unitDisplay: 'long' }).format(n);
  const days = unit(Math.floor(seconds / 86_400), 'day');
  const hours = Math.floor((seconds % 86_400) / 3600);
  return hours ? `${days} ${lang === 'fr' ? 'et' : 'and'} ${unit(hours, 'hour')}` : days;
}
