//! `stentor event`: events are made and listed in the data folder, beside a running server or without one.

use std::path::Path;

use stentor_event::catalog::store_event;
use stentor_event::clock::unix_ms_now;
use stentor_event::links::LinkKey;
use stentor_event::record::{NewEvent, guest_seat};

use crate::config::Config;
use crate::error::AppError;
use crate::{data_dir, links, stdout};

/// Makes an event and prints its links.
///
/// # Errors
/// The operator's: what cannot be an event, or one whose address is taken.
pub(super) fn create(config: &Config, new: NewEvent) -> Result<(), AppError> {
    make_default_folder(config)?;
    data_dir::must_be_there(&config.data_dir)?;
    let unused = !data_dir::is_used(&config.data_dir);
    data_dir::close_to_others(&config.data_dir)?
        .iter()
        .for_each(|said| eprintln!("stentor: {said}"));
    let key = LinkKey::load_or_create(&config.data_dir)?;
    wait_for(async {
        let records = data_dir::open_records_beside(&config.data_dir).await?;
        let (record, conversation) = new.make(unix_ms_now(), &guest_seat(&new.lang))?;
        store_event(&*records, &record, &conversation).await?;
        let mut text = links::of_event(&record, &conversation, &key, &config.base_url());
        if unused {
            text.push_str(&first_event(&config.data_dir));
        }
        stdout::print(&text).map_err(AppError::Print)
    })
}

/// A folder that was named is there or mistyped; the one that nobody named is made where the command is run.
fn make_default_folder(config: &Config) -> Result<(), AppError> {
    if config.data_dir == Config::default().data_dir {
        data_dir::make(&config.data_dir)?;
    }
    Ok(())
}

/// Links of a folder that no server uses open nothing.
fn first_event(dir: &Path) -> String {
    let shown = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let shown = shown.display();
    format!("\nIt is the first event in {shown}: start the server with --data {shown}\n")
}

/// Prints every event of the store with its links.
///
/// # Errors
/// The operator's: no readable store.
pub(super) fn list(config: &Config) -> Result<(), AppError> {
    data_dir::must_be_there(&config.data_dir)?;
    data_dir::close_to_others(&config.data_dir)?
        .iter()
        .for_each(|said| eprintln!("stentor: {said}"));
    let key = LinkKey::load_or_create(&config.data_dir)?;
    wait_for(async {
        let records = data_dir::open_records_beside(&config.data_dir).await?;
        links::print(&*records, &key, &config.base_url(), None).await
    })
}

/// Runs a command to its end: nothing else runs in its process.
fn wait_for(command: impl Future<Output = Result<(), AppError>>) -> Result<(), AppError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .map_err(AppError::Runtime)?;
    runtime.block_on(command)
}
