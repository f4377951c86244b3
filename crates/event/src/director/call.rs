//! What reaches a director, and how.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use stentor_core::conversation::{Amendment, Command, Refusal, View};
use stentor_core::stage::{Role, SessionKind};
use stentor_core::{PageId, PageKey, SeatId, SessionId};
use tokio::sync::{mpsc, oneshot, watch};

use super::pages::{OfferingPage, PageSender};
use crate::encode_once::EncodeOnce;
use crate::lang::Lang;
use crate::record::EventRecord;
use crate::reports::StageLevels;

/// Calls waiting for one director. Past it pages and offers wait.
pub(super) const CALLS_MAX: usize = 1024;

/// Something for the director.
pub(crate) enum Call {
    /// A stage page says hello.
    Join {
        seat: SeatId,
        key: Option<PageKey>,
        sender: PageSender,
        reply: oneshot::Sender<Result<Joined, Refusal>>,
    },
    /// A stage page is gone.
    Leave { page: PageId },
    /// A stage page wants something.
    Command { by: SeatId, command: Command },
    /// Somebody wants something, and waits for what comes of it.
    Act {
        by: SeatId,
        command: Command,
        reply: oneshot::Sender<Acted>,
    },
    /// A session is offered for a seat, by one of its pages if by a page. It may be answered once it is reserved.
    Reserve {
        seat: SeatId,
        kind: SessionKind,
        page: Option<OfferingPage>,
        reply: oneshot::Sender<Result<Reserved, Refusal>>,
    },
    /// A reserved session was not answered after all.
    Abandon { seat: SeatId, session: SessionId },
    /// The link of a seat is used to send more than it may.
    Flood { seat: SeatId },
    /// The operator's word for one seat: it need not wait for the host.
    AdmitOnArrival { seat: SeatId },
    /// The operator changes the event, beside the stage.
    Amend(Amendment),
    /// What is known of the event beside its conversation has changed.
    Record(EventRecord),
    /// The replay is not where it was any more.
    ForgetReplay,
    /// The event is to be taken from this server: its room stops, and nothing of it is found at its addresses any more. Answered when that is
    /// so; no call is carried out after it.
    Close { reply: oneshot::Sender<()> },
    /// What is so now.
    View {
        reply: oneshot::Sender<Arc<EncodeOnce<View>>>,
    },
    /// Answered once every call before it has been carried out.
    Settled { reply: oneshot::Sender<()> },
}

/// What came of something that was asked for.
#[derive(Debug)]
pub struct Acted {
    /// Why it was not done, if it was not.
    pub refused: Option<Refusal>,
    /// What is so now.
    pub view: Arc<EncodeOnce<View>>,
}

/// A session that may be answered.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) session: SessionId,
    /// What it is to be, whatever was asked for.
    pub(crate) kind: SessionKind,
    /// Whether it may have a place that is kept for hosts and co-hosts.
    pub(crate) staff: bool,
    /// Becomes false when the session is gone.
    pub(crate) alive: Arc<AtomicBool>,
}

/// What a page gets when it joins.
#[derive(Debug)]
pub struct Joined {
    /// Its number.
    pub page: PageId,
    /// What its seat may do.
    pub role: Role,
    /// The event's title.
    pub title: String,
    /// Its default language.
    pub lang: Lang,
    /// The whole stage, the newest only.
    pub state: watch::Receiver<Arc<EncodeOnce<View>>>,
    /// How loud everybody is, the newest only.
    pub levels: watch::Receiver<Arc<EncodeOnce<StageLevels>>>,
}

/// Reaches one event's director.
#[derive(Clone)]
pub(crate) struct DirectorHandle {
    calls: mpsc::Sender<Call>,
}

impl DirectorHandle {
    /// Waits for room in the queue; `false` once the event is gone.
    pub(crate) async fn call(&self, call: Call) -> bool {
        self.calls.send(call).await.is_ok()
    }

    /// Makes a call that is answered; `None` once the event is gone.
    pub(crate) async fn ask<T>(&self, call: impl FnOnce(oneshot::Sender<T>) -> Call) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        self.call(call(reply)).await;
        answer.await.ok()
    }

    /// Waits until every call made before this one has been carried out; `false` once the event is gone.
    pub(crate) async fn settle(&self) -> bool {
        self.ask(|reply| Call::Settled { reply }).await.is_some()
    }
}

/// A queue for calls, made before the director.
pub(crate) fn calls() -> (DirectorHandle, mpsc::Receiver<Call>) {
    let (calls, queue) = mpsc::channel(CALLS_MAX);
    (DirectorHandle { calls }, queue)
}
