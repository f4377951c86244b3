//! The one place that decides about attempts: a pure function, without socket, clock or lock.

use super::attempt::{Ask, Attempt, HandshakeEnd, Missed, ResourceUsage, Spoken};
use super::outcome::Outcome;
use crate::counters::RefusalReason;

/// When a connection that found no room may come again, seconds.
const CONNECTION_RETRY_S: u32 = 5;

/// When a listener may come again while nobody new is let in, seconds; the page adds chance to it.
const JOIN_RETRY_S: u32 = 15;

/// When a listener may come again to a stream that has all it may have, seconds.
const STREAM_RETRY_S: u32 = 5;

/// When a recording may be asked for again while as many are read as may be, seconds.
const FILE_RETRY_S: u32 = 2;

/// Decides about an attempt.
pub fn judge(attempt: &Attempt) -> Outcome {
    match attempt.ask {
        Ask::Accept {
            connections,
            accept_side,
            prefix,
            tls,
        } => {
            if connections.is_full() || accept_side.is_full() {
                no_room(RefusalReason::ConnectionsFull, tls)
            } else if prefix.is_some_and(|usage| usage.is_full()) {
                no_room(RefusalReason::PrefixFull, tls)
            } else {
                Outcome::Allow
            }
        }
        Ask::Descriptor => close(RefusalReason::NoDescriptor),
        Ask::Protocol { spoken, tls } => protocol(spoken, tls),
        Ask::IceTcp { taken } => close_unless(taken, RefusalReason::HandoverFull),
        Ask::Handshake { end } => match end {
            HandshakeEnd::Done => Outcome::Allow,
            HandshakeEnd::Failed => close(RefusalReason::HandshakeFailed),
            HandshakeEnd::TimedOut => close(RefusalReason::HandshakeTimeout),
        },
        Ask::Time { missed } => match missed {
            Missed::FirstByte => close(RefusalReason::HeaderTimeout),
            Missed::Head => tell(RefusalReason::HeaderTimeout),
            Missed::Idle => close(RefusalReason::Idle),
            Missed::Write => Outcome::Reset {
                reason: RefusalReason::WriteStall,
            },
            Missed::Body => tell(RefusalReason::BadBody),
        },
        Ask::Head { .. } => tell(RefusalReason::BadHead),
        Ask::HeadSpace { bytes } if bytes.is_full() => {
            later(RefusalReason::HeadsFull, CONNECTION_RETRY_S)
        }
        Ask::Talk { bytes } => close_unless(!bytes.is_full(), RefusalReason::Talks),
        Ask::Body { bytes, bytes_max } if bytes > bytes_max => tell(RefusalReason::BadBody),
        Ask::Join { rung } if rung.admits() => Outcome::Allow,
        Ask::Join { .. } => later(RefusalReason::DoorsClosed, JOIN_RETRY_S),
        Ask::Stream { listeners } if listeners.is_full() => {
            later(RefusalReason::StreamFull, STREAM_RETRY_S)
        }
        Ask::StreamOfPrefix { listeners } if listeners.is_full() => {
            later(RefusalReason::PrefixFull, STREAM_RETRY_S)
        }
        Ask::Shard { tls } => no_room(RefusalReason::ShardsFull, tls),
        Ask::File { responses, prefix }
            if responses.is_full() || prefix.is_some_and(ResourceUsage::is_full) =>
        {
            later(RefusalReason::FilesFull, FILE_RETRY_S)
        }
        Ask::FileBytes {
            readable,
            waited_ms,
        } => close_unless(readable && !waited_ms.is_full(), RefusalReason::FileUnread),
        Ask::Slow { overtaken } if overtaken.is_full() => Outcome::Reset {
            reason: RefusalReason::Overtaken,
        },
        Ask::Handler {
            accept_side,
            served,
            tls,
            ..
        } if accept_side.is_full() || served.is_full() => {
            no_room(RefusalReason::ConnectionsFull, tls)
        }
        Ask::Handler {
            prefix: Some(prefix),
            tls,
            ..
        } if prefix.is_full() => no_room(RefusalReason::PrefixFull, tls),
        Ask::Body { .. }
        | Ask::HeadSpace { .. }
        | Ask::Stream { .. }
        | Ask::StreamOfPrefix { .. }
        | Ask::File { .. }
        | Ask::Slow { .. }
        | Ask::Handler { .. } => Outcome::Allow,
    }
}

