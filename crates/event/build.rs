//! Embeds the built pages of `web/dist` and the catalogues of `locales` in the binary.
//!
//! The pages are built by npm before cargo runs (`make web`); this script only lists what is there, so that a
//! machine without Node can still compile a source archive that carries `web/dist`. The languages are the files of
//! `locales`: there is no other list of them.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() {
    // Where this crate is now, not where the script was compiled: a target folder may be another tree's copy.
    let crate_folder = env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR");
    let dist = Path::new(&crate_folder).join("../../web/dist");
    println!("cargo:rerun-if-env-changed=CARGO_MANIFEST_DIR");
    println!("cargo:rerun-if-changed={}", dist.display());
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    embed_pages(&dist, &out);
    embed_catalogues(&Path::new(&crate_folder).join("../../locales"), &out);
}

fn embed_pages(dist: &Path, out: &Path) {
    let mut files = Vec::new();
    collect(dist, &mut files);
    files.sort();

    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(dist).expect("listed below dist");
        writeln!(
            table,
            "    ({:?}, include_bytes!({:?})),",
            name.to_string_lossy(),
            file.canonicalize()
                .expect("a file just listed")
                .to_string_lossy()
        )
        .expect("writing to a String cannot fail");
        println!("cargo:rerun-if-changed={}", file.display());
    }
    table.push(']');
    fs::write(out.join("web_dist.rs"), table).expect("OUT_DIR is writable");

    for file in ["listen.js", "lang.js", "listen.css", "stage.html"] {
        if !dist.join(file).exists() {
            println!(
                "cargo:warning=web/dist/{file} is missing: run `make web` first, the server cannot show its pages without it"
            );
        }
    }
}

/// `xx.ftl` is the catalogue of the language with the code `xx` (ISO 639-1), sorted by that.
fn embed_catalogues(locales: &Path, out: &Path) {
    println!("cargo:rerun-if-changed={}", locales.display());
    let mut files = Vec::new();
    collect(locales, &mut files);
    files.retain(|file| file.extension().is_some_and(|extension| extension == "ftl"));
    files.sort();
    assert!(
        files.iter().any(|file| file.ends_with("en.ftl")),
        "{}: there is no en.ftl, whose sentences stand in where another language has none",
        locales.display()
    );
    let mut table = String::from("&[\n");
    for file in &files {
        let code = file.file_stem().expect("it has an extension");
        let path = file.canonicalize().expect("a file just listed");
        writeln!(
            table,
            "    ({:?}, include_str!({:?})),",
            code.to_string_lossy(),
            path.to_string_lossy()
        )
        .expect("writing to a String cannot fail");
        println!("cargo:rerun-if-changed={}", file.display());
    }
    table.push(']');
    fs::write(out.join("locales.rs"), table).expect("OUT_DIR is writable");
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, files);
        } else {
            files.push(path);
        }
    }
}
