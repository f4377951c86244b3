//! A conversation at rest, as the store keeps it.

use serde::{Deserialize, Serialize};
use stentor_core::SeatId;
use stentor_core::conversation::{SeatSnapshot, Snapshot};
use stentor_core::event::{Message, Phase};
use stentor_core::stage::{Place, Role};

/// Version of this form; a newer one is refused rather than misread.
const VERSION: u32 = 1;

#[derive(Serialize, Deserialize)]
struct Stored {
    v: u32,
    title: String,
    starts: Option<i64>,
    phase: String,
    phase_version: u64,
    phase_since: i64,
    message: Option<(String, String)>,
    next_seat: u32,
    notice_id: u64,
    seats: Vec<StoredSeat>,
}

#[derive(Serialize, Deserialize)]
struct StoredSeat {
    seat: u32,
    name: String,
    role: String,
    place: String,
    muted: bool,
    mute_version: u64,
}

/// Writes a snapshot.
pub(crate) fn encode(snapshot: &Snapshot) -> Vec<u8> {
    let stored = Stored {
        v: VERSION,
        title: snapshot.title.clone(),
        starts: snapshot.starts_unix_ms,
        phase: snapshot.phase.code().to_owned(),
        phase_version: snapshot.phase_version,
        phase_since: snapshot.phase_since_unix_ms,
        message: snapshot
            .message
            .as_ref()
            .map(|message| (message.fr.clone(), message.en.clone())),
        next_seat: snapshot.next_seat,
        notice_id: snapshot.notice_id,
        seats: snapshot
            .seats
            .iter()
            .map(|seat| StoredSeat {
                seat: seat.seat.0,
                name: seat.name.clone(),
                role: seat.role.code().to_owned(),
                place: seat.place.code().to_owned(),
                muted: seat.muted,
                mute_version: seat.mute_version,
            })
            .collect(),
    };
    serde_json::to_vec(&stored).expect("a snapshot is always JSON")
}

/// Reads a snapshot.
///
/// # Errors
/// One sentence: the record was damaged, edited, or written by a newer version.
pub(crate) fn decode(bytes: &[u8]) -> Result<Snapshot, String> {
    let stored: Stored = serde_json::from_slice(bytes)
        .map_err(|error| format!("stored state is not readable: {error}"))?;
    if stored.v != VERSION {
        return Err(format!(
            "stored state has version {}, this server reads {VERSION}",
            stored.v
        ));
    }
    let seats = stored.seats.into_iter().map(|seat| {
        Ok(SeatSnapshot {
            seat: SeatId(seat.seat),
            role: named(&ROLES, Role::code, &seat.role)?,
            place: named(&PLACES, Place::code, &seat.place)?,
            name: seat.name,
            muted: seat.muted,
            mute_version: seat.mute_version,
        })
    });
    Ok(Snapshot {
        title: stored.title,
        starts_unix_ms: stored.starts,
        phase: named(
            &[Phase::Scheduled, Phase::OnAir, Phase::Ended],
            Phase::code,
            &stored.phase,
        )?,
        phase_version: stored.phase_version,
        phase_since_unix_ms: stored.phase_since,
        message: stored.message.map(|(fr, en)| Message { fr, en }),
        next_seat: stored.next_seat,
        notice_id: stored.notice_id,
        seats: seats.collect::<Result<_, String>>()?,
    })
}

const ROLES: [Role; 5] = [
    Role::Host,
    Role::CoHost,
    Role::Guest,
    Role::LineIn,
    Role::Monitor,
];
const PLACES: [Place; 4] = [
    Place::Invited,
    Place::GreenRoom,
    Place::OnStage,
    Place::Removed,
];

fn named<T: Copy>(all: &[T], code: fn(T) -> &'static str, name: &str) -> Result<T, String> {
    all.iter()
        .copied()
        .find(|value| code(*value) == name)
        .ok_or_else(|| format!("stored state has the unknown word \"{name}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        Snapshot {
            title: "Ilios".to_owned(),
            starts_unix_ms: Some(5),
            phase: Phase::OnAir,
            phase_version: 2,
            phase_since_unix_ms: 7,
            message: Some(Message {
                fr: "Bientôt".to_owned(),
                en: "Soon".to_owned(),
            }),
            next_seat: 2,
            notice_id: 9,
            seats: vec![SeatSnapshot {
                seat: SeatId(1),
                name: "Ada".to_owned(),
                role: Role::Host,
                place: Place::OnStage,
                muted: true,
                mute_version: 4,
            }],
        }
    }

    #[test]
    fn what_was_written_is_read_again() {
        assert_eq!(decode(&encode(&snapshot())), Ok(snapshot()));
    }

    #[test]
    fn a_newer_form_is_refused_with_both_versions() {
        let newer = String::from_utf8(encode(&snapshot()))
            .expect("text")
            .replace("\"v\":1", "\"v\":2");
        assert_eq!(
            decode(newer.as_bytes()),
            Err("stored state has version 2, this server reads 1".to_owned())
        );
    }
}
