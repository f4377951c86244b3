//! When an event starts, as people write it: `2026-12-01T20:00`, `tomorrow 20:00`, `20:00 Europe/Paris`.
//!
//! A time without a zone is one of this machine's zone, which is why every time is said again, with its zone and in UTC: who wrote it
//! sees what was understood. No date is guessed from an order of numbers that depends on where one lives.

use jiff::civil::{Date, DateTime, Time, Weekday};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, ToSpan as _, Zoned};
use stentor_core::schedule::{Start, Zone};

/// Characters of a time: longer ones are refused unread.
const CHARS_MAX: usize = 80;
/// How far ahead `in 3 days` reaches, in seconds.
const AHEAD_S_MAX: i64 = 3_660 * 86_400;
/// What is expected, with examples.
const EXPECTED: &str = "expected a time like 2026-12-01T20:00, \"tomorrow 20:00\", \"20:00 Europe/Paris\" or 2026-12-01T20:00+01:00";

/// English and French, from Monday.
const WEEKDAYS: [[&str; 2]; 7] = [
    ["monday", "lundi"],
    ["tuesday", "mardi"],
    ["wednesday", "mercredi"],
    ["thursday", "jeudi"],
    ["friday", "vendredi"],
    ["saturday", "samedi"],
    ["sunday", "dimanche"],
];

/// A time, and the zone it was written in.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct When(Zoned);

impl When {
    /// Reads a time as it was typed; `now` has this machine's zone.
    ///
    /// # Errors
    /// One sentence with what was expected.
    pub(crate) fn parse(text: &str, now: &Zoned) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > CHARS_MAX {
            return Err(EXPECTED.to_owned());
        }
        if let Some(seconds) = seconds_since_1970(text)? {
            return Ok(Self(seconds.to_zoned(now.time_zone().clone())));
        }
        if let Ok(zoned) = text.parse::<Zoned>() {
            return Ok(Self(zoned));
        }
        if let Some(pause) = text.strip_prefix("in ").or_else(|| text.strip_prefix('+')) {
            return later(pause, now).map(Self);
        }
        let (text, zone) = zone_of(text)?;
        let now = match &zone {
            Some(zone) => now.with_time_zone(zone.clone()),
            None => now.clone(),
        };
        let (day, time) = day_and_time(text, &now)?;
        let zoned = match day {
            Some(day) => at(day.to_datetime(time), now.time_zone())?,
            // The next time the clock shows it.
            None => {
                let today = at(now.date().to_datetime(time), now.time_zone())?;
                if today > now {
                    today
                } else {
                    let tomorrow = now.date().tomorrow().map_err(|_| EXPECTED.to_owned())?;
                    at(tomorrow.to_datetime(time), now.time_zone())?
                }
            }
        };
        Ok(Self(zoned))
    }

    /// A time that is stored, in this machine's zone.
    pub(crate) fn of_unix_ms(unix_ms: i64) -> Option<Self> {
        let time = Timestamp::from_millisecond(unix_ms).ok()?;
        Some(Self(time.to_zoned(TimeZone::system())))
    }

    pub(crate) fn unix_ms(&self) -> i64 {
        self.0.timestamp().as_millisecond()
    }

    /// As an event is announced to begin then. A zone that has no name, such as an offset, is left out.
    pub(crate) fn start(&self) -> Start {
        let zone = self.0.time_zone().iana_name();
        Start {
            unix_ms: self.unix_ms(),
            zone: zone.and_then(|name| Zone::parse(name).ok()),
        }
    }

    /// In UTC, for programs.
    pub(crate) fn rfc3339(&self) -> String {
        self.0
            .timestamp()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string()
    }

    /// With its zone, in UTC, and how far from now.
    pub(crate) fn told(&self, now: Timestamp) -> String {
        let here = &self.0;
        let utc = here.with_time_zone(TimeZone::UTC);
        let zone = match here.time_zone().iana_name() {
            Some("UTC" | "Etc/UTC" | "Etc/Unknown") => None,
            Some(name) => Some(name.to_owned()),
            None if here.offset() == Offset::UTC => None,
            None => Some(format!("UTC{}", here.strftime("%:z"))),
        };
        let in_utc = match zone {
            None => " UTC".to_owned(),
            Some(zone) if utc.date() == here.date() => {
                format!(" {zone} ({} UTC)", utc.strftime("%H:%M"))
            }
            Some(zone) => format!(" {zone} ({} UTC)", utc.strftime("%-d %B %H:%M")),
        };
        let far = far(here.timestamp().duration_since(now));
        format!("{}{in_utc}, {far}", here.strftime("%A %-d %B %Y %H:%M"))
    }
}

