//! Timestamps of RFC 3339 (Klyne and Newman, 2002) as seconds since 1970.

/// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SS[.FRACTION](Z|±HH:MM)`; `None` if it is none. A space may stand for the
/// `T`. A leap second counts as the one before it.
pub(super) fn seconds(text: &str) -> Option<f64> {
    let (date, rest) = (text.get(..10)?, text.get(11..)?);
    if !matches!(text.as_bytes().get(10)?, b'T' | b't' | b' ') {
        return None;
    }
    let (clock, rest) = (rest.get(..8)?, rest.get(8..)?);
    let (fraction, zone) = rest.split_at(rest.find(['Z', 'z', '+', '-'])?);
    let [year, month, day] = numbers(date, '-')?;
    let [hour, minute, second] = numbers(clock, ':')?;
    let on_calendar = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !on_calendar || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let whole = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second.min(59) - offset(zone)?;
    Some(whole as f64 + fraction_of(fraction)?)
}

/// Three numbers of digits alone, of which only a year has more than two.
fn numbers(text: &str, separator: char) -> Option<[i64; 3]> {
    let mut parts = text.split(separator).map(digits);
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(numbers)
}

fn digits(text: &str) -> Option<i64> {
    let sound = matches!(text.len(), 2 | 4) && text.bytes().all(|byte| byte.is_ascii_digit());
    if sound { text.parse().ok() } else { None }
}

fn fraction_of(text: &str) -> Option<f64> {
    match text.strip_prefix('.') {
        None => text.is_empty().then_some(0.0),
        Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("0.{digits}").parse().ok()
        }
        Some(_) => None,
    }
}

/// Seconds by which a zone is ahead of UTC.
fn offset(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = zone.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours)?, digits(minutes)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 3600 + minutes * 60))
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970: Hinnant's `days_from_civil` (2013), whose years begin in March.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn timestamps_are_seconds_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0.0));
        assert_eq!(seconds("2000-02-29 00:00:00.25Z"), Some(951_782_400.25));
        assert_eq!(seconds("2024-12-31T23:59:59z"), Some(1_735_689_599.0));
        assert_eq!(seconds("2025-01-01T01:59:59+02:00"), Some(1_735_689_599.0));
        assert_eq!(seconds("1969-12-31T16:00:00-08:00"), Some(0.0));
        assert_eq!(seconds("2016-12-31T23:59:60Z"), seconds("2016-12-31T23:59:59Z"));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in [
            "",
            "now",
            "2026-01-31",
            "2026-01-31T23:59:30",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T23:59:30.Z",
            "2026-01-31T23:59:30+2:00",
            "+026-01-31T23:59:30Z",
            "2026-01-31T23:59:30ä",
            "2026-01-3ä0T23:59:30Z",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
