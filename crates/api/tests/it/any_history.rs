//! Whatever is done with an event, in whatever order: what is published of it never says otherwise than its history.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use stentor_api::Announcements;
use stentor_core::conversation::FIRST_HOST;
use stentor_event::announcement::{calendar_utc, iso_utc};
use stentor_event::clock::unix_ms_now;

use crate::scene::Scene;

const HISTORIES: u64 = 12;
const ACTS: u64 = 30;
const MINUTE_MS: u64 = 60_000;
/// How long the documents may take on a busy machine until the test fails.
const WITHIN: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % bound
    }

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len() as u64) as usize]
    }
}

/// A time of whole minutes within three hours from now, in one of two zones.
fn start(dice: &mut Dice) -> Value {
    let minutes = unix_ms_now().unsigned_abs() / MINUTE_MS + 1 + dice.below(180);
    let zone = dice.pick(&["Europe/Paris", "America/New_York"]);
    json!({ "at": minutes * MINUTE_MS, "zone": zone })
}

/// Any act, possible or not as the event stands; the end is rare, for nothing comes behind it.
fn act(dice: &mut Dice, number: u64) -> Value {
    let why = json!({ "en": format!("because of {number}"), "fr": format!("à cause de {number}") });
    match dice.below(40) {
        0 => json!({ "act": "end" }),
        1 => json!({ "act": "cancel", "why": why }),
        2..8 => json!({ "act": "postpone", "start": start(dice), "why": why }),
        8..11 => json!({ "act": "postpone", "start": null, "why": why }),
        11..15 => json!({ "act": "correct", "start": start(dice) }),
        15..18 => json!({ "act": "correct", "title": format!("Talk {number}, <b>\u{202e}") }),
        18..20 => json!({ "act": "correct", "about": { "en": format!("About {number}") } }),
        20..23 => json!({ "act": "open_doors" }),
        23..28 => json!({ "act": "go_on_air" }),
        28..33 => json!({ "act": "hold", "why": why }),
        33..38 => json!({ "act": "resume" }),
        _ => json!({ "act": "chapter", "title": format!("Chapter {number}") }),
    }
}

/// What is published below the event's address.
fn published(scene: &Scene, below: &str) -> Option<String> {
    let bytes = scene.server.public(&format!("/e/talk{below}"))?;
    String::from_utf8(bytes.to_vec()).ok()
}

/// The value of a property in a calendar.
fn property<'a>(calendar: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = calendar.lines();
    lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}

