//! The core by behaviour. Every test moves the time itself.

mod abandoned;
mod admission;
mod amendments;
mod conditions;
mod flooding;
mod green_room;
mod hosts;
mod ladder;
mod limits;
mod loopback;
mod mutes;
mod notices;
mod pages;
mod pages_anew;
mod phases;
mod properties;
mod refusals;
mod reservations;
mod restart;
mod scene;
mod sessions;
mod silent_microphone;
mod speaking;
mod suspending;
mod texts;
mod timeline;
