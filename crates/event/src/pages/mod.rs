//! The server's side of the pages: filling the listener's page, and the player that others show inside theirs, and handing out what `web/` built.
//!
//! A page is the same bytes for everyone who asks in a language. It is rendered when something changes, never per
//! request. What it says before its script runs, or without script, comes from `sentence`.

mod assets;
mod headers;
mod listen;
mod sentence;

pub(crate) use assets::withdraw_stage;
pub use assets::{are_built, feed_picture, publish_assets, publish_not_found, publish_stage};
pub use headers::{inline_policy, page_headers};
pub use listen::ListenAssets;
pub(crate) use listen::{EmbedPage, ListenPage, ShownPicture, Sources};
pub(crate) use sentence::sentence;
