//! The embedded store: one SQLite file, write-ahead log, synced at every commit.
//!
//! One connection behind a mutex: writes are rare (a change of the stage, a position every second), and a lock that is
//! held for the length of one statement needs no pool. Another process, `stentor event create` beside a running server,
//! may have the same file open; each waits for the other's statement.

use super::schema::{self, Found};
use super::{EVENTS_LISTED_MAX, EventRecord, SNAPSHOT_BYTES_MAX, Store, StoreError};
use rusqlite::{Connection, Error, ErrorCode, OpenFlags, OptionalExtension, Row, params};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes of the file. Far above what a thousand events take; at it, [`StoreError::Full`].
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// How long a statement waits for another process before [`StoreError::Locked`].
const LOCK_WAIT: Duration = Duration::from_secs(2);

/// Columns of a record, in the order [`record`] reads them.
const RECORD: &str = "slug, title, lang, epoch_unix_ms, created_unix_ms, starts_unix_ms, links_expire_unix_s, opens_at";

/// A store in a file, or in memory.
pub struct SqliteStore {
    connection: Mutex<Connection>,
    /// As errors name it.
    place: String,
}

impl SqliteStore {
    /// Opens the file, makes it if it is not there, and brings an older one to the present schema.
    ///
    /// # Errors
    /// The operator's: the file cannot be opened, is locked, damaged, another program's, or a newer Stentor's.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_bounded(path, FILE_BYTES_MAX)
    }

    /// As [`SqliteStore::open`], with a bound of the file's size in bytes.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open_bounded(path: &Path, file_bytes_max: u64) -> Result<Self, StoreError> {
        let place = path.display().to_string();
        // No URI: a path with a question mark is a path. No mutex of SQLite's own: ours is enough.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        match Connection::open_with_flags(path, flags) {
            Ok(connection) => Self::prepare(connection, place, file_bytes_max),
            Err(error) => Err(told(error, &place)),
        }
    }

    /// A store that is gone with the process, for tests.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] without memory.
    pub fn in_memory() -> Result<Self, StoreError> {
        let place = "in memory".to_owned();
        match Connection::open_in_memory() {
            Ok(connection) => Self::prepare(connection, place, FILE_BYTES_MAX),
            Err(error) => Err(told(error, &place)),
        }
    }

    fn prepare(
        mut connection: Connection,
        place: String,
        file_bytes_max: u64,
    ) -> Result<Self, StoreError> {
        let looked = connection
            .busy_timeout(LOCK_WAIT)
            .and_then(|()| schema::look(&connection));
        // Before anything is set: a file that is not ours, or not yet, must not be touched.
        match looked.map_err(|error| told(error, &place))? {
            Found::Foreign => return Err(StoreError::Foreign { place }),
            Found::Newer(got) => {
                let known = schema::VERSION;
                return Err(StoreError::Newer { place, got, known });
            }
            Found::Older(_) | Found::Present => {}
        }
        configure(&connection, file_bytes_max)
            .and_then(|()| schema::migrate(&mut connection))
            .map_err(|error| told(error, &place))?;
        let damage: String = connection
            .pragma_query_value(None, "quick_check", |row| row.get(0))
            .map_err(|error| told(error, &place))?;
        if damage != "ok" {
            return Err(StoreError::Corrupt { place, why: damage });
        }
        Ok(Self {
            connection: Mutex::new(connection),
            place,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic elsewhere while the lock was held left at most a transaction that was rolled back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn told(&self, error: Error) -> StoreError {
        told(error, &self.place)
    }
}

impl Store for SqliteStore {
    fn create_event(&self, event: &EventRecord, snapshot: &[u8]) -> Result<(), StoreError> {
        must_fit(snapshot)?;
        let sql = format!(
            "INSERT INTO event ({RECORD}, snapshot) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
        );
        let inserted = self.lock().execute(
            &sql,
            params![
                event.slug,
                event.title,
                event.lang,
                event.epoch_unix_ms,
                event.created_unix_ms,
                event.starts_unix_ms,
                event.links_expire_unix_s,
                event.opens_at,
                snapshot,
            ],
        );
        match inserted {
            Ok(_) => Ok(()),
            // The only constraint a record can violate: every column is typed and given.
            Err(Error::SqliteFailure(failure, _))
                if failure.code == ErrorCode::ConstraintViolation =>
            {
                let slug = event.slug.clone();
                Err(StoreError::Exists { slug })
            }
            Err(error) => Err(self.told(error)),
        }
    }

    fn event(&self, slug: &str) -> Result<Option<EventRecord>, StoreError> {
        let sql = format!("SELECT {RECORD} FROM event WHERE slug = ?1");
        let found = self.lock().query_row(&sql, [slug], record).optional();
        found.map_err(|error| self.told(error))
    }

    fn events(&self) -> Result<Vec<EventRecord>, StoreError> {
        let sql =
            format!("SELECT {RECORD} FROM event ORDER BY rowid DESC LIMIT {EVENTS_LISTED_MAX}");
        let connection = self.lock();
        let read = || {
            let mut statement = connection.prepare(&sql)?;
            let newest_first = statement.query_map([], record)?;
            newest_first.collect::<rusqlite::Result<Vec<_>>>()
        };
        let mut events = read().map_err(|error| self.told(error))?;
        events.reverse();
        Ok(events)
    }

    fn save_snapshot(&self, slug: &str, snapshot: &[u8]) -> Result<(), StoreError> {
        must_fit(snapshot)?;
        let changed = self.lock().execute(
            "UPDATE event SET snapshot = ?2 WHERE slug = ?1",
            params![slug, snapshot],
        );
        must_have_changed(changed.map_err(|error| self.told(error))?, slug)
    }

    fn snapshot(&self, slug: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let sql = "SELECT snapshot FROM event WHERE slug = ?1";
        let found = self
            .lock()
            .query_row(sql, [slug], |row| row.get(0))
            .optional();
        found.map_err(|error| self.told(error))
    }

    fn save_position(&self, slug: &str, position: u64) -> Result<(), StoreError> {
        let position =
            i64::try_from(position).map_err(|_| StoreError::PositionTooBig { got: position })?;
        let sql = "UPDATE event SET position = max(position, ?2) WHERE slug = ?1";
        let changed = self.lock().execute(sql, params![slug, position]);
        must_have_changed(changed.map_err(|error| self.told(error))?, slug)
    }

    fn position(&self, slug: &str) -> Result<u64, StoreError> {
        let sql = "SELECT position FROM event WHERE slug = ?1";
        let found = self
            .lock()
            .query_row(sql, [slug], |row| row.get(0))
            .optional();
        let position: i64 = found.map_err(|error| self.told(error))?.unwrap_or(0);
        // Only positions that fit were written.
        Ok(position.unsigned_abs())
    }
}

fn configure(connection: &Connection, file_bytes_max: u64) -> rusqlite::Result<()> {
    // WAL with FULL syncs the log at every commit: what was acknowledged survives a power cut, not only kill -9.
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    let page_bytes: i64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
    let pages_max = i64::try_from(file_bytes_max).unwrap_or(i64::MAX) / page_bytes.max(1);
    connection.pragma_update_and_check(None, "max_page_count", pages_max, |_| Ok(()))
}

fn record(row: &Row<'_>) -> rusqlite::Result<EventRecord> {
    Ok(EventRecord {
        slug: row.get(0)?,
        title: row.get(1)?,
        lang: row.get(2)?,
        epoch_unix_ms: row.get(3)?,
        created_unix_ms: row.get(4)?,
        starts_unix_ms: row.get(5)?,
        links_expire_unix_s: row.get(6)?,
        opens_at: row.get(7)?,
    })
}

const fn must_fit(snapshot: &[u8]) -> Result<(), StoreError> {
    if snapshot.len() > SNAPSHOT_BYTES_MAX {
        return Err(StoreError::TooBig {
            max: SNAPSHOT_BYTES_MAX,
            got: snapshot.len(),
        });
    }
    Ok(())
}

fn must_have_changed(rows: usize, slug: &str) -> Result<(), StoreError> {
    if rows == 0 {
        let slug = slug.to_owned();
        return Err(StoreError::NoEvent { slug });
    }
    Ok(())
}

/// What an error of SQLite's means for the operator.
fn told(error: Error, place: &str) -> StoreError {
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
