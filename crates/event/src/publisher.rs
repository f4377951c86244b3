//! What one event shows to the public: its page, its `status.json`, its streams and its replay.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_DISPOSITION;
use stentor_cluster::blobs::Blobs;
use stentor_cluster::key::Key;
use stentor_core::conversation::View;
use stentor_core::event::{ConditionKind, Phase};
use stentor_core::schedule::{Picture, ReplayOutcome, ReplayStanding, Standing};
use stentor_edge::{CacheClass, Document, DocumentError, Edge, FileDocument, Stream};

use crate::about::{About, Disposition, saved_as};
use crate::announcement::{EMBED, Moment, REPLAY, REPLAY_MP3, page_head};
use crate::board::{Board, ListedReplay, listing_of};
use crate::compress::compress;
use crate::counters::{Counters, add};
use crate::file_links::FileLinks;
use crate::lang::{Lang, Value};
use crate::pages::{
    EmbedPage, ListenAssets, ListenPage, ShownPicture, Sources, page_headers, sentence,
};
use crate::picture::{picture_key, picture_path};
use crate::programme::{Heads, Streams, withdraw_past};
use crate::record::EventRecord;
use crate::replay::{ReplayFile, ReplayIs};
use crate::status::{self, Replay};
use crate::texts::{said, titled};

/// Seconds a page may be kept by caches: what changes is in `status.json` and in the sound.
const PAGE_KEPT_S: u32 = 5;
/// Seconds the replay may be kept by caches; they then ask whether it has changed, which costs no sound. What its host withholds,
/// cuts or deletes is heard no longer than that.
const REPLAY_KEPT_S: u32 = 60;
/// Seconds `status.json` may be kept by caches. Waiting pages ask every few seconds.
const STATUS_KEPT_S: u32 = 1;

/// The same under load, when what is not sound must cost less; pages ask as often as this says.
const STATUS_KEPT_UNDER_LOAD_S: u32 = 6;

/// What a server can do beside serving Opus, as its pages say it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Offers {
    /// Reminders can be had by mail.
    pub(crate) mails: bool,
    /// AAC and MP3 are made.
    pub(crate) transcodes: bool,
}

/// All that a page depends on: while this is the same, the page is not rendered anew.
#[derive(PartialEq)]
struct Rendered {
    schedule: Standing,
    condition: ConditionKind,
    replay: Replay,
    listed: Option<ListedReplay>,
}

/// Publishes on the edge what the public sees of one event.
pub(crate) struct Publisher {
    edge: Edge,
    assets: Option<ListenAssets>,
    slug: String,
    base: String,
    streams: Vec<Arc<Stream>>,
    /// Where the programme says what it is; `None` where there is no programme.
    heads: Option<Heads>,
    counters: Arc<Counters>,
    /// Where all events are listed; `None` where nobody lists them.
    board: Option<Arc<Board>>,
    base_url: String,
    offers: Offers,
    /// Links to the files of the recording, for who leads the event.
    file_links: Option<Arc<FileLinks>>,
    replay: Replay,
    /// What was decided about the replay, and when the event was over.
    decided: Option<(ReplayStanding, Option<i64>)>,
    /// What that came to last: whether it was over, and for which replay.
    outcome: Option<(ReplayOutcome, bool, ReplayIs)>,
    /// The replay that was made.
    made: ReplayIs,
    /// The replay that is offered, as it is listed; `None` also of one of which nobody knows how long it is.
    offered: Option<ListedReplay>,
    /// Where pictures are kept; `None`: the event has none.
    pictures: Option<Arc<dyn Blobs>>,
    /// The picture that is served.
    picture: Option<Picture>,
    /// What the event is called, as it was described last.
    title: String,
    rendered: Option<Rendered>,
}

impl Publisher {
    /// For the event at `/e/slug`; `streams` are those people listen to.
    pub(crate) fn new(
        edge: Edge,
        assets: Option<ListenAssets>,
        slug: &str,
        streams: Vec<Arc<Stream>>,
        heads: Option<Heads>,
        counters: Arc<Counters>,
    ) -> Self {
        Self {
            edge,
            assets,
            slug: slug.to_owned(),
            base: format!("/e/{slug}"),
            streams,
            heads,
            counters,
            board: None,
            base_url: String::new(),
            offers: Offers::default(),
            file_links: None,
            replay: Replay::default(),
            decided: None,
            outcome: None,
            made: ReplayIs::default(),
            offered: None,
            pictures: None,
            picture: None,
            title: String::new(),
            rendered: None,
        }
    }

