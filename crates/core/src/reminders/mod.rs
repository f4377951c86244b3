//! Reminders: who is told what about an event, and when; and how often anybody may ask for them.
//!
//! Somebody asks for reminders at an address. The address gets one message with a link; only who follows it is told more
//! (double opt-in): shortly before the beginning, when the beginning moves, when the event is cancelled. After the event, and whenever its
//! owner says so, the address is gone.
//!
//! It knows no address and no way to send: an address is a number that the caller makes of it ([`AddressHash`]), and a message is a word
//! ([`Message`]). So nothing here can tell anybody who listens to what.

mod budget;
mod event;
pub mod limits;
mod subscription;

pub use budget::{Budget, Network, Spent};
pub use event::{EventReminders, Input, Outcome, Output};
pub use subscription::{
    AddressHash, Announced, Message, Progress, Status, Subscription, SubscriptionId, Told,
};
