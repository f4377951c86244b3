//! The one address of what can be written in many ways: `/e/%64emo/./status%2Ejson;` is `/e/demo/status.json` (RFC 3986 section 6.2.2).
//!
//! Only looked for where nothing is at the address as it was written, so it costs those nothing who write it right. Whoever wrote it in
//! another way is sent there, so that everything is in caches once.

/// The path in its one form: unreserved characters as they are, no dot segments, no empty segments, no parameters of the last segment
/// (players of radio stations append `;`), no slash at the end. `None` where it is in this form already.
pub(super) fn canonical(path: &str) -> Option<String> {
    let decoded = decode_unreserved(path);
    let mut segments: Vec<&str> = Vec::new();
    for segment in decoded.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => segments.push(name),
        }
    }
    while let Some(last) = segments.pop() {
        match last.split(';').next().unwrap_or_default() {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            name => {
                segments.push(name);
                break;
            }
        }
    }
    // It begins with one slash and goes on with a name: never another server's address (RFC 3986 section 4.2).
    let canonical = format!("/{}", segments.join("/"));
    (canonical != path).then_some(canonical)
}

/// Characters that mean the same encoded or not (RFC 3986 section 2.3) are not; other encodings stay, their digits in upper case.
fn decode_unreserved(path: &str) -> String {
    let mut decoded = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('%') {
        decoded.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 3);
        let code = code.filter(|code| code.bytes().all(|b| b.is_ascii_hexdigit()));
        let byte = code.and_then(|code| u8::from_str_radix(code, 16).ok());
        match (code, byte) {
            (_, Some(byte)) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                decoded.push(char::from(byte));
                rest = &rest[at + 3..];
            }
            (Some(code), Some(_)) => {
                decoded.push('%');
                decoded.push_str(&code.to_ascii_uppercase());
                rest = &rest[at + 3..];
            }
            _ => {
                decoded.push('%');
                rest = &rest[at + 1..];
            }
        }
    }
    decoded.push_str(rest);
    decoded
}

#[cfg(test)]
mod tests {
    use super::canonical;

    #[test]
    fn whatever_means_the_same_address_has_one_form() {
        for written in [
            "/e/demo/status%2Ejson",
            "/%65/demo/status.json",
            "/%65/%64%65%6d%6f/status.json",
            "//e/demo/status.json",
            "/e//demo///status.json",
            "/e/x/../demo/./status.json",
            "/e/x/%2e%2E/demo/status.json",
            "/../../e/demo/status.json",
            "/e/demo/status.json;",
            "/e/demo/status.json;a=b;c",
            "/e/demo/status.json/",
            "/e/demo/status.json/.",
            "/e/demo/status.json/;",
        ] {
            let one = canonical(written);
            assert_eq!(one.as_deref(), Some("/e/demo/status.json"), "{written}");
        }
        for root in ["//", "/.", "/..", "/;", "/a/..", "/%2e%2e/"] {
            assert_eq!(canonical(root).as_deref(), Some("/"), "{root}");
        }
    }

    #[test]
    fn what_is_in_its_one_form_stays_and_what_means_something_else_too() {
        for one in [
            "/",
            "/e/demo",
            "/e/demo/status.json",
            "/a%2Fb",
            "/a%3Bb",
            "/%",
            "/%2",
            "/%zz",
        ] {
            assert_eq!(canonical(one), None, "{one}");
        }
        assert_eq!(canonical("/a%2fb").as_deref(), Some("/a%2Fb"));
        assert_eq!(canonical("/%00%25%2e").as_deref(), Some("/%00%25."));
        assert_eq!(canonical("/\u{e9}/%\u{e9}"), None);
    }

    #[test]
    fn the_one_form_of_anything_is_its_own_and_begins_with_a_single_slash() {
        let mut random = 88_172_645_463_325_252u64;
        for _ in 0..20_000 {
            let mut draw = || {
                random ^= random << 13;
                random ^= random >> 7;
                random ^= random << 17;
                random
            };
            let alphabet = b"/.%25eEaf;~x";
            let path: String = (0..draw() % 14)
                .map(|_| char::from(alphabet[(draw() % alphabet.len() as u64) as usize]))
                .collect();
            let path = format!("/{path}");
            let one = canonical(&path).unwrap_or_else(|| path.clone());
            assert!(
                one.starts_with('/') && !one.starts_with("//"),
                "{path}: {one}"
            );
            // Decoding once is all: `%2525` is not `%`.
            if !one.contains('%') {
                assert_eq!(canonical(&one), None, "{path}: {one}");
            }
        }
    }
}
