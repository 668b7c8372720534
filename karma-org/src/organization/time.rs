//! How long: the durations that goals and norms are given to be fulfilled.

use std::time::Duration;

/// The units of NPL's time terms, in milliseconds; a year has 365 days.
const UNITS: [(&str, u64); 6] = [
    ("millisecond", 1),
    ("second", 1_000),
    ("minute", 60_000),
    ("hour", 3_600_000),
    ("day", 86_400_000),
    ("year", 31_536_000_000),
];

/// What may be written, for messages.
pub(super) const ALLOWED: &str = "a whole number and a unit (milliseconds, seconds, minutes, hours, days, years) such as \
                                  \"7 days\", or \"now\", \"never\", \"infinity\"";

/// A text that says no duration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotADuration;

/// Reads a duration as NPL's `TimeTerm` does; `None` is for ever.
///
/// A unit is singular or plural ("1 day", "7 days"). "now" is no time at all; "never" and "infinity" are for ever,
/// as is the empty text, which MOISE takes for an absent one.
pub(super) fn duration(text: &str) -> Result<Option<Duration>, NotADuration> {
    match text.trim() {
        "" | "never" | "infinity" => Ok(None),
        "now" => Ok(Some(Duration::ZERO)),
        text => amount(text).map(Some).ok_or(NotADuration),
    }
}

fn amount(text: &str) -> Option<Duration> {
    let split = text.find(|c: char| !c.is_ascii_digit())?;
    let count: u64 = text[..split].parse().ok()?;
    let unit = text[split..].trim_start();
    let unit = unit.strip_suffix('s').unwrap_or(unit);
    let (_, milliseconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    count.checked_mul(*milliseconds).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(text: &str) -> Option<u64> {
        duration(text).ok().flatten().map(|time| time.as_secs())
    }

    #[test]
    fn a_day_is_24_hours_and_a_year_365_days() {
        assert_eq!(seconds("1 day"), seconds("24 hours"));
        assert_eq!(seconds("1 year"), seconds("365 days"));
    }

    #[test]
    fn the_durations_of_real_files_are_read() {
        let read = ["5 seconds", "2 minutes", "1 hour", "7 days", "500 milliseconds"]
            .map(|text| duration(text).ok().flatten());
        let expected =
            [5_000, 120_000, 3_600_000, 604_800_000, 500].map(|ms| Some(Duration::from_millis(ms)));
        assert_eq!(read, expected);
    }

    #[test]
    fn never_and_infinity_are_for_ever_and_now_is_no_time() {
        assert_eq!([duration("never"), duration(" infinity "), duration("")], [Ok(None); 3]);
        assert_eq!(duration("now"), Ok(Some(Duration::ZERO)));
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "soon",
            "5",
            "5 parsecs",
            "-1 day",
            "1.5 hours",
            "99999999999999999999 days",
            "99999999999 years",
            "1 dayss",
        ] {
            assert_eq!(duration(text), Err(NotADuration), "{text}");
        }
    }
}
