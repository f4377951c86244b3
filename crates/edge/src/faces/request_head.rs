//! Reads the head of a request, strictly: RFC 9112 where it says "must", and one meaning where it leaves two.
//!
//! The one parser for whoever reads requests here, shards and accept side alike: the HTTP library is given only heads that were read
//! here first, so that there is never a second opinion on where a request ends. What a request is answered with is not decided here.

use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::{Method, Request, Uri, Version, request};

use crate::gate::HeadFault;
use crate::limits::AcceptLimits;

/// Header fields of one head at most, whatever the limits say.
const FIELDS_MAX: usize = 64;

/// The header fields that the faces read.
const FIELDS_READ: [HeaderName; 10] = [
    header::HOST,
    header::ACCEPT,
    header::ACCEPT_ENCODING,
    header::RANGE,
    header::IF_RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::UPGRADE,
];

/// A head that was read.
pub(crate) struct RequestHead {
    /// Method, target, version, and the fields that the faces read.
    pub(crate) parts: request::Parts,
    /// Its length, bytes.
    pub(crate) bytes: usize,
    pub(crate) body: BodyFraming,
    /// The client keeps the connection after the answer.
    pub(crate) keeps: bool,
    /// The client offers to speak something else (RFC 9110 section 7.8).
    pub(crate) upgrades: bool,
}

/// How long the body of a request is (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFraming {
    /// So many bytes, often none.
    Length(u64),
    /// Until its last chunk.
    Chunked,
}

impl BodyFraming {
    /// Whether there is no body.
    pub(crate) fn is_empty(self) -> bool {
        self == Self::Length(0)
    }
}

/// Reads the head with which these bytes begin; `None` while its end has not come.
///
/// # Errors
/// When it is no head that is answered; nothing behind it can be read either.
pub(crate) fn read_head(
    bytes: &[u8],
    limits: &AcceptLimits,
) -> Result<Option<RequestHead>, HeadFault> {
    let head = match version_digit(bytes) {
        Some(at) => {
            let mut known = bytes.to_vec();
            known[at] = b'1';
            parse(&known, limits)
        }
        None => parse(bytes, limits),
    }?;
    let so_far = head.as_ref().map_or(bytes.len(), |head| head.bytes);
    if so_far > limits.header_bytes_max {
        return Err(HeadFault::TooLarge);
    }
    Ok(head)
}

/// Makes a head that says a later minor version of HTTP/1 one of HTTP/1.1, for a library that takes no other: whoever speaks it
/// understands 1.1 (RFC 9110 section 2.5).
pub(crate) fn as_known_version(bytes: &mut [u8]) {
    if let Some(at) = version_digit(bytes) {
        bytes[at] = b'1';
    }
}

/// Where the minor version stands of a request line that ends in HTTP/1.2 to HTTP/1.9.
fn version_digit(bytes: &[u8]) -> Option<usize> {
    let begin = bytes.iter().position(|b| !matches!(b, b'\r' | b'\n'))?;
    let end = begin + bytes[begin..].iter().position(|b| *b == b'\n')?;
    let line = bytes[begin..end].strip_suffix(b"\r")?;
    let (digit, before) = line.split_last()?;
    (matches!(digit, b'2'..=b'9') && before.ends_with(b" HTTP/1.")).then_some(begin + before.len())
}

fn parse(bytes: &[u8], limits: &AcceptLimits) -> Result<Option<RequestHead>, HeadFault> {
    let mut fields = [httparse::EMPTY_HEADER; FIELDS_MAX];
    let mut head = httparse::Request::new(&mut fields[..limits.headers_max.min(FIELDS_MAX)]);
    let used = match head.parse(bytes) {
        Ok(httparse::Status::Complete(used)) => used,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(HeadFault::TooLarge),
        Err(httparse::Error::Version) => return Err(version_fault(bytes)),
        Err(_) => return Err(HeadFault::Unreadable),
    };
    check_lines(&bytes[..used])?;
    let (mut parts, ()) = Request::new(()).into_parts();
    parts.version = match head.version {
        Some(0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    let method = head.method.unwrap_or_default().as_bytes();
    parts.method = Method::from_bytes(method).map_err(|_| HeadFault::Unreadable)?;
    parts.uri = target(&parts.method, head.path.unwrap_or_default())?;
    let mut framing = Framing::default();
    for field in head.headers.iter() {
        framing.note(field.name, field.value)?;
        let is = |name: &&HeaderName| field.name.eq_ignore_ascii_case(name.as_str());
        if let Some(name) = FIELDS_READ.iter().find(is) {
            let value = HeaderValue::from_bytes(field.value).map_err(|_| HeadFault::Unreadable)?;
            parts.headers.append(name, value);
        }
    }
    check_host(&parts.headers, parts.version)?;
    let keeps = match parts.version {
        Version::HTTP_10 => framing.keep_alive && !framing.close,
        _ => !framing.close,
    };
    Ok(Some(RequestHead {
        body: framing.body(parts.version)?,
        keeps,
        upgrades: framing.upgrade,
        bytes: used,
        parts,
    }))
}

/// A line ends with CR and LF. RFC 9112 section 2.2 lets a server take LF alone; then what is one line here may be two for who stands in
/// front.
fn check_lines(head: &[u8]) -> Result<(), HeadFault> {
    let mut before = 0;
    for byte in head {
        if *byte == b'\n' && before != b'\r' {
            return Err(HeadFault::LineEnd);
        }
        before = *byte;
    }
    Ok(())
}

/// A version that was read and is not spoken here, or none at all.
fn version_fault(bytes: &[u8]) -> HeadFault {
    let line = bytes.split(|b| matches!(b, b'\r' | b'\n'));
    let version = line
        .filter(|line| !line.is_empty())
        .find_map(|line| line.rsplit(|b| *b == b' ').next());
    match version {
        Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor])
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            HeadFault::Version
        }
        _ => HeadFault::Unreadable,
    }
}

