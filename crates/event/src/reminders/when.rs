//! A beginning as people read it: in the zone of the event, and in UTC.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::words::Words;

/// In the event's zone if that is known, and in UTC; what is to be said where no time is announced.
pub(super) fn told(starts_unix_ms: Option<i64>, zone: Option<&str>, words: &Words) -> String {
    let starts = starts_unix_ms.and_then(|unix_ms| Timestamp::from_millisecond(unix_ms).ok());
    let Some(starts) = starts else {
        return words.no_time.to_owned();
    };
    let utc = starts.to_zoned(TimeZone::UTC);
    let in_utc = format!("{}, {} UTC", date(&utc, words), utc.strftime("%H:%M"));
    let there = zone.and_then(|zone| Some((zone, starts.in_tz(zone).ok()?)));
    match there {
        None => in_utc,
        Some((zone, there)) => {
            let told = format!(
                "{}, {} ({zone})",
                date(&there, words),
                there.strftime("%H:%M")
            );
            if there.date() == utc.date() {
                format!("{told} = {} UTC", utc.strftime("%H:%M"))
            } else {
                format!("{told} = {in_utc}")
            }
        }
    }
}

fn date(time: &Zoned, words: &Words) -> String {
    let from_monday = usize::from(time.weekday().to_monday_zero_offset().unsigned_abs());
    let month = usize::from(time.month().unsigned_abs());
    // Both are within a week and a year.
    let weekday = words.weekdays.get(from_monday).copied().unwrap_or_default();
    let month = words
        .months
        .get(month.saturating_sub(1))
        .copied()
        .unwrap_or_default();
    super::words::fill(
        words.date,
        &[
            ("weekday", weekday),
            ("day", &time.day().to_string()),
            ("month", month),
            ("year", &time.year().to_string()),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reminders::words::words;

    /// 2026-12-01T19:00Z.
    const EVENING: i64 = 1_796_151_600_000;

    #[test]
    fn a_beginning_is_said_in_each_language_in_its_zone_and_in_utc() {
        let paris = Some("Europe/Paris");
        for (lang, said) in [
            (
                "en",
                "Tuesday 1 December 2026, 20:00 (Europe/Paris) = 19:00 UTC",
            ),
            (
                "fr",
                "mardi 1 décembre 2026, 20:00 (Europe/Paris) = 19:00 UTC",
            ),
            (
                "de",
                "Dienstag, 1. Dezember 2026, 20:00 (Europe/Paris) = 19:00 UTC",
            ),
        ] {
            assert_eq!(told(Some(EVENING), paris, words(lang)), said);
        }
        let english = words("en");
        assert_eq!(
            told(Some(EVENING), Some("Asia/Tokyo"), english),
            "Wednesday 2 December 2026, 04:00 (Asia/Tokyo) = Tuesday 1 December 2026, 19:00 UTC"
        );
        for zone in [None, Some("Nowhere/Land")] {
            assert_eq!(
                told(Some(EVENING), zone, english),
                "Tuesday 1 December 2026, 19:00 UTC"
            );
        }
        for none in [None, Some(i64::MAX)] {
            assert_eq!(told(none, paris, english), english.no_time);
        }
    }
}
