//! Whether the mail server takes mail from us.

use std::time::Duration;

use super::finding::{Finding, bad, ok, warn};
use crate::config::Config;
use crate::mail::MailSetup;

/// How long a server may take from the first packet to letting us in.
const CHECKED_WITHIN: Duration = Duration::from_secs(30);

/// Connects, says hello and who we are; nothing is sent.
pub(super) fn server(config: &Config) -> Finding {
    const CHECK: &str = "mail";
    let Some(url) = &config.smtp else {
        return ok(
            CHECK,
            "none is sent: smtp names no server, and no page offers reminders by mail",
        );
    };
    let setup = match MailSetup::of(config) {
        Ok(Some(setup)) => setup,
        Ok(None) => return ok(CHECK, "none is sent"),
        Err(error) => return bad(CHECK, error.to_string()),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let Ok(runtime) = runtime else {
        return warn(CHECK, "it cannot be tried: the system gives no event loop");
    };
    let checked =
        runtime.block_on(async { tokio::time::timeout(CHECKED_WITHIN, setup.check()).await });
    // A name that no resolver finds is looked for on a thread that is not waited for.
    runtime.shutdown_background();
    match checked {
        Ok(Ok(())) => ok(CHECK, format!("{url} lets us in")),
        // Everything else works without it.
        Ok(Err(why)) => warn(CHECK, format!("{url} takes no mail from us: {why}")),
        Err(_) => warn(
            CHECK,
            format!(
                "{url} takes no mail from us: it did not let us in within {} s",
                CHECKED_WITHIN.as_secs()
            ),
        ),
    }
}
