//! Reads the daemon's answers for people: what is not there is empty, never a fault.

use serde_json::Value;

/// A number, or 0.
pub fn number(of: &Value, key: &str) -> u64 {
    of.get(key).and_then(Value::as_u64).unwrap_or(0)
}

/// A word, or an empty one.
pub fn word<'v>(of: &'v Value, key: &str) -> &'v str {
    of.get(key).and_then(Value::as_str).unwrap_or("")
}

/// A list, or an empty one.
pub fn list<'v>(of: &'v Value, key: &str) -> &'v [Value] {
    of.get(key)
        .and_then(Value::as_array)
        .map_or(&[], Vec::as_slice)
}

/// How long ago, from milliseconds, in the largest unit that says enough.
pub fn ago(ms: Option<&Value>) -> String {
    let seconds = ms.and_then(Value::as_u64).unwrap_or(0) / 1_000;
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..7_200 => format!("{} min ago", seconds / 60),
        7_200..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// The time of day in UTC, from milliseconds since 1970.
pub fn time_of_day(ms: Option<&Value>) -> String {
    let seconds = ms.and_then(Value::as_i64).unwrap_or(0).div_euclid(1_000);
    let of_day = seconds.rem_euclid(86_400);
    let (hours, minutes) = (of_day / 3_600, of_day / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}Z", of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_said_in_units_that_people_use() {
        let said = |ms: u64| ago(Some(&json!(ms)));
        assert_eq!(said(59_999), "59 s ago");
        assert_eq!(said(3_600_000), "60 min ago");
        assert_eq!(said(7_200_000), "2 h ago");
        assert_eq!(said(172_800_000), "2 days ago");
        assert_eq!(ago(None), "0 s ago");
        let at = json!(1_767_225_600_000_i64 + 8_003_000);
        assert_eq!(time_of_day(Some(&at)), "02:13:23Z");
    }
}
