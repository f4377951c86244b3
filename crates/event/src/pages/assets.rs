//! What `web/` built, carried in the program and handed to the edge.

use bytes::Bytes;
use http::HeaderMap;
use stentor_edge::{CacheClass, Document, Edge, NotFound};

use super::headers::page_headers;
use crate::compress::compress;
use crate::lang::Lang;

/// The stage page's policy: what this server built, and the connections it needs.
fn stage_policy(base_url: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; \
         connect-src 'self'{}; media-src 'self' blob: mediastream:; img-src 'self' data:; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'",
        socket_source(base_url),
    )
}

/// The server's own sockets by their address, for browsers for which `'self'` is no WebSocket of the same host (Safari before 15.4); nothing
/// where the address has no form that a policy takes (CSP 3 section 2.3.1).
fn socket_source(base_url: &str) -> String {
    let source = base_url.split_once("://").and_then(|(scheme, rest)| {
        let scheme = match scheme {
            "https" => "wss",
            "http" => "ws",
            _ => return None,
        };
        let host = rest.split('/').next()?;
        let is_host = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
        (!host.is_empty() && host.chars().all(is_host)).then(|| format!(" {scheme}://{host}"))
    });
    source.unwrap_or_default()
}

/// Everything in `web/dist`, by its path there.
static DIST: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_dist.rs"));

/// Whether this program carries its pages: one that was built without them serves everything else.
pub fn are_built() -> bool {
    let mut files = [
        "listen.js",
        "listen.css",
        "embed.js",
        "embed.css",
        "lang.js",
        "stage.html",
    ]
    .into_iter();
    files.all(|path| built(path).is_some())
        && Lang::all().all(|lang| {
            ["listen", "embed"]
                .iter()
                .all(|page| built_words(page, lang).is_some())
        })
}

/// What that page says in that language, as its script reads it.
pub(super) fn built_words(page: &str, lang: Lang) -> Option<&'static str> {
    let beginning = format!("assets/{page}-{}-", lang.code());
    let is_words = |name: &str| name.starts_with(&beginning) && name.ends_with(".json");
    let (_, bytes) = DIST.iter().find(|(name, _)| is_words(name))?;
    std::str::from_utf8(bytes).ok()
}

/// A built file, by its path below `web/dist`.
pub(super) fn built(path: &str) -> Option<&'static [u8]> {
    DIST.binary_search_by(|(name, _)| (*name).cmp(path))
        .ok()
        .map(|at| DIST[at].1)
}

/// Path of the icon of the pages, whose name carries a hash of its bytes.
pub(super) fn built_icon() -> Option<String> {
    let is_icon = |name: &str| name.starts_with("assets/icon-") && name.ends_with(".svg");
    let (name, _) = DIST.iter().find(|(name, _)| is_icon(name))?;
    Some(format!("/{name}"))
}

/// Path of the square picture of the server, 512 pixels wide, for feeds; its name carries a hash of its bytes, too.
#[must_use]
pub fn feed_picture() -> Option<String> {
    let is_picture = |name: &str| name.starts_with("assets/icon-512") && name.ends_with(".png");
    let (name, _) = DIST.iter().find(|(name, _)| is_picture(name))?;
    Some(format!("/{name}"))
}

/// Puts the built files where pages look for them.
pub fn publish_assets(edge: &Edge) {
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

/// Puts the stage page of an event of the server at this address. It is the same for everyone: who it is for is in the link's fragment, and
/// `lang` is spoken to whoever's own language is none of ours.
pub fn publish_stage(edge: &Edge, slug: &str, lang: Lang, base_url: &str) {
    let Some(page) = built("stage.html").and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
        return;
    };
    let written = format!("<html lang=\"{}\">", Lang::default().code());
    let page = page.replacen(&written, &format!("<html lang=\"{}\">", lang.code()), 1);
    let document = Document {
        content_type: content_type("stage.html").to_owned(),
        cache: CacheClass::NoStore,
        body: compress(Bytes::from(page)),
        headers: page_headers(
            &stage_policy(base_url),
            "microphone=(self), camera=(), geolocation=()",
        ),
    };
    put(edge, &format!("/s/{slug}"), document);
}

/// Lets the edge answer where nothing is: people get that page, programs those problem details (RFC 9457), and the paths that begin like
/// one of `handlers` are left to the fallback.
pub fn publish_not_found(
    edge: &Edge,
    handlers: &[&str],
    page: &'static str,
    headers: &HeaderMap,
    problem: String,
) {
    let not_found = NotFound {
        handlers: handlers.iter().map(|&path| path.to_owned()).collect(),
        page: Document {
            content_type: content_type(".html").to_owned(),
            cache: CacheClass::NoStore,
            body: compress(Bytes::from_static(page.as_bytes())),
            headers: headers.clone(),
        },
        sentence: Document::new("application/problem+json", CacheClass::NoStore, problem),
    };
    // Only a content type that is none is refused.
    if let Err(error) = edge.answer_not_found(not_found) {
        tracing::error!(%error, "what is not there is answered by handlers");
    }
}

/// Takes the stage page of an event away.
pub(crate) fn withdraw_stage(edge: &Edge, slug: &str) {
    edge.documents().remove(&format!("/s/{slug}"));
}

fn put(edge: &Edge, path: &str, document: Document) {
    // Only a full edge refuses, and what it already serves at this path stays.
    if let Err(error) = edge.documents().put(path, document) {
        tracing::error!(%error, path, "cannot be published");
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stage_page_may_open_sockets_to_its_own_server_alone() {
        for (base_url, sources) in [
            ("https://talk.example.org", "'self' wss://talk.example.org"),
            (
                "https://talk.example.org:8443",
                "'self' wss://talk.example.org:8443",
            ),
            ("http://127.0.0.1:8080", "'self' ws://127.0.0.1:8080"),
            ("http://[::1]:8080", "'self'"),
            ("https://a.example; script-src *", "'self'"),
        ] {
            let policy = stage_policy(base_url);
            let mut directives = policy.split(';').map(str::trim);
            let connect = directives.find_map(|directive| directive.strip_prefix("connect-src "));
            assert_eq!(connect, Some(sources), "{base_url}");
            assert_eq!(policy.matches("script-src").count(), 1, "{policy}");
        }
    }
}