/// The target of a request in one of its forms (RFC 9112 section 3.2).
fn target(method: &Method, text: &str) -> Result<Uri, HeadFault> {
    // A fragment is the client's own and never sent (RFC 9112 section 3.2); the library would drop it in silence.
    let known = if text.starts_with('/') {
        !text.contains('#')
    } else if text == "*" {
        *method == Method::OPTIONS
    } else if *method == Method::CONNECT {
        is_host(text.as_bytes())
    } else {
        is_absolute(text)
    };
    if !known {
        return Err(HeadFault::Target);
    }
    Uri::try_from(text).map_err(|_| HeadFault::Target)
}

fn is_absolute(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else {
        return false;
    };
    let http = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    http && is_host(host.as_bytes()) && !rest.contains('#')
}

/// RFC 9112 section 3.2: a request of HTTP/1.1 has exactly one Host, and it is one.
fn check_host(headers: &HeaderMap, version: Version) -> Result<(), HeadFault> {
    let mut hosts = headers.get_all(header::HOST).iter();
    match (hosts.next(), hosts.count()) {
        (Some(host), 0) if is_host(host.as_bytes()) => Ok(()),
        (Some(_), 0) => Err(HeadFault::HostName),
        (None, _) if version == Version::HTTP_10 => Ok(()),
        (first, more) => Err(HeadFault::Host(usize::from(first.is_some()) + more)),
    }
}

/// Whether that is a host with or without a port (RFC 3986 section 3.2.2), and a host of `http`, so not an empty one (RFC 9110 section
/// 4.2.1).
fn is_host(text: &[u8]) -> bool {
    let (host, port) = match text.first() {
        Some(b'[') => match text.iter().position(|b| *b == b']') {
            Some(end) => (&text[..=end], &text[end + 1..]),
            None => return false,
        },
        _ => {
            let end = text.iter().position(|b| *b == b':').unwrap_or(text.len());
            text.split_at(end)
        }
    };
    let port_is_good = match port {
        [] => true,
        [b':', digits @ ..] => digits.len() <= 5 && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    port_is_good && is_host_name(host)
}

fn is_host_name(host: &[u8]) -> bool {
    if let Some(inner) = host.strip_prefix(b"[") {
        let inner = inner.strip_suffix(b"]").unwrap_or_default();
        let literal = |b: &u8| b.is_ascii_hexdigit() || matches!(b, b':' | b'.');
        return inner.contains(&b':') && inner.iter().all(literal);
    }
    let mut rest = host;
    while let [first, behind @ ..] = rest {
        rest = match (first, behind) {
            (b'%', [a, b, behind @ ..]) if a.is_ascii_hexdigit() && b.is_ascii_hexdigit() => behind,
            (b'%', _) => return false,
            (first, behind) if is_name_byte(*first) => behind,
            _ => return false,
        };
    }
    !host.is_empty()
}

/// Unreserved, or a delimiter of part of a name.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte)
}

/// What the fields of a head say about what follows it.
#[derive(Default)]
struct Framing {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    upgrade: bool,
}

