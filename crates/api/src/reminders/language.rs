//! The language in which somebody is answered.

use axum::http::header::{self, HeaderMap};
use stentor_event::lang::Lang;

/// Languages of a browser that are looked at; people read fewer.
const ACCEPTED_MAX: usize = 16;

/// The language that was named, else the first one a browser asks for that there is.
pub(super) fn asked_for(named: &str, headers: &HeaderMap) -> Lang {
    let accepted = headers
        .get(header::ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok());
    let accepted = accepted.unwrap_or_default().split(',').take(ACCEPTED_MAX);
    let mut asked = std::iter::once(named).chain(accepted);
    asked.find_map(Lang::of_tag).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_was_named_goes_before_those_of_the_browser() {
        let mut headers = HeaderMap::new();
        let asked = |named, headers: &HeaderMap| asked_for(named, headers).code();
        assert_eq!(asked("", &headers), "en");
        headers.insert(
            header::ACCEPT_LANGUAGE,
            "es, de-AT;q=0.8, fr;q=0.5".parse().unwrap(),
        );
        assert_eq!(asked("", &headers), "de");
        assert_eq!(asked("fr-CA", &headers), "fr");
        assert_eq!(asked("es", &headers), "de");
    }
}
