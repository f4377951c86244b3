//! From a request to a WebSocket (RFC 6455 section 4.2), and what a page says of itself before it is one.
//!
//! Not the framework's: its socket reads from the connection itself, and what a page may send must be metered below it.

use axum::body::Body;
use axum::http::header::{self, HeaderMap, HeaderValue};
use axum::http::{Method, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use sha1::{Digest, Sha1};
use stentor_event::PageKey;

use super::meter::Metered;
use crate::problem::Problem;
use crate::sentence::hex_128;

/// The protocol spoken on the socket.
const PROTOCOL: &str = "stentor.stage";
/// What stands before a token among the protocols a page offers: a browser lets it set no other field.
const TOKEN: &str = "stentor.token.";
/// What stands before the page's own number.
const PAGE: &str = "stentor.page.";
/// What is hashed with the key of a request (RFC 6455 section 1.3).
const ACCEPT_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What a page says of itself in `Sec-WebSocket-Protocol`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Offered {
    /// Whether it names the protocol of the stage.
    protocol: bool,
    pub(super) token: Option<String>,
    pub(super) page: Option<PageKey>,
}

impl Offered {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut offered = Self::default();
        let protocols = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).into_iter();
        let protocols = protocols.filter_map(|value| value.to_str().ok());
        for protocol in protocols.flat_map(|value| value.split(',')).map(str::trim) {
            if let Some(token) = protocol.strip_prefix(TOKEN) {
                offered.token = Some(token.to_owned());
            } else if let Some(page) = protocol.strip_prefix(PAGE) {
                offered.page = hex_128(page).map(PageKey);
            } else {
                offered.protocol |= protocol == PROTOCOL;
            }
        }
        offered
    }
}

/// A request that may become a WebSocket.
pub(super) struct Upgrade {
    accept: HeaderValue,
    connection: OnUpgrade,
}

/// What is underneath a WebSocket here.
pub(super) type Connection = Metered<TokioIo<hyper::upgrade::Upgraded>>;

impl Upgrade {
    /// # Errors
    /// Theirs: the request asks for no WebSocket, or for one of another version.
    pub(super) fn of(request: &mut Request<Body>) -> Result<Self, Problem> {
        let headers = request.headers();
        let names = |field, wanted: &str| {
            let values = headers.get_all(field).into_iter();
            let mut values = values.filter_map(|value: &HeaderValue| value.to_str().ok());
            values.any(|value| {
                value
                    .split(',')
                    .any(|one| one.trim().eq_ignore_ascii_case(wanted))
            })
        };
        let asks = request.method() == Method::GET
            && names(header::CONNECTION, "upgrade")
            && names(header::UPGRADE, "websocket")
            && names(header::SEC_WEBSOCKET_VERSION, "13");
        let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| asks);
        let accept = key.map(accept_value);
        let connection = request.extensions_mut().remove::<OnUpgrade>();
        match (accept, connection) {
            (Some(accept), Some(connection)) => Ok(Self { accept, connection }),
            // RFC 9110 section 15.5.22 and RFC 6455 section 4.4: both fields say what would be taken.
            _ => Err(Problem::new(
                StatusCode::UPGRADE_REQUIRED,
                "this address speaks WebSocket (RFC 6455), version 13",
            )
            .with(header::UPGRADE, "websocket")
            .with(header::SEC_WEBSOCKET_VERSION, "13")),
        }
    }

    /// Answers the request, and goes on with the connection once that is sent.
    pub(super) fn answer<F: Future<Output = ()> + Send + 'static>(
        self,
        offered: &Offered,
        converse: impl FnOnce(Connection) -> F + Send + 'static,
    ) -> Response {
        let connection = self.connection;
        tokio::spawn(async move {
            // Whoever has gone meanwhile needs nothing.
            if let Ok(upgraded) = connection.await {
                converse(Metered::new(TokioIo::new(upgraded))).await;
            }
        });
        let fields = [
            (header::CONNECTION, HeaderValue::from_static("upgrade")),
            (header::UPGRADE, HeaderValue::from_static("websocket")),
            (header::SEC_WEBSOCKET_ACCEPT, self.accept),
        ];
        let mut response = (StatusCode::SWITCHING_PROTOCOLS, fields).into_response();
        if offered.protocol {
            // Only one that was offered may be named, and never the one with the token.
            response.headers_mut().insert(
                header::SEC_WEBSOCKET_PROTOCOL,
                HeaderValue::from_static(PROTOCOL),
            );
        }
        response
    }
}

fn accept_value(key: &HeaderValue) -> HeaderValue {
    let digest = Sha1::new()
        .chain_update(key.as_bytes())
        .chain_update(ACCEPT_SUFFIX)
        .finalize();
    HeaderValue::from_str(&BASE64.encode(digest)).expect("Base64 is a header value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(fields: &[&str]) -> Offered {
        let mut headers = HeaderMap::new();
        for field in fields {
            let value = HeaderValue::from_str(field).expect("a header value");
            headers.append(header::SEC_WEBSOCKET_PROTOCOL, value);
        }
        Offered::of(&headers)
    }

    #[test]
    fn a_key_is_answered_as_the_example_of_the_rfc() {
        let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept_value(&key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn token_and_page_are_read_from_what_is_offered_in_one_field_or_in_several() {
        let page = "000000000000000000000000000000ff";
        let all = Offered {
            protocol: true,
            token: Some("3.g1.ab".to_owned()),
            page: Some(PageKey(255)),
        };
        let one = format!("stentor.stage, stentor.token.3.g1.ab,stentor.page.{page}");
        assert_eq!(offered(&[&one]), all);
        let page = format!("stentor.page.{page}");
        assert_eq!(
            offered(&["stentor.token.3.g1.ab", &page, "stentor.stage"]),
            all
        );
        assert_eq!(offered(&[]), Offered::default());
        assert_eq!(offered(&["chat", "stentor.page.xyz"]), Offered::default());
    }
}
