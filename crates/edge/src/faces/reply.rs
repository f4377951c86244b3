//! What a request is answered with, before any byte of it is sent.

use bytes::Bytes;
use http::{Method, Response};
use stentor_core::admission::Rung;

use super::file_request::FileRequest;
use crate::family::Subscription;

/// What the caller does for a request.
pub enum Reply {
    /// Send this.
    Whole(Response<Bytes>),
    /// Send this head, and then the stream until it ends, as on that rung.
    Live(Response<()>, Subscription, Rung),
    /// Open the file and ask it for the response.
    File(FileRequest),
    /// Neither a stream nor a document: the fallback's.
    Fallback,
}

/// What a method asks for.
pub(super) enum Access {
    /// GET or HEAD.
    Read,
    Options,
    Other,
}

pub(super) fn access_of(method: &Method) -> Access {
    match *method {
        Method::GET | Method::HEAD => Access::Read,
        Method::OPTIONS => Access::Options,
        _ => Access::Other,
    }
}