/// Seconds since 1970, as `date +%s` prints them.
fn seconds_since_1970(text: &str) -> Result<Option<Timestamp>, String> {
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    match text.len() {
        9..=11 => {
            let seconds = text
                .parse()
                .ok()
                .and_then(|seconds| Timestamp::from_second(seconds).ok());
            Ok(Some(seconds.ok_or(EXPECTED)?))
        }
        12.. => Err(format!(
            "{EXPECTED}; a number is seconds since 1970, and this one is too large for that"
        )),
        _ => Err(EXPECTED.to_owned()),
    }
}

/// `3 days`, `90 min`, `2h`.
fn later(pause: &str, now: &Zoned) -> Result<Zoned, String> {
    let pause = pause.trim();
    let digits = pause.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = pause.split_at(digits);
    let seconds = match unit.trim() {
        "m" | "min" | "mins" | "minute" | "minutes" => 60,
        "h" | "hour" | "hours" => 3_600,
        "d" | "day" | "days" => 86_400,
        _ => return Err(EXPECTED.to_owned()),
    };
    let number: i64 = number.parse().map_err(|_| EXPECTED.to_owned())?;
    let ahead = number
        .checked_mul(seconds)
        .filter(|ahead| *ahead <= AHEAD_S_MAX);
    let ahead = ahead.ok_or("an event starts within 3660 days of now")?;
    // On the minute: nobody announces seconds.
    let then = now
        .checked_add(ahead.seconds())
        .map_err(|_| EXPECTED.to_owned())?;
    then.with()
        .second(0)
        .subsec_nanosecond(0)
        .build()
        .map_err(|_| EXPECTED.to_owned())
}

/// What stands before the zone, and the zone if one is named.
fn zone_of(text: &str) -> Result<(&str, Option<TimeZone>), String> {
    if let Some(rest) = text
        .strip_suffix(['Z', 'z'])
        .filter(|rest| rest.ends_with(|char: char| char.is_ascii_digit()))
    {
        return Ok((rest, Some(TimeZone::UTC)));
    }
    let (rest, last) = match text.rsplit_once(' ') {
        Some((rest, last)) => (rest.trim_end(), last),
        None => ("", text),
    };
    if !rest.is_empty() {
        if let Some(offset) = offset(last) {
            return Ok((rest, Some(offset.to_time_zone())));
        }
        let is_name = last.contains('/')
            || (last.len() >= 3 && last.bytes().all(|byte| byte.is_ascii_uppercase()));
        if is_name && !matches!(last, "AM" | "PM") {
            let zone = TimeZone::get(last).map_err(|_| {
                format!("no time zone is called \"{last}\" here: zones are named like Europe/Paris, or by their offset, +01:00")
            })?;
            return Ok((rest, Some(zone)));
        }
    }
    // 20:00+01:00, but not the dashes of a date.
    if let Some(sign) = text.rfind(['+', '-'])
        && text[..sign].contains(':')
        && let Some(offset) = offset(&text[sign..])
    {
        return Ok((text[..sign].trim_end(), Some(offset.to_time_zone())));
    }
    Ok((text, None))
}

/// `+01:00`, `-0530`, `+1`, `UTC+2`.
fn offset(text: &str) -> Option<Offset> {
    let text = text
        .strip_prefix("UTC")
        .or_else(|| text.strip_prefix("GMT"))
        .unwrap_or(text);
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let digits = digits.replace(':', "");
    if digits.is_empty() || digits.len() > 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = digits.split_at(digits.len() - if digits.len() > 2 { 2 } else { 0 });
    let (hours, minutes): (i32, i32) = (
        hours.parse().ok()?,
        if minutes.is_empty() {
            0
        } else {
            minutes.parse().ok()?
        },
    );
    if hours > 14 || minutes > 59 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 3_600 + minutes * 60)).ok()
}

/// The day, if one is named, and the time of the day.
fn day_and_time(text: &str, now: &Zoned) -> Result<(Option<Date>, Time), String> {
    let (day, time) = match text
        .split_once(['T', 't'])
        .filter(|(day, _)| day.ends_with(|char: char| char.is_ascii_digit()))
    {
        Some((day, time)) => (day, time),
        None => match text.split_once([' ', ',']) {
            // 8:30 pm is one time.
            Some((time, half)) if is_half(half) => ("", if half.is_empty() { time } else { text }),
            Some((day, time)) => (day, time.trim_start_matches([' ', ','])),
            None => ("", text),
        },
    };
    let time = time
        .trim()
        .trim_start_matches("at ")
        .trim_start_matches("à ");
    if day.is_empty() && date(time).is_some() {
        return Err(format!(
            "the time of the day is missing: write {time}T20:00"
        ));
    }
    let time = time_of_day(time).ok_or(EXPECTED)?;
    if day.is_empty() {
        return Ok((None, time));
    }
    named_day(&day.to_lowercase(), time, now).map(|day| (Some(day), time))
}

