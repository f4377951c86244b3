//! An event that is open on this server: what the rest of the house can do with it.
//!
//! The second way in beside HTTP: whoever holds an [`OpenEvent`] joins its stage, connects sound to it and gives commands.
//! It knows roles and seats, never accounts.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use stentor_core::admission::Rung;
use stentor_core::conversation::{Amendment, Command, Refusal, View};
use stentor_core::stage::SessionKind;
use stentor_core::{PageId, PageKey, SeatId, SessionId};
use stentor_studio::{Offer, OfferError, OfferRequest, PatchError, PatchOutcome, Room, SdpFault};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::budgets::{SeatBudget, SeatBudgets};
use crate::clock::unix_ms_now;
use crate::director::{Acted, Call, DirectorHandle, Joined, OfferingPage, PageSender, Reserved};
use crate::encode_once::EncodeOnce;
use crate::host_picture::HostPicture;
use crate::host_recordings::HostRecordings;
use crate::links::{LiveLinks, TokenError};
use crate::record::EventRecord;
use crate::stats::{EventStats, StatsSources};

/// How long the newest state of an event that is closed may take to be written.
const WRITTEN_WITHIN: Duration = Duration::from_secs(15);

/// One event people can reach.
pub struct OpenEvent {
    pub(crate) slug: String,
    pub(crate) listen_link: String,
    pub(crate) record: Mutex<EventRecord>,
    pub(crate) links: Arc<LiveLinks>,
    pub(crate) director: DirectorHandle,
    /// `None` once the event has ended.
    pub(crate) room: Option<Room>,
    /// Set when the room has stopped.
    pub(crate) over: Arc<AtomicBool>,
    /// Number of the least rung that this event wants now.
    pub(crate) minimum_rung: Arc<AtomicU8>,
    /// The task that writes its state; taken by whoever closes it.
    pub(crate) written: Mutex<Option<JoinHandle<()>>>,
    pub(crate) stats: StatsSources,
    pub(crate) budgets: SeatBudgets,
    pub(crate) recordings: HostRecordings,
    pub(crate) picture: HostPicture,
}

/// Which of the two WebRTC endpoints an offer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Whoever sends sound (RFC 9725).
    Whip,
    /// Whoever only receives it.
    Whep,
}

/// An SDP offer as it came to an endpoint.
#[derive(Clone, Debug)]
pub struct ConnectRequest {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// The stage page that makes it, if one does.
    pub page: Option<OfferingPage>,
    /// Its sound is music, say, and is left as it comes (no high-pass, no level rider).
    pub original_sound: bool,
    /// The offer.
    pub offer: String,
}

/// A session that was answered.
#[derive(Debug)]
pub struct Connected {
    /// Its number.
    pub session: SessionId,
    /// The SDP answer, complete.
    pub answer: String,
    /// Becomes false when the session is gone.
    pub alive: Arc<AtomicBool>,
}

/// What a fragment did to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IceUpdate {
    /// Its candidates were taken.
    Trickled,
    /// A new ICE session began.
    Restarted {
        /// Our new credentials, as a fragment (RFC 8840).
        fragment: String,
    },
}

