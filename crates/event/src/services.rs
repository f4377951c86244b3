//! What every event of a server is opened with.

use std::sync::Arc;

use stentor_cluster::blobs::Blobs;
use stentor_cluster::records::Records;
use stentor_edge::Edge;
use stentor_studio::Studio;

use crate::links::LinkKey;
use crate::pages::ListenAssets;

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
    /// Script and style of the listener's page; `None` in a program that was built without its pages.
    pub listen_assets: Option<ListenAssets>,
}
