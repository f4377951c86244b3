//! TypeScript that says what Rust says: the forms pages and server send each other, generated from the types that write and
//! read them.
//!
//! Only tests use it. The generated file is committed, so that the pages are built without a Rust compiler, and a test of the
//! crate whose forms they are fails when the file is stale. It is not a translator: `ts-rs` is, which those crates derive.

use std::fs;
use std::path::{Path, PathBuf};

/// Set to `1`, it makes the tests write what they would compare.
const UPDATE: &str = "UPDATE";

/// A type that is one of these words.
#[must_use]
pub fn words(name: &str, words: &[&str]) -> String {
    let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
    format!("type {name} = {};", words.join(" | "))
}

/// Compares a file of the repository with these declarations, or writes it with `UPDATE=1`. `head` is TypeScript that
/// stands before them.
///
/// # Panics
/// If the file is not what it would be written as: the test that called fails.
pub fn assert_written(path: &str, head: &str, declarations: &[String]) {
    let file = root().join(path);
    let text = text(head, declarations);
    if std::env::var(UPDATE).is_ok_and(|value| value == "1") {
        fs::write(&file, &text).unwrap_or_else(|error| panic!("{path} cannot be written: {error}"));
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        written == text,
        "{path} is not what the Rust types say; run this test with {UPDATE}=1 and commit the file"
    );
}

/// The file: each declaration exported, a variant a line, so that a change is seen in review.
fn text(head: &str, declarations: &[String]) -> String {
    let mut text = format!("{head}\n");
    for declaration in declarations {
        let mut declaration = declaration
            .replace("\n/**\n * ", "/** ")
            .replace("\n */\n", " */ ")
            .replace(", }", " }");
        for tag in ["is", "do"] {
            declaration = declaration.replace(&format!("\"{tag}\":"), &format!("{tag}:"));
        }
        if declaration.contains(" } | {") {
            declaration = declaration
                .replace("= {", "=\n  | {")
                .replace(" } | {", " }\n  | {");
        }
        text.push_str(&format!("\nexport {declaration}\n"));
    }
    text
}

/// The repository: the folder above the workspace's crates.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_has_a_line() {
        let declarations = [
            words("Phase", &["on_air", "ended"]),
            "type Said = { \"is\": \"a\", n: number, } | { \"is\": \"b\" };".to_owned(),
        ];
        assert_eq!(
            text("// Head.", &declarations),
            "// Head.\n\nexport type Phase = 'on_air' | 'ended';\n\nexport type Said =\n  | { is: \"a\", n: number }\n  | { is: \"b\" };\n"
        );
    }

    #[test]
    fn what_a_field_is_stands_before_it() {
        let declaration = "type At = { \n/**\n * Milliseconds.\n */\nms: number, };".to_owned();
        assert_eq!(
            text("// Head.", &[declaration]),
            "// Head.\n\nexport type At = { /** Milliseconds. */ ms: number };\n"
        );
    }
}
