//! What every request of this interface works with.

use std::sync::Arc;

use axum::http::{StatusCode, header};
use stentor_event::{EventRegistry, OpenEvent};
use tokio::sync::Semaphore;

use crate::problem::Problem;
use crate::session_urls::SessionUrls;

/// Shared by all requests.
pub(crate) struct ApiState {
    pub(crate) events: Arc<EventRegistry>,
    pub(crate) sessions: SessionUrls,
    /// Places for sockets that have not said whose they are.
    pub(crate) strangers: Arc<Semaphore>,
}

impl ApiState {
    /// An event that is open here.
    ///
    /// # Errors
    /// There is none, or it waits for a place.
    pub(crate) fn event(&self, slug: &str) -> Result<Arc<OpenEvent>, Problem> {
        if let Some(event) = self.events.event(slug) {
            return Ok(event);
        }
        Err(if self.events.want(slug) {
            let why = format!(
                "the event \"{slug}\" is not open yet: as many events are open here as can be; try again in a moment"
            );
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, why).with(header::RETRY_AFTER, "2")
        } else {
            Problem::no_event(slug)
        })
    }
}
