//! HLS playlists over time.

use stentor_media::package::hls::{MediaPlaylist, PLAYLIST_SEGMENTS_MAX, PlaylistCounts, iso_8601};
use stentor_media::package::{Packager, Published};
use stentor_media::rendition::Rendition;
use stentor_media::tags::Tags;

use crate::support::{EPOCH_UNIX_MS, PROGRAMME};

fn value<'a>(text: &'a str, tag: &str) -> &'a str {
    text.lines()
        .find_map(|line| line.strip_prefix(tag))
        .unwrap_or_else(|| panic!("{tag} is missing in\n{text}"))
}

#[test]
fn a_playlist_lists_the_newest_segments_and_counts_those_that_went() {
    let mut playlist = MediaPlaylist::new(EPOCH_UNIX_MS);
    let newest = 500 + PLAYLIST_SEGMENTS_MAX as u64 + 4;
    (500..=newest).for_each(|number| playlist.add(number));
    let text = playlist.render();
    let listed: Vec<_> = text
        .lines()
        .filter(|line| line.starts_with("hls/"))
        .collect();
    assert_eq!(listed.len(), PLAYLIST_SEGMENTS_MAX);
    assert_eq!(listed.last(), Some(&format!("hls/{newest}.m4s").as_str()));
    assert_eq!(value(&text, "#EXT-X-MEDIA-SEQUENCE:"), "505");
    assert_eq!(
        value(&text, "#EXT-X-DISCONTINUITY-SEQUENCE:"),
        "0",
        "it stays the same during one run"
    );
}

#[test]
fn after_a_restart_the_numbers_go_on_with_a_discontinuity_and_without_a_hole() {
    for (discontinuities, skipped) in [(1, 0), (2, 7), (506, 100)] {
        let mut playlist = MediaPlaylist::new(EPOCH_UNIX_MS);
        let before = PlaylistCounts {
            discontinuities,
            skipped,
            next: 509,
        };
        playlist.go_on_from(before);
        assert_eq!(playlist.counts(), before, "nothing is listed yet");
        playlist.add(512);
        let text = playlist.render();
        let listed = "#EXT-X-DISCONTINUITY\n#EXTINF:3.600,\nhls/512.m4s\n";
        assert!(text.ends_with(listed), "{text}");
        let sequence = 509 - skipped;
        assert_eq!(numbers(&text), (sequence, discontinuities - 1));
        let after = PlaylistCounts {
            discontinuities,
            skipped: skipped + 3,
            next: 513,
        };
        assert_eq!(playlist.counts(), after);
        // As long as it lists where it began anew.
        let newest = 512 + PLAYLIST_SEGMENTS_MAX as u64;
        (513..newest).for_each(|number| playlist.add(number));
        assert_eq!(numbers(&playlist.render()), (sequence, discontinuities - 1));
        playlist.add(newest);
        assert_eq!(numbers(&playlist.render()), (sequence + 1, discontinuities));
        assert!(!playlist.render().contains("DISCONTINUITY\n"));
    }
}

#[test]
fn the_numbers_go_on_after_a_pause_however_long_and_from_the_first_run() {
    let mut playlist = MediaPlaylist::new(EPOCH_UNIX_MS);
    playlist.go_on_from(PlaylistCounts::default());
    playlist.add(500);
    assert_eq!(
        numbers(&playlist.render()),
        (500, 0),
        "there was none before"
    );
    playlist.begin_anew();
    assert!(playlist.is_empty());
    playlist.add(501);
    assert_eq!(numbers(&playlist.render()), (501, 0));
    // Before anything was listed, and long after.
    for _ in 0..2 {
        playlist.begin_anew();
    }
    playlist.add(9_000);
    assert_eq!(numbers(&playlist.render()), (502, 2));
    assert_eq!(playlist.counts().discontinuities, 3);
}

#[test]
fn a_run_that_was_over_before_it_listed_anything_leaves_no_hole() {
    let mut first = MediaPlaylist::new(EPOCH_UNIX_MS);
    first.add(99);
    let anew = |counts: PlaylistCounts| PlaylistCounts {
        discontinuities: counts.discontinuities + 1,
        ..counts
    };
    // Killed at once: what is kept is what the first has listed.
    let mut second = MediaPlaylist::new(EPOCH_UNIX_MS);
    second.go_on_from(anew(first.counts()));
    let mut third = MediaPlaylist::new(EPOCH_UNIX_MS);
    third.go_on_from(anew(first.counts()));
    third.add(120);
    assert_eq!(numbers(&third.render()), (100, 0));
}

