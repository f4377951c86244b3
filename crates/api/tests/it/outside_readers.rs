//! Calendars, feeds and JSON-LD as programs read them that know nothing of us (`e2e/python/read_published.py`), whatever an event is called.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use serde_json::{Value, json};
use stentor_api::Announcements;
use stentor_core::{LanguageTag, Texts};
use stentor_event::announcement::{Announcer, Card, page_head};
use stentor_event::listing::{
    Listing, ListingChapter, ListingFile, ListingPerson, ListingPhase, ListingReplay,
};
use tempfile::TempDir;

/// 20:00 in Paris on 1 December 2026.
const STARTS: i64 = 1_796_151_600_000;
const TEN_MINUTES_MS: i64 = 600_000;

fn texts(text: &str) -> Texts {
    let mut texts = Texts::new();
    texts.set(LanguageTag::parse("en").unwrap(), text).unwrap();
    texts
}

fn listing() -> Listing {
    Listing {
        slug: "radio-nord".to_owned(),
        title: "Nord & Süd".to_owned(),
        titles: Texts::new(),
        languages: Vec::new(),
        description: texts("What the wind does.\nAnd why."),
        lang: "en".to_owned(),
        base_url: "https://talk.example.org".to_owned(),
        phase: ListingPhase::Announced,
        starts_unix_ms: Some(STARTS),
        starts_before_unix_ms: None,
        zone: Some("Europe/Paris".to_owned()),
        reason: Texts::new(),
        until_unix_ms: None,
        sequence: 0,
        changed_unix_ms: STARTS - TEN_MINUTES_MS,
        created_unix_ms: STARTS - TEN_MINUTES_MS,
        on_air_unix_ms: None,
        ended_unix_ms: None,
        people: vec![ListingPerson {
            name: "Ana".to_owned(),
            role: "host".to_owned(),
        }],
        series: Some("Radio".to_owned()),
        replay: None,
        chapters: Vec::new(),
        has_aac: false,
        has_mp3: false,
        embeddable: true,
        picture: None,
    }
}

fn postponed() -> Listing {
    Listing {
        starts_unix_ms: Some(STARTS + TEN_MINUTES_MS),
        starts_before_unix_ms: Some(STARTS),
        reason: texts("the train, again, is late"),
        sequence: 1,
        ..listing()
    }
}

fn over() -> Listing {
    Listing {
        phase: ListingPhase::Ended,
        ended_unix_ms: Some(STARTS + 6 * TEN_MINUTES_MS),
        sequence: 2,
        replay: Some(ListingReplay {
            path: "/e/radio-nord/replay.mp4".to_owned(),
            bytes: 21_600_000,
            duration_ms: 3_600_500,
            mp3: Some(ListingFile {
                path: "/e/radio-nord/replay.mp3".to_owned(),
                bytes: 43_200_000,
            }),
            published_unix_ms: STARTS + 7 * TEN_MINUTES_MS,
        }),
        chapters: vec![ListingChapter {
            at_ms: 90_500,
            title: "Rain & \"hail\"".to_owned(),
        }],
        ..listing()
    }
}

/// Writes everything that is published about an event into a folder, at its path.
fn publish(listing: &Listing, folder: &Path) {
    let announcements = Announcements {
        base_url: listing.base_url.clone(),
        lang: "fr".to_owned(),
        front_page: None,
        picture: Some("/assets/icon-512.png".to_owned()),
    };
    let mut documents = announcements.documents(listing, STARTS);
    documents.extend(announcements.server_documents(std::slice::from_ref(listing), STARTS));
    documents.push(announcements.card(&listing.slug, &Card::of(listing)));
    for document in documents {
        let name = if document.path == "/" {
            "/index"
        } else {
            document.path.as_str()
        };
        let suffix = if document.content_type.starts_with("text/html") {
            ".html"
        } else {
            ""
        };
        let file = folder.join(format!("{}{suffix}", name.trim_start_matches('/')));
        fs::create_dir_all(file.parent().expect("it lies in a folder")).unwrap();
        fs::write(file, document.body).unwrap();
    }
    let head = page_head(listing, "en");
    let page = format!(
        "<html><script type=\"application/ld+json\">{}</script></html>",
        head.json_ld
    );
    fs::write(folder.join(format!("e/{}.html", listing.slug)), page).unwrap();
}

/// The tests' Python, which `make test-tools` installs.
fn python() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let installed = env::var_os("E2E_PYTHON")
        .map_or_else(|| root.join("target/tools/venv/bin/python"), PathBuf::from);
    if installed.is_file() {
        return Some(installed);
    }
    assert!(
        env::var_os("STENTOR_MUST_RUN").is_none(),
        "not run, and it must: {} is missing",
        installed.display()
    );
    println!("not run: the tests' Python is missing; `make test-tools` installs it");
    None
}

