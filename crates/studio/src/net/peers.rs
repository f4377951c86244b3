//! All connections of a studio: which datagram is whose, whose time has come, who has gone.
//!
//! Demultiplexing is O(1): established traffic by five-tuple, STUN by the user name fragment it names. Whatever belongs
//! to nobody is dropped without an answer and counted. Only a STUN request that proves itself by its MAC makes its source
//! a known five-tuple, and only then is it answered.
//!
//! Each peer runs inside `catch_unwind`: a panic (str0m is fail-fast by design) removes that peer and nobody else. That
//! is sound because a peer shares no state with anything.
//!
//! Sans-IO: time and bytes are arguments, what is to be sent and heard comes out of [`Peers::poll`].

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use super::budget::{FailureBudget, TokenBucket};
use super::stats::DatagramCounters;
use super::{dtls, stun};
use crate::error::{PatchError, SdpFault, StudioFault};
use crate::limits::{
    ADDRESS_BURST_MAX, ADDRESS_INTERVAL, ADDRESSES_PER_PEER_MAX, CLOSE_TIME, CONNECT_TIME,
    DOUBTED_TIME, INTERRUPTED_TIME, PATCH_BURST_MAX, PATCH_INTERVAL, PEERS_MAX, PEERS_STAFF,
    SILENT_TIME, TUPLES_PER_PEER_MAX,
};
use crate::peer::{
    Datagram, DisconnectReason, Output, Peer, PeerEvent, PeerKey, ReturnPacket, Transmit, Transport,
};
use crate::sdpfrag::SdpFrag;

/// Outputs one call may draw from a peer. A peer that gives more is caught in a loop and is removed.
const OUTPUTS_PER_CALL_MAX: usize = 4096;

/// What [`Peers::poll`] gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeersOutput {
    /// Send this.
    Transmit(Transmit),
    /// An event of a peer. After [`PeerEvent::Closed`] it is gone.
    Event(PeerKey, PeerEvent),
}

struct Entry {
    peer: Box<dyn Peer>,
    ufrag: String,
    tuples: VecDeque<(Transport, SocketAddr)>,
    /// From where it has proved itself since ICE began: as many candidates has the library of it.
    addresses: HashSet<(Transport, SocketAddr)>,
    new_addresses: TokenBucket,
    /// The time under which the entry stands in `timers`.
    timer: Instant,
    /// When the peer itself wants to be called.
    peer_timer: Instant,
    born_at: Instant,
    heard_at: Instant,
    is_staff: bool,
    /// For fragments, ICE restarts among them.
    fragments: TokenBucket,
    connected: bool,
    /// It has refused the handshake, which is said once.
    refused: bool,
    interrupted: bool,
    /// Whoever it belongs to has most likely gone.
    doubted: bool,
    closing: Option<(Instant, DisconnectReason)>,
}

/// The table.
pub struct Peers {
    entries: HashMap<PeerKey, Entry>,
    by_tuple: HashMap<(Transport, SocketAddr), PeerKey>,
    by_ufrag: HashMap<String, PeerKey>,
    timers: BTreeSet<(Instant, PeerKey)>,
    budget: FailureBudget,
    outputs: VecDeque<PeersOutput>,
    counters: DatagramCounters,
}

impl std::fmt::Debug for Peers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peers")
            .field("len", &self.entries.len())
            .finish_non_exhaustive()
    }
}

impl Peers {
    /// An empty table.
    #[must_use]
    pub fn new(now: Instant) -> Self {
        Self {
            entries: HashMap::new(),
            by_tuple: HashMap::new(),
            by_ufrag: HashMap::new(),
            timers: BTreeSet::new(),
            budget: FailureBudget::new(now),
            outputs: VecDeque::new(),
            counters: DatagramCounters::default(),
        }
    }

    /// How many peers there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What was received, and what became of it.
    #[must_use]
    pub fn counters(&self) -> DatagramCounters {
        let mut counters = self.counters;
        counters.malformed_red += self.entries.values().map(Entry::malformed_red).sum::<u64>();
        counters
    }

    /// Whether a five-tuple belongs to someone.
    #[must_use]
    pub fn knows(&self, transport: Transport, source: SocketAddr) -> bool {
        self.by_tuple.contains_key(&(transport, source))
    }

    /// Whether the peer to whom a five-tuple belongs is a host's or co-host's; `None` if it belongs to nobody.
    #[must_use]
    pub fn is_staff(&self, transport: Transport, source: SocketAddr) -> Option<bool> {
        let key = self.by_tuple.get(&(transport, source))?;
        self.entries.get(key).map(|entry| entry.is_staff)
    }

