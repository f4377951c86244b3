//! One event from outside, without HTTP: opened, spoken at, published, recorded.

mod embedding;
mod evening;
mod idle;
mod languages;
mod players;
mod registry;
mod replay;
mod speaker;
mod transcoding;
