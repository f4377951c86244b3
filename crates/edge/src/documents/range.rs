//! `Range: bytes=…` (RFC 9110 §14): one range is obeyed, several are answered with the whole, what cannot be read is ignored.

use std::ops::Range;

use http::{HeaderMap, header};

/// What a request asks of a representation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ranged {
    /// All of it.
    Whole,
    /// These bytes: never empty, within the representation.
    Part(Range<u64>),
    /// Bytes that are not there: 416.
    Unsatisfiable,
}

/// Reads the `Range` of a request for a representation of `length` bytes.
pub(crate) fn parse_range(headers: &HeaderMap, length: u64) -> Ranged {
    let mut values = headers.get_all(header::RANGE).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Ranged::Whole;
    };
    let spec = value
        .to_str()
        .ok()
        .and_then(|v| v.split_once('='))
        .filter(|(unit, _)| unit.trim().eq_ignore_ascii_case("bytes"))
        .map(|(_, spec)| spec.trim());
    // A server may ignore Range altogether (§14.2); several ranges are asked by no player and cost a multipart body.
    let Some(spec) = spec.filter(|s| !s.contains(',')) else {
        return Ranged::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Ranged::Whole;
    };
    match (digits(first), digits(last)) {
        (Digits::None, Digits::Number(suffix)) => {
            if suffix == 0 || length == 0 {
                Ranged::Unsatisfiable
            } else {
                Ranged::Part(length.saturating_sub(suffix)..length)
            }
        }
        (Digits::Number(first), Digits::None) if first < length => Ranged::Part(first..length),
        (Digits::Number(first), Digits::Number(last)) if last < first => Ranged::Whole,
        (Digits::Number(first), Digits::Number(last)) if first < length => {
            Ranged::Part(first..last.saturating_add(1).min(length))
        }
        (Digits::Number(_), Digits::None | Digits::Number(_)) => Ranged::Unsatisfiable,
        _ => Ranged::Whole,
    }
}

enum Digits {
    None,
    Number(u64),
    Bad,
}

fn digits(text: &str) -> Digits {
    if text.is_empty() {
        Digits::None
    } else if text.bytes().all(|b| b.is_ascii_digit()) {
        // A number too large for us is larger than any file.
        Digits::Number(text.parse().unwrap_or(u64::MAX))
    } else {
        Digits::Bad
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn range(value: &str, length: u64) -> Ranged {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_str(value).unwrap());
        parse_range(&headers, length)
    }

    #[test]
    fn one_range_is_obeyed() {
        assert_eq!(range("bytes=0-0", 10), Ranged::Part(0..1));
        assert_eq!(range("bytes=2-5", 10), Ranged::Part(2..6));
        assert_eq!(range("bytes=2-", 10), Ranged::Part(2..10));
        assert_eq!(range("bytes=9-99", 10), Ranged::Part(9..10));
        assert_eq!(range("Bytes = -3", 10), Ranged::Part(7..10));
        assert_eq!(range("bytes=-30", 10), Ranged::Part(0..10));
        assert_eq!(
            range("bytes=0-99999999999999999999999", 10),
            Ranged::Part(0..10)
        );
    }

    #[test]
    fn bytes_that_are_not_there_are_unsatisfiable() {
        for value in [
            "bytes=10-",
            "bytes=10-20",
            "bytes=-0",
            "bytes=99999999999999999999999-",
        ] {
            assert_eq!(range(value, 10), Ranged::Unsatisfiable, "{value}");
        }
        assert_eq!(range("bytes=0-", 0), Ranged::Unsatisfiable);
        assert_eq!(range("bytes=-5", 0), Ranged::Unsatisfiable);
    }

    #[test]
    fn several_ranges_and_nonsense_get_the_whole() {
        for value in [
            "bytes=0-1,4-5",
            "bytes=5-2",
            "bytes=-",
            "bytes=a-b",
            "bytes=",
            "bytes",
            "items=0-1",
            "bytes=+1-2",
            "bytes=1--2",
        ] {
            assert_eq!(range(value, 10), Ranged::Whole, "{value}");
        }
        assert_eq!(parse_range(&HeaderMap::new(), 10), Ranged::Whole);
    }

    #[test]
    fn a_part_is_never_empty_and_never_outside_whatever_is_asked() {
        let mut random = 88_172_645_463_325_252u64;
        for _ in 0..20_000 {
            let mut draw = || {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random
            };
            let alphabet = b"bytes=-,0123456789 ";
            let tail: String = (0..draw() % 12)
                .map(|_| char::from(alphabet[(draw() % alphabet.len() as u64) as usize]))
                .collect();
            let length = draw() % 40;
            if let Ranged::Part(part) = range(&format!("bytes={tail}"), length) {
                assert!(part.start < part.end && part.end <= length, "{tail}");
            }
        }
    }
}
