//! Who bears which name: joins, leaves and renames as the bridge tells them. It reads no state.

use serde_json::Value;

use crate::json;
use crate::signal::{Bearer, Message, Pairing, Refusal};

use super::Zigbee2Mqtt;
use super::lesson::Device;
use super::teach::name_is_sane;

/// The longest address, bytes; a Zigbee one has 18 (`0x00158d0001a2b3c4`).
const ADDRESS_LONGEST: usize = 64;

/// More devices than this are no Zigbee network (a coordinator holds some hundreds): they are told by their names alone.
const PAIRED_MOST: usize = 1_024;

/// Everybody who is paired, where that can be.
pub(super) fn whole(everybody: Vec<Bearer>) -> Option<Pairing> {
    (everybody.len() <= PAIRED_MOST).then_some(Pairing::Whole(everybody))
}

/// A device that can be told by its address.
pub(super) fn bearer(device: &Device<'_>) -> Option<Bearer> {
    named(device.ieee_address.text(), device.friendly_name.text())
}

fn named(address: &str, name: &str) -> Option<Bearer> {
    let sane = !address.is_empty()
        && address.len() <= ADDRESS_LONGEST
        && address.chars().all(|c| c.is_ascii_alphanumeric());
    sane.then(|| Bearer {
        burnt_in: address.to_ascii_lowercase(),
        name: name.to_owned(),
    })
}

impl Zigbee2Mqtt {
    /// `bridge/event`: somebody joins or leaves.
    pub(super) fn event(&self, payload: &[u8]) -> Message {
        let read = match self.object(payload) {
            Ok(read) => read,
            Err(refusal) => return Message::refused(refusal),
        };
        let text = |key: &str| read.pointer(key).and_then(Value::as_str).unwrap_or("");
        let who = named(text("/data/ieee_address"), text("/data/friendly_name"));
        let pairing = match (text("/type"), who) {
            ("device_leave", Some(who)) => Some(Pairing::Left {
                burnt_in: who.burnt_in,
            }),
            ("device_joined" | "device_announce" | "device_interview", Some(who))
                if name_is_sane(&who.name, &self.limits).is_ok() =>
            {
                Some(Pairing::Joined(who))
            }
            _ => None,
        };
        Message {
            pairing,
            ..Message::ignored("a bridge event")
        }
    }

    /// `bridge/response/device/rename`: the device and all that was taught of it have another name.
    pub(super) fn renamed(&mut self, payload: &[u8]) -> Message {
        let read = match self.object(payload) {
            Ok(read) => read,
            Err(refusal) => return Message::refused(refusal),
        };
        let text = |key: &str| read.pointer(key).and_then(Value::as_str).unwrap_or("");
        let (from, to) = (text("/data/from"), text("/data/to"));
        let done = text("/status") == "ok" && from != to;
        let sane = [from, to]
            .iter()
            .all(|n| name_is_sane(n, &self.limits).is_ok());
        if !done || !sane {
            return Message::ignored("a request to the bridge or its answer");
        }
        // The list of devices may have said so already; then nobody has the old name.
        if !self.devices.contains_key(to)
            && let Some(taught) = self.devices.remove(from)
        {
            self.devices.insert(to.into(), taught);
            if let Some(memory) = self.memories.remove(from) {
                self.memories.insert(to.into(), memory);
            }
        }
        Message {
            topics_changed: self.ask_anew(),
            pairing: Some(Pairing::Renamed {
                from: from.to_owned(),
                to: to.to_owned(),
            }),
            ..Message::ignored("a device has another name")
        }
    }

    fn object(&self, payload: &[u8]) -> Result<Value, Refusal> {
        if payload.len() > self.limits.message_bytes {
            return Err(Refusal::TooLarge {
                bytes: payload.len(),
                limit: self.limits.message_bytes,
            });
        }
        serde_json::from_slice(payload).map_err(|e| json::refusal(&e))
    }
}
