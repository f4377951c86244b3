//! The core by behaviour. Every test moves the time itself.

mod admission;
mod conditions;
mod hosts;
mod ladder;
mod limits;
mod mutes;
mod notices;
mod phases;
mod properties;
mod refusals;
mod restart;
mod scene;
mod sessions;
mod silent_microphone;
mod speaking;
mod texts;
mod timeline;
