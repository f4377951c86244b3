//! What every event of a server is opened with.

use std::path::PathBuf;
use std::sync::Arc;

use stentor_cluster::store::Store;
use stentor_edge::Edge;
use stentor_studio::Studio;

use crate::links::LinkKey;
use crate::pages::ListenTemplate;

/// The parts of a server that its events share.
#[derive(Clone)]
pub struct EventServices {
    /// Where records and states are kept.
    pub store: Arc<dyn Store>,
    /// Where speakers connect.
    pub studio: Studio,
    /// Where listeners are served.
    pub edge: Edge,
    /// What links are made with.
    pub key: LinkKey,
    /// What links begin with, without a slash at the end.
    pub base_url: String,
    /// Folder that holds `recordings/`.
    pub data_dir: PathBuf,
    /// The listener's page; `None` in a program that was built without its pages.
    pub template: Option<ListenTemplate>,
}
