//! What changes in a room, as what it is for the conversation.

use stentor_core::conversation::Input;
use stentor_studio::RoomChange;

/// The input a change is.
pub(super) const fn input_of(change: RoomChange) -> Input<'static> {
    match change {
        RoomChange::Connected {
            seat,
            session,
            kind,
        } => Input::SessionUp {
            seat,
            session,
            kind,
        },
        RoomChange::Disconnected { seat, session } => Input::SessionDown { seat, session },
        RoomChange::MuteApplied {
            seat,
            session,
            applied,
        } => Input::MuteApplied {
            seat,
            session,
            muted: applied.muted,
            version: applied.version,
        },
        RoomChange::Alarm { alarm, on } => Input::Alarm { alarm, on },
    }
}
