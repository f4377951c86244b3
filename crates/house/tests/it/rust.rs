//! What a Rust source names: the modules it declares, the paths it follows, the public items it offers.
//!
//! Sources are read as tokens, so that a comment, a text or a line break is never mistaken for code, and the inside of
//! a macro call is read like everything else. It is no compiler: a path is what it is written as, and what it leads to
//! is found by `modules`. Code that is built for tests only does not count.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use std::str::FromStr;

/// `mod name;` or `mod name { … }`.
pub(crate) struct Declared {
    /// The inline modules around it, outermost first.
    pub(crate) scope: Vec<String>,
    pub(crate) name: String,
    pub(crate) inline: bool,
    pub(crate) for_tests: bool,
}

/// One path, as it is written: `crate::ring::Ring`, `super::limits`, `stream::live`.
pub(crate) struct Named {
    /// The inline modules around it, outermost first.
    pub(crate) scope: Vec<String>,
    pub(crate) segments: Vec<String>,
    pub(crate) line: usize,
    /// The name that a `use` gives to what the path leads to; none where the path stands in other code, or imports everything.
    pub(crate) alias: Option<String>,
    /// Whether it stands in a `use` that others can see.
    pub(crate) reexported: bool,
}

/// A `pub` item.
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) line: usize,
}

#[derive(Default)]
pub(crate) struct Source {
    pub(crate) modules: Vec<Declared>,
    pub(crate) paths: Vec<Named>,
    pub(crate) items: Vec<Item>,
}

/// Words that stand between `pub` and the name of an item.
const BEFORE_A_NAME: [&str; 11] = [
    "async", "const", "enum", "extern", "fn", "static", "struct", "trait", "type", "union",
    "unsafe",
];

impl Source {
    /// Reads a file that the compiler accepts.
    pub(crate) fn read(text: &str) -> Self {
        let mut source = Self::default();
        source.walk(&tokens(text), &[], false);
        source
    }

    fn walk(&mut self, tokens: &[TokenTree], scope: &[String], for_tests: bool) {
        let mut at = 0;
        while at < tokens.len() {
            let rest = &tokens[at..];
            at += if is_for_tests(rest) {
                let item = 2 + end_of_item(&rest[2..]);
                // Of what is built for tests only it is known which files belong to it, nothing else.
                self.modules_for_tests(&rest[2..item], scope);
                item
            } else {
                self.one(rest, scope, for_tests)
            };
        }
    }

    fn modules_for_tests(&mut self, item: &[TokenTree], scope: &[String]) {
        let mut inner = Self::default();
        inner.walk(item, scope, true);
        self.modules.append(&mut inner.modules);
    }

    /// Reads what stands at the beginning of `rest`, and says how many tokens that was.
    fn one(&mut self, rest: &[TokenTree], scope: &[String], for_tests: bool) -> usize {
        match rest {
            [TokenTree::Ident(word), TokenTree::Group(restriction), ..]
                if word == "pub" && restriction.delimiter() == Delimiter::Parenthesis =>
            {
                2 + self.used(&rest[2..], scope, true)
            }
            [TokenTree::Ident(word), ..] if word == "pub" => {
                self.items.extend(item(&rest[1..]));
                1 + self.used(&rest[1..], scope, true)
            }
            [TokenTree::Ident(word), ..] if word == "use" => self.used(rest, scope, false),
            [TokenTree::Ident(word), TokenTree::Ident(name), body, ..] if word == "mod" => {
                let name = name.to_string();
                let inline = as_group(body, Delimiter::Brace);
                if let Some(inside) = &inline {
                    let scope = [scope, std::slice::from_ref(&name)].concat();
                    self.walk(inside, &scope, for_tests);
                }
                self.modules.push(Declared {
                    scope: scope.to_vec(),
                    name,
                    inline: inline.is_some(),
                    for_tests,
                });
                3
            }
            [TokenTree::Ident(_), ..] => self.path(rest, scope),
            [TokenTree::Group(group), ..] => {
                let inside: Vec<_> = group.stream().into_iter().collect();
                self.walk(&inside, scope, for_tests);
                1
            }
            _ => 1,
        }
    }