impl OpenEvent {
    /// The last part of its address.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.slug
    }

    /// The listener's address.
    #[must_use]
    pub fn listen_link(&self) -> &str {
        &self.listen_link
    }

    /// Which seat a link's token opens now.
    ///
    /// # Errors
    /// Theirs: not one of our tokens for this event, or past its time.
    pub fn seat_of(&self, token: &str) -> Result<SeatId, TokenError> {
        self.links.seat_of(token, unix_ms_now() / 1000)
    }

    /// Whether its room is running.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.room.is_some() && !self.over.load(Ordering::Relaxed)
    }

    /// Whether it has a room in which nothing is mixed, because nobody is there.
    pub(crate) fn is_idle(&self) -> bool {
        self.has_room() && self.stats().is_suspended
    }

    /// What is known of it beside its conversation.
    pub(crate) fn record(&self) -> EventRecord {
        self.record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The least rung that this event wants now.
    #[must_use]
    pub fn minimum_rung(&self) -> Rung {
        Rung::new(self.minimum_rung.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// How it is doing, in numbers. It asks nobody and waits for nobody.
    #[must_use]
    pub fn stats(&self) -> EventStats {
        let room = self.room.as_ref().filter(|_| self.has_room());
        self.stats.read(room.map(Room::stats))
    }

    /// Opens a stage page of a seat; `key` is the page's own number, if it has one. `None` if the event is gone.
    pub async fn join(
        &self,
        seat: SeatId,
        key: Option<PageKey>,
        sender: PageSender,
    ) -> Option<Result<Joined, Refusal>> {
        self.director
            .ask(|reply| Call::Join {
                seat,
                key,
                sender,
                reply,
            })
            .await
    }

    /// A stage page is gone.
    pub async fn leave(&self, page: PageId) {
        self.director.call(Call::Leave { page }).await;
    }

    /// What a seat wants done; a refusal comes to its pages. `false` if the event is gone, here and below.
    pub async fn command(&self, by: SeatId, command: Command) -> bool {
        self.director.call(Call::Command { by, command }).await
    }

    /// The same for whoever waits for what comes of it; `None` if the event is gone.
    pub async fn act(&self, by: SeatId, command: Command) -> Option<Acted> {
        self.director
            .ask(|reply| Call::Act { by, command, reply })
            .await
    }

    /// What is so now; `None` if the event is gone.
    pub async fn view(&self) -> Option<Arc<EncodeOnce<View>>> {
        self.director.ask(|reply| Call::View { reply }).await
    }

    /// How much whoever holds the link of a seat may still send.
    #[must_use]
    pub fn budget(&self, seat: SeatId) -> Arc<SeatBudget> {
        self.budgets.of(seat, Instant::now())
    }

    /// The link of a seat is used to send more than it may: hosts are told whose it is, once a second at most.
    pub async fn report_flood(&self, seat: SeatId) {
        if self.budget(seat).take_report(Instant::now()) {
            self.director.call(Call::Flood { seat }).await;
        }
    }

    /// The operator's word: this seat goes on stage as soon as it is connected.
    pub async fn admit_on_arrival(&self, seat: SeatId) {
        self.director.call(Call::AdmitOnArrival { seat }).await;
    }

    /// The operator changes the event; it is so when this returns. `false` if the event is gone.
    pub(crate) async fn amend(&self, amendment: Amendment) -> bool {
        self.director.call(Call::Amend(amendment)).await && self.settle().await
    }

    /// What is known of it beside its conversation has changed.
    pub(crate) async fn follow_record(&self, record: EventRecord) {
        self.links.renew(record.links_generation);
        self.record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone_from(&record);
        self.director.call(Call::Record(record)).await;
    }

    /// What its host does with the recording and the replay.
    #[must_use]
    pub const fn recordings(&self) -> &HostRecordings {
        &self.recordings
    }

    /// What its host does with its picture.
    #[must_use]
    pub const fn picture(&self) -> &HostPicture {
        &self.picture
    }

    /// Its replay is not there any more.
    pub(crate) async fn forget_replay(&self) {
        self.director.call(Call::ForgetReplay).await;
    }

    /// Waits until everything asked for before has been carried out.
    pub async fn settle(&self) -> bool {
        self.director.settle().await
    }

    /// Answers an SDP offer.
    ///
    /// # Errors
    /// Theirs or ours: see [`ConnectError`].
    pub async fn connect(
        &self,
        seat: SeatId,
        request: ConnectRequest,
    ) -> Result<Connected, ConnectError> {
        let ConnectRequest {
            endpoint,
            page,
            original_sound,
            offer,
        } = request;
        let offer = Offer::parse(&offer).map_err(ConnectError::Offer)?;
        let kind = kind_of(endpoint, &offer)?;
        // First, so that whoever comes after the end is told that and not to try again.
        let Reserved {
            session,
            kind,
            staff,
            alive,
        } = self.reserve(seat, kind, page).await?;
        let request = OfferRequest {
            seat,
            session,
            kind,
            is_staff: staff,
            original_sound,
            offer,
        };
        match self.answer(request).await {
            // Its links were renewed meanwhile, or it gave way to a newer one: the room learnt of that before it knew the session.
            Ok(_) if !alive.load(Ordering::Acquire) => {
                if let Some(room) = &self.room {
                    room.close(session);
                }
                Err(ConnectError::GivenUp)
            }
            Ok(answer) => Ok(Connected {
                session,
                answer,
                alive,
            }),
            Err(error) => {
                self.director.call(Call::Abandon { seat, session }).await;
                Err(error)
            }
        }
    }

    async fn answer(&self, request: OfferRequest) -> Result<String, ConnectError> {
        let room = self.room.clone().ok_or(ConnectError::NoRoom)?;
        match tokio::task::spawn_blocking(move || room.offer(request)).await {
            Ok(Ok(answer)) => Ok(answer.sdp),
            Ok(Err(OfferError::Theirs(fault))) => Err(ConnectError::Offer(fault)),
            Ok(Err(error)) => Err(ConnectError::Studio(error)),
            Err(_) => Err(ConnectError::NoRoom),
        }
    }

    /// Plays a recorded voice, looped, as the sound of a seat.
    ///
    /// # Errors
    /// As [`OpenEvent::connect`]; the voice stays away.
    pub async fn play_voice(&self, seat: SeatId, samples: Vec<f32>) -> Result<(), ConnectError> {
        let room = self.room.as_ref().ok_or(ConnectError::NoRoom)?;
        let Reserved { session, .. } = self.reserve(seat, SessionKind::LineIn, None).await?;
        room.play_voice(seat, session, samples);
        Ok(())
    }

    async fn reserve(
        &self,
        seat: SeatId,
        kind: SessionKind,
        page: Option<OfferingPage>,
    ) -> Result<Reserved, ConnectError> {
        self.director
            .ask(|reply| Call::Reserve {
                seat,
                kind,
                page,
                reply,
            })
            .await
            .ok_or(ConnectError::NoRoom)?
            .map_err(ConnectError::Refused)
    }

    /// Applies a fragment (RFC 8840) to a session: candidates, or an ICE restart.
    ///
    /// # Errors
    /// Theirs or ours: see [`IceUpdateError`].
    pub async fn update_ice(
        &self,
        session: SessionId,
        fragment: String,
    ) -> Result<IceUpdate, IceUpdateError> {
        let room = self.room.clone().ok_or(IceUpdateError::NoSession)?;
        match tokio::task::spawn_blocking(move || room.patch(session, &fragment)).await {
            Ok(Ok(PatchOutcome::Trickled)) => Ok(IceUpdate::Trickled),
            Ok(Ok(PatchOutcome::Restarted { sdpfrag, .. })) => {
                Ok(IceUpdate::Restarted { fragment: sdpfrag })
            }
            Ok(Err(PatchError::Theirs(fault))) => Err(IceUpdateError::Fragment(fault)),
            Ok(Err(PatchError::NoSession)) | Err(_) => Err(IceUpdateError::NoSession),
            Ok(Err(error @ PatchError::TooOften { .. })) => Err(IceUpdateError::TooOften(error)),
            Ok(Err(error)) => Err(IceUpdateError::Studio(error)),
        }
    }

    /// Ends a session.
    pub fn disconnect(&self, session: SessionId) {
        if let Some(room) = &self.room {
            room.close(session);
        }
    }

    /// Takes the event from this server: when this returns its addresses are free and its newest state is in the store.
    pub(crate) async fn close(&self) {
        let asked = self.director.ask(|reply| Call::Close { reply });
        if asked.await.is_none() {
            tracing::error!(
                event = self.slug,
                "its director was gone before it was closed"
            );
        }
        self.over.store(true, Ordering::Relaxed);
        let written = self
            .written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(written) = written
            && timeout(WRITTEN_WITHIN, written).await.is_err()
        {
            tracing::error!(
                event = self.slug,
                "its newest state may not be in the store"
            );
        }
    }

    /// Stops the room, and with it the programme: the server is leaving.
    pub fn stop(&self) {
        if let Some(room) = &self.room {
            room.stop();
        }
    }
}

/// What kind of session an offer asks for.
fn kind_of(endpoint: Endpoint, offer: &Offer) -> Result<SessionKind, ConnectError> {
    let expected = match (endpoint, offer.sends, offer.receives) {
        (Endpoint::Whep, _, true) => return Ok(SessionKind::Monitor),
        (Endpoint::Whip, true, true) => return Ok(SessionKind::Browser),
        (Endpoint::Whip, true, false) => return Ok(SessionKind::LineIn),
        (Endpoint::Whep, _, false) => "receives (recvonly)",
        (Endpoint::Whip, false, _) => "sends (sendonly or sendrecv)",
    };
    Err(ConnectError::Direction { expected })
}

/// Why an offer was not answered.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Theirs: the offer cannot be answered.
    #[error(transparent)]
    Offer(SdpFault),
    /// Theirs: its sound goes the wrong way.
    #[error("expected an offer that {expected}")]
    Direction {
        /// What fits the endpoint.
        expected: &'static str,
    },
    /// Theirs: this seat may not connect.
    #[error(transparent)]
    Refused(Refusal),
    /// Nobody's: the reservation was given up while the offer was answered.
    #[error("this session was given up while it was answered: send a new offer")]
    GivenUp,
    /// Ours: the studio cannot answer at the moment.
    #[error(transparent)]
    Studio(OfferError),
    /// Ours: the event has no room.
    #[error("the studio is not running at the moment")]
    NoRoom,
}

/// Why a fragment was not applied.
#[derive(Debug, thiserror::Error)]
pub enum IceUpdateError {
    /// Theirs: the fragment cannot be applied.
    #[error(transparent)]
    Fragment(SdpFault),
    /// There is no such session any more.
    #[error("this session is gone: send a new offer")]
    NoSession,
    /// Theirs: more fragments than a session has a use for.
    #[error(transparent)]
    TooOften(PatchError),
    /// Ours: the studio cannot do it at the moment.
    #[error(transparent)]
    Studio(PatchError),
}
