//! The sentences people read: every language says all of it, and nothing that nobody asks for.

use std::collections::{BTreeMap, BTreeSet};

use fluent_syntax::ast::{Entry, Expression, InlineExpression, Pattern, PatternElement};
use fluent_syntax::parser;

use crate::judge;
use crate::tree::{self, File};

/// The language the others are translated from.
const SOURCE: &str = "en";

/// Words that are the same in English and another language.
const SAME: [(&str, &str); 7] = [
    ("de", "Pause"),
    ("de", "Podcast"),
    ("de", "Position"),
    ("fr", "Pause"),
    ("fr", "Podcast"),
    ("fr", "Position"),
    ("fr", "Volume"),
];

/// One message of a catalogue.
struct Message {
    /// What it says, each variable as `{name}`; every form of a choice behind the others.
    text: String,
    variables: BTreeSet<String>,
}

struct Catalogue {
    code: String,
    path: String,
    messages: BTreeMap<String, Message>,
}

/// The catalogues, that of `SOURCE` first; what is wrong with their form is added to `findings`.
fn catalogues(findings: &mut Vec<String>) -> Vec<Catalogue> {
    let files = tree::files();
    let files = files
        .iter()
        .filter(|file| file.path.starts_with("locales/"));
    let mut found: Vec<_> = files.map(|file| read(file, findings)).collect();
    found.sort_by_key(|catalogue| (catalogue.code != SOURCE, catalogue.code.clone()));
    assert!(
        found.first().is_some_and(|first| first.code == SOURCE),
        "there is no locales/{SOURCE}.ftl"
    );
    found
}

fn read(file: &File, findings: &mut Vec<String>) -> Catalogue {
    let path = file.path.clone();
    let name = path.trim_start_matches("locales/");
    let code = name.trim_end_matches(".ftl").to_owned();
    let is_code = code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_lowercase());
    if !is_code || !name.ends_with(".ftl") {
        findings.push(format!("{path} is not named xx.ftl, after ISO 639-1"));
    }
    let resource = parser::parse(file.text.as_str()).unwrap_or_else(|(resource, errors)| {
        findings.extend(errors.iter().map(|error| format!("{path}: {error}")));
        resource
    });
    let mut messages = BTreeMap::new();
    for entry in &resource.body {
        let Entry::Message(message) = entry else {
            continue;
        };
        let id = message.id.name.to_owned();
        let mut read = Message {
            text: String::new(),
            variables: BTreeSet::new(),
        };
        if let Some(pattern) = &message.value {
            add(pattern, &mut read);
        }
        if read.text.trim().is_empty() || !message.attributes.is_empty() {
            findings.push(format!("{path}: {id} is not one text"));
        }
        if messages.insert(id.clone(), read).is_some() {
            findings.push(format!("{path}: {id} is there twice"));
        }
    }
    Catalogue {
        code,
        path,
        messages,
    }
}

fn add(pattern: &Pattern<&str>, message: &mut Message) {
    for element in &pattern.elements {
        match element {
            PatternElement::TextElement { value } => message.text.push_str(value),
            PatternElement::Placeable { expression } => match expression {
                Expression::Inline(inline) => add_inline(inline, message),
                Expression::Select { selector, variants } => {
                    if let InlineExpression::VariableReference { id } = selector {
                        message.variables.insert(id.name.to_owned());
                    }
                    for variant in variants {
                        message.text.push('\n');
                        add(&variant.value, message);
                    }
                }
            },
        }
    }
}

fn add_inline(inline: &InlineExpression<&str>, message: &mut Message) {
    match inline {
        InlineExpression::StringLiteral { value } => message.text.push_str(value),
        InlineExpression::VariableReference { id } => {
            message.text.push_str(&format!("{{{}}}", id.name));
            message.variables.insert(id.name.to_owned());
        }
        InlineExpression::Placeable { expression } => {
            if let Expression::Inline(inline) = &**expression {
                add_inline(inline, message);
            }
        }
        _ => {}
    }
}

