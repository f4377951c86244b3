//! ICE restart by fragment, and trickling: what PATCH does.

use stentor_core::SessionId;
use stentor_studio::peer::Peer as _;
use stentor_studio::sdpfrag::SdpFrag;
use stentor_studio::{Offer, PatchError};
use str0m::change::SdpAnswer;
use str0m::media::Direction;
use str0m::{Candidate, Input};

use crate::netem::LinkConfig;
use crate::sound::{Voice, likeness};
use crate::world::{Client, SERVER, World, addr};

#[test]
fn after_a_network_change_and_a_restart_the_voice_goes_on() {
    let mut world = crate::conversation::pair(61, LinkConfig::CLEAN, true);
    world.run_ms(2_000);
    // The guest's network changes: the old address is dead, the browser restarts ICE from a new one.
    let now = world.now();
    let guest = world.client(2);
    guest.local = addr("203.0.113.9:40000");
    guest
        .rtc
        .add_local_candidate(Candidate::host(guest.local, "udp").unwrap());
    let mut change = guest.rtc.sdp_api();
    let creds = change.ice_restart(false);
    let (_, pending) = change.apply().unwrap();
    let fragment = format!(
        "a=ice-ufrag:{}\r\na=ice-pwd:{}\r\n",
        creds.ufrag, creds.pass
    );
    let fragment = SdpFrag::parse(&fragment).unwrap();
    let ours = world
        .peers
        .patch(now, World::key(SessionId(2)), &fragment)
        .unwrap()
        .unwrap();
    world.deliver();
    assert!(ours.ice_ufrag.is_some() && ours.ice_pwd.is_some());
    assert!(
        ours.candidates.iter().any(|c| c.contains("192.0.2.1 3478")),
        "{ours:?}"
    );
    let answer = answer_with(&ours, world.client(2));
    world
        .client(2)
        .rtc
        .sdp_api()
        .accept_answer(pending, answer)
        .unwrap();
    let guest = world.client(2);
    let candidate = Candidate::host(guest.local, "udp").unwrap();
    guest.rtc.add_local_candidate(candidate);
    guest.rtc.handle_input(Input::Timeout(now)).unwrap();
    world.run_ms(8_000);
    for (from, to) in [(1, 2), (2, 1)] {
        let (sent, heard) = (
            &world.clients[&SessionId(from)].sent,
            &world.clients[&SessionId(to)].heard,
        );
        let (like, _) = likeness(
            &sent[sent.len() - 144_000..],
            &heard[heard.len() - 144_000..],
            400,
        );
        assert!(like > 0.8, "{from} to {to}: {like}");
    }
    assert!(!crate::conversation::is_over(&world, 2));
}

/// The answer a WHIP client makes up of the one it has and the fragment (RFC 9725 §4.3.3).
fn answer_with(fragment: &SdpFrag, client: &Client) -> SdpAnswer {
    let ufrag = fragment.ice_ufrag.as_deref().unwrap();
    let pwd = fragment.ice_pwd.as_deref().unwrap();
    let mut text = String::new();
    for line in client.answer.lines() {
        match line.split_once(':') {
            Some(("a=ice-ufrag", _)) => text.push_str(&format!("a=ice-ufrag:{ufrag}\r\n")),
            Some(("a=ice-pwd", _)) => text.push_str(&format!("a=ice-pwd:{pwd}\r\n")),
            // They name the old fragment.
            Some(("a=candidate", _)) => {}
            _ => text.push_str(&format!("{line}\r\n")),
        }
    }
    for candidate in &fragment.candidates {
        text.push_str(&format!("a={candidate}\r\n"));
    }
    SdpAnswer::from_sdp_string(&text).unwrap()
}

#[test]
fn trickled_candidates_are_taken_before_and_after_connecting() {
    let mut world = World::new(62, LinkConfig::CLEAN);
    let voice = Some(Voice::new(1, 120.0));
    world.join(1, 1, "198.51.100.1:50001", Direction::SendRecv, voice, true);
    let trickle = "a=mid:0\r\na=candidate:1 1 UDP 2130706431 198.51.100.1 50001 typ host\r\n\
                   a=candidate:2 1 UDP 1 5b8e1c2a.local 9 typ host\r\na=end-of-candidates\r\n";
    let fragment = SdpFrag::parse(trickle).unwrap();
    for _ in 0..2 {
        let now = world.now();
        assert_eq!(
            world.peers.patch(now, World::key(SessionId(1)), &fragment),
            Ok(None)
        );
        world.connect(&[1]);
    }
    let now = world.now();
    let unknown = world.peers.patch(now, World::key(SessionId(9)), &fragment);
    assert_eq!(unknown, Err(PatchError::NoSession));
}

#[test]
fn a_restart_gives_new_credentials_and_keeps_the_address() {
    let world = World::new(63, LinkConfig::CLEAN);
    let now = world.now();
    let (_, offer, _) = Client::new(
        now,
        1,
        LinkConfig::CLEAN,
        addr("198.51.100.1:1"),
        Direction::SendRecv,
        true,
    );
    let offer = Offer::parse(&offer).unwrap();
    let (mut peer, answer) = world.webrtc.answer(now, &offer).unwrap();
    let before = peer.ufrag();
    assert!(
        answer.contains(&before)
            && answer.contains("a=ice-lite")
            && answer.contains("192.0.2.1 3478")
    );
    let fragment =
        SdpFrag::parse("a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n").unwrap();
    let ours = peer.restart_ice(now, &fragment).unwrap();
    assert_ne!(peer.ufrag(), before);
    assert_eq!(ours.ice_ufrag.as_deref(), Some(peer.ufrag().as_str()));
    let text = ours.to_string();
    let read = SdpFrag::parse(&text).unwrap();
    assert_eq!(
        (&read.ice_ufrag, &read.ice_pwd),
        (&ours.ice_ufrag, &ours.ice_pwd)
    );
    assert_eq!(read.trickled, ours.candidates.len(), "{text}");
    assert!(
        text.contains(&format!("{} typ host", SERVER.replace(':', " "))),
        "{text}"
    );
}

#[test]
fn trickling_under_the_credentials_in_force_restarts_nothing() {
    let world = World::new(64, LinkConfig::CLEAN);
    let now = world.now();
    let local = addr("198.51.100.1:1");
    let (_, offer, _) = Client::new(now, 1, LinkConfig::CLEAN, local, Direction::SendRecv, true);
    let parsed = Offer::parse(&offer).unwrap();
    let (mut peer, _) = world.webrtc.answer(now, &parsed).unwrap();
    let in_force = |name: &str| {
        offer
            .lines()
            .find(|l| l.starts_with(name))
            .unwrap()
            .to_owned()
    };
    let text = format!(
        "{}\r\n{}\r\na=end-of-candidates",
        in_force("a=ice-ufrag"),
        in_force("a=ice-pwd")
    );
    let trickle = SdpFrag::parse(&text).unwrap();
    assert!(!peer.is_restart(&trickle));
    let restart = SdpFrag::parse("a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx").unwrap();
    assert!(peer.is_restart(&restart));
    peer.restart_ice(now, &restart).unwrap();
    assert!(!peer.is_restart(&restart) && peer.is_restart(&trickle));
}
