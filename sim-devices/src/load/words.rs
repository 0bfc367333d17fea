//! What the devices of a load say: 150 bytes of JSON as Zigbee2MQTT would publish them, with a number of their own in a
//! field that no alarm and no measurement reads, so that loss and repeats are counted at the hub.

use std::borrow::Cow;

/// How many pendants there are: at 20 presses a second each presses less than five times a minute.
const PENDANTS: u64 = 256;
/// The bytes of each message.
pub(super) const BYTES: usize = 150;
/// The field that holds the number.
const FIELD: &[u8] = b"\"power_outage_count\":";

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A measurement: one event of the routine lane.
    Routine,
    /// A press: one alarm.
    Alarm,
}

impl Kind {
    /// The device that says the message of this number. Of one pendant a gateway counts together what goes beyond ten presses
    /// a minute: so many pendants press in turn that each of them stays below that.
    pub(super) fn topic(self, number: u64) -> Cow<'static, str> {
        match self {
            Self::Routine => Cow::Borrowed("zigbee2mqtt/hall-light-sensor"),
            Self::Alarm => Cow::Owned(format!("zigbee2mqtt/pendant-{}", number % PENDANTS)),
        }
    }
}

/// The message of this number; one message is one event.
pub(super) fn say(kind: Kind, number: u64, out: &mut Vec<u8>) {
    use std::io::Write as _;
    out.clear();
    let head = match kind {
        Kind::Routine => format!("{{\"illuminance\":{}", 100 + number % 900),
        Kind::Alarm => "{\"action\":\"emergency\"".to_owned(),
    };
    // Writing into memory cannot fail.
    let _ = write!(
        out,
        "{head},\"power_outage_count\":{number},\"linkquality\":116,\"update\":{{\"installed_version\":16777241,\"state\":\"idle\",\"id\":\""
    );
    // As changeable as the rest of a real message: no two are alike, and nothing is gained by packing this part.
    let mut luck = number;
    while out.len() + 3 < BYTES {
        luck = luck
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let digit = usize::try_from(luck >> 60).unwrap_or_default();
        out.extend(b"0123456789abcdef".get(digit));
    }
    out.extend_from_slice(b"\"}}");
}

/// The number in a message; `None` where it is none of ours.
pub(super) fn number_in(raw: &[u8]) -> Option<u64> {
    let at = raw.windows(FIELD.len()).position(|w| w == FIELD)? + FIELD.len();
    let digits = raw.get(at..)?.iter().take_while(|b| b.is_ascii_digit());
    let number = digits.fold((0_u64, false), |(n, _), d| {
        (n.saturating_mul(10) + u64::from(d - b'0'), true)
    });
    number.1.then_some(number.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_json_of_150_bytes_and_keeps_its_number() {
        let mut out = Vec::new();
        for kind in [Kind::Routine, Kind::Alarm] {
            for number in [1, 17, 1_234_567] {
                say(kind, number, &mut out);
                assert_eq!(out.len(), BYTES);
                serde_json::from_slice::<serde_json::Value>(&out).unwrap();
                assert_eq!(number_in(&out), Some(number));
            }
        }
        assert_eq!(number_in(b"{}"), None);
    }
}
