//! Which module of a crate may know which: the table in the head of each crate, and no circle anywhere.

use crate::modules::{Crate, Import};
use crate::{judge, tree};
use std::collections::{BTreeSet, VecDeque};

/// A crate as it lies on the disk, with the path of its root.
struct Sources {
    root: String,
    head: String,
    found: Crate,
}

fn sources(name: &str) -> Sources {
    let folder = format!("crates/{name}/src/");
    let path_of = |file: &str| tree::root().join(format!("{folder}{file}"));
    let read = |path: &str| std::fs::read_to_string(path_of(path)).ok();
    let root = if read("lib.rs").is_some() {
        "lib.rs"
    } else {
        "main.rs"
    };
    Sources {
        root: format!("{folder}{root}"),
        head: read(root).unwrap_or_else(|| panic!("{name} has no root")),
        found: Crate::read(root, &read),
    }
}

/// What is wrong with each crate, by a rule.
fn findings(rule: fn(&str, &Crate) -> Vec<String>) -> Vec<String> {
    let of_crate = |name: String| {
        let Sources { root, head, found } = sources(&name);
        rule(&head, &found)
            .into_iter()
            .map(move |finding| format!("{root}: {finding}"))
    };
    tree::crates().into_iter().flat_map(of_crate).collect()
}

/// The modules of the table under `# Layers` in a head, in its order, or what is wrong with it.
fn table(head: &str) -> Result<Vec<String>, String> {
    let lines = head
        .lines()
        .map_while(|line| line.strip_prefix("//!"))
        .map(str::trim);
    let rows = lines
        .skip_while(|line| *line != "# Layers")
        .skip_while(|line| !line.starts_with('|'));
    let mut cells = rows
        .map_while(|line| line.strip_prefix('|')?.split_once('|'))
        .map(|(cell, _)| cell.trim());
    if cells.next() != Some("module") || cells.next().is_none() {
        return Err(
            "its head has no table `| module | what | knows |` under `# Layers`".to_owned(),
        );
    }
    let name = |cell: &str| {
        let cell = cell.trim_start_matches('[').trim_end_matches(']');
        let name = cell
            .strip_prefix('`')
            .and_then(|cell| cell.strip_suffix('`'));
        let name = name.filter(|name| {
            name.chars()
                .all(|char| char.is_alphanumeric() || char == '_')
        });
        name.map(str::to_owned)
            .ok_or_else(|| format!("`{cell}` in its table of layers is not one module"))
    };
    cells.map(name).collect()
}

/// Modules the table leaves out or makes up, and imports that do not go down.
fn upward(head: &str, found: &Crate) -> Vec<String> {
    if found.top_modules().next().is_none() {
        return Vec::new();
    }
    let layers = match table(head) {
        Ok(layers) => layers,
        Err(finding) => return vec![finding],
    };
    let mut findings = Vec::new();
    let modules: BTreeSet<_> = found.top_modules().collect();
    let listed: BTreeSet<_> = layers.iter().map(String::as_str).collect();
    findings.extend(
        modules
            .difference(&listed)
            .map(|name| format!("{name} is not in its table of layers")),
    );
    findings.extend(
        listed
            .difference(&modules)
            .map(|name| format!("{name} in its table of layers is no module")),
    );
    if listed.len() < layers.len() {
        findings.push("a module stands in its table of layers twice".to_owned());
    }
    // Everything may be imported by the root, which is above all layers.
    let height = |file: usize| match &found.files[file].top {
        Some(top) => layers.iter().position(|layer| layer == top),
        None => Some(layers.len()),
    };
    for import in &found.imports {
        let within = found.files[import.from].top == found.files[import.to].top;
        if let (false, Some(from), Some(to)) = (within, height(import.from), height(import.to))
            && from <= to
        {
            findings.push(format!("{} goes up", described(found, import)));
        }
    }
    findings
}

/// The shortest circle through each file that is in one, each circle once.
fn circles(_: &str, found: &Crate) -> Vec<String> {
    let mut circles = BTreeSet::new();
    let mut findings = Vec::new();
    for file in 0..found.files.len() {
        let Some(circle) = shortest_circle(found, file) else {
            continue;
        };
        let members: BTreeSet<usize> = circle.iter().map(|import| import.from).collect();
        if circles.insert(members) {
            let steps: Vec<_> = circle
                .iter()
                .map(|import| described(found, import))
                .collect();
            findings.push(format!("a circle: {}", steps.join(", ")));
        }
    }
    findings
}

