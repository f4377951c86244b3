//! The headers every page is served with, and the policy of a page that carries its own script.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

/// The strict headers of every page.
pub fn page_headers(policy: &str, permissions: &'static str) -> HeaderMap {
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (HeaderName::from_static("permissions-policy"), permissions),
    ];
    let mut headers: HeaderMap = fixed
        .into_iter()
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect();
    // The policy is made of our own constants and base64: always a header value.
    if let Ok(policy) = HeaderValue::from_str(policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers
}

/// The policy of a page whose script and style are inside it: those, by their hashes, and nothing else.
pub fn inline_policy(html: &str) -> String {
    let hashes = |open: &str, close: &str| -> String {
        inline_blocks(html, open, close)
            // A data block is not run, and its bytes change: it needs no hash.
            .filter(|(tag, _)| !tag.contains("application/json"))
            .map(|(_, text)| format!(" 'sha256-{}'", BASE64.encode(Sha256::digest(text))))
            .collect()
    };
    format!(
        "default-src 'none'; script-src{}; style-src{}; connect-src 'self'; media-src 'self' blob:; \
         img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'",
        hashes("<script", "</script>"),
        hashes("<style", "</style>"),
    )
}

/// The inline elements of a kind: their opening tag and their text.
fn inline_blocks<'a>(
    html: &'a str,
    open: &'a str,
    close: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    html.split(open).skip(1).filter_map(move |after| {
        let (tag, rest) = after.split_once('>')?;
        Some((tag, rest.split_once(close)?.0))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_hash_of_the_script_and_not_of_the_data() {
        let policy = inline_policy(
            "<style>a</style><script type=\"application/json\">x</script><script>b</script>",
        );
        let hash = |text: &str| BASE64.encode(Sha256::digest(text));
        assert!(
            policy.contains(&hash("a")) && policy.contains(&hash("b")),
            "{policy}"
        );
        assert!(!policy.contains(&hash("x")), "{policy}");
        assert!(!policy.contains("unsafe"), "{policy}");
    }
}
