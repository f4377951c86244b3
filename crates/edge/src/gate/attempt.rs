//! What somebody attempts, as data: what is asked for, by whom, and how much of it is in use at this moment.

use std::net::IpAddr;

use stentor_core::admission::Rung;

/// One attempt. Whoever holds the scarce thing describes it; [`super::judge`] decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Who attempts it, where that is known at this point.
    pub peer: Option<IpAddr>,
    /// What is asked for.
    pub ask: Ask,
}

/// How much of something is in use, and how much there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResourceUsage {
    /// In use now, without what is asked for.
    pub used: u64,
    /// The limit.
    pub max: u64,
}

impl ResourceUsage {
    /// So many of so many.
    #[must_use]
    pub fn of(used: usize, max: usize) -> Self {
        Self {
            used: used as u64,
            max: max as u64,
        }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_full(self) -> bool {
        self.used >= self.max
    }
}

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// A connection, that is a descriptor: when it is accepted.
    Accept {
        /// All connections of the port.
        connections: ResourceUsage,
        /// Those whose descriptors are in the table of the accept side.
        accept_side: ResourceUsage,
        /// Those of the same /24 or /64; none for a trusted proxy.
        prefix: Option<ResourceUsage>,
        /// Whether it speaks TLS, so that a sentence would cost a handshake.
        tls: bool,
    },
    /// A descriptor, when the system has none left.
    Descriptor,
    /// To be understood: the first bytes of a connection.
    Protocol {
        /// What they are of.
        spoken: Spoken,
        /// Whether the port speaks TLS.
        tls: bool,
    },
    /// An ICE-TCP connection, to be taken by the studio.
    IceTcp {
        /// Whether the studio has room for it.
        taken: bool,
    },
    /// The TLS handshake.
    Handshake {
        /// How it ended.
        end: HandshakeEnd,
    },
    /// More time: the peer has missed a deadline.
    Time {
        /// Which one.
        missed: Missed,
    },
    /// A request whose head is at fault.
    Head {
        /// What is wrong with it.
        fault: HeadFault,
    },
    /// Room for the bytes of heads whose ends have not come, by the one that has waited longest.
    HeadSpace {
        /// Bytes of all of them.
        bytes: ResourceUsage,
    },
    /// To send on, by a listener, whom nobody asked anything.
    Talk {
        /// Bytes it has sent.
        bytes: ResourceUsage,
    },
    /// To have a request body read on.
    Body {
        /// What it has, or is announced to have, with what is to be read now, bytes.
        bytes: u64,
        /// What it may have, bytes.
        bytes_max: u64,
    },
    /// To join a programme at the rung on which this node admits listeners.
    Join {
        /// That rung.
        rung: Rung,
    },
    /// A subscription to a stream.
    Stream {
        /// Its listeners.
        listeners: ResourceUsage,
    },
    /// A subscription to a stream of which each network may have a share.
    StreamOfPrefix {
        /// Its listeners of that network.
        listeners: ResourceUsage,
    },
    /// A listener's place in a shard, when none has room or all are behind.
    Shard {
        /// Whether it speaks TLS, whose session cannot be written to at this point.
        tls: bool,
    },
    /// A recording, read by the accept side.
    File {
        /// Recordings that are being read there.
        responses: ResourceUsage,
        /// Of these, those of the same network; none for a trusted proxy.
        prefix: Option<ResourceUsage>,
    },
    /// The next bytes of a recording, which a shard reads and which are not in memory.
    FileBytes {
        /// Whether they can be read at all.
        readable: bool,
        /// How long they have been waited for, ms.
        waited_ms: ResourceUsage,
    },
    /// A place among the listeners of a stream, by one who is slower than it.
    Slow {
        /// How often the ring has overtaken it within its own length.
        overtaken: ResourceUsage,
    },
    /// A handler (the stage's WebSockets, the API, WHIP) on the accept side, for a connection that a shard holds.
    Handler {
        /// Connections whose descriptors are in the table of the accept side.
        accept_side: ResourceUsage,
        /// Connections that are served there.
        served: ResourceUsage,
        /// Of these, those of the same network; none for a trusted proxy.
        prefix: Option<ResourceUsage>,
        /// Whether it speaks TLS, whose session cannot be written to at this point.
        tls: bool,
    },
}

/// What the first bytes of a connection are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// An HTTP request.
    Http,
    /// A TLS record.
    Tls,
    /// A framed STUN message.
    IceTcp,
    /// No protocol that is spoken here.
    Unknown,
    /// None came in time.
    Nothing,
}

/// How a handshake ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandshakeEnd {
    /// There is a session.
    Done,
    /// The two sides found no session, or the peer broke the protocol.
    Failed,
    /// It took longer than `handshake_ms`.
    TimedOut,
}

/// A deadline that has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missed {
    /// For the first byte of a request on a new connection.
    FirstByte,
    /// For the rest of a request head.
    Head,
    /// For another request on a kept-alive connection.
    Idle,
    /// For taking any of the bytes that it is sent.
    Write,
    /// For the end of a request body.
    Body,
}

/// What is wrong with the head of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// It cannot be read as HTTP (RFC 9112 §2.2).
    Unreadable,
    /// It has more bytes than `header_bytes_max` or more fields than `headers_max`.
    TooLarge,
    /// It is of a version that is not spoken here.
    Version,
    /// It has so many Host fields, and not exactly one (RFC 9112 §3.2).
    Host(usize),
    /// Its Host names none.
    HostName,
    /// A line of it ends without a carriage return (RFC 9112 §2.2).
    LineEnd,
    /// What it asks for is no path and no address of HTTP (RFC 9112 §3.2).
    Target,
    /// It does not say clearly where its body ends (RFC 9112 §6.3).
    Framing,
    /// Its body is in a transfer coding other than chunked (RFC 9112 §6.1).
    Coding,
}

impl Attempt {
    /// An attempt by somebody of whom nothing is known.
    #[must_use]
    pub fn new(ask: Ask) -> Self {
        Self { peer: None, ask }
    }

    /// The same by that peer.
    #[must_use]
    pub fn by(self, peer: IpAddr) -> Self {
        Self {
            peer: Some(peer),
            ..self
        }
    }
}
