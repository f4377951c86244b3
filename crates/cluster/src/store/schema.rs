//! The tables of the embedded store, and how an older file becomes a present one.
//!
//! A file says which schema it has in `user_version`, and that it is ours in `application_id`
//! (<https://www.sqlite.org/pragma.html>). Each step of the table below is applied once, in a transaction with the new
//! version, so that a process killed in between leaves a file of the version before.

use rusqlite::{Connection, TransactionBehavior};

/// "STEN": this file is a store of Stentor.
const APPLICATION_ID: i32 = 0x5354_454e;

/// Step `n` (from 0) makes a file of version `n` one of version `n + 1`. Steps are never changed once released.
const MIGRATIONS: &[&str] = &[
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
];

/// The version this program writes.
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

/// What a file turned out to be.
pub(super) enum Found {
    /// A store of the present version.
    Present,
    /// A store of an earlier version; 0 is an empty file.
    Older(u32),
    /// Some other program's.
    Foreign,
    /// Of a later version.
    Newer(u32),
}

/// Says what a file is, and changes nothing.
pub(super) fn look(connection: &Connection) -> rusqlite::Result<Found> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let ours = pragma("application_id")? == i64::from(APPLICATION_ID);
    let version = u32::try_from(pragma("user_version")?).unwrap_or(u32::MAX);
    let objects: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    Ok(if !ours && (version > 0 || objects > 0) {
        Found::Foreign
    } else if version > VERSION {
        Found::Newer(version)
    } else if version < VERSION {
        Found::Older(version)
    } else {
        Found::Present
    })
}

/// Brings an older file to the present version. Two processes that open a new file at once wait for one another:
/// whoever is second finds the work done.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if let Found::Older(version) = look(&transaction)? {
        for step in &MIGRATIONS[version as usize..] {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_the_first_version_keeps_its_events_and_gets_what_came_later() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(MIGRATIONS[0]).unwrap();
        connection
            .execute_batch("INSERT INTO event VALUES ('a', 'A', 'fr', 1, 1, NULL, 2, x'00', 3)")
            .unwrap();
        connection
            .pragma_update(None, "application_id", APPLICATION_ID)
            .unwrap();
        connection.pragma_update(None, "user_version", 1).unwrap();
        migrate(&mut connection).unwrap();
        assert!(matches!(look(&connection), Ok(Found::Present)));
        let kept = connection
            .query_row("SELECT slug, position, opens_at FROM event", [], |row| {
                Ok((
                    row.get::<_, String>(0)?,
                    row.get::<_, i64>(1)?,
                    row.get::<_, i64>(2)?,
                ))
            })
            .unwrap();
        assert_eq!(kept, ("a".to_owned(), 3, 0));
    }
}
