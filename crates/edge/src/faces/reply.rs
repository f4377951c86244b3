//! What a request is answered with, before any byte of it is sent.

use std::sync::Arc;

use bytes::Bytes;
use http::{Method, Response};
use stentor_core::admission::Rung;

use super::file_request::FileRequest;
use crate::documents::StoredDocument;
use crate::family::StreamSubscription;

/// What the caller does for a request.
pub enum Reply {
    /// Send this.
    Whole(Response<Bytes>),
    /// Send this head, and then the stream until it ends, as on that rung.
    Live(Response<()>, StreamSubscription, Rung),
    /// Open the file and ask it for the response.
    File(FileRequest),
    /// It is being made: wait for it, and ask again.
    Awaited(AwaitedDocument),
    /// Neither a stream nor a document: the fallback's.
    Fallback,
}

/// A document that is made because it was asked for.
pub struct AwaitedDocument(pub(super) Arc<StoredDocument>);

impl AwaitedDocument {
    /// Waits until it is there; as long as that takes.
    pub(crate) async fn made(&self) {
        self.0.until_replaced().await;
    }
}

/// What a method asks for.
pub(super) enum MethodKind {
    /// GET or HEAD.
    Read,
    Options,
    Other,
}

pub(super) fn method_kind(method: &Method) -> MethodKind {
    match *method {
        Method::GET | Method::HEAD => MethodKind::Read,
        Method::OPTIONS => MethodKind::Options,
        _ => MethodKind::Other,
    }
}
