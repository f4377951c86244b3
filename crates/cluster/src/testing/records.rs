//! Records in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::faults::Faults;
use crate::answer::Answer;
use crate::key::{Key, Kind};
use crate::records::{
    Change, LISTED_BYTES_MAX, LISTED_MAX, Page, Record, Records, RecordsError, Version,
    check_changes,
};

/// Records that are gone with the process and fail when told to. Its clones share them.
#[derive(Clone, Default)]
pub struct MemoryRecords {
    table: Arc<Mutex<Table>>,
    faults: Faults,
}

impl MemoryRecords {
    /// What makes it fail.
    #[must_use]
    pub const fn faults(&self) -> &Faults {
        &self.faults
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        // A failed check of another test's thread has left the table whole.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Default)]
struct Table {
    records: BTreeMap<(Kind, Key), Record>,
    last: u64,
}

impl Table {
    fn make(&mut self, change: Change) -> Result<Version, RecordsError> {
        let (kind, key, expected, bytes) = match change {
            Change::Put {
                kind,
                key,
                expected,
                bytes,
            } => (kind, key, expected, Some(bytes)),
            Change::Delete {
                kind,
                key,
                expected,
            } => (kind, key, Some(expected), None),
        };
        let name = (kind, key.clone());
        let found = self.records.get(&name);
        if found.map(|record| record.version) != expected {
            let found = found.map(|record| record.version);
            return Err(RecordsError::Conflict {
                kind,
                key,
                expected,
                found,
            });
        }
        let created = found.map(|record| record.created);
        self.last += 1;
        let version = Version(self.last);
        match bytes {
            Some(bytes) => {
                let created = created.unwrap_or(version);
                let record = Record {
                    key,
                    created,
                    version,
                    bytes,
                };
                self.records.insert(name, record);
            }
            None => {
                self.records.remove(&name);
            }
        }
        Ok(version)
    }

    fn list(&self, kind: Kind, before: Option<Version>) -> Page {
        let mut found: Vec<&Record> = self
            .records
            .iter()
            .filter(|((of, _), _)| *of == kind)
            .map(|(_, record)| record)
            .filter(|record| before.is_none_or(|before| record.created < before))
            .collect();
        found.sort_by_key(|record| std::cmp::Reverse(record.created));
        let mut bytes = 0;
        let fits = |record: &&&Record| {
            let fits = bytes < LISTED_BYTES_MAX;
            bytes += record.bytes.len();
            fits
        };
        let records: Vec<Record> = found
            .iter()
            .take(LISTED_MAX)
            .take_while(fits)
            .map(|record| (*record).clone())
            .collect();
        let more = records.len() < found.len();
        let before = records.last().filter(|_| more).map(|last| last.created);
        Page { records, before }
    }
}

impl Records for MemoryRecords {
    fn get(&self, kind: Kind, key: &Key) -> Answer<'static, Option<Record>, RecordsError> {
        let (records, name) = (self.clone(), (kind, key.clone()));
        self.faults
            .run(move || Ok(records.table().records.get(&name).cloned()))
    }

    fn list(&self, kind: Kind, before: Option<Version>) -> Answer<'static, Page, RecordsError> {
        let records = self.clone();
        self.faults
            .run(move || Ok(records.table().list(kind, before)))
    }

    fn commit(&self, changes: Vec<Change>) -> Answer<'static, Vec<Version>, RecordsError> {
        let records = self.clone();
        self.faults.run(move || {
            check_changes(&changes)?;
            let mut table = records.table();
            let mut next = table.clone();
            let versions = changes
                .into_iter()
                .map(|change| next.make(change))
                .collect::<Result<_, _>>()?;
            *table = next;
            Ok(versions)
        })
    }
}
