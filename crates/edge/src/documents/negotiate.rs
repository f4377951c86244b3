//! Reading the conditions of a request: `Accept`, `Accept-Encoding`, `If-Match` and its kin, `If-Range` (RFC 9110 §12.5, §13.1).
//!
//! All of it is outside input: whatever cannot be read counts as not said.

use std::time::{Duration, SystemTime};

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

/// Whether a person looks, who is shown a page, and not a program, which is told a sentence.
pub(crate) fn prefers_page(headers: &HeaderMap) -> bool {
    list_items(headers, &header::ACCEPT).any(|item| {
        let name = item.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case("text/html") || name.eq_ignore_ascii_case("application/xhtml+xml")
    })
}

/// What is known of the version of a document that would be sent.
pub(crate) struct Versions<'a> {
    pub(crate) etag: &'a HeaderValue,
    /// When it was changed, or put, whichever is known.
    pub(crate) changed_at: SystemTime,
    /// Whether the client was told that date and may have it from us.
    pub(crate) dated: bool,
}

/// What the conditions of a request make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Condition {
    /// It is answered.
    Holds,
    /// 304: the client has this version.
    NotModified,
    /// 412: the client wanted another version or none.
    Failed,
}

impl Versions<'_> {
    /// In the order of RFC 9110 §13.2.2.
    pub(crate) fn condition(&self, headers: &HeaderMap) -> Condition {
        let unwanted = if headers.contains_key(header::IF_MATCH) {
            !self.matches(headers)
        } else {
            date(headers, &header::IF_UNMODIFIED_SINCE).is_some_and(|at| self.seconds() > at)
        };
        if unwanted {
            return Condition::Failed;
        }
        let has_it = if headers.contains_key(header::IF_NONE_MATCH) {
            self.none_match_hits(headers)
        } else {
            self.dated
                && date(headers, &header::IF_MODIFIED_SINCE).is_some_and(|at| self.seconds() <= at)
        };
        if has_it {
            Condition::NotModified
        } else {
            Condition::Holds
        }
    }

    /// Whether `If-Match` names this tag; strong comparison (RFC 9110 §13.1.1).
    fn matches(&self, headers: &HeaderMap) -> bool {
        list_items(headers, &header::IF_MATCH)
            .any(|item| item == "*" || item.as_bytes() == self.etag.as_bytes())
    }

    /// Whether `If-None-Match` names this tag; weak comparison (RFC 9110 §13.1.2).
    fn none_match_hits(&self, headers: &HeaderMap) -> bool {
        let etag = self.etag.as_bytes();
        list_items(headers, &header::IF_NONE_MATCH)
            .any(|item| item == "*" || item.strip_prefix("W/").unwrap_or(item).as_bytes() == etag)
    }

    /// The date in whole seconds, as HTTP says dates.
    fn seconds(&self) -> SystemTime {
        let since = self.changed_at.duration_since(SystemTime::UNIX_EPOCH);
        SystemTime::UNIX_EPOCH + Duration::from_secs(since.map_or(0, |since| since.as_secs()))
    }
}

/// A date that is said once and can be read (RFC 9110 §5.6.7).
fn date(headers: &HeaderMap, name: &header::HeaderName) -> Option<SystemTime> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    httpdate::parse_http_date(value.to_str().ok()?).ok()
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

    fn condition(dated: bool, fields: &[(header::HeaderName, &str)]) -> Condition {
        let tag = HeaderValue::from_static("\"abc\"");
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        let versions = Versions {
            etag: &tag,
            // Half a second into it, as a file's date may be.
            changed_at: httpdate::parse_http_date(CHANGED).unwrap() + Duration::from_millis(500),
            dated,
        };
        versions.condition(&headers)
    }

    const BEFORE: &str = "Sun, 22 Nov 2026 07:59:59 GMT";
    const CHANGED: &str = "Sun, 22 Nov 2026 08:00:00 GMT";

    #[test]
    fn a_tag_is_found_in_a_list_weak_or_strong() {
        for (value, found) in [
            ("\"abc\"", Condition::NotModified),
            ("W/\"abc\"", Condition::NotModified),
            ("\"x\" , \"abc\"", Condition::NotModified),
            ("*", Condition::NotModified),
            ("abc", Condition::Holds),
            ("\"ab\"", Condition::Holds),
        ] {
            assert_eq!(condition(false, &[(header::IF_NONE_MATCH, value)]), found);
        }
        assert_eq!(condition(false, &[]), Condition::Holds);
    }

    #[test]
    fn who_wants_a_certain_version_gets_no_other() {
        for (value, found) in [
            ("\"abc\"", Condition::Holds),
            ("*", Condition::Holds),
            ("\"x\", \"abc\"", Condition::Holds),
            ("\"zzz\"", Condition::Failed),
            ("W/\"abc\"", Condition::Failed),
            ("abc", Condition::Failed),
            ("", Condition::Failed),
        ] {
            assert_eq!(
                condition(false, &[(header::IF_MATCH, value)]),
                found,
                "{value}"
            );
        }
        let old = (header::IF_UNMODIFIED_SINCE, BEFORE);
        for (fields, found) in [
            (vec![old.clone()], Condition::Failed),
            (
                vec![(header::IF_UNMODIFIED_SINCE, CHANGED)],
                Condition::Holds,
            ),
            (
                vec![(header::IF_UNMODIFIED_SINCE, "yesterday")],
                Condition::Holds,
            ),
            // RFC 9110 §13.1.4: the tag says more than the date.
            (vec![(header::IF_MATCH, "*"), old.clone()], Condition::Holds),
            (vec![old, (header::IF_NONE_MATCH, "*")], Condition::Failed),
        ] {
            assert_eq!(condition(false, &fields), found, "{fields:?}");
        }
    }

    #[test]
    fn a_date_counts_where_it_was_told() {
        let since = |dated, at| condition(dated, &[(header::IF_MODIFIED_SINCE, at)]);
        assert_eq!(since(true, CHANGED), Condition::NotModified);
        assert_eq!(since(true, BEFORE), Condition::Holds);
        assert_eq!(since(false, CHANGED), Condition::Holds);
        let both = [
            (header::IF_MODIFIED_SINCE, CHANGED),
            (header::IF_NONE_MATCH, "\"x\""),
        ];
        assert_eq!(condition(true, &both), Condition::Holds);
    }

    #[test]
    fn people_are_known_by_what_they_can_look_at() {
        let page = |value: &str| prefers_page(&with(header::ACCEPT, value));
        assert!(page("text/html,application/xhtml+xml,*/*;q=0.8"));
        assert!(page("Text/HTML;q=0.9"));
        for program in ["*/*", "audio/*", "application/json", "", "text/htmlx"] {
            assert!(!page(program), "{program}");
        }
        assert!(!prefers_page(&HeaderMap::new()));
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