    /// Takes a peer in. `is_staff` says that it is a host's or co-host's: it may take the places that are kept for them.
    ///
    /// # Errors
    ///
    /// When the places that it may have are taken, or the peer panics at once.
    pub fn insert(
        &mut self,
        now: Instant,
        key: PeerKey,
        peer: Box<dyn Peer>,
        is_staff: bool,
    ) -> Result<(), StudioFault> {
        self.check_place(is_staff)?;
        let ufrag =
            catch_unwind(AssertUnwindSafe(|| peer.ufrag())).map_err(|_| StudioFault::Panicked)?;
        let entry = Entry {
            peer,
            ufrag: ufrag.clone(),
            tuples: VecDeque::new(),
            addresses: HashSet::new(),
            new_addresses: TokenBucket::new(now, ADDRESS_BURST_MAX, ADDRESS_INTERVAL),
            timer: now,
            peer_timer: now,
            born_at: now,
            heard_at: now,
            is_staff,
            fragments: TokenBucket::new(now, PATCH_BURST_MAX, PATCH_INTERVAL),
            connected: false,
            refused: false,
            interrupted: false,
            doubted: false,
            closing: None,
        };
        self.remove(key);
        self.timers.insert((now, key));
        self.by_ufrag.insert(ufrag, key);
        self.entries.insert(key, entry);
        self.drive(now, key, |peer| peer.handle_timeout(now));
        Ok(())
    }

    /// Guests never take the last places, so that a host can come whatever guests do.
    fn check_place(&self, is_staff: bool) -> Result<(), StudioFault> {
        let guests = || {
            self.entries
                .values()
                .filter(|entry| !entry.is_staff)
                .count()
        };
        let guests_max = PEERS_MAX - PEERS_STAFF;
        if self.entries.len() >= PEERS_MAX {
            Err(StudioFault::Full { max: PEERS_MAX })
        } else if !is_staff && guests() >= guests_max {
            Err(StudioFault::Full { max: guests_max })
        } else {
            Ok(())
        }
    }

