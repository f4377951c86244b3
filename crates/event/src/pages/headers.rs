//! The server's side of the pages: filling the listener's page and handing out what `web/` built.
//!
//! A page is the same bytes for everyone who asks in a language (DESIGN §2, rule 3). It is rendered when something
//! changes, never per request. What it says before its script runs, or without script, comes from [`sentence`].

pub(crate) mod sentence;

use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use stentor_edge::{Body, CacheClass, Document, Edge};

pub(crate) use sentence::Lang;

/// Everything in `web/dist`, by its path there.
static DIST: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_dist.rs"));

/// Whether this program carries its pages: one that was built without them serves everything else.
pub(crate) fn are_built() -> bool {
    built("listen.html").is_some() && built("stage.html").is_some()
}

/// A built file, by its path below `web/dist`.
fn built(path: &str) -> Option<&'static [u8]> {
    DIST.binary_search_by(|(name, _)| (*name).cmp(path))
        .ok()
        .map(|at| DIST[at].1)
}

/// Brotli's quality for what is compressed while the server runs: nearly the best, in a few milliseconds for a page.
const BROTLI_QUALITY: u32 = 9;
/// Brotli's window, as a power of two of bytes: the pages are far smaller.
const BROTLI_WINDOW: u32 = 18;

/// The body of a text document with its compressed forms, made once for everyone.
pub(crate) fn compress(identity: Bytes) -> Body {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let gzip = gzip
        .write_all(&identity)
        .and_then(|()| gzip.finish())
        .ok()
        .map(Bytes::from);
    let mut br = Vec::new();
    let written = brotli::CompressorWriter::new(&mut br, 4096, BROTLI_QUALITY, BROTLI_WINDOW)
        .write_all(&identity)
        .is_ok();
    Body {
        identity,
        gzip,
        br: written.then(|| Bytes::from(br)),
    }
}

/// Puts the built files where pages look for them.
pub(crate) fn publish_assets(edge: &Edge) {
    for (name, bytes) in DIST.iter().filter(|(name, _)| name.starts_with("assets/")) {
        let document = Document {
            content_type: content_type(name).to_owned(),
            // Their names carry a hash of their bytes.
            cache: CacheClass::Immutable,
            body: compress(Bytes::from_static(bytes)),
            headers: page_headers("default-src 'none'", "microphone=()"),
        };
        put(edge, &format!("/{name}"), document);
    }
}

/// Puts the stage page of an event. It is the same for everyone: who it is for is in the link's fragment.
pub(crate) fn publish_stage(edge: &Edge, slug: &str) {
    let Some(bytes) = built("stage.html") else {
        return;
    };
    let document = Document {
        content_type: content_type("stage.html").to_owned(),
        cache: CacheClass::NoStore,
        body: compress(Bytes::from_static(bytes)),
        headers: page_headers(STAGE_POLICY, "microphone=(self), camera=(), geolocation=()"),
    };
    put(edge, &format!("/s/{slug}"), document);
}

fn put(edge: &Edge, path: &str, document: Document) {
    // Only a full edge refuses, and what it already serves at this path stays.
    if let Err(error) = edge.documents().put(path, document) {
        tracing::error!(%error, path, "cannot be published");
    }
}

/// The strict headers of every page.
pub(crate) fn page_headers(policy: &str, permissions: &'static str) -> HeaderMap {
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

/// The content type of a file by its extension; what we do not build has none.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json" | "webmanifest") => "application/json",
        Some("woff2") => "font/woff2",
        Some("png") => "image/png",
        _ => "application/octet-stream",
    }
}

/// The listener's page with its holes still open.
#[derive(Clone, Debug)]
pub(crate) struct ListenTemplate {
    html: &'static str,
    policy: String,
}

/// What goes into the holes of the listener's page.
#[derive(Debug)]
pub(crate) struct ListenPage<'a> {
    pub(crate) lang: Lang,
    pub(crate) title: &'a str,
    /// What is going on, in words.
    pub(crate) sentence: &'a str,
    /// The event's `status.json`.
    pub(crate) state_json: &'a str,
    /// `/e/slug`
    pub(crate) base: &'a str,
    /// Where a player without script finds sound.
    pub(crate) plain_source: &'a str,
}

impl ListenTemplate {
    /// The page of this build; `None` where the binary was built without the pages.
    pub(crate) fn load() -> Option<Self> {
        let html = std::str::from_utf8(built("listen.html")?).ok()?;
        Some(Self {
            html,
            policy: inline_policy(html),
        })
    }

    /// The content security policy that allows this page's own script and style, and nothing else.
    pub(crate) fn policy(&self) -> &str {
        &self.policy
    }

    /// The page with everything filled in.
    pub(crate) fn fill(&self, page: &ListenPage<'_>) -> String {
        let other = format!("{}/{}", page.base, page.lang.other().code());
        let holes = [
            ("%LANG%", page.lang.code().to_owned()),
            ("%TITLE%", escape(page.title)),
            ("%SENTENCE%", escape(page.sentence)),
            // Inside a script element only `<` can end it (HTML, 4.12.1.3); the JSON stays the same JSON.
            ("%STATE%", page.state_json.replace('<', "\\u003c")),
            ("%BASE%", escape(page.base)),
            ("%OTHER%", escape(&other)),
            ("%NOJS_SRC%", escape(page.plain_source)),
        ];
        fill_holes(self.html, &holes)
    }
}

/// Fills in one pass, so that a title that looks like a hole stays a title.
fn fill_holes(template: &str, holes: &[(&str, String)]) -> String {
    let mut page = String::with_capacity(template.len() + 1024);
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        page.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((name, value)) = holes.iter().find(|(name, _)| rest.starts_with(name)) {
            page.push_str(value);
            rest = &rest[name.len()..];
        } else {
            page.push('%');
            rest = &rest[1..];
        }
    }
    page + rest
}

/// Escapes text for an element or a quoted attribute.
fn escape(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, c| {
            match c {
                '&' => out.push_str("&amp;"),
                '<' => out.push_str("&lt;"),
                '>' => out.push_str("&gt;"),
                '"' => out.push_str("&quot;"),
                '\'' => out.push_str("&#39;"),
                c => out.push(c),
            }
            out
        })
}

/// The policy of a page whose script and style are inside it: those, by their hashes, and nothing else.
pub(crate) fn inline_policy(html: &str) -> String {
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

/// The stage page's policy: what this server built, and the connections it needs.
const STAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
     connect-src 'self' ws: wss:; media-src 'self' blob: mediastream:; img-src 'self' data:; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_cannot_break_out_of_the_page() {
        let template = ListenTemplate {
            html: "<title>%TITLE%</title><script type=\"application/json\">%STATE%</script><p>100%</p>",
            policy: String::new(),
        };
        let page = template.fill(&ListenPage {
            lang: Lang::En,
            title: "</title><script>%STATE%",
            sentence: "",
            state_json: "{\"title\":\"</script>\"}",
            base: "/e/x",
            plain_source: "",
        });
        assert_eq!(
            page,
            "<title>&lt;/title&gt;&lt;script&gt;%STATE%</title>\
             <script type=\"application/json\">{\"title\":\"\\u003c/script>\"}</script><p>100%</p>"
        );
    }

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
