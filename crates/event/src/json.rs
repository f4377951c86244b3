//! Wire forms as JSON.

use serde::Serialize;

/// Writes a wire form.
///
/// # Panics
/// If it has a map whose keys are not text, or an error of its own: none of our forms does.
#[must_use]
pub fn json(form: &impl Serialize) -> String {
    serde_json::to_string(form).expect("wire forms are always JSON")
}
