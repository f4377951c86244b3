//! Who asks for something, and what their role allows at this moment.
//!
//! It is not authentication: the caller has proven whose token it was.

use crate::id::SeatId;
use crate::refusal::Refusal;

/// A seat that asks for something (RFC 4949: principal).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Principal {
    pub(crate) seat: SeatId,
    /// Whether it is the host or a co-host. A co-host can do all that the host can.
    pub(crate) hosts: bool,
}

impl Principal {
    pub(crate) const fn must_host(self) -> Result<(), Refusal> {
        if self.hosts {
            Ok(())
        } else {
            Err(Refusal::NotAllowed)
        }
    }

    pub(crate) fn must_be(self, seat: SeatId) -> Result<(), Refusal> {
        if self.seat == seat {
            Ok(())
        } else {
            Err(Refusal::NotAllowed)
        }
    }

    pub(crate) fn must_host_or_be(self, seat: SeatId) -> Result<(), Refusal> {
        self.must_be(seat).or(self.must_host())
    }
}
