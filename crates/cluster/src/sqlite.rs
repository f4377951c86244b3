//! What the embedded stores have in common: a SQLite file with a write-ahead log, synced at every commit, and how an
//! older file becomes a present one.
//!
//! A file says which schema it has in `user_version`, and whose it is in `application_id`
//! (<https://www.sqlite.org/pragma.html>). Each step of a schema is applied once, in a transaction with the new version, so
//! that a process killed in between leaves a file of the version before; and before the first step is applied, a copy
//! of the file is put beside it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, Error, ErrorCode, OpenFlags, TransactionBehavior};

use crate::error::StoreError;

/// How long a statement waits for another process before [`StoreError::Locked`].
pub(crate) const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Copies of older files beside a store, of one version; past it an older file is not opened.
const COPIES_MAX: u32 = 9;

/// What may be done with a file that an older Stentor has written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OlderFile {
    /// It is copied, and brought to the present schema: for whoever has the data folder alone.
    Migrate,
    /// It is left as it is, with [`StoreError::Older`]: for a command beside a server that may be of that older version.
    Refuse,
}

/// Where a store is.
#[derive(Clone, Debug)]
pub(crate) enum Location {
    File(PathBuf),
    /// Gone with the process.
    Memory,
}

impl Location {
    /// As errors name it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Memory => "in memory".to_owned(),
        }
    }
}

/// The tables of one kind of store.
pub(crate) struct Schema {
    /// Whose a file is.
    pub(crate) application_id: i32,
    /// Step `n` (from 0) makes a file of version `n` one of version `n + 1`. Steps are never changed once released.
    pub(crate) steps: &'static [&'static str],
}

impl Schema {
    /// The version this program writes.
    pub(crate) const fn version(&self) -> u32 {
        self.steps.len() as u32
    }
}

/// What a file turned out to be.
enum Found {
    /// A store of the present version.
    Present,
    /// A store of an earlier version; 0 is an empty file.
    Older(u32),
    /// Some other program's.
    Foreign,
    /// Of a later version.
    Newer(u32),
}

/// Opens a store, makes it if it is not there, and brings an older one to the present schema if that may be.
///
/// # Errors
/// The operator's: the file cannot be opened, is locked, damaged, another program's, or of another version.
pub(crate) fn open(
    location: &Location,
    schema: &Schema,
    file_bytes_max: u64,
    older: OlderFile,
) -> Result<Connection, StoreError> {
    let place = location.name();
    let told = |error| store_error(error, &place);
    let mut connection = connect(location).map_err(told)?;
    let found = connection
        .busy_timeout(LOCK_WAIT)
        .and_then(|()| look(&connection, schema))
        .map_err(told)?;
    // Before anything is set: a file that is not ours, or not yet, must not be touched.
    let known = schema.version();
    match found {
        Found::Foreign => return Err(StoreError::Foreign { place }),
        Found::Newer(got) => return Err(StoreError::Newer { place, got, known }),
        Found::Older(got) if got > 0 && older == OlderFile::Refuse => {
            return Err(StoreError::Older { place, got, known });
        }
        Found::Older(_) | Found::Present => {}
    }
    check(&connection, &place)?;
    configure(&connection, file_bytes_max).map_err(told)?;
    if let (Found::Older(version @ 1..), Location::File(path)) = (&found, location) {
        copy_aside(&connection, path, *version)?;
    }
    migrate(&mut connection, schema).map_err(told)?;
    Ok(connection)
}

fn connect(location: &Location) -> rusqlite::Result<Connection> {
    // No URI: a path with a question mark is a path. No mutex of SQLite's own: a connection stays on its thread.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_CREATE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    match location {
        Location::File(path) => Connection::open_with_flags(path, flags),
        Location::Memory => Connection::open_in_memory(),
    }
}

/// Says what a file is, and changes nothing.
fn look(connection: &Connection, schema: &Schema) -> rusqlite::Result<Found> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let ours = pragma("application_id")? == i64::from(schema.application_id);
    let version = u32::try_from(pragma("user_version")?).unwrap_or(u32::MAX);
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(if !ours && (version > 0 || objects > 0) {
        Found::Foreign
    } else if version > schema.version() {
        Found::Newer(version)
    } else if version < schema.version() {
        Found::Older(version)
    } else {
        Found::Present
    })
}

fn check(connection: &Connection, place: &str) -> Result<(), StoreError> {
    let why: String = connection
        .pragma_query_value(None, "quick_check", |row| row.get(0))
        .map_err(|error| store_error(error, place))?;
    if why == "ok" {
        return Ok(());
    }
    let place = place.to_owned();
    Err(StoreError::Corrupt { place, why })
}

fn configure(connection: &Connection, file_bytes_max: u64) -> rusqlite::Result<()> {
    // WAL with FULL syncs the log at every commit: what was acknowledged survives a power cut, not only kill -9.
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    // What is deleted may be somebody's address: zeros are written over it. (The log is another matter: `database`.)
    connection.pragma_update(None, "secure_delete", "on")?;
    let page_bytes: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages_max = i64::try_from(file_bytes_max).unwrap_or(i64::MAX) / page_bytes.max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))
}

/// Puts a whole copy of an older file beside it, synced before it has its name.
fn copy_aside(connection: &Connection, path: &Path, version: u32) -> Result<(), StoreError> {
    let place = path.display().to_string();
    let unusable = |why: String| StoreError::Unusable {
        place: place.clone(),
        why,
    };
    let beside = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let copy = (1..=COPIES_MAX)
        .map(|number| beside(&format!(".schema-{version}.copy-{number}")))
        .find(|copy| !copy.exists())
        .ok_or_else(|| {
            unusable(format!(
                "{COPIES_MAX} copies of schema {version} lie beside it already, remove some"
            ))
        })?;
    let part = beside(&format!(".schema-{version}.part"));
    // What a killed process has left of an earlier attempt.
    let _ = fs::remove_file(&part);
    let target = part
        .to_str()
        .ok_or_else(|| unusable("its path is not UTF-8, so it cannot be copied".to_owned()))?;
    let copied = connection
        .execute("VACUUM INTO ?1", [target])
        .map_err(|error| store_error(error, &place));
    let kept = copied.and_then(|_| {
        // SQLite does not sync what it makes in this way (<https://www.sqlite.org/lang_vacuum.html>).
        File::open(&part)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&part, &copy))
            .and_then(|()| sync_parent(&copy))
            .map_err(|error| unusable(format!("it cannot be copied before it is changed: {error}")))
    });
    if kept.is_err() {
        let _ = fs::remove_file(&part);
    }
    kept
}

/// Makes a new or renamed file's name last.
fn sync_parent(path: &Path) -> std::io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    }
}

/// Brings an older file to the present version. Two processes that open a new file at once wait for one another:
/// whoever is second finds the work done.
fn migrate(connection: &mut Connection, schema: &Schema) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Found::Older(version) = look(&transaction, schema)? {
        for step in &schema.steps[version as usize..] {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", schema.application_id)?;
        transaction.pragma_update(None, "user_version", schema.version())?;
    }
    transaction.commit()
}

/// What an error of SQLite's means for the operator.
pub(crate) fn store_error(error: Error, place: &str) -> StoreError {
    let place = place.to_owned();
    let code = error.sqlite_error_code();
    let why = error.to_string();
    match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Locked { place },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            StoreError::Corrupt { place, why }
        }
        Some(ErrorCode::DiskFull) => StoreError::Full { place },
        _ => StoreError::Unusable { place, why },
    }
}