#[test]
fn every_language_says_everything_with_the_same_variables() {
    let mut findings = Vec::new();
    let all = catalogues(&mut findings);
    let (source, others) = all.split_first().expect("there is a first");
    for other in others {
        for (id, message) in &source.messages {
            match other.messages.get(id) {
                None => findings.push(format!("{} has no {id}", other.path)),
                Some(it) if it.variables != message.variables => findings.push(format!(
                    "{}: {id} has the variables {:?}, in {SOURCE} {:?}",
                    other.path, it.variables, message.variables
                )),
                Some(_) => {}
            }
        }
        let unknown = other.messages.keys();
        let unknown = unknown.filter(|id| !source.messages.contains_key(*id));
        findings.extend(unknown.map(|id| format!("{} has {id}, {SOURCE} has not", other.path)));
    }
    judge(
        "each file of locales/ says all that the others say",
        "whoever reads that language would be spoken to in another, or read a sentence with a hole",
        &findings,
    );
}

#[test]
fn no_sentence_was_left_in_english() {
    let all = catalogues(&mut Vec::new());
    let (source, others) = all.split_first().expect("there is a first");
    let mut findings = Vec::new();
    let mut same = BTreeSet::new();
    for other in others {
        for (id, message) in &other.messages {
            let original = source.messages.get(id).map(|message| &message.text);
            if original == Some(&message.text) && has_words(&message.text) {
                same.insert((other.code.as_str(), message.text.as_str()));
                if !SAME.contains(&(&other.code, &message.text)) {
                    findings.push(format!("{}: {id} is English: {}", other.path, message.text));
                }
            }
        }
    }
    let unused = SAME.iter().filter(|word| !same.contains(*word));
    findings.extend(unused.map(|(code, word)| format!("{word} is not the same in {code}")));
    judge(
        "what is the same in two languages is in the list of words that are",
        "a copy that waits for its translation looks like a sentence that is there",
        &findings,
    );
}

/// Whether there are letters beside the variables.
fn has_words(text: &str) -> bool {
    let outside = text
        .split('{')
        .map(|part| part.split_once('}').map_or(part, |(_, rest)| rest));
    outside.flat_map(str::chars).any(char::is_alphabetic)
}

#[test]
fn typography_is_each_languages_own() {
    let all = catalogues(&mut Vec::new());
    let mut findings = Vec::new();
    for catalogue in &all {
        for (id, message) in &catalogue.messages {
            let wrong = wrong_typography(&catalogue.code, &message.text);
            findings.extend(
                wrong.map(|why| format!("{}: {id}: {why}: {}", catalogue.path, message.text)),
            );
        }
    }
    judge(
        "sentences are set as their language is",
        "a reader sees at once where nobody cared",
        &findings,
    );
}

/// What is wrong with a text of that language, if anything is.
fn wrong_typography(code: &str, text: &str) -> Option<&'static str> {
    if text.contains(['\'', '"']) {
        return Some("apostrophes and quotation marks are typographic");
    }
    if text.contains("...") {
        return Some("an ellipsis is one character");
    }
    if code != "fr" {
        return None;
    }
    let chars: Vec<_> = text.chars().collect();
    let is_space = |at: Option<usize>| at.and_then(|at| chars.get(at)) == Some(&'\u{a0}');
    for (at, char) in chars.iter().enumerate() {
        let before = is_space(at.checked_sub(1));
        let spaced = match char {
            '?' | '!' | ';' | '»' => before,
            // A clock has one, too.
            ':' => before || chars.get(at + 1).is_some_and(char::is_ascii_digit),
            '«' => is_space(Some(at + 1)),
            _ => true,
        };
        if !spaced {
            return Some("U+00A0 stands before ? ! ; : » and after «");
        }
    }
    None
}

