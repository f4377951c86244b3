//! A server around one event, for the tests of whoever reaches events from outside: the studio, the edge and the stores are real, and
//! there is no HTTP.
//!
//! It is no server to run: its records are in memory, and its studio answers this machine alone.

use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use stentor_cluster::blobs::FolderBlobs;
use stentor_cluster::mail::Mail;
use stentor_cluster::records::Records;
use stentor_cluster::testing::{MemoryMailer, MemoryRecords};
use stentor_core::SeatId;
use stentor_core::conversation::FIRST_HOST;
use stentor_core::event::{EventCommand, Phase};
use stentor_core::schedule::{Act, Correction, ScheduleCommand};
use stentor_edge::faces::{Reply, answer};
use stentor_edge::{Edge, EdgeConfig};
use stentor_studio::{Studio, StudioConfig};
use tokio::sync::mpsc;

use crate::announcement::Announcer;
use crate::board::Board;
use crate::catalog::{restore, store_event};
use crate::clock::unix_ms_now;
use crate::director::PAGE_MESSAGES_MAX;
use crate::links::LinkKey;
use crate::open_event::OpenEvent;
use crate::pages::ListenAssets;
use crate::record::NewEvent;
use crate::registry::EventRegistry;
use crate::reminders::{ReminderParts, Reminders};
use crate::services::{EventPolicy, EventServices};
use crate::transcode::Ffmpeg;

/// The address of the event.
pub const SLUG: &str = "talk";

/// What links begin with.
const BASE_URL: &str = "http://here";

/// How often it is looked whether the store has what it must.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// What a server may have beside its events.
#[derive(Clone, Default)]
struct Beside {
    ffmpeg: Option<Arc<Ffmpeg>>,
    mailer: Option<Arc<MemoryMailer>>,
    announcer: Option<Arc<dyn Announcer>>,
}

/// A server around one event, in a folder.
pub struct TestServer {
    /// The events: one.
    pub events: Arc<EventRegistry>,
    /// Where its listeners are served.
    pub edge: Edge,
    /// Where its state is kept.
    pub records: Arc<dyn Records>,
    /// Where its speakers connect.
    pub studio: SocketAddr,
    key: LinkKey,
    folder: PathBuf,
    policy: EventPolicy,
    beside: Beside,
}

impl TestServer {
    /// Makes an event with a host, opens it, and keeps what it records in that folder.
    ///
    /// # Panics
    /// Where the machine does not give what a server needs: the test cannot go on.
    pub async fn start(folder: &Path) -> Self {
        Self::start_with(folder, EventPolicy::default()).await
    }

    /// The same where mail can be sent, to nowhere but [`Self::mails`].
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn start_with_mail(folder: &Path) -> Self {
        let records = Self::records().await;
        let beside = Beside {
            mailer: Some(Arc::default()),
            ..Beside::default()
        };
        Self::open(records, folder, EventPolicy::default(), beside).await
    }

    /// The mails that were sent.
    #[must_use]
    pub fn mails(&self) -> Vec<Mail> {
        self.beside
            .mailer
            .as_ref()
            .map(|mailer| mailer.taken())
            .unwrap_or_default()
    }

