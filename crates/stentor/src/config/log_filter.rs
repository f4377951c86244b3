//! Whether a log filter can do what was meant by it.
//!
//! `tracing_subscriber::EnvFilter` takes any word for the name of a part: a misspelt level then silences the whole log. Here
//! a word is a level or a part that this program has, or it is refused.

use tracing_subscriber::filter::LevelFilter;

use super::address::Hint;
use super::unknown::nearest;

/// The levels by name; as a number, 0 (off) to 5 (trace), they are taken, too.
const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];

/// What other programs call some of them.
const OTHER_LEVELS: [(&str, &str); 9] = [
    ("warning", "warn"),
    ("err", "error"),
    ("fatal", "error"),
    ("critical", "error"),
    ("notice", "info"),
    ("information", "info"),
    ("verbose", "debug"),
    ("all", "trace"),
    ("none", "off"),
];

/// Parts of this program that log.
pub(super) const OWN_PARTS: [&str; 7] = [
    "stentor",
    "stentor_api",
    "stentor_cluster",
    "stentor_core",
    "stentor_edge",
    "stentor_event",
    "stentor_studio",
];

/// Libraries in it that do.
const LIBRARY_PARTS: [&str; 9] = [
    "axum",
    "dimpl",
    "hyper",
    "hyper_util",
    "is",
    "rustls",
    "str0m",
    "tokio_tungstenite",
    "tungstenite",
];

/// Directives of one filter.
const DIRECTIVES_MAX: usize = 32;

/// Looks at a filter, directive by directive, and gives it as the library takes it, without blanks.
///
/// # Errors
/// What is wrong with it, and what may have been meant.
pub(super) fn checked(filter: &str) -> Result<String, Hint> {
    let directives: Vec<_> = filter.split(',').map(str::trim).collect();
    if directives.len() > DIRECTIVES_MAX {
        return Err(format!("it has more than {DIRECTIVES_MAX} parts"));
    }
    directives.iter().copied().try_for_each(directive)?;
    Ok(directives.join(","))
}

fn directive(text: &str) -> Result<(), Hint> {
    if text.contains(['[', ']', '{', '}', '"']) {
        return Err("nothing is logged in spans here".to_owned());
    }
    match text.split_once('=') {
        _ if text.is_empty() => Err("a level is missing".to_owned()),
        None if is_level(text) => Ok(()),
        None => part(text).map_err(|_| no_level(text)),
        Some((name, level)) => {
            part(name)?;
            if is_level(level) {
                Ok(())
            } else {
                Err(no_level(level))
            }
        }
    }
}

fn is_level(text: &str) -> bool {
    text.parse::<LevelFilter>().is_ok()
}

fn no_level(text: &str) -> Hint {
    let small = text.to_lowercase();
    let other = OTHER_LEVELS.iter().find(|(name, _)| *name == small);
    let meant = match other {
        Some((_, level)) => Some(*level),
        None => nearest(&small, LEVELS),
    };
    let levels = LEVELS.join(", ");
    match meant {
        Some(level) => {
            format!("\"{text}\" is no level: did you mean {level}? The levels are {levels}")
        }
        None => format!("\"{text}\" is no level: there are {levels}"),
    }
}

/// A part of the program, or a module in it.
fn part(name: &str) -> Result<(), Hint> {
    let root = name.split("::").next().unwrap_or_default();
    let known = || OWN_PARTS.into_iter().chain(LIBRARY_PARTS);
    if known().any(|known| known == root) {
        return Ok(());
    }
    Err(
        match nearest(root, OWN_PARTS).or_else(|| nearest(root, LIBRARY_PARTS)) {
            Some(meant) => format!("nothing here is called \"{name}\": did you mean {meant}?"),
            None => format!(
                "nothing here is called \"{name}\": there are {}",
                OWN_PARTS.join(", ")
            ),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing_subscriber::EnvFilter;

    #[test]
    fn a_filter_that_would_silence_the_log_by_mistake_is_refused_with_what_was_meant() {
        for (filter, hint) in [
            ("loud", "\"loud\" is no level: there are"),
            ("inof", "did you mean info"),
            ("warning", "did you mean warn"),
            ("Verbose", "did you mean debug"),
            ("debg", "did you mean debug"),
            ("", "missing"),
            ("info,", "missing"),
            ("6", "no level"),
            ("stentor=verbose", "did you mean debug"),
            ("stentor_stuido=debug", "did you mean stentor_studio"),
            ("stentor-edge=debug", "did you mean stentor_edge"),
            ("info,nginx=debug", "nothing here is called"),
            ("info;stentor=debug", "nothing here is called"),
            ("[span]=debug", "spans"),
            ("stentor=info=debug", "no level"),
        ] {
            let found = checked(filter).unwrap_err().to_lowercase();
            assert!(found.contains(&hint.to_lowercase()), "{filter}: {found}");
        }
        let many = ["info"; DIRECTIVES_MAX + 1].join(",");
        assert!(checked(&many).is_err());
    }

    #[test]
    fn a_filter_that_means_something_is_taken_and_the_library_takes_it_too() {
        for filter in [
            "info",
            "WARN",
            "off",
            "3",
            "stentor_studio=debug",
            "info,stentor_studio::net=trace,hyper=off",
            "warn, stentor_edge=debug",
            "stentor_edge",
        ] {
            let taken = checked(filter).unwrap();
            assert!(EnvFilter::try_new(&taken).is_ok(), "{filter}");
        }
        let many = ["info"; DIRECTIVES_MAX].join(",");
        assert!(checked(&many).is_ok());
    }

    #[test]
    fn the_parts_are_those_that_are_built_in() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let lock = std::fs::read_to_string(root.join("Cargo.lock")).unwrap();
        for part in OWN_PARTS.into_iter().chain(LIBRARY_PARTS) {
            let package = format!("name = \"{}\"\n", part.replace('_', "-"));
            assert!(
                lock.contains(&package) || lock.contains(&package.replace('-', "_")),
                "{part}"
            );
        }
    }
}
