//! What changes in a room, as what it is for the conversation.

use stentor_core::conversation::Input;
use stentor_studio::RoomStatusChange;

/// The input a change is; `None` for what the conversation does not follow.
pub(super) const fn input_of(change: RoomStatusChange) -> Option<Input<'static>> {
    Some(match change {
        RoomStatusChange::Connected {
            seat,
            session,
            kind,
        } => Input::SessionUp {
            seat,
            session,
            kind,
        },
        RoomStatusChange::Disconnected { seat, session } => Input::SessionDown { seat, session },
        RoomStatusChange::MuteApplied {
            seat,
            session,
            applied,
        } => Input::MuteApplied {
            seat,
            session,
            applied,
        },
        RoomStatusChange::Alarm { alarm, on } => Input::Alarm { alarm, on },
        RoomStatusChange::ConnectFailed { seat, attempt } => Input::ConnectFailed {
            seat,
            why: attempt.why,
        },
        RoomStatusChange::Interrupted { seat, session, on } => {
            Input::SessionInterrupted { seat, session, on }
        }
        RoomStatusChange::OutOfReach { seat, session, on } => {
            Input::OutOfReach { seat, session, on }
        }
    })
}
