//! Values that are whole messages of a device, as text: the bytes of a Bluetooth characteristic in hexadecimal digits or
//! base64, or as a list of numbers. What they say is `gatt`'s.

use super::tree::Value;
use crate::gatt::{self, Characteristic};
use crate::when;

/// What an emit's `decode` asks.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Decode {
    pub(super) of: Characteristic,
    base64: bool,
    pub(super) utc_offset_min: i16,
}

impl Decode {
    /// Reads `gatt:2a35` or `gatt:2a35:base64`, and the zone of the device's clock.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            format!(
                "`{text}` is no characteristic that is read; allowed are gatt: and one of {}, with :base64 where the value is so",
                Characteristic::names()
            )
        };
        let of = text.strip_prefix("gatt:").ok_or_else(wrong)?;
        let (of, base64) = match of.strip_suffix(":base64") {
            Some(of) => (of, true),
            None => (of, false),
        };
        Ok(Self {
            of: Characteristic::parse(of).ok_or_else(wrong)?,
            base64,
            utc_offset_min: 0,
        })
    }

    /// The same by a clock of this zone; none: UTC.
    pub(super) fn in_zone(self, zone: &str) -> Result<Self, String> {
        let zone = if zone.is_empty() { "Z" } else { zone };
        let at = |zone: &str| when::from_text(&format!("2000-01-01T00:00:00{zone}"));
        let minutes = at("Z")
            .zip(at(zone))
            .and_then(|(utc, here)| i16::try_from((utc - here) / 60_000).ok());
        let wrong = || format!("`{zone}` is no zone; allowed are Z, +01:00 and their like");
        Ok(Self {
            utc_offset_min: minutes.ok_or_else(wrong)?,
            ..self
        })
    }

    /// The bytes that a value stands for.
    pub(super) fn bytes(&self, value: &Value<'_>) -> Option<Vec<u8>> {
        match value {
            Value::String(text) if text.len() > 4 * gatt::LONGEST => None,
            Value::String(text) if self.base64 => from_base64(text.trim()),
            Value::String(text) => from_hex(text.trim()),
            Value::Array(list) if list.len() <= gatt::LONGEST => list
                .iter()
                .map(|item| match item {
                    Value::Number(n) => n.as_u64().and_then(|n| u8::try_from(n).ok()),
                    _ => None,
                })
                .collect(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => None,
        }
    }
}

/// Pairs of digits, which may be grouped by spaces, colons or dashes and begin with `0x`.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix("0x").unwrap_or(text);
    let digits: Vec<u8> = text
        .bytes()
        .filter(|b| !matches!(b, b' ' | b':' | b'-'))
        .map(|b| match b {
            b'0'..=b'9' => Some(b - b'0'),
            b'a'..=b'f' => Some(b - b'a' + 10),
            b'A'..=b'F' => Some(b - b'A' + 10),
            _ => None,
        })
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| match pair {
        [high, low] => Some(high << 4 | low),
        _ => None,
    });
    pairs.collect()
}

/// RFC 4648, either alphabet, with or without its padding.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let (mut bits, mut held) = (0u32, 0u32);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6 | u32::from(six)) & 0x3fff;
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push(u8::try_from(bits >> held & 0xff).ok()?);
        }
    }
    // Six bits that are left are half of a byte that was lost.
    (held < 6).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::super::tree::json;
    use super::*;

    #[test]
    fn bytes_come_as_digits_as_base64_and_as_a_list() {
        let hex = Decode::parse("gatt:2A37").unwrap();
        for text in ["06 48", "0648", "0x0648", "06:48", "06-48"] {
            assert_eq!(hex.bytes(&json!(text)), Some(vec![0x06, 0x48]), "{text}");
        }
        assert_eq!(hex.bytes(&json!([6, 72])), Some(vec![0x06, 0x48]));
        for wrong in [json!("064"), json!("zz"), json!([256]), json!(6), json!({})] {
            assert_eq!(hex.bytes(&wrong), None, "{wrong:?}");
        }
        let base64 = Decode::parse("gatt:2a37:base64").unwrap();
        for text in ["Bkg=", "Bkg"] {
            assert_eq!(base64.bytes(&json!(text)), Some(vec![0x06, 0x48]), "{text}");
        }
        assert_eq!(
            base64.bytes(&json!("//79_w==")),
            Some(vec![255, 254, 253, 255])
        );
        for wrong in ["Bkg=x", "B", "B kg"] {
            assert_eq!(base64.bytes(&json!(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn a_zone_is_minutes_ahead_of_utc() {
        for (zone, minutes) in [("", 0), ("Z", 0), ("+01:00", 60), ("-03:30", -210)] {
            let decode = Decode::parse("gatt:2a35").unwrap().in_zone(zone).unwrap();
            assert_eq!(decode.utc_offset_min, minutes, "{zone}");
        }
    }
}
