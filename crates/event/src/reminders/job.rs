//! What waits to be written down about one subscription.

use stentor_core::reminders::{Output, Subscription, SubscriptionId};
use tokio::sync::oneshot;

use super::stored::Stored;

/// See the module.
pub(super) struct Job {
    pub(super) slug: String,
    pub(super) id: SubscriptionId,
    pub(super) act: Act,
    /// Told whether it was done.
    pub(super) done: Option<oneshot::Sender<bool>>,
}

/// What is to be done.
pub(super) enum Act {
    /// Keep it, with its address.
    Keep(Box<Stored>),
    /// It has changed.
    Update(Subscription),
    /// Delete it.
    Forget,
}

impl Job {
    /// What an output asks to be written down. An address comes with who asks, and a mail goes with a tick: those are not of this kind.
    pub(super) fn of(slug: &str, output: Output) -> Option<Self> {
        let (id, act) = match output {
            Output::Update(id, subscription) => (id, Act::Update(subscription)),
            Output::Forget(id) => (id, Act::Forget),
            Output::Keep(..) | Output::Send(..) => return None,
        };
        Some(Self {
            slug: slug.to_owned(),
            id,
            act,
            done: None,
        })
    }

    pub(super) fn tell(done: Option<oneshot::Sender<bool>>, is_done: bool) {
        if let Some(done) = done {
            // Whoever waited may be gone.
            let _ = done.send(is_done);
        }
    }
}