#[test]
fn wrong_typography_is_found() {
    for (code, text) in [
        ("en", "It's"),
        ("de", "\"So\""),
        ("en", "Wait..."),
        ("fr", "Ça va ?"),
        ("fr", "Oui: non"),
        ("fr", "« oui\u{a0}»"),
    ] {
        assert!(wrong_typography(code, text).is_some(), "{code}: {text}");
    }
    for (code, text) in [
        ("en", "It’s: “so”…"),
        (
            "fr",
            "«\u{a0}Ça va\u{a0}?\u{a0}» à 20:00\u{a0}; oui\u{a0}: {name}\u{a0}!",
        ),
    ] {
        assert_eq!(wrong_typography(code, text), None, "{code}: {text}");
    }
}

#[test]
fn every_sentence_is_said_and_every_sentence_said_is_there() {
    let all = catalogues(&mut Vec::new());
    let source = &all[0].messages;
    let files = tree::files();
    let sources: Vec<_> = files.iter().filter(|file| speaks(&file.path)).collect();
    let mut whole = BTreeSet::new();
    let mut begun = BTreeSet::new();
    let mut findings = Vec::new();
    let groups = source.keys().filter_map(|id| id.split_once('-'));
    let groups: BTreeSet<_> = groups.map(|(group, _)| group).collect();
    for file in &sources {
        // What tests say is said to nobody.
        let text = file.text.split("#[cfg(test)]").next().unwrap_or_default();
        let named = quoted(file, text);
        whole.extend(named.iter().copied());
        begun.extend(beginnings(text));
        // The pages' own ids are checked by their compiler.
        if file.path.starts_with("crates/") {
            let unknown = named.into_iter().filter(|id| {
                let of_group = id.split_once('-').map(|(group, _)| groups.contains(group));
                let said = of_group == Some(true) || text.contains(&format!("say(\"{id}\""));
                said && !source.contains_key(*id)
            });
            let finding = |id| format!("{} names {id}, which is no message", file.path);
            findings.extend(unknown.map(finding));
        }
    }
    let unused = source.keys().filter(|id| {
        let built = |begin: &&str| id.starts_with(begin);
        !whole.contains(id.as_str()) && !begun.iter().any(built)
    });
    findings.extend(unused.map(|id| format!("{id} is said nowhere")));
    judge(
        "the catalogues hold what is said, and nothing else",
        "what nobody says is translated for nobody, and what is not there is read as its name",
        &findings,
    );
}

/// Whether a file can say something to people.
fn speaks(path: &str) -> bool {
    let of_pages = [
        "web/listen/",
        "web/stage/",
        "web/shared/",
        "web/build.mjs",
        "web/stage.html",
    ];
    let of_server = path.starts_with("crates/")
        && !path.starts_with("crates/house/")
        && (path.contains("/src/") || path.contains("/templates/"));
    of_server || of_pages.iter().any(|folder| path.starts_with(folder))
}

/// What stands between quotation marks, or in a comment of HTML, and could be an id.
fn quoted<'a>(file: &File, text: &'a str) -> BTreeSet<&'a str> {
    let in_html = file.has_extension(&["html"]);
    let ends = move |char| matches!(char, '"' | '\'' | '`') || in_html && char == ' ';
    let is_id = |part: &&str| {
        let word = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
        part.contains('-')
            && part.starts_with(|char: char| char.is_ascii_lowercase())
            && part.chars().all(|char| word(char) || char == '-')
    };
    text.split(ends).filter(is_id).collect()
}

/// The beginnings of ids whose end is only known when they are said: `` `stage-refusal-${ ``.
fn beginnings(text: &str) -> BTreeSet<&str> {
    let parts = text.split('`').filter_map(|part| part.split_once("${"));
    parts
        .map(|(begin, _)| begin)
        .filter(|begin| begin.ends_with('-') && !begin.contains(char::is_whitespace))
        .collect()
}
