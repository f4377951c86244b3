//! How this interface says no: RFC 9457 problem details with one clear sentence.

use axum::http::header::{self, HeaderValue};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::sentence::sentence;

/// A refusal.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    detail: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    /// What is so now, for whoever acted on what was so before.
    now: Option<serde_json::Value>,
}

impl Problem {
    /// There is no such event.
    pub(crate) fn no_event(slug: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            format!("there is no event \"{slug}\" here"),
        )
    }

    /// A refusal with its reason, which becomes a sentence that a person reads.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            detail: detail.into(),
            headers: Vec::new(),
            now: None,
        }
    }

    /// Tells what is so now.
    pub(crate) fn telling(mut self, now: &impl Serialize) -> Self {
        self.now = serde_json::to_value(now).ok();
        self
    }

    /// Adds a header this status requires.
    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }
}

impl Problem {
    /// Its JSON.
    pub(crate) fn body(&self) -> String {
        let mut body = serde_json::json!({
            "title": self.status.canonical_reason().unwrap_or("refused"),
            "status": self.status.as_u16(),
            "detail": sentence(&self.detail),
        });
        if let Some(now) = &self.now {
            body["now"] = now.clone();
        }
        body.to_string()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let headers = [
            (
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/problem+json"),
            ),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (self.status, headers, self.body()).into_response();
        response.headers_mut().extend(self.headers);
        response
    }
}
