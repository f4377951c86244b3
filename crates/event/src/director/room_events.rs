//! What a room reports, as what it is for the conversation.

use stentor_core::conversation::Input;
use stentor_studio::RoomEvent;

/// The input a report is; `None` for what the conversation does not need to know.
pub(super) fn input_of(event: &RoomEvent) -> Option<Input<'_>> {
    match *event {
        RoomEvent::Up {
            seat,
            session,
            kind,
        } => Some(Input::SessionUp {
            seat,
            session,
            kind,
        }),
        RoomEvent::Down { seat, session, .. } => Some(Input::SessionDown { seat, session }),
        RoomEvent::Levels(ref levels) => Some(Input::Levels(levels)),
        RoomEvent::MuteApplied {
            seat,
            session,
            muted,
            version,
        } => Some(Input::MuteApplied {
            seat,
            session,
            muted,
            version,
        }),
        RoomEvent::Alarm { alarm, on } => Some(Input::Alarm { alarm, on }),
        _ => None,
    }
}
