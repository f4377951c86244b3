//! The modules of a crate, the files they stand in, and which file imports which.
//!
//! A path is followed as the compiler follows it, through module declarations and through imports that give a module
//! another name. Where it ends at something that is no module, the file of the last module on the way is what is
//! imported: it defines the thing or passes it on. `mod x;` alone imports nothing.

use crate::rust::{Named, Source};
use std::collections::BTreeMap;

/// One file imports something of another.
pub(crate) struct Import {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) line: usize,
    /// The path as it is written.
    pub(crate) path: String,
}

/// A file with a module in it.
pub(crate) struct ModuleFile {
    /// Its path from the crate's `src`.
    pub(crate) path: String,
    /// The module of the crate's root it belongs to; none for the root itself.
    pub(crate) top: Option<String>,
}

struct Module {
    file: usize,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    /// Modules by the names that imports give them.
    aliases: BTreeMap<String, usize>,
}

pub(crate) struct Crate {
    pub(crate) files: Vec<ModuleFile>,
    /// Files that only tests are built from.
    pub(crate) test_files: Vec<String>,
    pub(crate) imports: Vec<Import>,
    modules: Vec<Module>,
}

/// A path to follow, and where it stands.
struct Reference {
    module: usize,
    named: Named,
}

impl Crate {
    /// Reads a crate from its root, `lib.rs` or `main.rs`. `read` gives a file by its path from `src`.
    pub(crate) fn read(root: &str, read: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut found = Self {
            files: Vec::new(),
            test_files: Vec::new(),
            imports: Vec::new(),
            modules: Vec::new(),
        };
        let mut references = Vec::new();
        found.add_file(root.to_owned(), "", None, read, &mut references);
        // A name given in one module can be used by an import in another, whichever is read first.
        while found.name_aliases(&references) {}
        for reference in &references {
            found.follow(reference);
        }
        found
    }

    /// The names of the root's modules.
    pub(crate) fn top_modules(&self) -> impl Iterator<Item = &str> {
        self.modules[0].children.keys().map(String::as_str)
    }

    /// Adds the module that is in `path`, and those in its files. `folder` is where those lie.
    fn add_file(
        &mut self,
        path: String,
        folder: &str,
        parent: Option<(usize, &str)>,
        read: &dyn Fn(&str) -> Option<String>,
        references: &mut Vec<Reference>,
    ) -> usize {
        let source = Source::read(
            &read(&path).unwrap_or_else(|| panic!("{path} is declared and not there")),
        );
        let file = self.files.len();
        let top = parent.map(|(parent, name)| {
            let of_parent = self.files[self.modules[parent].file].top.clone();
            of_parent.unwrap_or_else(|| name.to_owned())
        });
        self.files.push(ModuleFile { path, top });
        let root = self.add_module(file, parent.map(|(parent, _)| parent));
        let mut scopes = BTreeMap::from([(Vec::new(), root)]);
        // Inline modules first, the outer ones before those in them: other modules lie in their folders.
        let mut declared: Vec<_> = source.modules.iter().collect();
        declared.sort_by_key(|module| (!module.inline, module.scope.len()));
        for module in declared {
            let mut scope = module.scope.clone();
            scope.push(module.name.clone());
            let below = format!("{folder}{}", scope.join("/"));
            let inline_parent = scopes.get(&module.scope).copied();
            match (inline_parent, module.inline, module.for_tests) {
                (Some(parent), true, false) => {
                    let child = self.add_module(file, Some(parent));
                    self.modules[parent]
                        .children
                        .insert(module.name.clone(), child);
                    scopes.insert(scope, child);
                }
                (Some(parent), false, false) => {
                    let path = file_of(&below, read);
                    let below = format!("{below}/");
                    let child =
                        self.add_file(path, &below, Some((parent, &module.name)), read, references);
                    self.modules[parent]
                        .children
                        .insert(module.name.clone(), child);
                }
                (_, false, true) => self.add_test_file(&below, read),
                _ => {}
            }
        }
        references.extend(source.paths.into_iter().filter_map(|named| {
            let module = *scopes.get(&named.scope)?;
            Some(Reference { module, named })
        }));
        root
    }

    fn add_test_file(&mut self, below: &str, read: &dyn Fn(&str) -> Option<String>) {
        let path = file_of(below, read);
        let text = read(&path).unwrap_or_else(|| panic!("{path} is declared and not there"));
        for module in Source::read(&text)
            .modules
            .iter()
            .filter(|module| !module.inline)
        {
            self.add_test_file(&format!("{below}/{}", module.name), read);
        }
        self.test_files.push(path);
    }

    fn add_module(&mut self, file: usize, parent: Option<usize>) -> usize {
        self.modules.push(Module {
            file,
            parent,
            children: BTreeMap::new(),
            aliases: BTreeMap::new(),
        });
        self.modules.len() - 1
    }

    /// Notes the names that imports give to modules. Says whether there was a new one.
    fn name_aliases(&mut self, references: &[Reference]) -> bool {
        let mut any = false;
        for Reference { module, named } in references {
            let Some(alias) = &named.alias else { continue };
            let (_, end, rest) = self.resolve(*module, &named.segments);
            let known = self.modules[*module].aliases.contains_key(alias);
            if let (Some(end), [], false) = (end, rest, known) {
                self.modules[*module].aliases.insert(alias.clone(), end);
                any = true;
            }
        }
        any
    }

