//! The embedded journal: one SQLite file, on a thread of its own.
//!
//! A database rather than files of our own: it already knows how to cut off what a kill has torn, to sync, to check
//! itself, and to be read by one process while another appends; at the few entries a second that evidence and posts are, its
//! price for that, some pages written twice, is nothing.

use std::path::Path;

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::entry::{Appended, Bounds, Entry};
use super::error::JournalError;
use super::store::{
    APPENDED_BYTES_MAX, Journal, READ_BYTES_MAX, READ_MAX, STREAMS_MAX, check_entries,
};
use crate::answer::Answer;
use crate::database::{Database, JobError};
use crate::error::StoreError;
use crate::key::Key;
use crate::sqlite::{Location, OlderFile, Schema};

/// What an entry counts beside its own bytes, so that empty ones are bounded as well.
const ENTRY_COSTS_BYTES: u64 = 64;

/// A full stream drops a part of so many at once, not one entry at each append.
const DROPPED_PART: u64 = 8;

const SCHEMA: Schema = Schema {
    // "STEJ"
    application_id: 0x5354_454a,
    steps: &["
        CREATE TABLE stream (
            id    INTEGER NOT NULL PRIMARY KEY,
            name  TEXT    NOT NULL UNIQUE,
            first INTEGER NOT NULL,
            next  INTEGER NOT NULL,
            bytes INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE entry (
            stream   INTEGER NOT NULL,
            sequence INTEGER NOT NULL,
            bytes    BLOB    NOT NULL,
            PRIMARY KEY (stream, sequence)
        ) STRICT;
    "],
};

/// How large a journal becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct JournalLimits {
    /// Bytes of one stream, 64 for each entry included; at it, its oldest entries are dropped. At least twice
    /// [`APPENDED_BYTES_MAX`]; less is taken as that.
    pub stream_bytes_max: u64,
    /// Bytes of the file; at it, nothing more is appended.
    pub file_bytes_max: u64,
}

impl Default for JournalLimits {
    /// A stream of 64 MiB: a kilobyte each second for 17 hours. A file of 4 GiB: 64 such streams.
    fn default() -> Self {
        Self {
            stream_bytes_max: 64 * 1024 * 1024,
            file_bytes_max: 4 * 1024 * 1024 * 1024,
        }
    }
}

/// A journal in a file, or in memory.
pub struct SqliteJournal {
    database: Database,
    stream_bytes_max: u64,
}

impl SqliteJournal {
    /// Opens the file, makes it if it is not there, and brings an older one to the present schema if that may be.
    ///
    /// # Errors
    /// The operator's: the file cannot be opened, is locked, damaged, another program's, or of another version.
    pub async fn open(
        path: &Path,
        older: OlderFile,
        limits: JournalLimits,
    ) -> Result<Self, StoreError> {
        Self::start(Location::File(path.to_owned()), older, limits).await
    }

    /// A journal that is gone with the process, for tests.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] without memory or a thread.
    pub async fn in_memory(limits: JournalLimits) -> Result<Self, StoreError> {
        Self::start(Location::Memory, OlderFile::Refuse, limits).await
    }

    async fn start(
        location: Location,
        older: OlderFile,
        limits: JournalLimits,
    ) -> Result<Self, StoreError> {
        let bytes_max = limits.file_bytes_max;
        let database = Database::open("journal", location, &SCHEMA, bytes_max, older).await?;
        let stream_bytes_max = limits.stream_bytes_max.max(2 * APPENDED_BYTES_MAX as u64);
        Ok(Self {
            database,
            stream_bytes_max,
        })
    }
}

impl Journal for SqliteJournal {
    fn append(&self, stream: &Key, entries: Vec<Bytes>) -> Answer<'static, Appended, JournalError> {
        if let Err(error) = check_entries(&entries) {
            return Box::pin(std::future::ready(Err(error)));
        }
        let (stream, bytes_max) = (stream.clone(), self.stream_bytes_max);
        self.database
            .write(move |transaction| append(transaction, &stream, &entries, bytes_max))
    }

    fn read(&self, stream: &Key, from: u64) -> Answer<'static, Vec<Entry>, JournalError> {
        let stream = stream.clone();
        self.database
            .run(move |connection| Ok(read(connection, &stream, from)?))
    }

    fn bounds(&self, stream: &Key) -> Answer<'static, Bounds, JournalError> {
        let stream = stream.clone();
        self.database.run(move |connection| {
            let found = Stream::find(connection, &stream)?;
            Ok(found.map_or(Bounds::EMPTY, |stream| Bounds {
                first: stream.first,
                next: stream.next,
            }))
        })
    }

    fn delete(&self, stream: &Key) -> Answer<'static, bool, JournalError> {
        let stream = stream.clone();
        self.database.write(move |transaction| {
            let Some(found) = Stream::find(transaction, &stream)? else {
                return Ok(false);
            };
            transaction.execute("DELETE FROM entry WHERE stream = ?1", [found.id])?;
            transaction.execute("DELETE FROM stream WHERE id = ?1", [found.id])?;
            Ok(true)
        })
    }
}

