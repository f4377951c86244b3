//! How errors speak.

use crate::rust::{as_group, tokens};
use crate::{judge, tree};
use proc_macro2::{Delimiter, TokenTree};

/// What may begin a sentence with a capital: names. Acronyms need no list.
const PROPER_NAMES: [&str; 4] = ["Ogg", "Opus", "Stentor", "Unix"];

/// The texts of `#[error("…")]` in a source, with their lines.
fn sentences(text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    collect(&tokens(text), &mut found);
    found
}

fn collect(tokens: &[TokenTree], found: &mut Vec<(usize, String)>) {
    if let [TokenTree::Ident(word), arguments] = tokens
        && word == "error"
        && let Some(arguments) = as_group(arguments, Delimiter::Parenthesis)
        && let Some(TokenTree::Literal(literal)) = arguments.first()
    {
        let text = literal.to_string();
        let text = text.trim_start_matches(['r', '#']).trim_end_matches('#');
        let sentence = text.trim_matches('"').to_owned();
        found.push((literal.span().start().line, sentence));
    }
    for token in tokens {
        if let TokenTree::Group(group) = token {
            collect(&group.stream().into_iter().collect::<Vec<_>>(), found);
        }
    }
}

/// What is wrong with a sentence.
fn fault(sentence: &str) -> Option<&'static str> {
    let word: String = sentence
        .chars()
        .take_while(|char| char.is_alphanumeric())
        .collect();
    let capitals = word.chars().filter(|char| char.is_uppercase()).count();
    let is_name = capitals > 1 || PROPER_NAMES.contains(&word.as_str());
    if sentence.is_empty() {
        Some("says nothing")
    } else if sentence.starts_with(char::is_uppercase) && !is_name {
        Some("begins with a capital")
    } else if sentence.ends_with(['.', '!', ':', ' ']) && !sentence.ends_with('…') {
        Some("ends with more than its last word")
    } else {
        None
    }
}

#[test]
fn every_error_is_a_sentence_that_fits_into_another() {
    let files = tree::files();
    let mut findings = Vec::new();
    for file in files
        .iter()
        .filter(|file| file.path.starts_with("crates/") && file.has_extension(&["rs"]))
    {
        for (line, sentence) in sentences(&file.text) {
            let fault = fault(&sentence);
            findings
                .extend(fault.map(|fault| format!("{}:{line}: \"{sentence}\" {fault}", file.path)));
        }
    }
    judge(
        "an error begins with a small letter, a value, a name or an acronym, and has no full stop",
        "it stands behind a colon in a log as often as alone; what people read alone is made whole where it is shown to them",
        &findings,
    );
}

#[test]
fn capitals_and_full_stops_are_found() {
    let text =
        "#[error(\"one {0}\")]\nenum E {\n#[error(r#\"Two\"#)]\nA,\n#[error(transparent)]\nB(C) }";
    assert_eq!(
        sentences(text),
        [(1, "one {0}".to_owned()), (3, "Two".to_owned())]
    );
    for good in [
        "a chunk of {bytes} bytes",
        "{path} is taken",
        "SDP ends early",
        "str0m: {0}",
        "Opus packet of 0 bytes",
        "OBS said no",
    ] {
        assert_eq!(fault(good), None, "{good}");
    }
    for bad in ["A chunk", "it ends.", "why:", "Nothing", ""] {
        assert!(fault(bad).is_some(), "{bad}");
    }
}