    /// The same, listed with all others of the server at this address, which can do that.
    pub(crate) fn listed(
        mut self,
        board: Option<Arc<Board>>,
        base_url: &str,
        offers: Offers,
    ) -> Self {
        self.board = board;
        self.offers = offers;
        base_url.clone_into(&mut self.base_url);
        self
    }

    /// The same, with the picture that its host gave it, which is kept there.
    pub(crate) fn with_pictures(mut self, blobs: Arc<dyn Blobs>) -> Self {
        self.pictures = Some(blobs);
        self
    }

    /// The same, taking these links away with what they lead to.
    pub(crate) fn with_file_links(mut self, links: Arc<FileLinks>) -> Self {
        self.file_links = Some(links);
        self
    }

    /// Listeners now, on all faces that hold a connection.
    pub(crate) fn listeners(&self) -> u64 {
        self.streams.iter().map(|stream| stream.listeners()).sum()
    }

    /// Says in its streams and playlists what the event is.
    pub(crate) fn describe(&mut self, about: &About) {
        if self.title != about.tags.title {
            self.title.clone_from(&about.tags.title);
            // It is saved under the new name.
            if self.replay == Replay::Ready {
                self.put_replay();
            }
        }
        let Some(heads) = &self.heads else {
            return;
        };
        if let Err(error) = heads.describe(&about.tags) {
            add(&self.counters.documents_not_published, 1);
            tracing::error!(%error, path = %self.base, "cannot be published");
        }
    }

    /// What becomes of the recording.
    pub(crate) const fn replay(&self) -> Replay {
        self.replay
    }

    /// That became of the recording.
    pub(crate) fn replay_made(&mut self, made: ReplayIs, now_unix_ms: i64) {
        self.made = made;
        self.follow_replay(now_unix_ms);
    }

    /// What the history of the event says of the replay.
    pub(crate) fn follow_schedule(&mut self, view: &View, now_unix_ms: i64) {
        let standing = &view.schedule;
        let over = standing.phase.is_over().then_some(standing.since_unix_ms);
        self.decided = Some((standing.replay, over));
        self.follow_replay(now_unix_ms);
    }

    /// Publishes or withholds the replay as it is wanted now; whether that has changed anything. To be called as time passes.
    pub(crate) fn follow_replay(&mut self, now_unix_ms: i64) -> bool {
        let Some((decided, over)) = self.decided else {
            return false;
        };
        let outcome = decided.outcome(now_unix_ms);
        let is_over = over.is_some();
        if let Some(known) = &self.outcome
            && (known.0, known.1) == (outcome, is_over)
            && known.2 == self.made
        {
            return false;
        }
        self.outcome = Some((outcome, is_over, self.made.clone()));
        match (outcome, &self.made) {
            (ReplayOutcome::Deleted, _) => {
                self.withhold_replay(false);
                if let Some(links) = &self.file_links {
                    links.withdraw();
                }
            }
            // While it is live, what was said can be heard again.
            (ReplayOutcome::Withheld { .. }, ReplayIs::Pending) if over.is_none() => return false,
            (ReplayOutcome::Withheld { until_unix_ms }, made) => {
                self.withhold_replay(until_unix_ms.is_some() && *made != ReplayIs::None);
            }
            (ReplayOutcome::Offered { .. }, ReplayIs::Pending) => {
                self.withdraw_replay(Replay::Awaited)
            }
            (ReplayOutcome::Offered { .. }, ReplayIs::None) => self.withdraw_replay(Replay::None),
            (ReplayOutcome::Offered { since_unix_ms }, ReplayIs::Ready { .. }) => {
                self.offer_replay(since_unix_ms.max(over.unwrap_or(since_unix_ms)));
            }
        }
        true
    }

    /// The replay was taken away; whether there was one.
    pub(crate) fn forget_replay(&mut self) -> bool {
        let was = matches!(self.made, ReplayIs::Ready { .. });
        if was {
            self.made = ReplayIs::None;
            self.withhold_replay(false);
        }
        was
    }

    /// Nobody hears the recording any more: neither the replay, nor what could be heard again while it was live. Caches have it for as long as
    /// they were told, which is short.
    fn withhold_replay(&mut self, awaited: bool) {
        self.withdraw_replay(if awaited {
            Replay::Awaited
        } else {
            Replay::None
        });
        self.withdraw_past();
    }

    /// Of an event that was over when it was opened nothing is there but the word that it is gone, and that stays.
    fn withdraw_past(&self) {
        if self.heads.is_some() {
            withdraw_past(&self.edge, &self.base);
        }
    }

    fn withdraw_replay(&mut self, replay: Replay) {
        for below in [REPLAY, REPLAY_MP3] {
            let path = format!("{}{below}", self.base);
            self.edge.documents().remove(&path);
        }
        self.offered = None;
        self.replay = replay;
    }