    /// Gives a datagram to whom it belongs, or drops it.
    pub fn handle_datagram(&mut self, now: Instant, datagram: Datagram<'_>) {
        self.counters.received += 1;
        let tuple = (datagram.transport, datagram.source);
        let known = self.by_tuple.get(&tuple).copied();
        let key = if stun::is_stun(datagram.bytes) {
            self.authenticate(now, datagram, known)
        } else {
            if known.is_none() {
                self.counters.unknown += 1;
            }
            known
        };
        let Some(key) = key else {
            return;
        };
        if known != Some(key) {
            self.learn(tuple, key);
        }
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.heard_at = now;
            if !entry.connected && !entry.refused && dtls::refuses_handshake(datagram.bytes) {
                entry.refused = true;
                // Its owner gives up as soon as it knows, and then nobody asks why.
                self.outputs
                    .push_back(PeersOutput::Event(key, PeerEvent::HandshakeRefused));
            }
        }
        self.set_interrupted(key, false);
        self.drive(now, key, |peer| peer.handle_datagram(now, datagram));
    }

    /// Whose STUN request this is, if it proves to be anyone's.
    fn authenticate(
        &mut self,
        now: Instant,
        datagram: Datagram<'_>,
        known: Option<PeerKey>,
    ) -> Option<PeerKey> {
        let named =
            stun::requested_ufrag(datagram.bytes).and_then(|ufrag| self.by_ufrag.get(ufrag));
        let Some(&key) = named else {
            self.counters.unknown_stun += 1;
            return None;
        };
        let source = datagram.source.ip();
        let established = known == Some(key);
        if !established && !self.budget.allows(now, source) {
            self.counters.over_budget += 1;
            return None;
        }
        let entry = self.entries.get(&key)?;
        let tuple = (datagram.transport, datagram.source);
        let is_new = !entry.addresses.contains(&tuple);
        // Before the MAC, which costs more than whoever sends this may cost us.
        if is_new && !entry.new_addresses.is_ready(now) {
            self.counters.too_many_addresses += 1;
            return None;
        }
        let verdict = catch_unwind(AssertUnwindSafe(|| entry.peer.authenticates(now, datagram)));
        match verdict {
            Ok(true) if is_new => self.admit(now, tuple, key),
            Ok(true) => Some(key),
            Ok(false) => {
                self.counters.spoofed_stun += 1;
                self.budget.failed(now, source);
                None
            }
            Err(_) => {
                self.panicked(key);
                None
            }
        }
    }

    /// Lets a peer be reached from one more address, or ends it if it has too many.
    fn admit(
        &mut self,
        now: Instant,
        tuple: (Transport, SocketAddr),
        key: PeerKey,
    ) -> Option<PeerKey> {
        let entry = self.entries.get_mut(&key)?;
        if entry.addresses.len() >= ADDRESSES_PER_PEER_MAX || entry.new_addresses.take(now).is_err()
        {
            self.counters.too_many_addresses += 1;
            self.close(now, key, DisconnectReason::Flooding);
            return None;
        }
        entry.addresses.insert(tuple);
        Some(key)
    }

    fn learn(&mut self, tuple: (Transport, SocketAddr), key: PeerKey) {
        // A five-tuple has one owner: the last one that proved itself from there.
        if let Some(previous) = self.by_tuple.insert(tuple, key)
            && let Some(entry) = self.entries.get_mut(&previous)
        {
            entry.tuples.retain(|t| *t != tuple);
        }
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.tuples.push_back(tuple);
            if entry.tuples.len() > TUPLES_PER_PEER_MAX
                && let Some(oldest) = entry.tuples.pop_front()
            {
                self.by_tuple.remove(&oldest);
            }
        }
    }

    /// Sends sound to a peer.
    pub fn send(&mut self, now: Instant, key: PeerKey, packet: &ReturnPacket) {
        self.drive(now, key, |peer| peer.send(now, packet));
        // What was written leaves with the next look at the clock.
        self.drive(now, key, |peer| peer.handle_timeout(now));
    }

    /// Restarts ICE when the fragment carries new credentials; then ours come back. A peer's candidates are of no use to a lite agent.
    ///
    /// # Errors
    ///
    /// When there is no such session, it sends too many fragments, or this one cannot be applied.
    pub fn patch(
        &mut self,
        now: Instant,
        key: PeerKey,
        fragment: &SdpFrag,
    ) -> Result<Option<SdpFrag>, PatchError> {
        let entry = self.entries.get_mut(&key).ok_or(PatchError::NoSession)?;
        entry.fragments.take(now).map_err(too_often)?;
        let mut restarts = false;
        self.drive(now, key, |peer| restarts = peer.is_restart(fragment));
        if !restarts {
            return Ok(None);
        }
        let mut answer: Option<Result<SdpFrag, SdpFault>> = None;
        let mut ufrag = None;
        self.drive(now, key, |peer| {
            answer = Some(peer.restart_ice(now, fragment));
            ufrag = Some(peer.ufrag());
        });
        let fragment = answer.ok_or(PatchError::Ours(StudioFault::Panicked))??;
        if let (Some(entry), Some(ufrag)) = (self.entries.get_mut(&key), ufrag) {
            // The library has forgotten them, too.
            entry.addresses.clear();
            let old = std::mem::replace(&mut entry.ufrag, ufrag.clone());
            self.by_ufrag.remove(&old);
            self.by_ufrag.insert(ufrag, key);
        }
        Ok(Some(fragment))
    }

    /// Says goodbye to a peer; it is gone when its goodbye has been sent. Unknown keys are no matter.
    pub fn close(&mut self, now: Instant, key: PeerKey, reason: DisconnectReason) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        if entry.closing.is_none() {
            entry.closing = Some((now + CLOSE_TIME, reason));
            self.drive(now, key, |peer| peer.close(now));
        }
    }

    /// When [`Peers::handle_timeout`] wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.first().map(|&(at, _)| at)
    }

    /// Serves every peer whose time has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        // Each peer at most once, whatever it wants next: a peer cannot hold up the others.
        let due: Vec<PeerKey> = self
            .timers
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|&(_, key)| key)
            .collect();
        for key in due {
            let Some(entry) = self.entries.get(&key) else {
                continue;
            };
            match entry.expired(now) {
                Some(reason) if entry.closing.is_some() => self.gone(key, reason),
                Some(reason) => self.close(now, key, reason),
                None => {
                    // Only something that arrives ends it.
                    let interrupted = entry.interrupted || entry.is_interrupted(now);
                    self.set_interrupted(key, interrupted);
                    self.drive(now, key, |peer| peer.handle_timeout(now));
                }
            }
        }
    }

    /// Whoever a peer belongs to has most likely gone, or is there again: then it may be silent for less long, or for as long as others, before
    /// that is said. Unknown keys are no matter.
    pub fn doubt(&mut self, now: Instant, key: PeerKey, on: bool) {
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.doubted = on;
            // Its timer is set anew.
            self.drive(now, key, |_| {});
        }
    }

    fn set_interrupted(&mut self, key: PeerKey, on: bool) {
        if let Some(entry) = self.entries.get_mut(&key)
            && entry.interrupted != on
        {
            entry.interrupted = on;
            self.outputs
                .push_back(PeersOutput::Event(key, PeerEvent::Interrupted { on }));
        }
    }

    /// What is to be sent or heard next.
    pub fn poll(&mut self) -> Option<PeersOutput> {
        self.outputs.pop_front()
    }

    /// Calls a peer and draws its outputs, so that a panic in it ends it and nothing else.
    fn drive(&mut self, now: Instant, key: PeerKey, call: impl FnOnce(&mut dyn Peer)) {
        let Some(entry) = self.entries.get_mut(&key) else {
            return;
        };
        let outputs = &mut self.outputs;
        let peer = &mut entry.peer;
        let drawn = catch_unwind(AssertUnwindSafe(|| {
            call(peer.as_mut());
            draw(peer.as_mut(), key, outputs)
        }));
        match drawn {
            Err(_) => self.panicked(key),
            Ok(Drawn {
                ended: Some(reason),
                ..
            }) => {
                let reason = entry.closing.map_or(reason, |(_, asked)| asked);
                self.gone(key, reason);
            }
            Ok(Drawn {
                connected, next, ..
            }) => {
                if connected && !entry.connected {
                    entry.connected = true;
                    entry.heard_at = now;
                }
                entry.peer_timer = next;
                let timer = entry.next_timer().max(now);
                self.timers.remove(&(entry.timer, key));
                entry.timer = timer;
                self.timers.insert((timer, key));
            }
        }
    }

    fn panicked(&mut self, key: PeerKey) {
        self.counters.panics += 1;
        self.gone(key, DisconnectReason::Panicked);
    }

    fn gone(&mut self, key: PeerKey, reason: DisconnectReason) {
        if self.remove(key) {
            self.outputs
                .push_back(PeersOutput::Event(key, PeerEvent::Closed(reason)));
        }
    }

    fn remove(&mut self, key: PeerKey) -> bool {
        let Some(entry) = self.entries.remove(&key) else {
            return false;
        };
        self.timers.remove(&(entry.timer, key));
        self.by_ufrag.remove(&entry.ufrag);
        for tuple in &entry.tuples {
            self.by_tuple.remove(tuple);
        }
        self.counters.malformed_red += entry.malformed_red();
        // Dropping runs the peer's code once more.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(entry)));
        true
    }
}

