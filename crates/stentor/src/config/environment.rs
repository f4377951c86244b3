//! The variables of the environment: `STENTOR_LISTEN` and so on.

use std::ffi::OsString;

use super::error::ConfigError;
use super::found::{Found, Origin};
use super::table;

/// What every variable begins with.
const PREFIX: &str = "STENTOR_";

/// It speaks to tests, not to the server.
const NOT_OURS: [&str; 1] = ["must_run"];

/// Every setting among these variables, by name.
///
/// # Errors
/// The operator's: a value that is not UTF-8.
pub(super) fn read(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Vec<Found>, ConfigError> {
    let mut found = Vec::new();
    for (variable, text) in variables {
        let variable = variable.to_string_lossy().into_owned();
        let is_ours = variable
            .get(..PREFIX.len())
            .is_some_and(|prefix| prefix.eq_ignore_ascii_case(PREFIX));
        if !is_ours {
            continue;
        }
        let name = variable[PREFIX.len()..].to_lowercase();
        if NOT_OURS.contains(&name.as_str()) {
            continue;
        }
        let origin = Origin::Variable(variable);
        let Some(text) = text.to_str() else {
            return Err(ConfigError::Setting {
                origin,
                what: "is not UTF-8".to_owned(),
            });
        };
        let value = table::variable(&name, text);
        found.push(Found {
            name,
            origin,
            value,
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
