//! Numbered parts of a file that grows: a recording, served while it is written.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use http::HeaderMap;
use stentor_edge::{
    CacheClass, Document, DocumentError, EdgeLimits, FileDocument, FilePart, FileParts,
    PartsDocument,
};

use crate::client::{ask, get};
use crate::server::{Server, Setup, start};

const FOLDER: &str = "/e/demo/past";

/// A recording in a folder that goes with it, and where its parts lie.
struct Recording {
    _folder: tempfile::TempDir,
    path: PathBuf,
    file: File,
    bytes: u64,
    parts: Arc<Parts>,
}

#[derive(Default)]
struct Parts(Mutex<Vec<(u64, FilePart)>>);

impl FileParts for Parts {
    fn part(&self, number: u64) -> Option<FilePart> {
        let parts = self.0.lock().unwrap();
        let found = parts.iter().find(|(of, _)| *of == number);
        found.map(|(_, part)| *part)
    }
}

impl Recording {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("programme.mp4");
        let file = OpenOptions::new().create(true).append(true).open(&path);
        Self {
            _folder: folder,
            path,
            file: file.unwrap(),
            bytes: 0,
            parts: Arc::default(),
        }
    }

    fn append(&mut self, bytes: &[u8]) {
        self.file.write_all(bytes).unwrap();
        self.bytes += bytes.len() as u64;
    }

    /// Appends a part.
    fn part(&mut self, number: u64, bytes: &[u8]) {
        let part = FilePart {
            offset: self.bytes,
            bytes: bytes.len() as u64,
        };
        self.append(bytes);
        self.parts.0.lock().unwrap().push((number, part));
    }

    fn document(&self) -> PartsDocument {
        PartsDocument {
            content_type: "audio/mp4".into(),
            cache: CacheClass::Short(600),
            file: self.path.clone(),
            extension: "m4s".into(),
            parts: Arc::clone(&self.parts) as Arc<dyn FileParts>,
        }
    }
}

fn serving(recording: &Recording, setup: Setup) -> Server {
    let server = start(setup);
    let documents = server.edge.documents();
    documents.put_parts(FOLDER, recording.document()).unwrap();
    server
}

fn path(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

#[tokio::test]
async fn each_part_is_served_as_if_it_were_a_file_of_its_own_while_others_are_appended() {
    let mut recording = Recording::new();
    recording.append(b"the head");
    recording.part(7, b"the seventh");
    let server = serving(&recording, Setup::default());
    let first = get(server.addr, &path("7.m4s")).await;
    assert_eq!((first.status, first.text()), (200, "the seventh"));
    assert_eq!(first.header("content-type"), Some("audio/mp4"));
    assert_eq!(first.header("cache-control"), Some("public, max-age=600"));
    assert_eq!(first.header("content-length"), Some("11"));
    assert_eq!(first.header("last-modified"), None);
    recording.append(b"something that is no part");
    recording.part(9, b"the ninth");
    assert_eq!(get(server.addr, &path("9.m4s")).await.text(), "the ninth");
    let again = get(server.addr, &path("7.m4s")).await;
    assert_eq!(again.text(), "the seventh");
    assert_eq!(again.header("etag"), first.header("etag"));
    let same = [("If-None-Match", first.header("etag").unwrap())];
    let same = ask(server.addr, "GET", &path("7.m4s"), &same).await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    let some = [("Range", "bytes=4-6")];
    let some = ask(server.addr, "GET", &path("9.m4s"), &some).await;
    assert_eq!((some.status, some.text()), (206, "nin"));
    assert_eq!(some.header("content-range"), Some("bytes 4-6/9"));
    let beyond = [("Range", "bytes=9-")];
    let beyond = ask(server.addr, "GET", &path("9.m4s"), &beyond).await;
    beyond.is_sentence(416, "9 bytes");
    let head = ask(server.addr, "HEAD", &path("9.m4s"), &[]).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some("9"));
    let options = ask(server.addr, "OPTIONS", &path("9.m4s"), &[]).await;
    assert_eq!(options.status, 204);
    assert_eq!(
        ask(server.addr, "PUT", &path("9.m4s"), &[]).await.status,
        405
    );
}

#[tokio::test]
async fn a_part_that_is_not_there_may_be_in_a_moment_and_has_one_name() {
    let mut recording = Recording::new();
    recording.part(7, b"the seventh");
    let server = serving(&recording, Setup::default());
    for number in [8, 6, 0, u64::MAX] {
        let missing = get(server.addr, &path(&format!("{number}.m4s"))).await;
        missing.is_sentence(404, "no piece");
        assert_eq!(missing.header("cache-control"), Some("public, max-age=1"));
    }
    for other in [
        "07.m4s",
        "+7.m4s",
        "7.mp4",
        "7.m4s.m4s",
        "7",
        ".m4s",
        "x/7.m4s",
    ] {
        let other = get(server.addr, &path(other)).await;
        assert_ne!(other.text(), "the seventh");
        assert_ne!(other.status, 200);
    }
}

#[tokio::test]
async fn documents_stand_beside_parts_and_parts_go_when_they_are_taken_away() {
    let mut recording = Recording::new();
    recording.part(7, b"the seventh");
    let server = serving(&recording, Setup::default());
    let index = Document::new("application/json", CacheClass::Short(5), "{}");
    let documents = server.edge.documents();
    documents.put(&path("index.json"), index).unwrap();
    assert_eq!(documents.len(), 2);
    assert_eq!(get(server.addr, &path("index.json")).await.text(), "{}");
    assert_eq!(get(server.addr, &path("7.m4s")).await.status, 200);
    assert!(documents.remove_parts(FOLDER));
    assert!(!documents.remove_parts(FOLDER));
    assert_ne!(get(server.addr, &path("7.m4s")).await.status, 200);
    assert_eq!(documents.len(), 1);
}

#[tokio::test]
async fn a_folder_of_parts_counts_as_one_document() {
    let recording = Recording::new();
    let setup = Setup {
        edge: EdgeLimits {
            documents_max: 1,
            ..EdgeLimits::default()
        },
        ..Setup::default()
    };
    let server = serving(&recording, setup);
    let documents = server.edge.documents();
    documents.put_parts(FOLDER, recording.document()).unwrap();
    let more = documents.put_parts("/e/other/past", recording.document());
    assert!(matches!(more, Err(DocumentError::TooMany { max: 1 })));
    let file = FileDocument {
        content_type: "audio/mp4".into(),
        cache: CacheClass::NoStore,
        file: recording.path.clone(),
        headers: HeaderMap::new(),
    };
    let more = documents.put_file("/e/demo/replay.mp4", file);
    assert!(matches!(more, Err(DocumentError::TooMany { max: 1 })));
    let wrong = documents.put_parts("/e/demo/", recording.document());
    assert!(matches!(wrong, Err(DocumentError::BadPath { .. })));
}

#[tokio::test]
async fn a_part_of_a_recording_that_was_taken_away_is_not_there() {
    let mut recording = Recording::new();
    recording.part(7, b"the seventh");
    let server = serving(&recording, Setup::default());
    std::fs::remove_file(&recording.path).unwrap();
    let gone = get(server.addr, &path("7.m4s")).await;
    gone.is_sentence(404, "no longer here");
}
