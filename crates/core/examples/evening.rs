//! One evening through the core, without a server: a host and a guest come, the host drops, listeners are told.
//!
//! `cargo run -p stentor-core --example evening`. The house rules also build it for a bare WebAssembly machine, where
//! anything of the world that the core reached for would show as an import.

use stentor_core::conversation::{Command, Conversation, FIRST_HOST, Input, Outbox, Output};
use stentor_core::event::{EventCommand, EventInfo};
use stentor_core::schedule::{Act, ScheduleCommand, Start};
use stentor_core::stage::{Role, SeatLevel, SessionKind, StageCommand};
use stentor_core::timeline::Timeline;
use stentor_core::{Now, PageId, SeatId, SessionId};

const GUEST: SeatId = SeatId(2);

fn main() {
    let mut now = Now {
        mono_ms: 0,
        unix_ms: 1_763_668_800_000,
    };
    let info = EventInfo {
        title: "Fifty men".into(),
        start: Some(Start {
            unix_ms: now.unix_ms,
            zone: None,
        }),
        draft: false,
        host_name: "Homer".into(),
        recorded: true,
    };
    let mut conversation = Conversation::new(info, now);
    let mut out = Outbox::new();
    let voice = [SeatLevel {
        seat: FIRST_HOST,
        dbfs_tenths: -183,
        voice: true,
        digital_silence: false,
        sound: true,
    }];
    let evening = [
        by_host(StageCommand::Invite {
            name: "Ada".into(),
            role: Role::Guest,
        }),
        Input::Join {
            page: PageId(1),
            seat: FIRST_HOST,
        },
        reserve(FIRST_HOST, 1),
        up(FIRST_HOST, 1),
        reserve(GUEST, 2),
        up(GUEST, 2),
        by_host(StageCommand::Ready {
            seat: FIRST_HOST,
            muted_version: 1,
        }),
        by_host(StageCommand::Admit {
            seat: FIRST_HOST,
            unheard: true,
        }),
        by_host(StageCommand::Admit {
            seat: GUEST,
            unheard: true,
        }),
        by_host(EventCommand::Schedule(ScheduleCommand::new(
            Act::GoOnAir,
            3,
        ))),
        by_host(StageCommand::SetMuted {
            seat: FIRST_HOST,
            muted: false,
            version: 1,
        }),
        Input::Levels(&voice),
        Input::Levels(&voice),
        Input::SessionDown {
            seat: FIRST_HOST,
            session: SessionId(1),
        },
        Input::Tick,
        Input::Tick,
        Input::Tick,
    ];
    for input in evening {
        now.mono_ms += 1_000;
        now.unix_ms += 1_000;
        println!("{} s: {input:?}", now.mono_ms / 1_000);
        conversation.step(now, input, &mut out);
        for output in out.drain() {
            print_output(&output);
        }
    }
    let rest = conversation.snapshot();
    let back = Conversation::restore(rest, now).expect("what was just written can be read");
    let resumed = Timeline::new(1_763_668_800_000).resume_after(now.unix_ms, 0);
    println!(
        "after a restart, from sample {resumed}: {:?}",
        back.view().condition
    );
}

fn by_host(command: impl Into<Command>) -> Input<'static> {
    Input::Command {
        by: FIRST_HOST,
        command: command.into(),
    }
}

fn reserve(seat: SeatId, session: u64) -> Input<'static> {
    Input::Reserve {
        seat,
        session: SessionId(session),
        kind: SessionKind::Browser,
        page: None,
    }
}

fn up(seat: SeatId, session: u64) -> Input<'static> {
    Input::SessionUp {
        seat,
        session: SessionId(session),
        kind: SessionKind::Browser,
    }
}

fn print_output(output: &Output) {
    println!("    {output:?}");
}