/// Nothing, or what contradicts how the event stands.
fn contradiction(scene: &Scene, stands: &Value) -> Result<(), String> {
    let agree = |what: &str, is: &Value, should: &Value| {
        let told = || Err(format!("{what}: {is} instead of {should}"));
        if is == should { Ok(()) } else { told() }
    };
    let schedule = &stands["schedule"];
    let phase = stands["phase"].as_str().unwrap_or_default();
    let ahead = ["announced", "doors"].contains(&phase);
    let status = published(scene, "/status.json").ok_or("no status")?;
    let status: Value = serde_json::from_str(&status).map_err(|error| error.to_string())?;
    for field in ["phase", "starts", "since"] {
        agree(field, &status[field], &stands[field])?;
    }
    for field in ["title", "zone", "why", "until"] {
        agree(field, &status[field], &schedule[field])?;
    }
    let was = if ahead {
        &schedule["was"]
    } else {
        &Value::Null
    };
    agree("was", &status["was"], was)?;

    let starts = stands["starts"].as_i64();
    let calendar = published(scene, "/event.ics").ok_or("no calendar")?;
    let is = json!(property(&calendar, "DTSTART"));
    if let Some(starts) = starts {
        agree("DTSTART", &is, &json!(calendar_utc(starts)))?;
    }
    let is = property(&calendar, "STATUS");
    let should = match phase {
        "cancelled" => "CANCELLED",
        _ if ahead && starts.is_none() => "TENTATIVE",
        _ => "CONFIRMED",
    };
    if is.is_some() {
        agree("STATUS", &json!(is), &json!(should))?;
    }

    let page = published(scene, "").ok_or("no page")?;
    let (_, rest) = page.split_once("application/ld+json").ok_or("no JSON-LD")?;
    let (_, rest) = rest.split_once('>').ok_or("no JSON-LD")?;
    let (said, _) = rest.split_once("</script>").ok_or("no end of JSON-LD")?;
    let said: Value = serde_json::from_str(said).map_err(|error| error.to_string())?;
    let moved = !schedule["was"].is_null() && schedule["was"] != stands["starts"];
    let event_status = match phase {
        "cancelled" => "EventCancelled",
        _ if moved && starts.is_some() => "EventRescheduled",
        _ if moved && ahead => "EventPostponed",
        _ => "EventScheduled",
    };
    let should = json!(format!("https://schema.org/{event_status}"));
    agree("eventStatus", &said["eventStatus"], &should)?;
    if let Some(starts) = starts {
        let is = said["startDate"].as_str().unwrap_or_default();
        let is = is.parse::<jiff::Timestamp>().map(|at| at.as_millisecond());
        agree("startDate", &json!(is.ok()), &json!(starts))?;
    }

    let feed = published(scene, "/feed.xml").ok_or("no feed")?;
    let live = match phase {
        "announced" | "doors" => Some("pending"),
        "on_air" | "held" => Some("live"),
        _ => None,
    };
    let is = feed.split_once("<podcast:liveItem status=\"");
    let is = is.and_then(|(_, rest)| rest.split('"').next());
    if let (Some(_), Some(live)) = (is, live) {
        agree("liveItem", &json!(is), &json!(live))?;
    }
    if let (Some(starts), true) = (starts, ahead) {
        let should = iso_utc(starts);
        let told = || format!("the feed does not begin at {should}: {feed}");
        feed.contains(should.trim_end_matches('Z'))
            .then_some(())
            .ok_or_else(told)?;
    }
    if let Some(why) = schedule["why"]["en"].as_str() {
        for (what, text) in [("the calendar", &calendar), ("the feed", &feed)] {
            let unfolded = text.replace("\r\n ", "");
            let told = || format!("{what} does not say {why}: {text}");
            unfolded.contains(why).then_some(()).ok_or_else(told)?;
        }
    }
    Ok(())
}

async fn agrees(scene: &Scene, stands: &Value, history: &[Value]) {
    let until = Instant::now() + WITHIN;
    while let Err(what) = contradiction(scene, stands) {
        assert!(Instant::now() < until, "{what}\nafter {history:#?}");
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_never_says_otherwise_than_the_history() {
    let mut done = 0;
    for seed in 0..HISTORIES {
        let announcer = Announcements::new("http://here", "en", None);
        let mut scene = Scene::announcing(Arc::new(announcer)).await;
        let (mut dice, mut history) = (Dice(seed), Vec::new());
        let bearer = format!("Bearer {}", scene.server.token(FIRST_HOST));
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "application/json"),
        ];
        let mut sequence = 0;
        for number in 0..ACTS {
            let path = "/api/v1/events/talk/schedule";
            let stands = scene.ask(Method::GET, path, &headers, "").await;
            let stands: Value = serde_json::from_str(&stands.body).expect("JSON");
            let mut act = act(&mut dice, number);
            act["version"] = stands["version"].clone();
            let path = "/api/v1/events/talk/acts";
            let answer = scene
                .ask(Method::POST, path, &headers, act.to_string())
                .await;
            if answer.status != StatusCode::OK {
                continue;
            }
            history.push(act);
            done += 1;
            let stands = serde_json::from_str(&answer.body).expect("JSON");
            agrees(&scene, &stands, &history).await;
            let calendar = published(&scene, "/event.ics").expect("it is there");
            let now = property(&calendar, "SEQUENCE").map_or(0, |n| n.parse().expect("a number"));
            assert!(now >= sequence, "{now} < {sequence} after {history:#?}");
            sequence = now;
        }
        let path = "/api/v1/events/talk/schedule";
        let told = scene.ask(Method::GET, path, &headers, "").await.body;
        scene = scene.restarted().await;
        let after = scene.ask(Method::GET, path, &headers, "").await.body;
        assert_eq!(after, told, "after {history:#?}");
        agrees(
            &scene,
            &serde_json::from_str(&after).expect("JSON"),
            &history,
        )
        .await;
    }
    assert!(
        done > HISTORIES * 5,
        "{done} acts were possible: too few to say anything"
    );
}
