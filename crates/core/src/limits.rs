//! Every bound of this crate, with its unit, and what happens at it.

/// Seats of one event, removed ones included. When full, an invitation takes the record of the seat that was removed
/// first (its number is not used again); with none removed the invitation is refused.
pub const SEATS_MAX: usize = 64;

/// Seats on stage at once, connected or not. At it, an admission is refused.
///
/// Thirteen can speak in the best-known product of this kind; the mixer's cost is linear in it.
pub const ON_STAGE_MAX: usize = 13;

/// Unicode scalar values in a name. Longer names are refused.
pub const NAME_CHARS_MAX: usize = 64;

/// Unicode scalar values in the host's message, per language. Longer messages are refused.
pub const MESSAGE_CHARS_MAX: usize = 280;

/// Languages one text can be given in; one more is refused. The longest message, reason and title in all of them, with the
/// names of everybody on stage, fit a notice.
pub const LANGUAGES_MAX: usize = 8;

/// Languages of an event beside its default one, so that each of its texts fits one text; one more is refused.
pub const FURTHER_LANGUAGES_MAX: usize = LANGUAGES_MAX - 1;

/// Bytes in a language tag (RFC 5646 §4.4.1). Longer ones are refused.
pub const LANGUAGE_TAG_BYTES_MAX: usize = 35;

/// Unicode scalar values in an event's title. Longer titles are cut when the conversation is made.
pub const TITLE_CHARS_MAX: usize = 200;

/// Unicode scalar values in an event's description, per language. Longer ones are refused.
pub const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// Bytes in the name of a time zone. The longest there is has 32. Longer ones are refused.
pub const ZONE_BYTES_MAX: usize = 64;

/// Entries of the history of one event. At it, what is asked for is refused.
pub const HISTORY_ENTRIES_MAX: usize = 512;

/// Of these the last are for what an evening cannot do without: going on air, going on, the end. All else is refused before.
pub const HISTORY_ENTRIES_RESERVED: usize = 64;

/// Unicode scalar values in all texts of one history, so that it fits a record of the store with room to spare. Beyond it, what
/// brings further texts is refused.
pub const HISTORY_CHARS_MAX: usize = 64 * 1_024;

/// Chapters of one event. At it, one more is refused.
pub const CHAPTERS_MAX: usize = 128;

/// Milliseconds that a chapter or a cut may lie before the programme, and a cut behind it: what is recorded first was on its way through the mixer when
/// the event went on air.
pub const PROGRAMME_LEEWAY_MS: i64 = 3_000;

/// Milliseconds of the programme that a cut of its replay leaves at least. Less is refused: it is a slip of the hand.
pub const REPLAY_MS_MIN: i64 = 1_000;

/// Milliseconds before the announced beginning at which the doors open by themselves.
pub const DOORS_BEFORE_MS: i64 = 15 * 60 * 1_000;

/// Milliseconds from a postponement to the new beginning up to which open doors stay open: whoever waits in the lobby for an evening
/// that is late goes on waiting there. Beyond it they close, and open again before the new beginning.
pub const DOORS_STAY_OPEN_MS: i64 = 2 * 3_600_000;

/// Milliseconds from now to the latest beginning that can be announced (ten years): beyond it the number was most likely a mistake.
pub const START_AHEAD_MS_MAX: i64 = 3_660 * 86_400_000;

/// Milliseconds since the earliest beginning that can be announced: what is made late in the evening is late, and a date of last year
/// a mistake.
pub const START_PAST_MS_MAX: i64 = 86_400_000;

/// Sessions of one event that were reserved and have not come up. At it, a reservation is refused.
pub const RESERVATIONS_MAX: usize = SEATS_MAX * 2;

/// Sessions of one seat that were reserved and have not come up: one page tries again while its last attempt has not failed yet.
/// Beyond it the seat's oldest gives way, so that one link cannot take the places of others. All seats together come to
/// [`RESERVATIONS_MAX`]: no guest can take the place of a host.
pub const SEAT_RESERVATIONS_MAX: usize = 2;

const _: () = assert!(SEATS_MAX * SEAT_RESERVATIONS_MAX <= RESERVATIONS_MAX);

/// Offers of one seat at once; more are refused. A page that tries again backs off long before.
pub const OFFERS_BURST: u32 = 10;

/// Milliseconds after which a seat may make one more offer.
pub const OFFER_EACH_MS: u64 = 1_000;

/// Milliseconds after its last refused offer or unread frame that a seat is still shown as one that floods.
pub const FLOODING_SHOWN_MS: u64 = 15_000;

/// Milliseconds a session may take from its reservation until it is up. The studio gives up after half of it; this frees what whoever
/// asked has forgotten.
pub const RESERVATION_MS: u64 = 30_000;

/// Outputs of one step. The worst step is the end of an event with every seat connected twice, hearing itself or warned: per seat two
/// orders, two closed sessions, four cleared warnings and one that hears nobody any more; every reservation may expire in it; and a
/// handful for the event. At it, an output is dropped and counted.
pub const OUTBOX_MAX: usize = SEATS_MAX * 9 + RESERVATIONS_MAX + 32;

/// Milliseconds without a host or co-host on stage before listeners are told. Shorter would announce every reload.
pub const HOST_DROPPED_AFTER_MS: u64 = 3_000;

/// Milliseconds without anybody on stage before listeners are told.
pub const STAGE_EMPTY_AFTER_MS: u64 = 3_000;

/// Milliseconds after which a person who comes back is muted and opens the microphone themselves. Shorter absences, a
/// reload or a change of network, restore the mute state as it was.
pub const AWAY_MUTED_AFTER_MS: u64 = 60_000;

/// Milliseconds of digital silence from an unmuted microphone before its owner and the hosts are warned.
pub const SILENT_MICROPHONE_AFTER_MS: u64 = 3_000;

/// Milliseconds an open microphone may be held because its page has not confirmed the mute state, before hosts are warned.
pub const NOT_READY_AFTER_MS: u64 = 2_000;

/// Milliseconds that hosts are shown that somebody tried to connect and could not.
pub const CANNOT_CONNECT_SHOWN_MS: u64 = 60_000;

/// Milliseconds without anybody before it is shown when an event on air ends by itself. Longer than a restart of everybody's machine.
pub const ABANDONED_SHOWN_AFTER_MS: u64 = 60_000;

/// Level windows looked at to decide that somebody began to speak.
pub const SPEAKING_WINDOWS: u32 = 4;

/// Windows with voice, out of the last [`SPEAKING_WINDOWS`], that make somebody a speaker.
pub const SPEAKING_ON_WINDOWS: u32 = 2;

/// Milliseconds without voice after which a speaker is no longer speaking. Longer than the pauses between words.
pub const SPEAKING_OFF_AFTER_MS: u64 = 600;

/// Milliseconds without anybody there before the mixer of an event that is not on air is suspended. Longer than a reload, a change of
/// network, or the time between two requests of an HLS player.
pub const SUSPEND_AFTER_MS: u64 = 30_000;

/// Milliseconds between two full notices when there are changes. Changes in between are told together.
pub const NOTICE_FULL_MS_MIN: u64 = 200;

/// Milliseconds between two full notices when nothing changes: a newcomer knows everything after this time.
pub const NOTICE_FULL_MS_MAX: u64 = 10_000;

/// Milliseconds between two notices of who is speaking.
pub const NOTICE_SPEAKING_MS_MIN: u64 = 200;

/// Milliseconds between two notices of the number of listeners.
pub const NOTICE_LISTENERS_MS_MIN: u64 = 2_000;
