//! The embedded records: one SQLite file, on a thread of its own.
//!
//! One thread and one connection: writes are rare (a change of the stage, a position every second), and each is a
//! transaction that syncs the disk. Another process, `stentor event create` beside a running server, may have the same
//! file open; each waits for the other's transaction.

use std::path::Path;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::error::RecordsError;
use super::record::{Change, Page, Record, Version};
use super::store::{LISTED_BYTES_MAX, LISTED_MAX, Records, check_changes};
use crate::answer::Answer;
use crate::database::{Database, JobError};
use crate::error::StoreError;
use crate::key::{Key, Kind};
use crate::sqlite::{Location, OlderFile, Schema};

/// Bytes of the file. Far above what a thousand events take; at it, [`StoreError::Full`].
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// The first two versions held events alone, in columns, and the third takes them over: what never changes about an event
/// becomes a record of its own, title and beginning stay where they also were, in the conversation's state.
const SCHEMA: Schema = Schema {
    // "STEN"
    application_id: 0x5354_454e,
    steps: &[
        "
        CREATE TABLE event (
            slug                TEXT    NOT NULL PRIMARY KEY,
            title               TEXT    NOT NULL,
            lang                TEXT    NOT NULL,
            epoch_unix_ms       INTEGER NOT NULL,
            created_unix_ms     INTEGER NOT NULL,
            starts_unix_ms      INTEGER,
            links_expire_unix_s INTEGER NOT NULL,
            snapshot            BLOB    NOT NULL,
            position            INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        ",
        "
        ALTER TABLE event ADD COLUMN opens_at INTEGER NOT NULL DEFAULT 0;
        ",
        "
        CREATE TABLE record (
            kind    TEXT    NOT NULL,
            key     TEXT    NOT NULL,
            created INTEGER NOT NULL,
            version INTEGER NOT NULL,
            bytes   BLOB    NOT NULL,
            PRIMARY KEY (kind, key)
        ) STRICT;
        CREATE UNIQUE INDEX record_created ON record (kind, created);
        CREATE TABLE last_version (version INTEGER NOT NULL) STRICT;

        INSERT INTO record
            SELECT 'event', slug, rowid, rowid, CAST(json_object(
                'v', 1,
                'lang', lang,
                'epoch_unix_ms', epoch_unix_ms,
                'links_expire_unix_s', links_expire_unix_s,
                'opens_at', opens_at
            ) AS BLOB) FROM event;
        INSERT INTO record
            SELECT 'conversation', slug, rowid, rowid, snapshot FROM event;
        INSERT INTO record
            SELECT 'position', slug, rowid, rowid, CAST(CAST(position AS TEXT) AS BLOB) FROM event;
        INSERT INTO last_version SELECT coalesce(max(rowid), 0) FROM event;
        DROP TABLE event;
        ",
    ],
};

/// Records in a file, or in memory.
pub struct SqliteRecords {
    database: Database,
}

impl SqliteRecords {
    /// Opens the file, makes it if it is not there, and brings an older one to the present schema if that may be.
    ///
    /// # Errors
    /// The operator's: the file cannot be opened, is locked, damaged, another program's, or of another version.
    pub async fn open(path: &Path, older: OlderFile) -> Result<Self, StoreError> {
        Self::open_bounded(path, older, FILE_BYTES_MAX).await
    }

    /// As [`SqliteRecords::open`], with a bound of the file's size in bytes.
    ///
    /// # Errors
    /// As [`SqliteRecords::open`].
    pub async fn open_bounded(
        path: &Path,
        older: OlderFile,
        file_bytes_max: u64,
    ) -> Result<Self, StoreError> {
        Self::start(Location::File(path.to_owned()), older, file_bytes_max).await
    }

    /// Records that are gone with the process, for tests.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] without memory or a thread.
    pub async fn in_memory() -> Result<Self, StoreError> {
        Self::start(Location::Memory, OlderFile::Refuse, FILE_BYTES_MAX).await
    }

    async fn start(
        location: Location,
        older: OlderFile,
        file_bytes_max: u64,
    ) -> Result<Self, StoreError> {
        let database = Database::open("records", location, &SCHEMA, file_bytes_max, older).await?;
        Ok(Self { database })
    }
}

impl Records for SqliteRecords {
    fn get(&self, kind: Kind, key: &Key) -> Answer<'static, Option<Record>, RecordsError> {
        let key = key.clone();
        self.database.run(move |connection| {
            let sql =
                "SELECT key, created, version, bytes FROM record WHERE kind = ?1 AND key = ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_row(params![kind.as_str(), key.as_str()], read_record);
            Ok(found.optional()?)
        })
    }

    fn list(&self, kind: Kind, before: Option<Version>) -> Answer<'static, Page, RecordsError> {
        self.database
            .run(move |connection| Ok(list(connection, kind, before)?))
    }

    fn commit(&self, changes: Vec<Change>) -> Answer<'static, Vec<Version>, RecordsError> {
        if let Err(error) = check_changes(&changes) {
            return Box::pin(std::future::ready(Err(error)));
        }
        let deletes = changes
            .iter()
            .any(|change| matches!(change, Change::Delete { .. }));
        let written = self.database.write(move |transaction| {
            let changes = changes.into_iter();
            changes.map(|change| make(transaction, change)).collect()
        });
        if !deletes {
            return written;
        }
        let erased = self.database.erase::<RecordsError>();
        Box::pin(async move {
            let versions = written.await?;
            // It is deleted in any case; what stays in the log is gone with the next that is deleted, or when the store is closed.
            let _ = erased.await;
            Ok(versions)
        })
    }
}