    /// Follows a path from the module it stands in: the modules whose names for others it went by, the last module it
    /// came to, and what is left of it.
    fn resolve<'p>(
        &self,
        module: usize,
        segments: &'p [String],
    ) -> (Vec<usize>, Option<usize>, &'p [String]) {
        let mut by = Vec::new();
        let (first, mut rest) = segments.split_first().expect("a path has a segment");
        let own = &self.modules[module];
        let mut at = match first.as_str() {
            "crate" => Some(0),
            "self" => Some(module),
            "super" => own.parent,
            name => own
                .children
                .get(name)
                .or_else(|| own.aliases.get(name))
                .copied(),
        };
        while let (Some(here), Some((next, after))) = (at, rest.split_first()) {
            let here = &self.modules[here];
            at = match next.as_str() {
                "super" => here.parent,
                "self" => at,
                name => match (here.children.get(name), here.aliases.get(name)) {
                    (Some(child), _) => Some(*child),
                    (None, Some(other)) => {
                        by.push(here.file);
                        Some(*other)
                    }
                    (None, None) => break,
                },
            };
            rest = after;
        }
        (by, at, rest)
    }

    fn follow(&mut self, Reference { module, named }: &Reference) {
        let (mut files, end, rest) = self.resolve(*module, &named.segments);
        // A module that gets a shorter name here is imported where that name is used.
        let only_named = rest.is_empty() && named.alias.is_some() && !named.reexported;
        files.extend(
            end.filter(|_| !only_named)
                .map(|end| self.modules[end].file),
        );
        let from = self.modules[*module].file;
        for to in files.into_iter().filter(|to| *to != from) {
            self.imports.push(Import {
                from,
                to,
                line: named.line,
                path: named.segments.join("::"),
            });
        }
    }
}

/// The file of a module, by its path without an extension.
fn file_of(below: &str, read: &dyn Fn(&str) -> Option<String>) -> String {
    let [flat, folder] = [format!("{below}.rs"), format!("{below}/mod.rs")];
    if read(&flat).is_some() { flat } else { folder }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who imports whom in a made-up crate of these files.
    fn imports(files: &[(&str, &str)]) -> Vec<String> {
        let files = BTreeMap::from_iter(files.iter().copied());
        let read = |path: &str| files.get(path).map(|text| (*text).to_owned());
        let found = Crate::read("lib.rs", &read);
        let path = |file: usize| &found.files[file].path;
        let mut imports: Vec<_> = found
            .imports
            .iter()
            .map(|import| format!("{} {}", path(import.from), path(import.to)))
            .collect();
        imports.sort();
        imports.dedup();
        imports
    }

    #[test]
    fn a_declaration_is_no_import() {
        assert_eq!(
            imports(&[
                ("lib.rs", "mod a;"),
                ("a.rs", "fn f() { std::mem::take(x) }")
            ]),
            [""; 0]
        );
    }

    #[test]
    fn a_path_leads_to_the_file_of_its_last_module() {
        let tree = [
            ("lib.rs", "mod a;\nmod b;"),
            ("a/mod.rs", "mod c;\nmod d;\npub struct A;"),
            ("a/d.rs", ""),
        ];
        for (b, to) in [
            ("use crate::a::d::X;", "a/d.rs"),
            ("use crate::a::A;", "a/mod.rs"),
            ("use crate::a::{d::{self}};\nfn f() { d::x() }", "a/d.rs"),
            ("use super::a::d;\nfn f() { d::x() }", "a/d.rs"),
            ("use crate::a;\nfn f() { a::d::x() }", "a/d.rs"),
            ("use crate::a as z;\nfn f() { z::A }", "a/mod.rs"),
            ("mod inner { use super::super::a::d::*; }", "a/d.rs"),
            ("fn f() { print!(\"{}\", crate::a::d::X) }", "a/d.rs"),
        ] {
            let files = [&tree[..], &[("a/c.rs", ""), ("b.rs", b)]].concat();
            assert_eq!(imports(&files), [format!("b.rs {to}")], "{b}");
        }
        for (c, to) in [
            ("use super::A;", "a/mod.rs"),
            ("use super::d::X;", "a/d.rs"),
            ("use crate::B;", "lib.rs"),
            ("use super::super::b::B;", "b.rs"),
        ] {
            let files = [&tree[..], &[("a/c.rs", c), ("b.rs", "")]].concat();
            assert_eq!(imports(&files), [format!("a/c.rs {to}")], "{c}");
        }
    }

    #[test]
    fn a_name_that_is_passed_on_is_imported_from_who_passes_it_on() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;"),
            (
                "a/mod.rs",
                "mod d;\npub use d::D;\npub(crate) use crate::c;",
            ),
            ("a/d.rs", ""),
            ("b.rs", "use crate::a::D;\nuse crate::a::c::C;"),
            ("c.rs", ""),
        ];
        assert_eq!(
            imports(&files),
            [
                "a/mod.rs a/d.rs",
                "a/mod.rs c.rs",
                "b.rs a/mod.rs",
                "b.rs c.rs"
            ]
        );
    }

    #[test]
    fn tests_may_import_what_they_like() {
        let files = [
            ("lib.rs", "mod a;\n#[cfg(test)]\nmod t;"),
            ("a.rs", "#[cfg(test)]\nmod tests { use crate::t::T; }"),
            ("t.rs", "use crate::a::A;"),
        ];
        assert_eq!(imports(&files), [""; 0]);
    }
}