/// What the outside readers make of it; `None` where there are none on this machine.
fn read(listing: &Listing) -> Option<Value> {
    let python = python()?;
    let folder = TempDir::new().expect("the system's folder for such things can be written");
    publish(listing, folder.path());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../e2e/python/read_published.py");
    let output = Command::new(python)
        .arg(script)
        .arg(folder.path())
        .arg(&listing.slug)
        .output()
        .expect("python runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Some(serde_json::from_slice(&output.stdout).expect("it prints JSON"))
}

fn complains_of_nothing(read: &Value) {
    for document in [
        "calendar",
        "server_calendar",
        "feed",
        "server_feed",
        "series_calendar",
        "series_feed",
    ] {
        // Those of a series lie where its name says: of another one than theirs there are none.
        let is_there = !document.starts_with("series") || !read[document].is_null();
        if is_there {
            assert_eq!(read[document]["complaints"], json!([]), "{document}");
        }
    }
}

#[test]
fn a_postponement_is_read_by_calendars_feeds_and_search_engines() {
    let (Some(before), Some(after)) = (read(&listing()), read(&postponed())) else {
        return;
    };
    complains_of_nothing(&after);
    let event = |read: &Value| read["calendar"]["events"][0].clone();
    let (was, is) = (event(&before), event(&after));
    assert_eq!(was["uid"], is["uid"]);
    assert_eq!((&was["sequence"], &is["sequence"]), (&json!(0), &json!(1)));
    assert_eq!(was["start"], "2026-12-01T19:00:00+00:00");
    assert_eq!(is["start"], "2026-12-01T19:10:00+00:00");
    assert_eq!(is["status"], "CONFIRMED");
    assert_eq!(is["summary"], "Postponed: Nord & Süd");
    assert!(
        is["description"]
            .as_str()
            .unwrap()
            .starts_with("Postponed: the train, again, is late\n\nWhat the wind does.\nAnd why.")
    );
    assert_eq!(is["alarms_s"], json!([-600.0]));
    let live = &after["server_feed"]["live"][0];
    assert_eq!(
        (&live["status"], &live["start"]),
        (&json!("pending"), &json!("2026-12-01T19:10:00Z"))
    );
    let found = &after["page"]["json_ld"][0];
    assert_eq!(
        found["type"].as_str().or(found["@type"].as_str()),
        Some("Event")
    );
    assert_eq!(found["eventStatus"], "https://schema.org/EventRescheduled");
    assert_eq!(found["startDate"], "2026-12-01T20:10:00+01:00");
    assert_eq!(found["previousStartDate"], "2026-12-01T20:00:00+01:00");
    assert_eq!(after["card"]["width"], 1_200);
    assert!(
        after["oembed"]["html"]
            .as_str()
            .unwrap()
            .contains("/e/radio-nord/embed")
    );
}

#[test]
fn a_cancelled_event_stays_in_the_calendar() {
    let cancelled = Listing {
        phase: ListingPhase::Cancelled,
        sequence: 5,
        ..listing()
    };
    let Some(read) = read(&cancelled) else {
        return;
    };
    for calendar in ["calendar", "server_calendar", "series_calendar"] {
        let event = &read[calendar]["events"][0];
        assert_eq!(
            (&event["status"], &event["sequence"]),
            (&json!("CANCELLED"), &json!(5))
        );
        assert_eq!(event["alarms_s"], json!([]));
    }
    assert_eq!(read["feed"]["live"][0]["status"], "ended");
}

#[test]
fn a_replay_is_an_episode_with_chapters_and_people() {
    let Some(read) = read(&over()) else {
        return;
    };
    complains_of_nothing(&read);
    assert_eq!(read["series_feed"]["title"], "Radio");
    for feed in ["feed", "server_feed", "series_feed"] {
        let item = &read[feed]["items"][0];
        assert_eq!(item["enclosure"]["type"], "audio/mpeg");
        assert_eq!(item["enclosure"]["length"], "43200000");
        assert_eq!(
            item["alternates"][1]["uri"],
            "https://talk.example.org/e/radio-nord/replay.mp4"
        );
        assert_eq!(item["people"], json!([["Ana", "host"]]));
        assert_eq!(
            item["chapters"]["url"],
            "https://talk.example.org/e/radio-nord/chapters.json"
        );
        assert_eq!(read[feed]["feedparser"]["title"], read[feed]["title"]);
        let entry = &read[feed]["feedparser"]["entries"][0];
        assert_eq!(entry["id"], item["guid"]);
        assert_eq!(entry["title"], "Nord & Süd");
        assert_eq!(
            entry["enclosures"][0]["href"],
            "https://talk.example.org/e/radio-nord/replay.mp3"
        );
    }
    assert_eq!(
        read["chapters"]["chapters"][0],
        json!({ "startTime": 90.5, "title": "Rain & \"hail\"" })
    );
    assert!(
        read["front"]["hrefs"]
            .as_array()
            .unwrap()
            .contains(&json!("/e/radio-nord"))
    );
}

#[test]
fn outside_readers_take_any_title() {
    for title in [
        "\r\nEND:VCALENDAR\r\n]]></title><script>x</script>\u{0}\u{ffff}\u{202e},;\\ \"&amp;",
        &"👩‍👩‍👧‍👦é日本".repeat(100_000),
        "",
    ] {
        let hostile = Listing {
            title: title.to_owned(),
            reason: texts(&format!("{title}.")),
            description: texts(&format!("{title}.")),
            series: Some(title.to_owned()),
            people: vec![ListingPerson {
                name: title.to_owned(),
                role: title.to_owned(),
            }],
            ..over()
        };
        let Some(read) = read(&hostile) else {
            return;
        };
        complains_of_nothing(&read);
        assert_eq!(read["calendar"]["events"].as_array().unwrap().len(), 1);
        assert_eq!(read["feed"]["items"].as_array().unwrap().len(), 1);
        assert_eq!(read["page"]["json_ld"].as_array().unwrap().len(), 1);
    }
}
