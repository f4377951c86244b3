declare module '*.css';

/** Set by the build: whether this is the player inside other pages, which leaves out what is not needed to hear. */
declare const EMBED: boolean;