/// Rounded up: whoever comes back then is heard.
fn too_often(wait: Duration) -> PatchError {
    let retry_after_s = wait.as_millis().div_ceil(1_000);
    PatchError::TooOften {
        retry_after_s: u64::try_from(retry_after_s).unwrap_or(u64::MAX),
    }
}

impl Entry {
    fn malformed_red(&self) -> u64 {
        catch_unwind(AssertUnwindSafe(|| self.peer.malformed_red())).unwrap_or(0)
    }

    /// Why it is over, if its own deadlines have passed.
    fn expired(&self, now: Instant) -> Option<DisconnectReason> {
        let (deadline, reason) = self.deadline();
        (now >= deadline).then_some(reason)
    }

    fn deadline(&self) -> (Instant, DisconnectReason) {
        match self.closing {
            Some(closing) => closing,
            None if self.connected => (self.heard_at + SILENT_TIME, DisconnectReason::Silent),
            // A check that proved itself has reached us, and what failed came after it.
            None if self.tuples.is_empty() => (
                self.born_at + CONNECT_TIME,
                DisconnectReason::NeverConnected,
            ),
            None => (
                self.born_at + CONNECT_TIME,
                DisconnectReason::HandshakeFailed,
            ),
        }
    }

    /// Whether it was connected, and nothing has arrived from it for a while.
    fn is_interrupted(&self, now: Instant) -> bool {
        self.connected && self.closing.is_none() && now >= self.heard_at + self.patience()
    }

    /// How long it may be silent before that is said.
    const fn patience(&self) -> Duration {
        if self.doubted {
            DOUBTED_TIME
        } else {
            INTERRUPTED_TIME
        }
    }

    fn next_timer(&self) -> Instant {
        let next = self.peer_timer.min(self.deadline().0);
        if self.connected && !self.interrupted {
            return next.min(self.heard_at + self.patience());
        }
        next
    }
}

/// What one call drew out of a peer.
struct Drawn {
    connected: bool,
    ended: Option<DisconnectReason>,
    next: Instant,
}

fn draw(peer: &mut dyn Peer, key: PeerKey, outputs: &mut VecDeque<PeersOutput>) -> Drawn {
    let mut connected = false;
    let mut ended = None;
    for _ in 0..OUTPUTS_PER_CALL_MAX {
        match peer.poll() {
            Output::Timeout(next) => {
                return Drawn {
                    connected,
                    ended,
                    next,
                };
            }
            Output::Transmit(transmit) => outputs.push_back(PeersOutput::Transmit(transmit)),
            // Said once, by `gone`, after what is still to be sent.
            Output::Event(PeerEvent::Closed(reason)) => ended = ended.or(Some(reason)),
            Output::Event(event) => {
                connected |= event == PeerEvent::Connected;
                outputs.push_back(PeersOutput::Event(key, event));
            }
        }
    }
    panic!("a peer gave more than {OUTPUTS_PER_CALL_MAX} outputs in one call");
}
