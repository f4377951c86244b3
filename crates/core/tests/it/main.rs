//! The core by behaviour. Every test moves the time itself.

mod admission;
mod conditions;
mod hosts;
mod ladder;
mod limits;
mod loopback;
mod mutes;
mod notices;
mod pages;
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