    /// `use …;`, if it stands here.
    fn used(&mut self, rest: &[TokenTree], scope: &[String], reexported: bool) -> usize {
        if !matches!(rest.first(), Some(TokenTree::Ident(word)) if word == "use") {
            return 0;
        }
        // `impl use<'a> Trait` is no import.
        if rest.get(1).is_none_or(|token| is_punct(token, '<')) {
            return 1;
        }
        let end = rest.iter().position(|token| is_punct(token, ';'));
        let tree = &rest[1..end.expect("an import ends")];
        self.use_tree(tree, &[], scope, reexported);
        1 + tree.len()
    }

    fn use_tree(
        &mut self,
        tree: &[TokenTree],
        before: &[String],
        scope: &[String],
        reexported: bool,
    ) {
        let mut segments = before.to_vec();
        let mut alias = None;
        let mut line = 0;
        let mut at = 0;
        while let Some(token) = tree.get(at) {
            match token {
                TokenTree::Ident(word) if word == "as" => {
                    alias = tree.get(at + 1).map(ToString::to_string);
                    at += 1;
                }
                TokenTree::Ident(word) => {
                    line = word.span().start().line;
                    segments.push(word.to_string());
                }
                TokenTree::Group(group) => {
                    let inside: Vec<_> = group.stream().into_iter().collect();
                    for branch in inside.split(|token| is_punct(token, ',')) {
                        if !branch.is_empty() {
                            self.use_tree(branch, &segments, scope, reexported);
                        }
                    }
                    return;
                }
                TokenTree::Punct(punct) if punct.as_char() == '*' => {
                    line = punct.span().start().line;
                    segments.push("*".to_owned());
                }
                _ => {}
            }
            at += 1;
        }
        // `use a::{self}` gives the name `a`.
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        let alias = alias.or_else(|| segments.last().filter(|last| *last != "*").cloned());
        self.paths.push(Named {
            scope: scope.to_vec(),
            segments,
            line,
            alias,
            reexported,
        });
    }

    /// A path in other code. A name that stands alone is none.
    fn path(&mut self, rest: &[TokenTree], scope: &[String]) -> usize {
        let mut segments = Vec::new();
        let mut at = 0;
        while let Some(TokenTree::Ident(word)) = rest.get(at) {
            segments.push(word.to_string());
            at += 1;
            if rest.len() < at + 3 || !is_punct(&rest[at], ':') || !is_punct(&rest[at + 1], ':') {
                break;
            }
            at += 2;
        }
        if segments.len() > 1 {
            self.paths.push(Named {
                scope: scope.to_vec(),
                segments,
                line: rest[0].span().start().line,
                alias: None,
                reexported: false,
            });
        }
        at
    }
}

/// The tokens of a file.
pub(crate) fn tokens(text: &str) -> Vec<TokenTree> {
    let stream = TokenStream::from_str(text).expect("the compiler reads this file too");
    stream.into_iter().collect()
}

/// What is inside a group of this kind.
pub(crate) fn as_group(token: &TokenTree, delimiter: Delimiter) -> Option<Vec<TokenTree>> {
    match token {
        TokenTree::Group(group) if group.delimiter() == delimiter => {
            Some(group.stream().into_iter().collect())
        }
        _ => None,
    }
}

pub(crate) fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

/// Whether `#[cfg(test)]` stands here: also `#[cfg(all(test, …))]`, but not `any` or `not`.
fn is_for_tests(rest: &[TokenTree]) -> bool {
    let [pound, attribute, ..] = rest else {
        return false;
    };
    let Some(attribute) = as_group(attribute, Delimiter::Bracket).filter(|_| is_punct(pound, '#'))
    else {
        return false;
    };
    match attribute.as_slice() {
        [TokenTree::Ident(word), TokenTree::Group(condition)] if word == "cfg" => {
            let condition: Vec<_> = condition.stream().into_iter().collect();
            demands_test(&condition)
        }
        _ => false,
    }
}

fn demands_test(condition: &[TokenTree]) -> bool {
    match condition {
        [TokenTree::Ident(word)] => word == "test",
        [TokenTree::Ident(word), TokenTree::Group(all)] if word == "all" => {
            let all: Vec<_> = all.stream().into_iter().collect();
            all.split(|token| is_punct(token, ',')).any(demands_test)
        }
        _ => false,
    }
}

