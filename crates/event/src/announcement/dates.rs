//! An instant as documents write it and as people read it, in the zone in which it was announced.
//!
//! The table of zones is the system's where it has one, else the one this program carries.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use stentor_core::schedule::{NotAZone, Zone};

use crate::lang::{Lang, Value};

/// Seconds of a minute and of an hour.
const MINUTE_S: i32 = 60;
const HOUR_S: i32 = 3_600;
const MS_PER_S: u64 = 1_000;

/// With its offset from UTC (RFC 3339): `2026-12-01T20:00:00+01:00`.
#[must_use]
pub fn iso_8601(unix_ms: i64, zone: Option<&str>) -> String {
    instant_in(unix_ms, zone)
        .strftime("%Y-%m-%dT%H:%M:%S%:z")
        .to_string()
}

/// In UTC (RFC 3339): `2026-12-01T19:00:00Z`.
#[must_use]
pub fn iso_utc(unix_ms: i64) -> String {
    instant(unix_ms).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// As a calendar has it, in UTC (RFC 5545 §3.3.5): `20261201T190000Z`.
#[must_use]
pub fn calendar_utc(unix_ms: i64) -> String {
    instant(unix_ms).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// As mail and RSS have it (RFC 5322 §3.3): `Tue, 01 Dec 2026 19:00:00 GMT`.
#[must_use]
pub fn mail_date(unix_ms: i64) -> String {
    instant(unix_ms)
        .strftime("%a, %d %b %Y %H:%M:%S GMT")
        .to_string()
}

/// How long something takes (ISO 8601): `PT3723S`, in whole seconds.
#[must_use]
pub fn duration_iso(duration_ms: u64) -> String {
    format!("PT{}S", duration_ms / MS_PER_S)
}

/// As people read it, with the place whose time it is and its offset: `Tuesday 1 December 2026, 20:00 (Paris, UTC+1)`. In a language
/// whose dates we do not write it is `2026-12-01 20:00 (Paris, UTC+1)`.
#[must_use]
pub fn written(unix_ms: i64, zone: Option<&str>, lang: &str) -> String {
    let at = instant_in(unix_ms, zone);
    let place = place(&at, zone);
    let time = at.strftime("%H:%M").to_string();
    let Some(lang) = Lang::of_tag(lang) else {
        return format!("{} {time} ({place})", at.strftime("%Y-%m-%d"));
    };
    let values = [
        ("date", Value::Text(&date(&at, lang))),
        ("time", Value::Text(&time)),
        ("place", Value::Text(&place)),
    ];
    lang.say("date-at", &values).into_owned()
}

/// A day as people write it: `Tuesday 1 December 2026`.
#[must_use]
pub fn date(at: &Zoned, lang: Lang) -> String {
    let count = |number: i16| Value::Count(u64::from(number.unsigned_abs()));
    let weekday = count(at.weekday().to_monday_one_offset().into());
    let month = count(at.month().into());
    let values = [
        (
            "weekday",
            Value::Text(&lang.say("date-weekday", &[("number", weekday)])),
        ),
        ("day", count(at.day().into())),
        (
            "month",
            Value::Text(&lang.say("date-month", &[("number", month)])),
        ),
        ("year", count(at.year())),
    ];
    lang.say("date-long", &values).into_owned()
}

/// `Paris, UTC+1`, or only `UTC-3:30` where the zone has no place.
fn place(at: &Zoned, zone: Option<&str>) -> String {
    let offset = at.offset().seconds();
    let mut told = "UTC".to_owned();
    if offset != 0 {
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / HOUR_S, offset.abs() % HOUR_S / MINUTE_S);
        // Writing to a string does not fail.
        let _ = write!(told, "{sign}{hours}");
        if minutes != 0 {
            let _ = write!(told, ":{minutes:02}");
        }
    }
    let city = zone
        .filter(|_| at.time_zone().iana_name().is_some_and(|name| name != "UTC"))
        .and_then(|zone| zone.split_once('/'))
        .filter(|(area, _)| *area != "Etc")
        .and_then(|(_, place)| place.rsplit('/').next());
    match city {
        Some(city) => format!("{}, {told}", city.replace('_', " ")),
        None => told,
    }
}

/// A zone that there is.
///
/// # Errors
/// Theirs: there is none of this name, or it is no name.
pub fn zone(name: &str) -> Result<Zone, NotAZone> {
    let zone = Zone::parse(name)?;
    let not_a_zone = |_| NotAZone {
        got: name.to_owned(),
    };
    TimeZone::get(name).map(|_| zone).map_err(not_a_zone)
}

fn instant(unix_ms: i64) -> Timestamp {
    // Behind the year 9999 dates have no form (RFC 3339 §1).
    Timestamp::from_millisecond(unix_ms.max(0)).unwrap_or(Timestamp::MAX)
}

/// In UTC where the zone is none that is known.
fn instant_in(unix_ms: i64, zone: Option<&str>) -> Zoned {
    let zone = zone.and_then(|name| TimeZone::get(name).ok());
    instant(unix_ms).to_zoned(zone.unwrap_or(TimeZone::UTC))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 20:00 in Paris on 1 December 2026.
    const AT: i64 = 1_796_151_600_000;
    const PARIS: Option<&str> = Some("Europe/Paris");

    #[test]
    fn a_zone_that_nobody_knows_is_none() {
        for name in ["Europe/Paris", "UTC", "America/Argentina/Buenos_Aires"] {
            assert_eq!(zone(name).expect(name).as_str(), name);
        }
        let error = zone("Mars/Olympus").expect_err("it is not there");
        assert!(
            error.to_string().ends_with("got \"Mars/Olympus\""),
            "{error}"
        );
        assert!(zone("Europe/../Paris").is_err());
    }

    #[test]
    fn machines_read_the_same_instant_in_every_form() {
        assert_eq!(iso_8601(AT, PARIS), "2026-12-01T20:00:00+01:00");
        assert_eq!(iso_8601(AT, None), "2026-12-01T19:00:00+00:00");
        assert_eq!(iso_utc(AT), "2026-12-01T19:00:00Z");
        assert_eq!(calendar_utc(AT), "20261201T190000Z");
        assert_eq!(mail_date(AT), "Tue, 01 Dec 2026 19:00:00 GMT");
        assert_eq!(duration_iso(3_723_999), "PT3723S");
    }

    #[test]
    fn people_read_it_in_their_language_with_whose_time_it_is() {
        for (zone, lang, read) in [
            (PARIS, "en", "Tuesday 1 December 2026, 20:00 (Paris, UTC+1)"),
            (
                PARIS,
                "fr-CA",
                "mardi 1er décembre 2026 à 20:00 (Paris, UTC+1)",
            ),
            (
                PARIS,
                "de",
                "Dienstag, 1. Dezember 2026, 20:00 Uhr (Paris, UTC+1)",
            ),
            (PARIS, "ja", "2026-12-01 20:00 (Paris, UTC+1)"),
            (
                Some("America/St_Johns"),
                "en",
                "Tuesday 1 December 2026, 15:30 (St Johns, UTC-3:30)",
            ),
            (
                Some("America/Argentina/Buenos_Aires"),
                "en",
                "Tuesday 1 December 2026, 16:00 (Buenos Aires, UTC-3)",
            ),
            (
                Some("Etc/GMT+5"),
                "en",
                "Tuesday 1 December 2026, 14:00 (UTC-5)",
            ),
            (None, "en", "Tuesday 1 December 2026, 19:00 (UTC)"),
        ] {
            assert_eq!(written(AT, zone, lang), read);
        }
    }

    #[test]
    fn a_summer_evening_has_the_offset_of_summer() {
        assert_eq!(
            iso_8601(1_783_000_800_000, PARIS),
            "2026-07-02T16:00:00+02:00"
        );
    }

    #[test]
    fn what_is_no_zone_and_no_date_is_still_told() {
        for zone in ["", "Nowhere/Atlantis", "../../etc/passwd", "\u{0}"] {
            assert!(
                written(AT, Some(zone), "en").ends_with("19:00 (UTC)"),
                "{zone:?}"
            );
        }
        assert_eq!(iso_utc(i64::MIN), "1970-01-01T00:00:00Z");
        assert_eq!(iso_utc(i64::MAX), "9999-12-30T22:00:00Z");
        assert!(iso_8601(i64::MAX, Some("Pacific/Kiritimati")).contains('T'));
    }
}
