//! What is found out about one thing, and how bad it is.

use serde::Serialize;

/// What was found out about one thing.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    /// What was looked at.
    pub(super) check: &'static str,
    pub(super) verdict: Verdict,
    /// What is so, and what to do where it is not well.
    pub(super) said: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    /// The server starts, and somebody will most likely miss something.
    Warn,
    /// It does not start, or nobody reaches it.
    Bad,
}

pub(super) fn ok(check: &'static str, said: impl Into<String>) -> Finding {
    found(check, Verdict::Ok, said)
}

pub(super) fn warn(check: &'static str, said: impl Into<String>) -> Finding {
    found(check, Verdict::Warn, said)
}

pub(super) fn bad(check: &'static str, said: impl Into<String>) -> Finding {
    found(check, Verdict::Bad, said)
}

fn found(check: &'static str, verdict: Verdict, said: impl Into<String>) -> Finding {
    Finding {
        check,
        verdict,
        said: said.into(),
    }
}
