//! A SQLite file on a thread of its own, which does one job after another.
//!
//! What the stores that stand on it have in common is here: how a job reaches the thread, that one which writes is a transaction, and what
//! an error of SQLite's is called. It knows no table.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::answer::Answer;
use crate::error::StoreError;
use crate::sqlite::{self, Location, OlderFile, Schema};
use crate::worker::Workers;

/// See the module.
pub(crate) struct Database {
    workers: Workers<Connection>,
    /// As errors name it.
    place: Arc<str>,
}

/// Why a job was not done: `E` is what the store itself refuses.
pub(crate) enum JobError<E> {
    Refused(E),
    Sqlite(rusqlite::Error),
}

impl<E> From<rusqlite::Error> for JobError<E> {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Database {
    /// Opens the file as [`sqlite::open`] does, on a thread of that name.
    ///
    /// # Errors
    /// As [`sqlite::open`]; the operator's if there is no thread to be had.
    pub(crate) async fn open(
        thread: &'static str,
        location: Location,
        schema: &'static Schema,
        file_bytes_max: u64,
        older: OlderFile,
    ) -> Result<Self, StoreError> {
        let place: Arc<str> = location.name().into();
        let open = move || sqlite::open(&location, schema, file_bytes_max, older);
        let workers = Workers::start(thread, Arc::clone(&place), 1, open).await?;
        Ok(Self { workers, place })
    }

    /// Runs a job on the thread.
    pub(crate) fn run<T, E>(
        &self,
        job: impl FnOnce(&mut Connection) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Answer<'static, T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let place = Arc::clone(&self.place);
        self.workers.ask(move |connection| {
            job(connection).map_err(|error| match error {
                JobError::Refused(error) => error,
                JobError::Sqlite(error) => sqlite::store_error(error, &place).into(),
            })
        })
    }

    /// Runs a job in a transaction, which is committed when the job was done and rolled back when it failed.
    pub(crate) fn write<T, E>(
        &self,
        job: impl FnOnce(&Transaction<'_>) -> Result<T, JobError<E>> + Send + 'static,
    ) -> Answer<'static, T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.run(move |connection| {
            // One that is dropped before its commit is rolled back.
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = job(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
    }

    /// Takes what was deleted out of the write-ahead log as well, which keeps pages as they were until it is written over. Where another
    /// process reads at this moment, nothing is waited for: the next call does it.
    pub(crate) fn erase<E>(&self) -> Answer<'static, (), E>
    where
        E: From<StoreError> + Send + 'static,
    {
        self.run(|connection| {
            connection.busy_timeout(Duration::ZERO)?;
            let truncated = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
            connection.busy_timeout(sqlite::LOCK_WAIT)?;
            Ok(truncated?)
        })
    }
}