fn shortest_circle(found: &Crate, start: usize) -> Option<Vec<&Import>> {
    let mut came_by: Vec<Option<&Import>> = vec![None; found.files.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(file) = queue.pop_front() {
        for import in found.imports.iter().filter(|import| import.from == file) {
            if came_by[import.to].is_some() {
                continue;
            }
            came_by[import.to] = Some(import);
            if import.to != start {
                queue.push_back(import.to);
                continue;
            }
            let mut circle = vec![import];
            while circle[0].from != start {
                circle.insert(0, came_by[circle[0].from].expect("it was come by"));
            }
            return Some(circle);
        }
    }
    None
}

fn described(found: &Crate, import: &Import) -> String {
    let path = |file: usize| &found.files[file].path;
    format!(
        "{}:{} imports {} ({})",
        path(import.from),
        import.line,
        path(import.to),
        import.path
    )
}

#[test]
fn modules_import_only_what_is_above_them_in_the_table() {
    judge(
        "the head of each crate has a table `# Layers`, lowest first, with a row for each of its modules; a module imports only from rows above its own",
        "who reads from the top of the table meets nothing that was not explained before, and whatever is taken out of a crate comes out whole",
        &findings(upward),
    );
}

#[test]
fn no_two_files_import_each_other() {
    judge(
        "no file of a crate imports another that imports it, directly or round a corner; a name that a `mod.rs` defines or passes on is imported from there",
        "of two files that need each other neither can be read, tested or changed alone",
        &findings(circles),
    );
}

#[test]
fn every_source_belongs_to_its_crate() {
    let files = tree::files();
    let mut findings = Vec::new();
    for name in tree::crates() {
        let Sources { found, .. } = sources(&name);
        let folder = format!("crates/{name}/src/");
        let known = |path: &str| {
            let root =
                ["lib.rs", "main.rs", "build.rs"].contains(&path) || path.starts_with("bin/");
            root || found.files.iter().any(|file| file.path == path)
                || found.test_files.iter().any(|file| file == path)
        };
        let paths = files
            .iter()
            .filter_map(|file| file.path.strip_prefix(&folder));
        let unknown = paths.filter(|path| path.ends_with(".rs") && !known(path));
        findings.extend(unknown.map(|path| format!("{folder}{path} is declared by nobody")));
    }
    judge(
        "every source is declared as a module",
        "a file that the compiler never sees looks like code and proves nothing",
        &findings,
    );
}

mod made_up {
    //! The rules, tried on crates that do not exist.

    use super::*;
    use std::collections::BTreeMap;

    const HEAD: &str = "//! What it is.\n//!\n//! # Layers\n//!\n//! | module | what | knows |\n//! |---|---|---|\n\
                        //! | `a` | one | nothing |\n//! | [`b`] | two | `a` |\n\nmod a;\nmod b;\n";

    fn judged(rule: fn(&str, &Crate) -> Vec<String>, files: &[(&str, &str)]) -> Vec<String> {
        let files = BTreeMap::from_iter(files.iter().copied());
        let read = |path: &str| files.get(path).map(|text| (*text).to_owned());
        rule(files["lib.rs"], &Crate::read("lib.rs", &read))
    }

    #[test]
    fn arrows_go_down() {
        let files = [("lib.rs", HEAD), ("a.rs", ""), ("b.rs", "use crate::a::A;")];
        assert_eq!(judged(upward, &files), [""; 0]);
        let files = [
            ("lib.rs", HEAD),
            ("a.rs", "\nuse crate::b::B;"),
            ("b.rs", ""),
        ];
        assert_eq!(
            judged(upward, &files),
            ["a.rs:2 imports b.rs (crate::b::B) goes up"]
        );
    }

    #[test]
    fn the_root_is_above_all() {
        let head = format!("{HEAD}pub use a::A;\nuse b::B;");
        let files = [
            ("lib.rs", head.as_str()),
            ("a.rs", ""),
            ("b.rs", "use crate::A;"),
        ];
        assert_eq!(
            judged(upward, &files),
            ["b.rs:1 imports lib.rs (crate::A) goes up"]
        );
    }

    #[test]
    fn folders_count_as_the_module_they_are_in() {
        let files = [
            ("lib.rs", HEAD),
            ("a.rs", ""),
            ("b/mod.rs", "mod c;\nuse c::C;"),
            (
                "b/c.rs",
                "use super::super::a::A;\nfn f() { crate::b::x() }",
            ),
        ];
        assert_eq!(judged(upward, &files), [""; 0]);
        assert_eq!(
            judged(circles, &files),
            ["a circle: b/mod.rs:2 imports b/c.rs (c::C), b/c.rs:2 imports b/mod.rs (crate::b::x)"]
        );
    }

    #[test]
    fn a_circle_round_corners_is_found_once() {
        let head = HEAD.replace("mod b;", "mod b;\nmod c;\nmod d;");
        let files = [
            ("lib.rs", head.as_str()),
            ("a.rs", "use crate::b::B;"),
            ("b.rs", "use crate::c::C;"),
            ("c.rs", "use crate::a::A;"),
            ("d.rs", "use crate::c::C;"),
        ];
        let found = judged(circles, &files);
        assert_eq!(found.len(), 1, "{found:?}");
        let files = [
            files[0],
            ("a.rs", "use crate::d::B;"),
            files[2],
            ("c.rs", ""),
            files[4],
        ];
        assert_eq!(judged(circles, &files), [""; 0]);
    }

    #[test]
    fn the_table_is_complete_and_made_of_modules() {
        let head = HEAD.replace("mod b;", "mod c;");
        let files = [("lib.rs", head.as_str()), ("a.rs", ""), ("c.rs", "")];
        assert_eq!(
            judged(upward, &files),
            [
                "c is not in its table of layers",
                "b in its table of layers is no module"
            ]
        );
        let head = HEAD.replace("`a` |", "`a`, `b` |");
        let files = [("lib.rs", head.as_str()), ("a.rs", ""), ("b.rs", "")];
        assert_eq!(
            judged(upward, &files),
            ["``a`, `b`` in its table of layers is not one module"]
        );
        let files = [("lib.rs", "//! Nothing.\nmod a;"), ("a.rs", "")];
        assert_eq!(
            judged(upward, &files),
            ["its head has no table `| module | what | knows |` under `# Layers`"]
        );
    }
}