fn protocol(spoken: Spoken, tls: bool) -> Outcome {
    match (spoken, tls) {
        (Spoken::Http, false) | (Spoken::Tls, true) | (Spoken::IceTcp, _) => Outcome::Allow,
        (Spoken::Http, true) => tell(RefusalReason::PlainOnTls),
        (Spoken::Tls, false) => close(RefusalReason::TlsOnPlain),
        (Spoken::Unknown, _) => close(RefusalReason::UnknownProtocol),
        (Spoken::Nothing, _) => close(RefusalReason::HeaderTimeout),
    }
}

/// Where a sentence would need a TLS session that there is none of, none is said.
fn no_room(reason: RefusalReason, tls: bool) -> Outcome {
    if tls {
        close(reason)
    } else {
        later(reason, CONNECTION_RETRY_S)
    }
}

fn later(reason: RefusalReason, retry_after_s: u32) -> Outcome {
    Outcome::Refuse {
        reason,
        retry_after_s: Some(retry_after_s),
    }
}

/// Asking again changes nothing.
fn tell(reason: RefusalReason) -> Outcome {
    Outcome::Refuse {
        reason,
        retry_after_s: None,
    }
}

fn close(reason: RefusalReason) -> Outcome {
    Outcome::Close { reason }
}

fn close_unless(good: bool, reason: RefusalReason) -> Outcome {
    if good { Outcome::Allow } else { close(reason) }
}

#[cfg(test)]
mod tests {
    use stentor_core::admission::Rung;

    use super::super::attempt::HeadFault;
    use super::*;
    use Outcome::{Allow, Close, Refuse, Reset};
    use RefusalReason as Why;

    const FREE: ResourceUsage = ResourceUsage { used: 2, max: 3 };
    const FULL: ResourceUsage = ResourceUsage { used: 3, max: 3 };
    const OVER: ResourceUsage = ResourceUsage { used: 4, max: 3 };

    fn accept(
        connections: ResourceUsage,
        accept_side: ResourceUsage,
        prefix: Option<ResourceUsage>,
        tls: bool,
    ) -> Ask {
        Ask::Accept {
            connections,
            accept_side,
            prefix,
            tls,
        }
    }

    fn refuse(reason: Why, retry_after_s: u32) -> Outcome {
        Refuse {
            reason,
            retry_after_s: Some(retry_after_s),
        }
    }

