//! Public items that nobody names.

use crate::rust::{Source, as_group, is_punct, tokens};
use crate::{judge, tree};
use proc_macro2::{Delimiter, TokenTree};
use std::collections::BTreeSet;

/// Words after which a name is made, not used.
const MAKING: [&str; 9] = [
    "const", "enum", "fn", "mod", "static", "struct", "trait", "type", "union",
];

/// The names that a source uses: not where they are made, nor where they are only imported or passed on, nor at the
/// head of an `impl` of their own, nor in documentation.
fn used(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(&tokens(text), &mut names);
    names
}

fn collect(tokens: &[TokenTree], names: &mut BTreeSet<String>) {
    let mut at = 0;
    while at < tokens.len() {
        at += match &tokens[at..] {
            [TokenTree::Ident(word), rest @ ..] if word == "use" => 1 + renamed(rest, names),
            [TokenTree::Ident(word), rest @ ..] if word == "impl" => 1 + own_type(rest, names),
            [TokenTree::Ident(word), TokenTree::Ident(_), ..]
                if MAKING.iter().any(|making| word == making) =>
            {
                2
            }
            [TokenTree::Ident(name), ..] => {
                names.insert(name.to_string());
                1
            }
            [TokenTree::Punct(punct), TokenTree::Group(attribute), ..]
                if punct.as_char() == '#' && attribute.delimiter() == Delimiter::Bracket =>
            {
                collect_attribute(&attribute.stream().to_string(), names);
                2
            }
            [TokenTree::Group(group), ..] => {
                let inside: Vec<_> = group.stream().into_iter().collect();
                collect(&inside, names);
                1
            }
            [TokenTree::Literal(literal), ..] => {
                // `"{NAME}"` in a format.
                let text = literal.to_string();
                let holes = text.split('{').skip(1);
                names.extend(holes.map(|hole| words(hole).next().unwrap_or_default().to_owned()));
                1
            }
            [TokenTree::Punct(_), ..] | [] => 1,
        };
    }
}

/// Attributes name functions in texts: `#[serde(default = "name")]`.
fn collect_attribute(attribute: &str, names: &mut BTreeSet<String>) {
    if !attribute.starts_with("doc ") {
        names.extend(words(attribute).map(str::to_owned));
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|char: char| !(char.is_alphanumeric() || char == '_'))
}

/// An import: only what gets another name is used by it, for nobody will name it as it is. Gives its length.
fn renamed(rest: &[TokenTree], names: &mut BTreeSet<String>) -> usize {
    let is_end =
        |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ';');
    let end = rest.iter().position(is_end).unwrap_or(0);
    let mut groups = vec![rest[..end].to_vec()];
    while let Some(group) = groups.pop() {
        for pair in group.windows(2) {
            if matches!(&pair[1], TokenTree::Ident(word) if word == "as") {
                names.insert(pair[0].to_string());
            }
        }
        groups.extend(
            group
                .iter()
                .filter_map(|token| as_group(token, Delimiter::Brace)),
        );
    }
    end
}

/// `impl Type {` or `impl Trait for Type {`: the type is not used by having methods, the trait is. Gives the length up to
/// and with the name of the type.
fn own_type(rest: &[TokenTree], names: &mut BTreeSet<String>) -> usize {
    let is_body = |token: &TokenTree| {
        as_group(token, Delimiter::Brace).is_some()
            || [';', ',', '='].iter().any(|end| is_punct(token, *end))
    };
    let head = &rest[..rest.iter().position(is_body).unwrap_or(rest.len())];
    let is_for = |token: &TokenTree| matches!(token, TokenTree::Ident(word) if word == "for");
    let before = match head.iter().position(is_for) {
        Some(at) => at + 1,
        None => parameters(head),
    };
    collect(&head[..before], names);
    let is_name = |token: &TokenTree| matches!(token, TokenTree::Ident(_));
    let name = head[before..].iter().position(is_name);
    before + name.map_or(0, |name| name + 1)
}

/// The length of `<…>`, if it stands here.
fn parameters(head: &[TokenTree]) -> usize {
    let mut open = 0;
    for (at, token) in head.iter().enumerate() {
        open += if is_punct(token, '<') {
            1
        } else if is_punct(token, '>') && !(at > 0 && is_punct(&head[at - 1], '-')) {
            -1
        } else {
            0
        };
        if open == 0 {
            return if at == 0 { 0 } else { at + 1 };
        }
    }
    0
}

#[test]
fn every_public_item_is_named_somewhere() {
    let files = tree::files();
    let rust = || files.iter().filter(|file| file.has_extension(&["rs"]));
    let used: BTreeSet<String> = rust().flat_map(|file| used(&file.text)).collect();
    let mut findings = Vec::new();
    for file in
        rust().filter(|file| file.path.starts_with("crates/") && file.path.contains("/src/"))
    {
        let items = Source::read(&file.text).items;
        let dead = items.iter().filter(|item| !used.contains(&item.name));
        findings.extend(dead.map(|item| format!("{}:{}: {}", file.path, item.line, item.name)));
    }
    judge(
        "a public item is named by something: code, a test, an example, a benchmark or a fuzz target",
        "the compiler warns of nothing that is public, so what nobody calls stays, is read, and is kept up",
        &findings,
    );
}

#[test]
fn making_and_passing_on_a_name_is_no_use_of_it() {
    let text = "pub use a::{B, C as D};\n/// [`Docs`]\npub struct Own;\nimpl<T: Bound> Own<T> { pub fn method() {} }\nimpl Trait for Own {}\n\
                #[serde(default = \"by_name\")]\nconst MADE: u8 = x::Y;\nfn f() { log!(\"{HOLE} word\", z.called()) }\nfn g() -> impl Shown { 1 }";
    let used = used(text);
    for name in ["C", "Trait", "Bound", "by_name", "Y", "HOLE", "called"] {
        assert!(used.contains(name), "{name} is used");
    }
    for name in ["B", "D", "Docs", "Own", "method", "MADE", "word", "f"] {
        assert!(!used.contains(name), "{name} is not used");
    }
}
