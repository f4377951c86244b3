//! One suite, both ways to keep.

use crate::scratch;
use std::sync::Arc;
use stentor_cluster::store::{SqliteStore, conformance};

#[test]
fn sqlite_in_a_file_conforms() {
    let folder = scratch::folder("conformance");
    let mut number = 0;
    conformance::all(|| {
        number += 1;
        let path = folder.join(format!("{number}.sqlite"));
        Arc::new(SqliteStore::open(&path).expect("a new file opens"))
    });
}

#[test]
fn sqlite_in_memory_conforms() {
    conformance::all(|| Arc::new(SqliteStore::in_memory().expect("memory opens")));
}

#[test]
fn sqlite_in_a_file_is_durable() {
    let path = scratch::folder("durable").join("stentor.sqlite");
    conformance::durable(|| Arc::new(SqliteStore::open(&path).expect("the file opens")));
}
