//! Every bound of reminders, with its unit, and what happens at it.

/// Addresses of one event, those included that were asked for and are not confirmed. At it, nobody more is taken until one is gone.
pub const SUBSCRIPTIONS_MAX: usize = 20_000;

/// Milliseconds in which an address is confirmed, and in which it is asked for its confirmation once, however often somebody types it.
/// After it, an address that was not confirmed is forgotten.
pub const CONFIRM_WITHIN_MS: i64 = DAY_MS;

/// Milliseconds before the announced beginning at which people are reminded: time enough for a slow queue of mail, and for a cup of tea.
pub const REMIND_BEFORE_MS: i64 = 15 * MINUTE_MS;

/// Milliseconds after the announced beginning in which a reminder still is one; later nobody is sent any for that beginning.
pub const REMIND_LATE_MS: i64 = 30 * MINUTE_MS;

/// Milliseconds that a new beginning stands before people are told of it: who mistypes a time has this long to mend it.
pub const MOVE_SETTLE_MS: i64 = 10_000;

/// New beginnings that one address is told of. Past it the beginning is followed in silence, and the reminder before it still comes.
pub const MOVES_TOLD_MAX: u8 = 12;

/// Milliseconds after a cancellation at which addresses are forgotten, whether or not their mail could be sent.
pub const CANCELLED_KEPT_MS: i64 = DAY_MS;

/// Milliseconds after the announced beginning at which the addresses of an event are forgotten that never began.
pub const NEVER_BEGUN_KEPT_MS: i64 = 7 * DAY_MS;

/// Milliseconds after it was asked for at which an address is forgotten, whatever became of the event.
pub const KEPT_MS_MAX: i64 = 400 * DAY_MS;

/// How often one mail is handed to a server that says "later" (4yz). After it, the mail is given up: one that asks for a confirmation with its
/// address, any other alone.
pub const ATTEMPTS_MAX: u8 = 6;

/// Milliseconds before the second attempt; each further one waits three times as long: 1, 3, 9, 27 and 81 minutes.
pub const ATTEMPT_AGAIN_MS: i64 = MINUTE_MS;

/// Requests of one network at once. More are refused.
pub const NETWORK_BURST: u32 = 30;

/// Milliseconds after which a network may ask once more: an office or a mobile operator behind one address has many people.
pub const NETWORK_EACH_MS: u64 = 10_000;

/// Requests for one address at once, over all events. Past it nothing is sent, and nothing is said of that.
pub const ADDRESS_BURST: u32 = 5;

/// Milliseconds after which one more is sent to an address: five a day.
pub const ADDRESS_EACH_MS: u64 = 86_400_000 / 5;

/// Requests of everybody at once. More are refused.
pub const EVERYBODY_BURST: u32 = 1_000;

/// Milliseconds after which everybody together may ask once more.
pub const EVERYBODY_EACH_MS: u64 = 100;

/// Networks that are remembered. By [`EVERYBODY_EACH_MS`] no more can have asked in the time that a network is remembered for.
pub const NETWORKS_MAX: usize = 4_096;

/// Addresses that are remembered as asked for. Past it the one that was asked for first is forgotten: to have that done to one takes hours.
pub const ADDRESSES_MAX: usize = 65_536;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// A network is remembered until it may ask for a burst again.
const _: () = {
    let remembered_ms = NETWORK_BURST as u64 * NETWORK_EACH_MS;
    let asked = EVERYBODY_BURST as u64 + remembered_ms / EVERYBODY_EACH_MS;
    assert!(asked < NETWORKS_MAX as u64);
};