    /// The replay that was made is offered from now on, and was since then. One that was there before is replaced: what could be heard again while it was
    /// live goes then, and where something is cut away, for it is in that.
    fn offer_replay(&mut self, since_unix_ms: i64) {
        let ReplayIs::Ready { replay, mp3, made } = &self.made else {
            return;
        };
        let is_replaced = self.replay == Replay::Ready;
        if is_replaced || made.as_ref().is_none_or(|made| made.is_cut()) {
            self.withdraw_past();
        }
        let made = made.as_deref();
        self.offered = made
            .map(|made| ListedReplay::of(&self.base, replay, mp3.as_ref(), made, since_unix_ms));
        self.put_replay();
    }

    /// Puts the files of the replay where the public finds them.
    fn put_replay(&mut self) {
        let ReplayIs::Ready { replay, mp3, .. } = self.made.clone() else {
            return;
        };
        if let Err(error) = self.put_file(REPLAY, "audio/mp4", replay, ".mp4") {
            add(&self.counters.documents_not_published, 1);
            tracing::error!(%error, "the replay cannot be served");
            self.withdraw_replay(Replay::None);
            return;
        }
        self.replay = Replay::Ready;
        let put = mp3.map(|mp3| self.put_file(REPLAY_MP3, "audio/mpeg", mp3, ".mp3"));
        // One that is made anew at this moment is published when it is there.
        if !matches!(put, Some(Ok(()))) {
            let path = format!("{}{REPLAY_MP3}", self.base);
            self.edge.documents().remove(&path);
        }
    }

    fn put_file(
        &self,
        below: &str,
        content_type: &str,
        file: ReplayFile,
        extension: &str,
    ) -> Result<(), DocumentError> {
        let mut headers = HeaderMap::new();
        let saved_as = saved_as(Disposition::Inline, &self.title, &self.slug, extension);
        if let Some(saved_as) = saved_as {
            headers.insert(CONTENT_DISPOSITION, saved_as);
        }
        let document = FileDocument {
            content_type: content_type.to_owned(),
            cache: CacheClass::Short(REPLAY_KEPT_S),
            file: file.path,
            headers,
        };
        let path = format!("{}{below}", self.base);
        self.edge.documents().put_file(&path, document)
    }

    pub(crate) fn publish_status(&self, view: &View, lang: Lang, now_unix_ms: i64) {
        if view.phase() == Phase::Draft {
            return;
        }
        let json = status::full(view, lang, now_unix_ms, self.replay);
        let kept_s = if self.edge.rungs().joins.sheds_interaction() {
            STATUS_KEPT_UNDER_LOAD_S
        } else {
            STATUS_KEPT_S
        };
        self.put(
            "/status.json",
            Document::new("application/json", CacheClass::Short(kept_s), json),
        );
    }

    /// Something has changed that pages depend on and their view does not show.
    pub(crate) fn render_anew(&mut self) {
        self.rendered = None;
    }

    /// Renders the pages anew if anything they say has changed.
    pub(crate) fn publish_pages(&mut self, view: &View, record: &EventRecord, now_unix_ms: i64) {
        let now = Rendered {
            schedule: view.schedule.clone(),
            condition: view.condition.kind,
            replay: self.replay,
            listed: self.offered.clone(),
        };
        if self.rendered.as_ref() == Some(&now) || view.phase() == Phase::Draft {
            return;
        }
        self.follow_picture(view.schedule.picture);
        let transcodes = self.offers.transcodes;
        let replay = self.offered.as_ref();
        let listing = listing_of(view, record, &self.base_url, transcodes, replay);
        if let (Some(board), Some(listing)) = (&self.board, &listing) {
            board.list(listing.clone());
        }
        let Some(assets) = &self.assets else {
            return;
        };
        let status = status::status(view, record.lang, now_unix_ms, self.replay);
        let (schedule, own) = (&view.schedule, record.lang.code());
        for lang in Lang::all() {
            let page = ListenPage {
                assets: &assets.page,
                lang,
                title: titled(&schedule.title, &schedule.titles, lang.code(), own),
                sentence: &sentence(lang, schedule, view.condition.kind, self.replay),
                moment: listing
                    .as_ref()
                    .and_then(|listing| Moment::of(listing, lang)),
                why: said(&schedule.why, lang.code(), own).map(|why| why.text),
                head: listing
                    .as_ref()
                    .map(|listing| page_head(listing, lang.code())),
                mails: self.offers.mails,
                transcodes,
                about: said(&schedule.description, lang.code(), own),
                picture: self
                    .picture
                    .map(|picture| ShownPicture::of(&self.slug, &picture)),
                about_differs: schedule.description.iter().nth(1).is_some(),
                status: &status,
                base: &self.base,
                sources: sources(view.phase(), transcodes),
            };
            let policy = assets.page.policy("'self'");
            self.put_page("", &page.html(), &policy, lang, record);
            if record.embedding.is_nobody() {
                continue;
            }
            let embed = EmbedPage {
                assets: &assets.embed,
                page: &page,
            };
            let policy = assets.embed.policy(&record.embedding.frame_ancestors());
            self.put_page(EMBED, &embed.html(), &policy, lang, record);
        }
        if record.embedding.is_nobody() {
            self.say_that_no_page_shows_it(record);
        }
        self.rendered = Some(now);
    }

