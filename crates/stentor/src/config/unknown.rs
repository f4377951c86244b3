//! What was most likely meant by a name that is none.

use strsim::damerau_levenshtein;

/// The nearest of some names, if one is near enough that somebody may have meant it.
pub(crate) fn nearest<'a>(
    found: &str,
    names: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let found = normal(found);
    let near = names.into_iter().filter_map(|name| {
        let distance = distance(&found, &normal(name));
        // A third of the letters: more is another word.
        (distance <= name.chars().count().div_ceil(3).min(3)).then_some((distance, name))
    });
    near.min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// As a key is written, whatever the form it was found in.
pub(super) fn normal(name: &str) -> String {
    name.trim_matches(['-', '_'])
        .chars()
        .map(|char| {
            if char == '-' || char == '.' || char == ' ' {
                '_'
            } else {
                char.to_ascii_lowercase()
            }
        })
        .collect()
}

/// Letters that are wrong, missing, too many or in another's place; the order of words does not count.
fn distance(found: &str, name: &str) -> usize {
    let sorted = |text: &str| {
        let mut words: Vec<_> = text.split('_').collect();
        words.sort_unstable();
        words.join("_")
    };
    let joined = |text: &str| text.replace('_', "");
    damerau_levenshtein(found, name)
        .min(damerau_levenshtein(&sorted(found), &sorted(name)))
        .min(damerau_levenshtein(&joined(found), &joined(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant_is_found_and_nothing_is_made_up() {
        let names = [
            "listen",
            "log",
            "connections_max",
            "public_url",
            "tls_cert",
            "rung",
        ];
        for (found, meant) in [
            ("listn", Some("listen")),
            ("Listen", Some("listen")),
            ("max_connections", Some("connections_max")),
            ("max-conections", Some("connections_max")),
            ("publicUrl", Some("public_url")),
            ("tls.cert", Some("tls_cert")),
            ("rang", Some("rung")),
            ("lgo", Some("log")),
            ("colour", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(found, names), meant, "{found}");
        }
    }
}
