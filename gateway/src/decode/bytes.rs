//! Bytes of a line of `decode`: from hexadecimal digits, and into the message that brings them where a family has no bytes
//! of its own.

use serde_json::json;
use tecs_protocol::family::Family;

/// The port on which Milesight's devices send, and the only one whose bytes say what they are.
const MILESIGHT_PORT: u8 = 85;

/// What a line's `hex` stands for: the bytes of a line or a payload, or, of `ChirpStack`, what a device sent by radio.
pub(super) fn of(hex: &str, family: Family, profile: Option<&str>) -> Result<Vec<u8>, String> {
    let bytes = unhex(hex)?;
    if family == Family::WmBus {
        let why = "wmbus is the JSON of wmbusmeters: the bytes of a telegram are its to read";
        return Err(why.to_owned());
    }
    Ok(if family == Family::ChirpStack {
        uplink(&bytes, profile)
    } else {
        bytes
    })
}

/// The bytes of hexadecimal digits, which may be grouped by spaces or colons.
fn unhex(text: &str) -> Result<Vec<u8>, String> {
    let wrong = || "not a line: `hex` is not pairs of hexadecimal digits".to_owned();
    let digits: Vec<u8> = text.bytes().filter(|b| !matches!(b, b' ' | b':')).collect();
    digits
        .chunks(2)
        .map(|pair| {
            let pair = std::str::from_utf8(pair).ok().filter(|p| p.len() == 2)?;
            let plain = pair.bytes().all(|b| b.is_ascii_hexdigit());
            plain.then(|| u8::from_str_radix(pair, 16).ok())?
        })
        .collect::<Option<_>>()
        .ok_or_else(wrong)
}

/// The uplink that a network server without a codec makes of a device's bytes; `profile` is the device profile's name.
fn uplink(bytes: &[u8], profile: Option<&str>) -> Vec<u8> {
    let data = base64(bytes);
    let uplink = match profile {
        Some(profile) => {
            let device = json!({ "deviceProfileName": profile });
            json!({ "fPort": MILESIGHT_PORT, "data": data, "deviceInfo": device })
        }
        None => json!({ "fPort": MILESIGHT_PORT, "data": data }),
    };
    uplink.to_string().into_bytes()
}

/// Base64 (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for three in bytes.chunks(3) {
        let byte = |n: usize| u32::from(three.get(n).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for n in 0..4 {
            let digit = DIGITS.get((bits >> (18 - 6 * n) & 63) as usize);
            let digit = digit.filter(|_| n <= three.len());
            out.push(char::from(*digit.unwrap_or(&b'=')));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_devices_bytes_become_an_uplink() {
        let found = of("01 75 10 FF2E01", Family::ChirpStack, Some("WS101")).unwrap();
        let found: serde_json::Value = serde_json::from_slice(&found).unwrap();
        let due =
            json!({"fPort": 85, "data": "AXUQ/y4B", "deviceInfo": {"deviceProfileName": "WS101"}});
        assert_eq!(found, due);
        assert_eq!(base64(b"f"), "Zg==");
        assert_eq!(base64(b"fooba"), "Zm9vYmE=");
    }

    #[test]
    fn other_bytes_are_themselves_and_a_telegram_is_refused_by_name() {
        assert_eq!(of("7b7d", Family::Tasmota, None).unwrap(), b"{}");
        let why = of("2E44", Family::WmBus, None).unwrap_err();
        assert!(why.contains("JSON of wmbusmeters"), "{why}");
    }
}
