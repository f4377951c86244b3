//! What the programme says of itself where it is joined: the heads of its streams, the fields of their answers, the multivariant playlist.

use std::sync::Arc;

use stentor_edge::{CacheClass, Demand, Document, DocumentError, Edge, Stream};
use stentor_media::mpeg;
use stentor_media::package::Packager;
use stentor_media::tags::Tags;
use stentor_media::transcode::AAC_VARIANT;

use super::paths::multivariant_path;
use crate::about::{mp3_fields, radio_fields};

/// Seconds the multivariant playlist may be kept; it changes with the title only.
const MULTIVARIANT_KEPT_S: u32 = 60;

/// Where the programme says what it is.
pub(crate) struct Heads {
    pub(super) edge: Edge,
    pub(super) slug: String,
    pub(super) base: String,
    pub(super) direct: [Arc<Stream>; 3],
    pub(super) ogg: [Arc<Stream>; 2],
    /// `None` where nothing makes MP3 and AAC.
    pub(super) mp3: Option<Arc<Stream>>,
    pub(super) demand: Arc<Demand>,
}

impl Heads {
    /// Whoever comes from now on is told this.
    ///
    /// # Errors
    /// The edge is full.
    pub(crate) fn describe(&self, tags: &Tags) -> Result<(), DocumentError> {
        // One head for all renditions: their listeners go from one to another.
        let (head, ogg_head) = (Packager::tagged_head(tags), Packager::ogg_head(tags));
        let direct = self.direct.iter().map(|stream| (stream, &head));
        let ogg = self.ogg.iter().map(|stream| (stream, &ogg_head));
        for (stream, head) in direct.chain(ogg) {
            stream.set_head(head.clone());
            stream.set_fields(radio_fields(tags, &self.slug));
        }
        if let Some(mp3) = &self.mp3 {
            mp3.set_head(mpeg::tag(tags).into());
            mp3.set_fields(mp3_fields(tags, &self.slug));
        }
        let further = self.mp3.as_ref().map(|_| AAC_VARIANT);
        let multivariant = Document::new(
            "application/vnd.apple.mpegurl",
            CacheClass::Short(MULTIVARIANT_KEPT_S),
            Packager::multivariant_playlist(tags, further.as_slice()),
        );
        let path = multivariant_path(&self.base);
        self.edge
            .documents()
            .put_marking(&path, multivariant, &self.demand)
    }
}
