//! One event that is open, the interface in front of it, and what is asked of that.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode};
use stentor_event::announcement::Announcer;
use stentor_event::testing::TestServer;
use tempfile::TempDir;
use tower_service::Service as _;

/// More than any answer of this interface has, bytes.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

pub(crate) const SDP: &str = "application/sdp";
pub(crate) const FRAGMENT: &str = "application/trickle-ice-sdpfrag";

/// An offer as a browser makes it, before it is said which way its sound goes.
const OFFER: &str = "v=0\r\n\
    o=- 4611731400430051336 2 IN IP4 127.0.0.1\r\n\
    s=-\r\n\
    t=0 0\r\n\
    a=group:BUNDLE 0\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n\
    c=IN IP4 0.0.0.0\r\n\
    a=ice-ufrag:F7gI\r\n\
    a=ice-pwd:x9cml/YzichV2+XlhiMu8g\r\n\
    a=fingerprint:sha-256 D2:FA:0E:C3:22:59:5E:14:95:69:92:3D:13:B4:84:24:2C:C2:A2:C0:3E:FD:34:8E:5E:EA:6F:AF:52:CE:E6:0F\r\n\
    a=setup:actpass\r\n\
    a=rtcp-mux\r\n\
    a=mid:0\r\n\
    a=rtpmap:111 opus/48000/2\r\n\
    a=fmtp:111 minptime=10;useinbandfec=1\r\n\
    a=ssrc:1001 cname:x\r\n";

/// That offer with a direction, such as `sendrecv`.
pub(crate) fn offer(direction: &str) -> String {
    format!("{OFFER}a={direction}\r\n")
}

/// An event and the interface in front of it.
pub(crate) struct Scene {
    pub(crate) server: TestServer,
    router: Router,
    folder: TempDir,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = TestServer::start(folder.path()).await;
        Self {
            router: stentor_api::router(server.events.clone()),
            server,
            folder,
        }
    }

    /// The same where mail can be sent.
    pub(crate) async fn with_mail() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = TestServer::start_with_mail(folder.path()).await;
        Self {
            router: stentor_api::router(server.events.clone()),
            server,
            folder,
        }
    }

    /// The same where this makes what is published about it besides its page.
    pub(crate) async fn announcing(announcer: Arc<dyn Announcer>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let server = TestServer::start_announcing(folder.path(), announcer, None).await;
        Self {
            router: stentor_api::router(server.events.clone()),
            server,
            folder,
        }
    }

    /// The same event after the server was started again.
    pub(crate) async fn restarted(self) -> Self {
        let server = self.server.restarted().await;
        Self {
            router: stentor_api::router(server.events.clone()),
            server,
            folder: self.folder,
        }
    }

    /// Where it keeps everything.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The path of one of the two endpoints: `whip` or `whep`.
    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("/api/v1/events/{}/{name}", self.server.event().slug())
    }

    /// Asks, and reads the whole answer.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let request = Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        let request = request.body(body.into()).expect("a request");
        let Ok(response) = self.router.clone().call(request).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, ANSWER_BYTES_MAX).await.expect("a body");
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.into()).expect("answers are text"),
        }
    }

    /// Posts an offer to an endpoint with a token.
    pub(crate) async fn offers(&self, name: &str, token: &str, offer: String) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", &*bearer), ("content-type", SDP)];
        self.ask(Method::POST, &self.endpoint(name), &headers, offer)
            .await
    }

    /// Sends a fragment to a session, with a condition.
    pub(crate) async fn patches(&self, session: &str, tag: &str, fragment: &str) -> Answer {
        let headers = [("content-type", FRAGMENT), ("if-match", tag)];
        self.ask(Method::PATCH, session, &headers, fragment.to_owned())
            .await
    }
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// A header field; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("header fields are text"))
    }

    /// It is a refusal with that status, as problem details (RFC 9457) whose detail is that one sentence.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, detail: &str) {
        assert_eq!(self.status.as_u16(), status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.header("cache-control"), "no-store");
        let problem: serde_json::Value = serde_json::from_str(&self.body).expect("JSON");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["detail"], detail);
        // Publishers on other origins read it too.
        assert_eq!(self.header("access-control-allow-origin"), "*");
    }
}
