//! A beginning as people read it: in the zone of the event, and in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::announcement::date;
use crate::lang::Lang;

/// In the event's zone if that is known, and in UTC; what is to be said where no time is announced.
pub(super) fn told(starts_unix_ms: Option<i64>, zone: Option<&str>, lang: Lang) -> String {
    let starts = starts_unix_ms.and_then(|unix_ms| Timestamp::from_millisecond(unix_ms).ok());
    let Some(starts) = starts else {
        return lang.say("mail-no-time", &[]).into_owned();
    };
    let utc = starts.to_zoned(TimeZone::UTC);
    let in_utc = format!("{}, {} UTC", date(&utc, lang), utc.strftime("%H:%M"));
    let there = zone.and_then(|zone| Some((zone, starts.in_tz(zone).ok()?)));
    match there {
        None => in_utc,
        Some((zone, there)) => {
            let told = format!(
                "{}, {} ({zone})",
                date(&there, lang),
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

#[cfg(test)]
mod tests {
    use super::*;

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
                "mardi 1er décembre 2026, 20:00 (Europe/Paris) = 19:00 UTC",
            ),
            (
                "de",
                "Dienstag, 1. Dezember 2026, 20:00 (Europe/Paris) = 19:00 UTC",
            ),
        ] {
            assert_eq!(told(Some(EVENING), paris, Lang::parse(lang).unwrap()), said);
        }
        let english = Lang::default();
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
            assert_eq!(told(none, paris, english), english.say("mail-no-time", &[]));
        }
    }
}
