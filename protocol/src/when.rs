//! Times as devices write them, read into milliseconds since 1970 (UTC).
//! Reads text and numbers alone: there is no clock here, and a time without its zone is refused, not guessed.

/// Below this a number of a time is seconds, from it on milliseconds: 100,000,000,000 s lie in the year 5138,
/// as many ms in 1973, before any device that could say so.
const SECONDS_BELOW: f64 = 1e11;

/// The last millisecond of the year 9999, the largest that ISO 8601 writes with four digits.
const LAST_MS: f64 = 253_402_300_799_999.0;

/// Milliseconds since 1970 for a number of seconds or milliseconds; `None` when it is no such time.
pub fn from_number(number: f64) -> Option<i64> {
    let ms = if number < SECONDS_BELOW {
        number * 1000.0
    } else {
        number
    };
    // 0 and below is what a device without a clock says.
    #[allow(clippy::cast_possible_truncation)] // Bounded by the comparison: at most 2^48.
    (1.0..=LAST_MS).contains(&ms).then_some(ms as i64)
}

/// Milliseconds since 1970 for `2026-04-17T23:33:17.123+08:00`, with `Z`, `+hh:mm`, `-hh:mm` or `+hhmm` (ISO 8601,
/// RFC 3339); also for a bare number as text. A time without a zone gives `None`.
pub fn from_text(text: &str) -> Option<i64> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 15 {
        return from_number(text.parse().ok()?);
    }
    let bytes = text.as_bytes();
    let year = digits(bytes, 0, 4)?;
    let month = digits(bytes, 5, 2)?;
    let day = digits(bytes, 8, 2)?;
    let hour = digits(bytes, 11, 2)?;
    let minute = digits(bytes, 14, 2)?;
    let second = digits(bytes, 17, 2)?;
    let marks = [
        (4, b"-" as &[u8]),
        (7, b"-"),
        (10, b"Tt "),
        (13, b":"),
        (16, b":"),
    ];
    let shaped = marks
        .iter()
        .all(|(at, any)| bytes.get(*at).is_some_and(|b| any.contains(b)));
    let real = (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !shaped || !real {
        return None;
    }
    let (millis, rest) = fraction(text.get(19..)?)?;
    let seconds = days_since_1970(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
    Some((seconds - zone_seconds(rest)?) * 1000 + millis)
}

/// The same for a local time without a zone, by a clock that is so many minutes ahead of UTC; an offset beyond -720 to
/// 840, which no zone has, is read as 0.
pub fn from_local(text: &str, utc_offset_min: i16) -> Option<i64> {
    let offset = if (-720..=840).contains(&utc_offset_min) {
        utc_offset_min
    } else {
        0
    };
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
    from_text(&format!("{text}{sign}{hours:02}:{minutes:02}"))
}

/// `count` digits at `at`.
fn digits(bytes: &[u8], at: usize, count: usize) -> Option<i64> {
    bytes.get(at..at + count)?.iter().try_fold(0, |sum, b| {
        b.is_ascii_digit().then(|| sum * 10 + i64::from(b - b'0'))
    })
}

/// Milliseconds of `.123456`, and what follows it.
fn fraction(text: &str) -> Option<(i64, &str)> {
    let Some(after) = text.strip_prefix(['.', ',']) else {
        return Some((0, text));
    };
    let end = after
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(after.len());
    let (said, rest) = after.split_at_checked(end)?;
    if said.is_empty() || said.len() > 18 {
        return None;
    }
    let millis = said
        .bytes()
        .chain(*b"000")
        .take(3)
        .fold(0, |sum, b| sum * 10 + i64::from(b - b'0'));
    Some((millis, rest))
}

/// Seconds east of UTC.
fn zone_seconds(zone: &str) -> Option<i64> {
    if zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match zone.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let bytes = zone.as_bytes();
    let hours = digits(bytes, 1, 2)?;
    let minutes = match bytes.len() {
        3 => 0,
        5 => digits(bytes, 3, 2)?,
        6 if bytes.get(3) == Some(&b':') => digits(bytes, 4, 2)?,
        _ => return None,
    };
    // UTC−12 to UTC+14 are in use.
    (hours <= 14 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_of(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar (the era is 400 years of 146,097 days, begun in March,
/// so that the leap day is the last).
const fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let from_march = (month + 9) % 12;
    let of_year = (153 * from_march + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iso_time_is_read_with_its_zone_and_its_fraction() {
        assert_eq!(from_text("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(
            from_text("2019-06-24T15:30:53.312Z"),
            Some(1_561_390_253_312)
        );
        assert_eq!(
            from_text("2026-04-17T23:33:17+08:00"),
            from_text("2026-04-17T15:33:17Z")
        );
        assert_eq!(
            from_text("2024-02-29T00:00:00.5-0130"),
            Some(1_709_170_200_500)
        );
    }

    #[test]
    fn a_time_without_a_zone_or_with_an_impossible_date_is_refused() {
        for text in [
            "",
            "2026-04-17T23:33:17",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-04-17T24:00:00Z",
            "2026-04-17T23:33:17+99:00",
            "2026-04-17T23:33:17.Z",
            "yesterday",
            "2026-04-1\u{0664}T00:00:00Z",
        ] {
            assert_eq!(from_text(text), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_seconds_or_milliseconds_by_its_size() {
        assert_eq!(from_number(1_656_118_444_933.0), Some(1_656_118_444_933));
        assert_eq!(from_number(1_656_118_444.0), Some(1_656_118_444_000));
        assert_eq!(from_text("1656118444933"), Some(1_656_118_444_933));
        assert_eq!(from_number(0.0), None);
        assert_eq!(from_number(f64::NAN), None);
        assert_eq!(from_number(1e300), None);
    }
}
