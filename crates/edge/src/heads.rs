//! Response heads as bytes, where no HTTP library writes them (RFC 9112 section 4).

use std::time::SystemTime;

use bytes::Bytes;
use http::header::{self, HeaderValue};
use http::{Method, Response, StatusCode};
use sha2::{Digest, Sha256};

/// Room for a head, bytes; longer ones grow.
const HEAD_BYTES: usize = 512;

/// The time of day for what answers say: their date, and since when what they carry is as it is. Nothing is timed by it.
pub(crate) fn time_of_day() -> SystemTime {
    SystemTime::now()
}

/// The strong tag of bytes (RFC 9110 section 8.8.3): equal bytes, equal tag.
pub(crate) fn etag_of(bytes: &[u8]) -> HeaderValue {
    let digest = Sha256::digest(bytes);
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &digest[..16] {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    HeaderValue::from_str(&tag).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The head of a response whose body is in memory.
pub(crate) fn whole_head(method: &Method, response: &Response<Bytes>) -> Vec<u8> {
    let mut head = begin(response);
    // RFC 9110 section 8.6: these have no body, and no length but that of the response to GET.
    let bodiless = method == Method::HEAD
        || [StatusCode::NO_CONTENT, StatusCode::NOT_MODIFIED].contains(&response.status());
    if !bodiless && !response.headers().contains_key(header::CONTENT_LENGTH) {
        let length = response.body().len().to_string();
        field(&mut head, "content-length", length.as_bytes());
    }
    head.extend_from_slice(b"\r\n");
    head
}

/// The head of a response that has its `Content-Length` already.
pub(crate) fn part_head(response: &Response<()>) -> Vec<u8> {
    let mut head = begin(response);
    head.extend_from_slice(b"\r\n");
    head
}

/// The head of an endless response. It has no length, so it is chunked where the client knows how (RFC 9112 section 6.3). It has
/// `Connection: close`: when the programme is over, every listener goes on to something else.
pub(crate) fn live_head(response: &Response<()>, chunked: bool) -> Bytes {
    let mut head = begin(response);
    if chunked {
        field(&mut head, "transfer-encoding", b"chunked");
    }
    head.extend_from_slice(b"connection: close\r\n\r\n");
    head.into()
}

/// Status, fields and date (RFC 9110 section 6.6.1).
fn begin<T>(response: &Response<T>) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let status = response.status();
    head.extend_from_slice(b"HTTP/1.1 ");
    head.extend_from_slice(status.as_str().as_bytes());
    head.push(b' ');
    head.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    head.extend_from_slice(b"\r\n");
    for (name, value) in response.headers() {
        field(&mut head, name.as_str(), value.as_bytes());
    }
    let date = httpdate::fmt_http_date(time_of_day());
    field(&mut head, "date", date.as_bytes());
    head
}

fn field(head: &mut Vec<u8>, name: &str, value: &[u8]) {
    for part in [name.as_bytes(), b": ", value, b"\r\n"] {
        head.extend_from_slice(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_its_length_unless_it_has_no_body() {
        let head = |method, status: StatusCode, body: &'static str| {
            let mut response = Response::new(Bytes::from_static(body.as_bytes()));
            *response.status_mut() = status;
            String::from_utf8(whole_head(&method, &response)).unwrap()
        };
        let ok = head(Method::GET, StatusCode::OK, "four");
        assert!(ok.starts_with("HTTP/1.1 200 OK\r\ndate: "), "{ok}");
        assert!(ok.ends_with("\r\ncontent-length: 4\r\n\r\n"), "{ok}");
        for (method, status) in [
            (Method::OPTIONS, StatusCode::NO_CONTENT),
            (Method::GET, StatusCode::NOT_MODIFIED),
            (Method::HEAD, StatusCode::OK),
        ] {
            assert!(!head(method, status, "").contains("content-length"));
        }
    }

    #[test]
    fn an_endless_answer_is_framed_where_the_client_knows_how() {
        let head = |chunked| {
            let head = live_head(&Response::new(()), chunked);
            String::from_utf8(head.to_vec()).unwrap()
        };
        assert!(head(true).contains("transfer-encoding: chunked\r\n"));
        assert!(!head(false).contains("transfer-encoding"));
        assert!(head(false).ends_with("connection: close\r\n\r\n"));
    }
}