impl Framing {
    fn note(&mut self, name: &str, value: &[u8]) -> Result<(), HeadFault> {
        if name.eq_ignore_ascii_case("content-length") {
            self.note_length(value)
        } else if name.eq_ignore_ascii_case("transfer-encoding") {
            self.note_coding(value)
        } else {
            if name.eq_ignore_ascii_case("connection") {
                for option in value.split(|b| *b == b',').map(<[u8]>::trim_ascii) {
                    self.close |= option.eq_ignore_ascii_case(b"close");
                    self.keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            self.upgrade |= name.eq_ignore_ascii_case("upgrade");
            Ok(())
        }
    }

    /// A length is one number, said once: everything else may mean another one to somebody else.
    fn note_length(&mut self, value: &[u8]) -> Result<(), HeadFault> {
        let digits = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
        let number = std::str::from_utf8(value).ok().and_then(|v| v.parse().ok());
        match number.filter(|_| digits && self.length.is_none()) {
            Some(length) => {
                self.length = Some(length);
                Ok(())
            }
            None => Err(HeadFault::Framing),
        }
    }

    fn note_coding(&mut self, value: &[u8]) -> Result<(), HeadFault> {
        let codings = || value.split(|b| *b == b',').map(<[u8]>::trim_ascii);
        let is_chunked = |coding: &[u8]| coding.eq_ignore_ascii_case(b"chunked");
        let ends_before = codings().rev().skip(1).any(is_chunked);
        if self.chunked || ends_before || codings().any(<[u8]>::is_empty) {
            return Err(HeadFault::Framing);
        }
        if !codings().all(is_chunked) {
            return Err(HeadFault::Coding);
        }
        self.chunked = true;
        Ok(())
    }

    fn body(&self, version: Version) -> Result<BodyFraming, HeadFault> {
        match (self.chunked, self.length) {
            (false, length) => Ok(BodyFraming::Length(length.unwrap_or(0))),
            // RFC 9112 section 6.1: with both, or from a client that cannot know it, somebody is being deceived.
            (true, Some(_)) => Err(HeadFault::Framing),
            (true, None) if version == Version::HTTP_10 => Err(HeadFault::Framing),
            (true, None) => Ok(BodyFraming::Chunked),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Option<RequestHead>, HeadFault> {
        read_head(text.as_bytes(), &AcceptLimits::default())
    }

    fn whole(text: &str) -> RequestHead {
        match read(text) {
            Ok(Some(head)) => head,
            Ok(None) => panic!("{text:?} is partial"),
            Err(fault) => panic!("{text:?} is bad: {fault:?}"),
        }
    }

    fn fault(text: &str) -> HeadFault {
        match read(text) {
            Err(fault) => fault,
            Ok(None) => panic!("{text:?} is partial"),
            Ok(Some(_)) => panic!("{text:?} is taken"),
        }
    }

    fn with(fields: &str) -> String {
        format!("POST /x HTTP/1.1\r\nHost: x\r\n{fields}\r\n\r\n")
    }

    #[test]
    fn a_head_is_partial_until_its_last_byte_and_ends_there() {
        let text = "GET /x?a=b HTTP/1.1\r\nHost: x\r\nAccept: a\r\nCookie: c\r\n\r\n";
        for end in 0..text.len() {
            assert!(matches!(read(&text[..end]), Ok(None)), "{end}");
        }
        let head = whole(&format!("{text}GET /y"));
        assert_eq!((head.bytes, head.keeps), (text.len(), true));
        assert!(head.body.is_empty() && !head.upgrades);
        assert_eq!(head.parts.uri, "/x?a=b");
        assert_eq!(head.parts.headers.len(), 2, "host and accept");
        // An empty line before it, as some send behind a body (RFC 9112 section 2.2).
        assert_eq!(whole(&format!("\r\n{text}")).bytes, text.len() + 2);
    }

    #[test]
    fn a_later_minor_version_is_1_1_and_another_major_one_is_refused() {
        for minor in ["1.1", "1.2", "1.9"] {
            let head = whole(&format!("GET /x HTTP/{minor}\r\nHost: x\r\n\r\n"));
            assert_eq!((head.parts.version, head.keeps), (Version::HTTP_11, true));
        }
        let old = whole("GET /x HTTP/1.0\r\n\r\n");
        assert_eq!((old.parts.version, old.keeps), (Version::HTTP_10, false));
        assert!(whole("GET /x HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keeps);
        for major in ["2.0", "0.9", "9.9"] {
            let head = format!("GET /x HTTP/{major}\r\nHost: x\r\n\r\n");
            assert_eq!(fault(&head), HeadFault::Version, "{major}");
        }
        for none in ["HTTP/1", "http/1.1", "HTTP/1.10", "HTTP/1.x"] {
            let head = format!("GET /x {none}\r\nHost: x\r\n\r\n");
            assert_eq!(fault(&head), HeadFault::Unreadable, "{none}");
        }
        let mut text = b"GET / HTTP/1.7\r\n\r\n".to_vec();
        as_known_version(&mut text);
        assert_eq!(text, b"GET / HTTP/1.1\r\n\r\n");
    }

    #[test]
    fn a_line_that_ends_without_a_carriage_return_is_refused() {
        for text in [
            "GET / HTTP/1.1\nHost: x\n\n",
            "GET / HTTP/1.1\r\nHost: x\n\r\n",
            "GET / HTTP/1.1\r\nHost: x\r\n\n",
            "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        ] {
            assert_eq!(fault(text), HeadFault::LineEnd, "{text:?}");
        }
    }

    #[test]
    fn a_host_is_one_name_or_address() {
        let hosted = |host: &str| format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        for good in [
            "x",
            "edge.test",
            "edge.test:8080",
            "edge.test.",
            "foo_bar.example:",
            "127.0.0.1:1",
            "[::1]:8080",
            "[2001:db8::192.0.2.1]",
            "%66oo",
        ] {
            whole(&hosted(good));
        }
        for bad in [
            "", "a b", "x@y", "x:port", "x:123456", "x/y", "[::1", "[x]", "a%2", "x:1:2", "\u{e9}",
        ] {
            assert_eq!(fault(&hosted(bad)), HeadFault::HostName, "{bad:?}");
        }
        let none = "GET / HTTP/1.1\r\n\r\n";
        assert_eq!(fault(none), HeadFault::Host(0));
        let three = "GET / HTTP/1.0\r\nHost: x\r\nHost: x\r\nHost: x\r\n\r\n";
        assert_eq!(fault(three), HeadFault::Host(3));
    }

    #[test]
    fn a_target_is_a_path_or_an_address_of_http() {
        let asked = |method: &str, target: &str| {
            read(&format!("{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n"))
        };
        for good in [
            "/",
            "/a?b",
            "http://x/a",
            "HTTPS://x",
            "http://[::1]:8/?q",
            "//x",
        ] {
            assert!(matches!(asked("GET", good), Ok(Some(_))), "{good}");
        }
        assert!(matches!(asked("OPTIONS", "*"), Ok(Some(_))));
        for bad in [
            "*",
            "a",
            "/a#b",
            "#",
            "http://x/a#b",
            "http:///a",
            "http://u@x/",
            "ftp://x/",
            "x:443",
            "http:/x",
        ] {
            let read = asked("GET", bad);
            assert!(matches!(read, Err(HeadFault::Target)), "{bad}");
        }
    }

    #[test]
    fn a_body_has_one_length_or_is_chunked() {
        assert_eq!(
            whole(&with("Content-Length: 12")).body,
            BodyFraming::Length(12)
        );
        let chunked = whole(&with("transfer-encoding:  Chunked "));
        assert_eq!(chunked.body, BodyFraming::Chunked);
        for bad in [
            "Content-Length: -1",
            "Content-Length: +1",
            "Content-Length:",
            "Content-Length: 1, 1",
            "Content-Length: 1\r\nContent-Length: 1",
            "Content-Length: 99999999999999999999",
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
            "Transfer-Encoding: chunked, gzip",
            "Transfer-Encoding:",
            "Transfer-Encoding: chunked,",
            "Transfer-Encoding: chunked\r\nContent-Length: 4",
        ] {
            assert_eq!(fault(&with(bad)), HeadFault::Framing, "{bad}");
        }
        for unknown in ["gzip", "gzip, chunked", "identity", "xchunked"] {
            let head = with(&format!("Transfer-Encoding: {unknown}"));
            assert_eq!(fault(&head), HeadFault::Coding, "{unknown}");
        }
        let old = "POST /x HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert_eq!(fault(old), HeadFault::Framing);
    }

    #[test]
    fn a_head_has_so_many_bytes_and_fields() {
        let field = "A: b\r\n".repeat(FIELDS_MAX - 1);
        whole(&format!("GET / HTTP/1.1\r\nHost: x\r\n{field}\r\n"));
        let many = format!("GET / HTTP/1.1\r\nHost: x\r\n{field}A: b\r\n\r\n");
        assert_eq!(fault(&many), HeadFault::TooLarge);
        let max = AcceptLimits::default().header_bytes_max;
        let frame = "GET / HTTP/1.1\r\nHost: x\r\nA: \r\n\r\n".len();
        let long = |bytes: usize| {
            let value = "v".repeat(bytes - frame);
            format!("GET / HTTP/1.1\r\nHost: x\r\nA: {value}\r\n\r\n")
        };
        assert_eq!(whole(&long(max)).bytes, max);
        assert_eq!(fault(&long(max + 1)), HeadFault::TooLarge);
        assert_eq!(fault(&long(max + 9)[..max + 1]), HeadFault::TooLarge);
    }

    #[test]
    fn what_the_client_wants_of_the_connection_is_read() {
        let of = |fields: &str| whole(&with(fields));
        assert!(of("Connection: Keep-Alive").keeps);
        assert!(!of("Connection: close").keeps);
        assert!(!of("Connection: TE, Close").keeps);
        assert!(!of("Connection: keep-alive, close").keeps);
        assert!(of("Connection: Upgrade\r\nUpgrade: websocket").upgrades);
    }
}