    #[test]
    fn each_limit_is_kept_to_the_last_one_and_answered_with_its_reason() {
        let handler = |accept_side, served, prefix, tls| Ask::Handler {
            accept_side,
            served,
            prefix,
            tls,
        };
        let protocol = |spoken, tls| Ask::Protocol { spoken, tls };
        let handshake = |end| Ask::Handshake { end };
        let time = |missed| Ask::Time { missed };
        let join = |rung| Ask::Join { rung };
        let closed = |reason| Close { reason };
        let reset = |reason| Reset { reason };
        let head = |fault| Ask::Head { fault };
        let body = |bytes| Ask::Body {
            bytes,
            bytes_max: 3,
        };
        let file_bytes = |readable, waited_ms| Ask::FileBytes {
            readable,
            waited_ms,
        };
        let file = |responses, prefix| Ask::File { responses, prefix };
        let slow = |overtaken| Ask::Slow { overtaken };
        let full = refuse(Why::ConnectionsFull, 5);
        let table = [
            (accept(FREE, FREE, Some(FREE), false), Allow),
            (accept(FREE, FREE, None, true), Allow),
            (accept(FULL, FREE, Some(FREE), false), full),
            (accept(OVER, FREE, Some(FREE), false), full),
            (accept(FREE, FULL, Some(FREE), false), full),
            (
                accept(FREE, FREE, Some(FULL), false),
                refuse(Why::PrefixFull, 5),
            ),
            // The whole port comes before one network, so that the reason is the one an operator can act on.
            (accept(FULL, FREE, Some(FULL), false), full),
            (accept(FULL, FREE, None, true), closed(Why::ConnectionsFull)),
            (
                accept(FREE, FREE, Some(FULL), true),
                closed(Why::PrefixFull),
            ),
            (Ask::Descriptor, closed(Why::NoDescriptor)),
            (protocol(Spoken::Http, false), Allow),
            (protocol(Spoken::Tls, true), Allow),
            (protocol(Spoken::IceTcp, false), Allow),
            (protocol(Spoken::IceTcp, true), Allow),
            (protocol(Spoken::Http, true), tell(Why::PlainOnTls)),
            (protocol(Spoken::Tls, false), closed(Why::TlsOnPlain)),
            (
                protocol(Spoken::Unknown, false),
                closed(Why::UnknownProtocol),
            ),
            (protocol(Spoken::Nothing, true), closed(Why::HeaderTimeout)),
            (Ask::IceTcp { taken: true }, Allow),
            (Ask::IceTcp { taken: false }, closed(Why::HandoverFull)),
            (handshake(HandshakeEnd::Done), Allow),
            (
                handshake(HandshakeEnd::Failed),
                closed(Why::HandshakeFailed),
            ),
            (
                handshake(HandshakeEnd::TimedOut),
                closed(Why::HandshakeTimeout),
            ),
            (time(Missed::FirstByte), closed(Why::HeaderTimeout)),
            (time(Missed::Head), tell(Why::HeaderTimeout)),
            (time(Missed::Idle), closed(Why::Idle)),
            (time(Missed::Write), reset(Why::WriteStall)),
            (time(Missed::Body), tell(Why::BadBody)),
            (head(HeadFault::Unreadable), tell(Why::BadHead)),
            (head(HeadFault::TooLarge), tell(Why::BadHead)),
            (head(HeadFault::Version), tell(Why::BadHead)),
            (head(HeadFault::Host(2)), tell(Why::BadHead)),
            (Ask::HeadSpace { bytes: FREE }, Allow),
            (Ask::HeadSpace { bytes: FULL }, refuse(Why::HeadsFull, 5)),
            (Ask::Talk { bytes: FREE }, Allow),
            (Ask::Talk { bytes: FULL }, closed(Why::Talks)),
            (body(0), Allow),
            (body(3), Allow),
            (body(4), tell(Why::BadBody)),
            (file_bytes(true, FREE), Allow),
            (file_bytes(true, FULL), closed(Why::FileUnread)),
            (file_bytes(false, FREE), closed(Why::FileUnread)),
            (slow(FREE), Allow),
            (slow(FULL), reset(Why::Overtaken)),
            (join(Rung::REST), Allow),
            (join(Rung::CHEAPEST), Allow),
            (join(Rung::CLOSED), refuse(Why::DoorsClosed, 15)),
            (Ask::Stream { listeners: FREE }, Allow),
            (Ask::Stream { listeners: FULL }, refuse(Why::StreamFull, 5)),
            (Ask::StreamOfPrefix { listeners: FREE }, Allow),
            (
                Ask::StreamOfPrefix { listeners: FULL },
                refuse(Why::PrefixFull, 5),
            ),
            (Ask::Shard { tls: false }, refuse(Why::ShardsFull, 5)),
            (Ask::Shard { tls: true }, closed(Why::ShardsFull)),
            (file(FREE, Some(FREE)), Allow),
            (file(FREE, None), Allow),
            (file(FULL, None), refuse(Why::FilesFull, 2)),
            (file(FREE, Some(FULL)), refuse(Why::FilesFull, 2)),
            (handler(FREE, FREE, Some(FREE), false), Allow),
            (handler(FREE, FREE, None, true), Allow),
            (handler(FULL, FREE, Some(FREE), false), full),
            (handler(FREE, FULL, Some(FREE), false), full),
            (
                handler(FREE, FULL, None, true),
                closed(Why::ConnectionsFull),
            ),
            (
                handler(FREE, FREE, Some(FULL), false),
                refuse(Why::PrefixFull, 5),
            ),
        ];
        for (ask, outcome) in table {
            assert_eq!(judge(&Attempt::new(ask)), outcome, "{ask:?}");
            assert_eq!(outcome.allowed().is_ok(), outcome.reason().is_none());
        }
    }
}