/// Media sequence and discontinuity sequence.
fn numbers(text: &str) -> (u64, u64) {
    let number = |tag| value(text, tag).parse().unwrap();
    (
        number("#EXT-X-MEDIA-SEQUENCE:"),
        number("#EXT-X-DISCONTINUITY-SEQUENCE:"),
    )
}

#[test]
fn the_clock_of_a_playlist_is_the_event_s_timeline() {
    let mut playlist = MediaPlaylist::new(EPOCH_UNIX_MS);
    playlist.add(1_000);
    assert_eq!(
        value(&playlist.render(), "#EXT-X-PROGRAM-DATE-TIME:"),
        iso_8601(EPOCH_UNIX_MS + 3_600_000)
    );
}

#[test]
fn no_segment_is_longer_than_the_target_duration() {
    let mut playlist = MediaPlaylist::new(EPOCH_UNIX_MS);
    playlist.add(1);
    let text = playlist.render();
    let target: f64 = value(&text, "#EXT-X-TARGETDURATION:").parse().unwrap();
    let length: f64 = value(&text, "#EXTINF:")
        .trim_end_matches(',')
        .parse()
        .unwrap();
    assert!(length.round() <= target, "RFC 8216 §4.3.3.1");
}

#[test]
fn the_multivariant_playlist_promises_no_less_than_the_segments_need() {
    let text = Packager::multivariant_playlist(&Tags::default(), &[]);
    let lines: Vec<_> = text.lines().collect();
    for rendition in Rendition::ALL {
        let at = lines
            .iter()
            .position(|line| *line == format!("{}/index.m3u8", rendition.name()))
            .unwrap();
        let promise = lines[at - 1];
        assert!(promise.ends_with("CODECS=\"opus\""), "{promise}");
        let bandwidth: u64 = promise.split(['=', ',']).nth(1).unwrap().parse().unwrap();
        for item in &*PROGRAMME {
            if let Published::Segment {
                rendition: of,
                bytes,
                ..
            } = item
                && *of == rendition
            {
                let needed = bytes.len() as u64 * 8 * 10 / 36;
                assert!(
                    needed <= bandwidth && bandwidth < needed * 2,
                    "{needed} of {bandwidth}"
                );
            }
        }
    }
}

#[test]
fn dates_are_those_of_the_calendar() {
    for (unix_ms, date) in [
        (0, "1970-01-01T00:00:00.000Z"),
        (951_782_399_999, "2000-02-28T23:59:59.999Z"),
        (951_782_400_000, "2000-02-29T00:00:00.000Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        (1_795_377_600_000, "2026-11-22T20:00:00.000Z"),
        (-1, "1969-12-31T23:59:59.999Z"),
    ] {
        assert_eq!(iso_8601(unix_ms), date);
    }
}

#[test]
fn a_multivariant_playlist_says_what_is_heard_and_nothing_breaks_out_of_it() {
    for (title, said) in [
        ("A talk", "A talk"),
        (
            "\"Ilios\"\n#EXT-X-ENDLIST",
            "\u{201d}Ilios\u{201d} #EXT-X-ENDLIST",
        ),
        ("L\u{2019}été,VALUE=x", "L\u{2019}été,VALUE=x"),
    ] {
        let tags = Tags {
            title: title.to_owned(),
            ..Tags::default()
        };
        let text = Packager::multivariant_playlist(&tags, &[]);
        let data = value(&text, "#EXT-X-SESSION-DATA:");
        assert_eq!(
            data,
            format!("DATA-ID=\"com.apple.hls.title\",VALUE=\"{said}\"")
        );
        assert!(!text.lines().any(|line| line == "#EXT-X-ENDLIST"), "{text}");
    }
    let silent = Packager::multivariant_playlist(&Tags::default(), &[]);
    assert!(!silent.contains("SESSION-DATA"), "{silent}");
}