fn list(connection: &Connection, kind: Kind, before: Option<Version>) -> rusqlite::Result<Page> {
    let sql = "SELECT key, created, version, bytes FROM record WHERE kind = ?1 AND created < ?2 \
               ORDER BY created DESC";
    let before = before.map_or(i64::MAX, stored);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![kind.as_str(), before])?;
    let mut records: Vec<Record> = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        if records.len() == LISTED_MAX || bytes >= LISTED_BYTES_MAX {
            let before = records.last().map(|last| last.created);
            return Ok(Page { records, before });
        }
        let record = read_record(row)?;
        bytes += record.bytes.len();
        records.push(record);
    }
    Ok(Page {
        records,
        before: None,
    })
}

fn make(transaction: &Transaction<'_>, change: Change) -> Result<Version, JobError<RecordsError>> {
    let (kind, key, expected) = match &change {
        Change::Put {
            kind,
            key,
            expected,
            ..
        } => (*kind, key, *expected),
        Change::Delete {
            kind,
            key,
            expected,
        } => (*kind, key, Some(*expected)),
    };
    let found = transaction
        .prepare_cached("SELECT version FROM record WHERE kind = ?1 AND key = ?2")?
        .query_row(params![kind.as_str(), key.as_str()], |row| row.get(0))
        .optional()?
        .map(read_version);
    if found != expected {
        let key = key.clone();
        return Err(JobError::Refused(RecordsError::Conflict {
            kind,
            key,
            expected,
            found,
        }));
    }
    let version: i64 = transaction
        .prepare_cached("UPDATE last_version SET version = version + 1 RETURNING version")?
        .query_row([], |row| row.get(0))?;
    match &change {
        Change::Put { bytes, .. } => transaction
            .prepare_cached(
                "INSERT INTO record (kind, key, created, version, bytes) VALUES (?1, ?2, ?3, ?3, ?4) \
                 ON CONFLICT DO UPDATE SET version = ?3, bytes = ?4",
            )?
            .execute(params![kind.as_str(), key.as_str(), version, &bytes[..]])?,
        Change::Delete { .. } => transaction
            .prepare_cached("DELETE FROM record WHERE kind = ?1 AND key = ?2")?
            .execute(params![kind.as_str(), key.as_str()])?,
    };
    Ok(read_version(version))
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<Record> {
    let key: String = row.get(0)?;
    let key = Key::new(&key).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(Record {
        key,
        created: read_version(row.get(1)?),
        version: read_version(row.get(2)?),
        bytes: Bytes::from(row.get::<_, Vec<u8>>(3)?),
    })
}

/// Versions count up from 1, so they are never negative.
const fn read_version(stored: i64) -> Version {
    Version(stored.unsigned_abs())
}

/// A version beyond any the store can have given is after all of them.
fn stored(version: Version) -> i64 {
    i64::try_from(version.0).unwrap_or(i64::MAX)
}
