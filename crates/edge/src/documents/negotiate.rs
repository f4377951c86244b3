//! Reading the conditions of a request: `Accept-Encoding`, `If-None-Match`, `If-Range` (RFC 9110 §12.5.3, §13.1).
//!
//! All of it is outside input: whatever cannot be read counts as not said.

use http::{HeaderMap, HeaderValue, header};

/// A content coding we have bodies for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Brotli,
}

impl Encoding {
    pub(crate) fn header(self) -> Option<HeaderValue> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some(HeaderValue::from_static("gzip")),
            Self::Brotli => Some(HeaderValue::from_static("br")),
        }
    }
}

/// The coding to answer in: Brotli before gzip before none, among what is there and what the client takes.
pub(crate) fn choose_encoding(headers: &HeaderMap, gzip: bool, br: bool) -> Encoding {
    if br && accepts(headers, "br") {
        Encoding::Brotli
    } else if gzip && (accepts(headers, "gzip") || accepts(headers, "x-gzip")) {
        Encoding::Gzip
    } else {
        Encoding::Identity
    }
}

/// Whether `coding` is named with a weight above zero (RFC 9110 §12.4.2); `*` is not taken as an offer, because clients
/// that send it alone are scripts that often cannot decode.
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    list_items(headers, &header::ACCEPT_ENCODING).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(coding))
            && parts.all(|p| {
                p.split_once('=')
                    .filter(|(k, _)| k.trim().eq_ignore_ascii_case("q"))
                    .is_none_or(|(_, q)| q.trim().parse::<f32>().is_ok_and(|q| q > 0.0))
            })
    })
}

/// Whether `If-None-Match` names this tag; weak comparison (RFC 9110 §13.1.2).
pub(crate) fn if_none_match_hits(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    let etag = etag.as_bytes();
    list_items(headers, &header::IF_NONE_MATCH)
        .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item).as_bytes() == etag)
}

/// Whether a `Range` may be obeyed: there is no `If-Range`, or it is exactly this strong tag (RFC 9110 §13.1.5). Dates
/// never match, since we send no `Last-Modified`.
pub(crate) fn if_range_allows(headers: &HeaderMap, etag: &HeaderValue) -> bool {
    headers.get(header::IF_RANGE).is_none_or(|v| v == etag)
}

fn list_items<'h>(
    headers: &'h HeaderMap,
    name: &'h header::HeaderName,
) -> impl Iterator<Item = &'h str> {
    headers
        .get_all(name)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(','))
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
        headers
    }

    #[test]
    fn the_best_coding_that_both_sides_have() {
        let choose =
            |value: &str| choose_encoding(&with(header::ACCEPT_ENCODING, value), true, true);
        assert_eq!(choose("gzip, deflate, br, zstd"), Encoding::Brotli);
        assert_eq!(choose("gzip;q=1.0, br;q=0"), Encoding::Gzip);
        assert_eq!(choose("GZIP ; Q=0.001"), Encoding::Gzip);
        for none in ["", "*", "identity", "gzip;q=0", "gzip;q=x", "brr", ";;,;q="] {
            assert_eq!(choose(none), Encoding::Identity, "{none}");
        }
        let all = with(header::ACCEPT_ENCODING, "br, gzip");
        assert_eq!(choose_encoding(&all, true, false), Encoding::Gzip);
        assert_eq!(choose_encoding(&all, false, false), Encoding::Identity);
        assert_eq!(
            choose_encoding(&HeaderMap::new(), true, true),
            Encoding::Identity
        );
    }

    #[test]
    fn a_tag_is_found_in_a_list_weak_or_strong() {
        let tag = HeaderValue::from_static("\"abc\"");
        let hits = |value: &str| if_none_match_hits(&with(header::IF_NONE_MATCH, value), &tag);
        assert!(hits("\"abc\""));
        assert!(hits("W/\"abc\""));
        assert!(hits("\"x\" , \"abc\""));
        assert!(hits("*"));
        assert!(!hits("abc"));
        assert!(!hits("\"ab\""));
        assert!(!if_none_match_hits(&HeaderMap::new(), &tag));
    }

    #[test]
    fn a_range_holds_only_for_the_same_version() {
        let tag = HeaderValue::from_static("\"abc\"");
        let allows = |value: &str| if_range_allows(&with(header::IF_RANGE, value), &tag);
        assert!(allows("\"abc\""));
        assert!(!allows("W/\"abc\""));
        assert!(!allows("Sun, 22 Nov 2026 08:00:00 GMT"));
        assert!(if_range_allows(&HeaderMap::new(), &tag));
    }
}
