//! The operator's keys.

use crate::{judge, tree};

/// One field of a struct, as it stands in the source.
struct Field {
    name: String,
    documented: bool,
}

/// The fields of `struct name` in a source that `cargo fmt` has laid out.
fn fields(source: &str, name: &str) -> Vec<Field> {
    let opening = format!("struct {name} {{\n");
    let (_, body) = source
        .split_once(&opening)
        .unwrap_or_else(|| panic!("there is no struct {name}"));
    let (body, _) = body.split_once("\n}\n").expect("the struct ends");
    let mut documented = false;
    let mut fields = Vec::new();
    for line in body.lines().map(str::trim) {
        if line.starts_with("///") {
            documented = true;
        } else if let Some((name, _)) = line.split_once(": ").filter(|_| !line.starts_with("#[")) {
            let name = name.trim_start_matches("pub(crate) ").to_owned();
            fields.push(Field { name, documented });
            documented = false;
        }
    }
    assert!(!fields.is_empty(), "struct {name} has no fields");
    fields
}

#[test]
fn fields_are_read_as_they_stand() {
    let source = "struct A {\n    /// One.\n    #[serde(skip = \"x: y\")]\n    pub(crate) one: u8,\n    two: Vec<u8>,\n}\n";
    let read: Vec<_> = fields(source, "A")
        .into_iter()
        .map(|field| (field.name, field.documented))
        .collect();
    assert_eq!(read, [("one".to_owned(), true), ("two".to_owned(), false)]);
}

#[test]
fn every_key_of_the_configuration_is_explained_to_operators() {
    let config = tree::read("crates/stentor/src/config/keys.rs");
    let flags = fields(
        &tree::read("crates/stentor/src/cli/settings.rs").text,
        "Settings",
    );
    let readme = tree::read("README.md");
    let mut findings = Vec::new();
    for key in fields(&config.text, "Config") {
        if !key.documented {
            findings.push(format!(
                "{} in {} says nothing of itself",
                key.name, config.path
            ));
        }
        let in_help = flags
            .iter()
            .any(|flag| flag.name == key.name && flag.documented);
        if !in_help && !readme.text.contains(&format!("`{}", key.name)) {
            findings.push(format!(
                "{} is neither a flag with a help text nor in README.md",
                key.name
            ));
        }
    }
    judge(
        "every key is a flag that --help explains, or is explained in README.md",
        "a setting nobody can find is a setting nobody has",
        &findings,
    );
}
