//! What every event of a server is opened with.

use std::sync::Arc;
use std::time::Duration;

use stentor_cluster::blobs::Blobs;
use stentor_cluster::records::Records;
use stentor_edge::Edge;
use stentor_studio::Studio;

use crate::board::Board;
use crate::links::LinkKey;
use crate::pages::ListenAssets;
use crate::reminders::Reminders;
use crate::transcode::Ffmpeg;

/// Events with a room at once, where nothing else is said.
const EVENTS_OPEN_MAX: usize = 16;

/// What an operator decides about every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventPolicy {
    /// Days that stage links live after the end of their event.
    pub links_after_end_days: u32,
    /// Events with a room at once; each costs a mixing thread and three encoders.
    pub events_open_max: usize,
    /// An event on air without any stage page or session is ended after this time; `None`: never.
    pub end_abandoned_after: Option<Duration>,
}

impl Default for EventPolicy {
    /// A month, and a quarter of a day.
    fn default() -> Self {
        Self {
            links_after_end_days: 30,
            events_open_max: EVENTS_OPEN_MAX,
            end_abandoned_after: Some(Duration::from_secs(6 * 3_600)),
        }
    }
}

/// The parts of a server that its events share.
#[derive(Clone)]
pub struct EventServices {
    /// Where records and states are kept.
    pub records: Arc<dyn Records>,
    /// Where recordings and replays are kept, each event's below its address.
    pub recordings: Arc<dyn Blobs>,
    /// Where speakers connect.
    pub studio: Studio,
    /// Where listeners are served.
    pub edge: Edge,
    /// What links are made with.
    pub key: LinkKey,
    /// What links begin with, without a slash at the end.
    pub base_url: String,
    /// What an operator decides about every event.
    pub policy: EventPolicy,
    /// Where all events are listed; `None` where nobody lists them.
    pub board: Option<Arc<Board>>,
    /// What makes AAC and MP3; `None`: there is none of either.
    pub ffmpeg: Option<Arc<Ffmpeg>>,
    /// Script and style of the listener's page; `None` in a program that was built without its pages.
    pub listen_assets: Option<ListenAssets>,
    /// Reminders by mail; `None` where no mail can be sent: then no page offers them.
    pub reminders: Option<Arc<Reminders>>,
}
