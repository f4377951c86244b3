//! Faces: ways to listen and read, as functions from a request head to a reply. No socket, no runtime, no clock.
//!
//! Whoever reads request heads (the accept side, the shards) asks [`answer()`] and carries out the [`Reply`].

mod answer;
mod document;
mod file_request;
mod missing;
mod parse;
mod parts;
mod refusal;
mod reply;
mod request_head;
mod response;
mod same_address;
mod streams;

pub use answer::answer;
pub use file_request::FileRequest;
pub use parse::{AfterAnswer, ParsedRequest, parse_request};
pub use reply::{AwaitedDocument, Reply};

pub(crate) use document::{FileResponse, FileVersion, file_answer};
pub(crate) use parse::parse_request_of;
pub(crate) use refusal::{raw_bad_head, raw_refusal, refusal};
pub(crate) use request_head::{BodyFraming, as_known_version, read_head};
pub(crate) use response::{SERVER, busy, common_where_missing, sentence};
