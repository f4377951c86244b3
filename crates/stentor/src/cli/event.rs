//! `stentor event`: events are made and listed in the data folder, beside a running server or without one.

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
    data_dir::make(&config.data_dir)?;
    let key = LinkKey::load_or_create(&config.data_dir)?;
    wait_for(async {
        let records = data_dir::open_records_beside(&config.data_dir).await?;
        let (record, conversation) = new.make(
            unix_ms_now(),
            config.invitation_days,
            &guest_seat(&new.lang),
        )?;
        store_event(&*records, &record, &conversation).await?;
        let text = links::of_event(&record, &conversation, &key, &config.base_url());
        stdout::print(&text).map_err(AppError::Print)
    })
}

/// Prints every event of the store with its links.
///
/// # Errors
/// The operator's: no readable store.
pub(super) fn list(config: &Config) -> Result<(), AppError> {
    if !config.data_dir.is_dir() {
        return Err(AppError::NoDataDir(config.data_dir.display().to_string()));
    }
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