/// How many tokens an item, a field, an arm or a statement has.
fn end_of_item(tokens: &[TokenTree]) -> usize {
    let mut assigned = false;
    let mut angles = 0_u32;
    let mut arrow = false;
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Punct(punct) = token else {
            if !assigned && as_group(token, Delimiter::Brace).is_some() {
                return at + 1;
            }
            arrow = false;
            continue;
        };
        match punct.as_char() {
            ';' => return at + 1,
            ',' if angles == 0 => return at + 1,
            '<' => angles += 1,
            '>' if !arrow => angles = angles.saturating_sub(1),
            '=' => assigned = true,
            _ => {}
        }
        arrow = matches!(punct.as_char(), '-' | '=') && punct.spacing() == Spacing::Joint;
    }
    tokens.len()
}

/// The item that begins behind `pub`, if it is one with a name. A field has a name too, but is none.
fn item(rest: &[TokenTree]) -> Option<Item> {
    let mut kind = false;
    for token in rest {
        match token {
            TokenTree::Ident(word) if BEFORE_A_NAME.iter().any(|before| word == before) => {
                kind = true
            }
            TokenTree::Ident(name) if kind => {
                let line = name.span().start().line;
                let name = name.to_string();
                return Some(Item { name, line });
            }
            // `extern "C"`
            TokenTree::Literal(_) => {}
            _ => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(text: &str) -> Vec<String> {
        let source = Source::read(text);
        source
            .paths
            .iter()
            .map(|path| path.segments.join("::"))
            .collect()
    }

    #[test]
    fn imports_are_taken_apart() {
        let text = "use a::{b, c::{self, D as E}, f::*};\npub(crate) use super::g;\npub use h::I;";
        assert_eq!(
            paths(text),
            ["a::b", "a::c", "a::c::D", "a::f::*", "super::g", "h::I"]
        );
        let source = Source::read(text);
        let aliases: Vec<_> = source
            .paths
            .iter()
            .map(|path| path.alias.as_deref())
            .collect();
        assert_eq!(
            aliases,
            [Some("b"), Some("c"), Some("E"), None, Some("g"), Some("I")]
        );
        let reexported: Vec<_> = source.paths.iter().map(|path| path.reexported).collect();
        assert_eq!(reexported, [false, false, false, false, true, true]);
        assert_eq!(source.paths[5].line, 3);
    }

    #[test]
    fn paths_are_found_wherever_code_can_stand() {
        assert_eq!(
            paths(
                "fn f(x: &crate::a::A) -> Vec<super::b::B> { log!(\"crate::no\", crate::c::d()); <A as e::F>::g() }"
            ),
            ["crate::a::A", "super::b::B", "crate::c::d", "e::F"]
        );
        assert_eq!(
            paths("/// [`crate::a::A`] // crate::b::B\npub(in crate::c) fn f() {}"),
            [""; 0]
        );
        assert_eq!(
            paths("impl<'a> T for &'a A { fn g() -> impl use<'a> D + Sized { a.b() } }"),
            [""; 0]
        );
    }

    #[test]
    fn what_is_for_tests_does_not_count() {
        let text = "#[cfg(test)]\nuse crate::a::A;\n#[cfg(all(test, unix))]\nfn f<A, B>(x: crate::b::B) -> C { crate::c() }\n\
                    #[cfg(test)]\nconst X: crate::d::D = crate::d::D { x: 1 };\nstruct S { #[cfg(test)] x: crate::e::E<A, B>, y: crate::f::F }\n\
                    #[cfg(any(test, windows))]\nuse crate::g::G;\n#[cfg(test)]\nmod tests { use super::*; mod inner; }\nmod real { use super::x; }";
        assert_eq!(paths(text), ["crate::f::F", "crate::g::G", "super::x"]);
        let source = Source::read(text);
        let modules: Vec<_> = source
            .modules
            .iter()
            .map(|module| (module.name.as_str(), module.for_tests))
            .collect();
        assert_eq!(modules, [("inner", true), ("tests", true), ("real", false)]);
        assert_eq!(source.modules[0].scope, ["tests"]);
    }

    #[test]
    fn public_items_are_listed_by_name() {
        let text = "pub struct A { pub field: u8 }\nimpl A { pub const fn b() {} pub(crate) fn no() {} }\npub const C: u8 = 1;\n\
                    pub unsafe extern \"C\" fn d() {}\npub use e::E;\npub mod f {}\n#[cfg(test)]\npub fn g() {}";
        let source = Source::read(text);
        let names: Vec<_> = source.items.iter().map(|item| item.name.as_str()).collect();
        assert_eq!(names, ["A", "b", "C", "d"]);
    }
}