fn is_half(text: &str) -> bool {
    matches!(text.trim().to_lowercase().as_str(), "am" | "pm")
}

fn named_day(day: &str, time: Time, now: &Zoned) -> Result<Date, String> {
    let ahead = |days: i32| {
        now.date()
            .checked_add(days.days())
            .map_err(|_| EXPECTED.to_owned())
    };
    match day {
        "today" | "tonight" | "aujourd'hui" | "aujourd’hui" => return ahead(0),
        "tomorrow" | "demain" => return ahead(1),
        _ => {}
    }
    if let Some(number) = WEEKDAYS.iter().position(|names| names.contains(&day)) {
        let day =
            Weekday::from_monday_zero_offset(number as i8).map_err(|_| EXPECTED.to_owned())?;
        let days = now.date().weekday().until(day);
        // Of today's name, the one that is still to come.
        let days = if days == 0 && time <= now.time() {
            7
        } else {
            days
        };
        return ahead(days.into());
    }
    if let Some(date) = date(day) {
        return Ok(date);
    }
    if day.contains(['/', '.']) {
        return Err(format!(
            "{EXPECTED}; a date is written year, month, day with dashes, since \"{day}\" is read in two ways"
        ));
    }
    Err(EXPECTED.to_owned())
}

fn date(text: &str) -> Option<Date> {
    let mut parts = text.splitn(3, '-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || month.len() > 2 || day.len() > 2 {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `20:00`, `20:00:30`, `20h`, `20h30`, `8pm`, `8:30 pm`.
fn time_of_day(text: &str) -> Option<Time> {
    let text = text.to_lowercase();
    let (clock, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(clock), _) => (clock.trim_end(), Some(0)),
        (_, Some(clock)) => (clock.trim_end(), Some(12)),
        _ => (text.as_str(), None),
    };
    let number = |text: &str| (text.len() <= 2).then(|| text.parse::<i8>().ok())?;
    let mut parts = clock.trim_end_matches('h').split([':', 'h']);
    let hour = number(parts.next()?)?;
    let minute = parts.next().map(number);
    let second = parts.next().map(number);
    // A number alone is no time, unless it says which half of the day, or that it is hours.
    if (minute.is_none() && half.is_none() && !clock.ends_with('h')) || parts.next().is_some() {
        return None;
    }
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    Time::new(
        hour,
        minute.unwrap_or(Some(0))?,
        second.unwrap_or(Some(0))?,
        0,
    )
    .ok()
}

/// A time of a clock, which may come twice or not at all.
fn at(time: DateTime, zone: &TimeZone) -> Result<Zoned, String> {
    let there = zone.to_ambiguous_zoned(time);
    let place = zone.iana_name().unwrap_or("this machine's zone").to_owned();
    let written = time.strftime("%Y-%m-%dT%H:%M").to_string();
    match there.offset() {
        AmbiguousOffset::Unambiguous { .. } => {}
        AmbiguousOffset::Gap { .. } => {
            return Err(format!(
                "{written} is skipped in {place}, where clocks go forward then"
            ));
        }
        AmbiguousOffset::Fold { before, after } => {
            return Err(format!(
                "{written} comes twice in {place}, where clocks go back then: write {written}{before} or {written}{after}"
            ));
        }
    }
    there.unambiguous().map_err(|_| EXPECTED.to_owned())
}

/// How far from now, in the largest unit that says enough.
fn far(pause: SignedDuration) -> String {
    let minutes = (pause.as_secs().unsigned_abs() + 30) / 60;
    let (number, unit) = match minutes {
        0 => return "now".to_owned(),
        1..=119 => (minutes, "minute"),
        120..=2_879 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    if pause.is_negative() {
        format!("{number} {unit}{plural} ago")
    } else {
        format!("in {number} {unit}{plural}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 30 November 2026, 15:30 in Paris, which is 14:30 UTC.
    fn now() -> Zoned {
        "2026-11-30T15:30:00+01:00[Europe/Paris]".parse().unwrap()
    }

    fn read(text: &str) -> String {
        match When::parse(text, &now()) {
            Ok(when) => when.rfc3339(),
            Err(said) => said,
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, utc) in [
            ("2026-12-01T20:00", "2026-12-01T19:00:00Z"),
            ("2026-12-01 20:00", "2026-12-01T19:00:00Z"),
            ("2026-12-01T20:00:30", "2026-12-01T19:00:30Z"),
            ("2026-12-01T20:00Z", "2026-12-01T20:00:00Z"),
            ("2026-12-01T20:00:00Z", "2026-12-01T20:00:00Z"),
            ("2026-12-01T20:00+05:30", "2026-12-01T14:30:00Z"),
            ("2026-12-01 20:00 -0500", "2026-12-02T01:00:00Z"),
            (
                "2026-12-01T20:00+01:00[Europe/Paris]",
                "2026-12-01T19:00:00Z",
            ),
            ("2026-07-01T20:00", "2026-07-01T18:00:00Z"),
            ("tomorrow 20:00", "2026-12-01T19:00:00Z"),
            ("Tomorrow at 8pm", "2026-12-01T19:00:00Z"),
            ("tomorrow 20:00 America/New_York", "2026-12-02T01:00:00Z"),
            ("today 16:00", "2026-11-30T15:00:00Z"),
            ("demain 20h", "2026-12-01T19:00:00Z"),
            ("demain à 20h30", "2026-12-01T19:30:00Z"),
            ("vendredi 20:00", "2026-12-04T19:00:00Z"),
            ("friday, 20:00", "2026-12-04T19:00:00Z"),
            ("monday 15:00", "2026-12-07T14:00:00Z"),
            ("monday 16:00", "2026-11-30T15:00:00Z"),
            ("20:00", "2026-11-30T19:00:00Z"),
            ("15:00", "2026-12-01T14:00:00Z"),
            ("20:00 Europe/London", "2026-11-30T20:00:00Z"),
            ("20:00 UTC", "2026-11-30T20:00:00Z"),
            ("20:00+02:00", "2026-11-30T18:00:00Z"),
            ("20:00 UTC+2", "2026-11-30T18:00:00Z"),
            ("8:30 pm", "2026-11-30T19:30:00Z"),
            ("12am", "2026-11-30T23:00:00Z"),
            ("in 2 hours", "2026-11-30T16:30:00Z"),
            ("in 90 min", "2026-11-30T16:00:00Z"),
            ("+3d", "2026-12-03T14:30:00Z"),
            ("1796151600", "2026-12-01T19:00:00Z"),
        ] {
            assert_eq!(read(text), utc, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_more_than_one_is_refused_with_examples() {
        for (text, said) in [
            ("", "tomorrow 20:00"),
            ("soon", "tomorrow 20:00"),
            ("20", "tomorrow 20:00"),
            ("2000", "tomorrow 20:00"),
            ("25:00", "tomorrow 20:00"),
            ("20:60", "tomorrow 20:00"),
            ("13pm", "tomorrow 20:00"),
            ("2026-13-01T20:00", "tomorrow 20:00"),
            ("2026-02-30 20:00", "tomorrow 20:00"),
            ("2026-12-01", "write 2026-12-01T20:00"),
            ("01/12/2026 20:00", "read in two ways"),
            ("1.12.2026 20:00", "read in two ways"),
            ("1796151600000", "seconds since 1970"),
            (
                "20:00 Europe/Pariss",
                "no time zone is called \"Europe/Pariss\"",
            ),
            ("20:00 Mars/Base", "no time zone"),
            (
                "2027-03-28T02:30 Europe/Paris",
                "is skipped in Europe/Paris",
            ),
            (
                "2026-10-25T02:30 Europe/Paris",
                "comes twice in Europe/Paris",
            ),
            ("in 9999 days", "3660 days"),
            ("in 2 fortnights", "tomorrow 20:00"),
        ] {
            let found = read(text);
            assert!(found.contains(said), "{text}: {found}");
            assert!(!found.contains('\n'), "{found}");
        }
        assert!(When::parse(&"1".repeat(CHARS_MAX + 1), &now()).is_err());
    }

    #[test]
    fn a_time_is_said_again_with_its_zone_in_utc_and_how_far_it_is() {
        let told = |text: &str| When::parse(text, &now()).unwrap().told(now().timestamp());
        for (text, said) in [
            (
                "tomorrow 20:00",
                "Tuesday 1 December 2026 20:00 Europe/Paris (19:00 UTC), in 28 hours",
            ),
            (
                "2026-12-05 00:30",
                "Saturday 5 December 2026 00:30 Europe/Paris (4 December 23:30 UTC), in 4 days",
            ),
            ("20:00 UTC", "Monday 30 November 2026 20:00 UTC, in 5 hours"),
            (
                "20:00-05:00",
                "Monday 30 November 2026 20:00 UTC-05:00 (1 December 01:00 UTC), in 10 hours",
            ),
            (
                "2026-11-30T15:00",
                "Monday 30 November 2026 15:00 Europe/Paris (14:00 UTC), 30 minutes ago",
            ),
            (
                "2026-11-30T15:30",
                "Monday 30 November 2026 15:30 Europe/Paris (14:30 UTC), now",
            ),
        ] {
            assert_eq!(told(text), said, "{text}");
        }
    }
}