    /// Puts a page where it is found in its language, and, where that is the event's, where it is found without one.
    fn put_page(&self, below: &str, html: &str, policy: &str, lang: Lang, record: &EventRecord) {
        let document = page_document(html.to_owned(), policy);
        if lang == record.lang {
            self.put(below, document.clone());
        }
        self.put(&format!("/{}{below}", lang.code()), document);
    }

    /// Whoever still has the player in a page reads there where the event is.
    fn say_that_no_page_shows_it(&self, record: &EventRecord) {
        let documents = self.edge.documents();
        for lang in Lang::all() {
            documents.remove(&format!("{}/{}{EMBED}", self.base, lang.code()));
        }
        let link = record.listen_link(&self.base_url);
        let sentence = record
            .lang
            .say("page-not-embedded", &[("link", Value::Text(&link))]);
        let path = format!("{}{EMBED}", self.base);
        if let Err(error) = documents.put_gone(&path, &sentence) {
            add(&self.counters.documents_not_published, 1);
            tracing::error!(%error, path, "cannot be published");
        }
    }

    /// Serves this picture, and no other.
    fn follow_picture(&mut self, picture: Option<Picture>) {
        if self.picture == picture {
            return;
        }
        if let Some(before) = self.picture.take() {
            let path = picture_path(&self.slug, &before);
            self.edge.documents().remove(&path);
        }
        let (Some(picture), Some(blobs)) = (picture, &self.pictures) else {
            return;
        };
        let file = Key::new(&self.slug)
            .ok()
            .and_then(|event| blobs.local_path(&picture_key(&event, &picture)));
        let Some(file) = file else {
            return;
        };
        let document = FileDocument {
            content_type: "image/jpeg".to_owned(),
            cache: CacheClass::Immutable,
            file,
            headers: page_headers("default-src 'none'", "microphone=()"),
        };
        let path = picture_path(&self.slug, &picture);
        match self.edge.documents().put_file(&path, document) {
            Ok(()) => self.picture = Some(picture),
            Err(error) => {
                add(&self.counters.documents_not_published, 1);
                tracing::error!(%error, path, "the picture cannot be served");
            }
        }
    }

    /// Takes everything away that was published at the addresses of the event; its listeners are sent the end.
    pub(crate) fn withdraw(&mut self) {
        Streams::close(&self.edge, &self.slug);
        self.follow_picture(None);
        let pages = Lang::all()
            .flat_map(|lang| ["", EMBED].map(|below| format!("/{}{below}", lang.code())));
        let documents = ["", EMBED, "/status.json", REPLAY, REPLAY_MP3].map(str::to_owned);
        for below in documents.into_iter().chain(pages) {
            self.edge
                .documents()
                .remove(&format!("{}{below}", self.base));
        }
        self.rendered = None;
        if let Some(links) = &self.file_links {
            links.withdraw();
        }
        if let Some(board) = &self.board {
            board.withdraw(&self.slug);
        }
    }

    fn put(&self, below: &str, document: Document) {
        // Only a full edge refuses, and what it already serves at this path stays.
        if let Err(error) = self
            .edge
            .documents()
            .put(&format!("{}{below}", self.base), document)
        {
            add(&self.counters.documents_not_published, 1);
            tracing::error!(%error, path = %self.base, "cannot be published");
        }
    }
}

/// Where the page's player finds sound without a script.
fn sources(phase: Phase, mp3: bool) -> Sources {
    if phase.is_over() {
        Sources::Replay
    } else {
        Sources::Live { mp3 }
    }
}

fn page_document(html: String, policy: &str) -> Document {
    let body = compress(Bytes::from(html));
    Document {
        content_type: "text/html; charset=utf-8".to_owned(),
        cache: CacheClass::Short(PAGE_KEPT_S),
        body,
        headers: page_headers(policy, "microphone=(), camera=(), geolocation=()"),
    }
}