    /// The same by another policy.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn start_with(folder: &Path, policy: EventPolicy) -> Self {
        Self::open(Self::records().await, folder, policy, Beside::default()).await
    }

    /// The same with what makes AAC and MP3.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn start_transcoding(
        folder: &Path,
        policy: EventPolicy,
        ffmpeg: Option<Arc<Ffmpeg>>,
    ) -> Self {
        let beside = Beside {
            ffmpeg,
            ..Beside::default()
        };
        Self::open(Self::records().await, folder, policy, beside).await
    }

    /// The same with that, and where this makes what is published about it besides its page.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn start_announcing(
        folder: &Path,
        announcer: Arc<dyn Announcer>,
        ffmpeg: Option<Arc<Ffmpeg>>,
    ) -> Self {
        let beside = Beside {
            ffmpeg,
            announcer: Some(announcer),
            ..Beside::default()
        };
        Self::open(
            Self::records().await,
            folder,
            EventPolicy::default(),
            beside,
        )
        .await
    }

    /// A store with the event in it.
    async fn records() -> Arc<dyn Records> {
        let records: Arc<dyn Records> = Arc::new(MemoryRecords::default());
        let new = NewEvent {
            title: "A talk".to_owned(),
            slug: Some(SLUG.to_owned()),
            lang: "en".to_owned(),
            told: Correction::default(),
            start: None,
            draft: false,
            host: "Ada".to_owned(),
            opens_at: 0,
            recorded: true,
            embedding: Default::default(),
        };
        let (record, conversation) = new.make(unix_ms_now(), &[]).expect("an event");
        let stored = store_event(&*records, &record, &conversation).await;
        stored.expect("memory keeps it");
        records
    }

    /// The same event, opened anew from what is kept of it.
    ///
    /// # Panics
    /// As [`Self::start`].
    pub async fn restarted(self) -> Self {
        self.events.stop_all();
        Self::open(self.records, &self.folder, self.policy, self.beside).await
    }

    async fn open(
        records: Arc<dyn Records>,
        folder: &Path,
        policy: EventPolicy,
        beside: Beside,
    ) -> Self {
        let recordings = FolderBlobs::open(&folder.join("recordings")).await;
        let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let studio = udp.local_addr().expect("it is bound");
        let config = StudioConfig {
            udp,
            local_only: true,
            udp_candidates: vec![studio],
            tcp_candidates: Vec::new(),
            on_thread_start: None,
        };
        let edge = Edge::new(EdgeConfig::default());
        let key = LinkKey::load_or_create(folder).expect("a key");
        let mut reminders = None;
        if let Some(mailer) = &beside.mailer {
            let parts = ReminderParts {
                records: Arc::clone(&records),
                mailer: Arc::clone(mailer) as Arc<_>,
                key: key.clone(),
                base_url: BASE_URL.to_owned(),
            };
            let opened = Reminders::open(parts).await.expect("memory is read");
            tokio::spawn(Arc::clone(&opened).run());
            reminders = Some(opened);
        }
        // What is about one event is published at once; nobody makes what is about all of them, and the cards.
        let announcer = beside.announcer.clone();
        let board = announcer.map(|announcer| Board::new(edge.clone(), announcer));
        let services = EventServices {
            records: Arc::clone(&records),
            recordings: Arc::new(recordings.expect("threads")),
            studio: Studio::start(config).expect("a studio"),
            edge: edge.clone(),
            key: key.clone(),
            base_url: BASE_URL.to_owned(),
            policy,
            board,
            ffmpeg: beside.ffmpeg.clone(),
            listen_assets: ListenAssets::load(),
            reminders,
        };
        let events = Arc::new(EventRegistry::new(services));
        events.open_new().await.expect("memory is read");
        Self {
            events,
            edge,
            records,
            studio,
            key,
            folder: folder.to_owned(),
            policy,
            beside,
        }
    }

    /// The event.
    ///
    /// # Panics
    /// If it was not opened.
    #[must_use]
    pub fn event(&self) -> Arc<OpenEvent> {
        self.events.event(SLUG).expect("it was opened")
    }

    /// What a listener gets at a path, of a file nothing; `None` where nothing is.
    ///
    /// # Panics
    /// If that is no path.
    #[must_use]
    pub fn public(&self, path: &str) -> Option<bytes::Bytes> {
        let request = http::Request::get(path).header("host", "here").body(());
        let (head, ()) = request.expect("a path").into_parts();
        match answer(&self.edge, &head) {
            Reply::Whole(response) => response.status().is_success().then(|| response.into_body()),
            Reply::File(_) => Some(bytes::Bytes::new()),
            Reply::Live(..) | Reply::Awaited(_) | Reply::Fallback => None,
        }
    }

    /// The token of a seat.
    ///
    /// # Panics
    /// If the event was not opened.
    #[must_use]
    pub fn token(&self, seat: SeatId) -> String {
        self.token_of(SLUG, seat, self.links_generation())
    }

    /// The generation of the event's links.
    ///
    /// # Panics
    /// If it was not opened.
    #[must_use]
    pub fn links_generation(&self) -> u32 {
        self.event().record().links_generation
    }

    /// The token of a seat of an event, of one generation of its links.
    #[must_use]
    pub fn token_of(&self, slug: &str, seat: SeatId, generation: u32) -> String {
        self.key.token(slug, seat, generation)
    }

    /// Lets the host do something with the event.
    ///
    /// # Panics
    /// If the event is gone, or refuses it.
    pub async fn act(&self, act: Act) {
        let event = self.event();
        let view = event.view().await.expect("it is there");
        let version = view.value().schedule_version;
        let command = EventCommand::Schedule(ScheduleCommand::new(act.clone(), version));
        let acted = event.act(FIRST_HOST, command.into()).await;
        let refused = acted.expect("it is there").refused;
        assert_eq!(refused, None, "{act:?}");
    }

    /// Lets the host end the event, and waits until that is kept.
    ///
    /// # Panics
    /// If the event is gone, or what is kept cannot be read.
    pub async fn end(&self) {
        let event = self.event();
        let (sender, _messages) = mpsc::channel(PAGE_MESSAGES_MAX);
        let joined = event
            .join(FIRST_HOST, None, sender)
            .await
            .expect("it is there");
        let page = joined.expect("a host may join");
        let version = page.state.borrow().value().schedule_version;
        let end = EventCommand::Schedule(ScheduleCommand::new(Act::End, version));
        assert!(event.command(FIRST_HOST, end.into()).await);
        loop {
            let kept = restore(&*self.records, SLUG).await.expect("it is kept");
            if kept.conversation.view().phase() == Phase::Ended {
                return;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}
