//! Faces: ways to listen and read, as functions from a request head to a reply. No socket, no runtime, no clock.
//!
//! Whoever reads request heads (the accept side, the shards) asks [`answer()`] and carries out the [`Reply`].

mod answer;
mod document;
mod file_request;
mod parse;
mod refusal;
mod reply;
mod response;
mod streams;

pub use answer::answer;
pub use file_request::FileRequest;
pub use parse::{ParsedRequest, parse_request};
pub use reply::{AwaitedDocument, Reply};

pub(crate) use document::{FileResponse, file_answer, file_etag};
pub(crate) use refusal::{raw_bad_head, raw_refusal, refusal};
pub(crate) use response::{SERVER, busy, sentence};
