//! The core on a machine that has nothing: WebAssembly without a host.

use crate::{cannot_run, judge, tree};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const TARGET: &str = "wasm32-unknown-unknown";

/// The section of a module that lists what it needs from outside (WebAssembly Core Specification, section 5.5.5).
const IMPORT_SECTION: u8 = 2;

/// Whether the compiler here can build for it; it is an optional part of a toolchain.
fn installed() -> bool {
    let rustc = Command::new("rustc")
        .args(["--print", "sysroot"])
        .output()
        .expect("rustc runs");
    let sysroot = String::from_utf8(rustc.stdout).expect("paths are UTF-8");
    Path::new(sysroot.trim())
        .join("lib/rustlib")
        .join(TARGET)
        .is_dir()
}

/// Builds the core's example, a whole evening, in a target folder of its own: the outer cargo holds the lock of its.
fn build() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wasm");
    let built = Command::new(env!("CARGO"))
        .args([
            "build",
            "--release",
            "--locked",
            "--offline",
            "--target",
            TARGET,
        ])
        .args(["-p", "stentor-core", "--example", "evening"])
        .env("CARGO_TARGET_DIR", &target)
        .env_remove("RUSTFLAGS")
        .current_dir(tree::root())
        .output()
        .expect("cargo runs");
    let errors = String::from_utf8_lossy(&built.stderr);
    assert!(
        built.status.success(),
        "the core does not build for {TARGET}: {errors}"
    );
    target.join(TARGET).join("release/examples/evening.wasm")
}

/// The kinds of section in a module.
fn sections(module: &[u8]) -> Vec<u8> {
    let (magic, mut rest) = module.split_at(8);
    assert_eq!(magic, b"\0asm\x01\0\0\0");
    let mut kinds = Vec::new();
    while let Some((&kind, after)) = rest.split_first() {
        let (length, after) = unsigned(after);
        kinds.push(kind);
        rest = &after[length..];
    }
    kinds
}

/// An unsigned integer in LEB128 (section 5.2.2), and what follows it.
fn unsigned(mut bytes: &[u8]) -> (usize, &[u8]) {
    let mut value = 0;
    let mut shift = 0;
    while let Some((&byte, after)) = bytes.split_first() {
        value |= usize::from(byte & 0x7f) << shift;
        shift += 7;
        bytes = after;
        if byte & 0x80 == 0 {
            break;
        }
    }
    (value, bytes)
}

#[test]
fn sections_of_a_module_are_told_apart() {
    let module = b"\0asm\x01\0\0\0\x01\x02\xaa\xbb\x02\x81\x00\xcc\x0a\x00";
    assert_eq!(sections(module), [1, IMPORT_SECTION, 10]);
}

#[test]
fn the_core_needs_nothing_from_its_host() {
    if !installed() {
        // The core's no_std and its empty list of dependencies are checked anyway.
        cannot_run("wasm32-unknown-unknown is not installed");
        return;
    }
    let module = fs::read(build()).expect("the module was built");
    let imports = sections(&module).contains(&IMPORT_SECTION);
    let findings = if imports {
        vec!["evening.wasm has imports".to_owned()]
    } else {
        Vec::new()
    };
    judge(
        "the core, built for a bare WebAssembly machine, imports nothing",
        "what it does not import it cannot reach: no clock, no socket, no entropy",
        &findings,
    );
}
