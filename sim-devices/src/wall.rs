//! The wall clock, where a simulated device tells it. Nothing is timed by it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// As Zigbee2MQTT writes `ISO_8601`: UTC with milliseconds.
pub(crate) fn iso(ms: i64) -> String {
    let ((year, month, day), of_day) = civil_time(ms);
    let (s, millis) = (of_day / 1000, of_day % 1000);
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    format!("{year:04}-{month:02}-{day:02}T{h:02}:{m:02}:{s:02}.{millis:03}Z")
}

/// Year, month and day, and the milliseconds of the day.
pub(crate) const fn civil_time(ms: i64) -> ((i64, i64, i64), i64) {
    (civil(ms.div_euclid(86_400_000)), ms.rem_euclid(86_400_000))
}

/// Year, month and day of a number of days since 1970 (Howard Hinnant, 'chrono-compatible low-level date algorithms').
const fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_zigbee2mqtt_writes_it() {
        assert_eq!(iso(1_561_390_253_312), "2019-06-24T15:30:53.312Z");
        assert_eq!(iso(1_709_164_800_000), "2024-02-29T00:00:00.000Z");
    }
}
