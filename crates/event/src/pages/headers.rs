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

/// The policy of a page that carries its scripts and its style inside it: those, by their hashes; where there are scripts, those that this server
/// has built beside them; and nothing else. Only pages of this server may show it inside themselves.
pub fn inline_policy(scripts: &[&str], style: &str) -> String {
    framed_policy(scripts, style, "'self'")
}

/// The same for a page that pages of these sources may show inside themselves (`frame-ancestors`).
pub(crate) fn framed_policy(scripts: &[&str], style: &str, frame_ancestors: &str) -> String {
    let hash = |text: &str| format!(" 'sha256-{}'", BASE64.encode(Sha256::digest(text)));
    let script = match scripts {
        [] => " 'none'".to_owned(),
        // And what the page fetches after itself, which this server has built.
        scripts => std::iter::once(" 'self'".to_owned())
            .chain(scripts.iter().map(|text| hash(text)))
            .collect(),
    };
    format!(
        "default-src 'none'; script-src{}; style-src{}; connect-src 'self'; media-src 'self' blob:; \
         img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors {}",
        script,
        hash(style),
        frame_ancestors,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_policy_names_the_hashes_of_scripts_and_style_and_nothing_else_is_run() {
        let hash = |text: &str| BASE64.encode(Sha256::digest(text));
        let policy = inline_policy(&["a", "c"], "b");
        let (a, b, c) = (hash("a"), hash("b"), hash("c"));
        assert!(
            policy.contains(&format!("script-src 'self' 'sha256-{a}' 'sha256-{c}';")),
            "{policy}"
        );
        assert!(
            policy.contains(&format!("style-src 'sha256-{b}';")),
            "{policy}"
        );
        assert!(!policy.contains("unsafe"), "{policy}");
        assert!(inline_policy(&[], "b").contains("script-src 'none';"));
        assert!(policy.ends_with("; frame-ancestors 'self'"), "{policy}");
        let framed = framed_policy(&["a", "c"], "b", "*");
        assert_eq!(framed, policy.replace("ancestors 'self'", "ancestors *"));
    }
}