/// A row of the table of streams.
struct Stream {
    id: i64,
    first: u64,
    next: u64,
    /// Of all its entries, with what each costs.
    bytes: u64,
}

impl Stream {
    fn find(connection: &Connection, name: &Key) -> rusqlite::Result<Option<Self>> {
        connection
            .prepare_cached("SELECT id, first, next, bytes FROM stream WHERE name = ?1")?
            .query_row([name.as_str()], |row| {
                Ok(Self {
                    id: row.get(0)?,
                    first: row.get(1)?,
                    next: row.get(2)?,
                    bytes: row.get(3)?,
                })
            })
            .optional()
    }

    fn begin(transaction: &Transaction<'_>, name: &Key) -> Result<Self, JobError<JournalError>> {
        let streams: usize =
            transaction.query_row("SELECT count(*) FROM stream", [], |row| row.get(0))?;
        if streams >= STREAMS_MAX {
            let max = STREAMS_MAX;
            return Err(JobError::Refused(JournalError::TooManyStreams { max }));
        }
        transaction.execute(
            "INSERT INTO stream (name, first, next, bytes) VALUES (?1, 1, 1, 0)",
            [name.as_str()],
        )?;
        Ok(Self {
            id: transaction.last_insert_rowid(),
            first: 1,
            next: 1,
            bytes: 0,
        })
    }

    /// Drops the oldest entries until no more than `bytes_max` are left; how many.
    fn shrink(&mut self, transaction: &Transaction<'_>, bytes_max: u64) -> rusqlite::Result<u64> {
        let before = self.first;
        let mut oldest = transaction
            .prepare("SELECT length(bytes) FROM entry WHERE stream = ?1 ORDER BY sequence")?;
        let mut rows = oldest.query([self.id])?;
        while self.bytes > bytes_max
            && let Some(row) = rows.next()?
        {
            self.bytes -= row.get::<_, u64>(0)? + ENTRY_COSTS_BYTES;
            self.first += 1;
        }
        transaction.execute(
            "DELETE FROM entry WHERE stream = ?1 AND sequence < ?2",
            params![self.id, self.first],
        )?;
        Ok(self.first - before)
    }
}

fn append(
    transaction: &Transaction<'_>,
    name: &Key,
    entries: &[Bytes],
    bytes_max: u64,
) -> Result<Appended, JobError<JournalError>> {
    let mut stream = match Stream::find(transaction, name)? {
        Some(stream) => stream,
        None => Stream::begin(transaction, name)?,
    };
    let added = entries
        .iter()
        .map(|entry| entry.len() as u64 + ENTRY_COSTS_BYTES)
        .sum::<u64>();
    let mut dropped = 0;
    if stream.bytes + added > bytes_max {
        let left = bytes_max - bytes_max / DROPPED_PART;
        dropped = stream.shrink(transaction, left.saturating_sub(added))?;
    }
    let sequence = stream.next;
    let mut insert = transaction
        .prepare_cached("INSERT INTO entry (stream, sequence, bytes) VALUES (?1, ?2, ?3)")?;
    for entry in entries {
        insert.execute(params![stream.id, stream.next, &entry[..]])?;
        stream.next += 1;
    }
    stream.bytes += added;
    transaction
        .prepare_cached("UPDATE stream SET first = ?2, next = ?3, bytes = ?4 WHERE id = ?1")?
        .execute(params![stream.id, stream.first, stream.next, stream.bytes])?;
    Ok(Appended { sequence, dropped })
}

fn read(connection: &Connection, name: &Key, from: u64) -> rusqlite::Result<Vec<Entry>> {
    let Some(stream) = Stream::find(connection, name)? else {
        return Ok(Vec::new());
    };
    let sql =
        "SELECT sequence, bytes FROM entry WHERE stream = ?1 AND sequence >= ?2 ORDER BY sequence";
    // Numbers count up from 1 and never reach what a column cannot hold.
    let from = i64::try_from(from).unwrap_or(i64::MAX);
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![stream.id, from])?;
    let mut entries = Vec::new();
    let mut bytes = 0;
    while entries.len() < READ_MAX
        && bytes < READ_BYTES_MAX
        && let Some(row) = rows.next()?
    {
        let entry = Entry {
            sequence: row.get(0)?,
            bytes: Bytes::from(row.get::<_, Vec<u8>>(1)?),
        };
        bytes += entry.bytes.len();
        entries.push(entry);
    }
    Ok(entries)
}
