//! What every request of this interface works with.

use std::sync::Arc;

use stentor_event::EventRegistry;

use crate::session_urls::SessionUrls;

/// Shared by all requests.
pub(crate) struct ApiState {
    pub(crate) events: Arc<EventRegistry>,
    pub(crate) sessions: SessionUrls,
}
