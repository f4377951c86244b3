//! TypeScript that says what Rust says: the forms pages and server send each other, generated from the types that write and
//! read them.
//!
//! Only tests use it. The generated file is committed, so that the pages are built without a Rust compiler, and a test of the
//! crate whose forms they are fails when the file is stale. It is not a translator: `ts-rs` is, which those crates derive.

use std::fs;
use std::path::{Path, PathBuf};

use ts_rs::{Config, TS};

/// Set to `1`, it makes the tests write what they would compare.
const UPDATE: &str = "UPDATE";

/// A file of TypeScript types that the pages import.
pub struct TypesFile {
    path: &'static str,
    head: &'static str,
    declarations: Vec<String>,
}

impl TypesFile {
    /// The file at that path of the repository. `head` is TypeScript that stands before the types.
    #[must_use]
    pub const fn new(path: &'static str, head: &'static str) -> Self {
        let declarations = Vec::new();
        Self {
            path,
            head,
            declarations,
        }
    }

    /// A type that is one of these words.
    #[must_use]
    pub fn words(mut self, name: &str, words: &[&str]) -> Self {
        let words: Vec<_> = words.iter().map(|word| format!("'{word}'")).collect();
        let declaration = format!("type {name} = {};", words.join(" | "));
        self.declarations.push(declaration);
        self
    }

    /// The type of what a Rust type is written as. Integers of any size are numbers: JSON knows no other.
    #[must_use]
    pub fn form<T: TS>(mut self) -> Self {
        let config = Config::new().with_large_int("number");
        self.declarations.push(T::decl(&config));
        self
    }

    /// Compares the file with these types, or writes it with `UPDATE=1`.
    ///
    /// # Panics
    /// If the file is not what it would be written as: the test that called fails.
    pub fn assert_written(&self) {
        let (path, file) = (self.path, root().join(self.path));
        let text = text(self.head, &self.declarations);
        if std::env::var(UPDATE).is_ok_and(|value| value == "1") {
            fs::write(&file, &text)
                .unwrap_or_else(|error| panic!("{path} cannot be written: {error}"));
        }
        let written = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == text,
            "{path} is not what the Rust types say; run this test with {UPDATE}=1 and commit the file"
        );
    }
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
        let mut file = TypesFile::new("", "// Head.").words("Phase", &["on_air", "ended"]);
        let said = "type Said = { \"is\": \"a\", n: number, } | { \"is\": \"b\" };";
        file.declarations.push(said.to_owned());
        assert_eq!(
            text(file.head, &file.declarations),
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
