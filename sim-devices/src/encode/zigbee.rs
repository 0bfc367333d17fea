//! Zigbee2MQTT's states: the whole cached state in each message.

use serde_json::{Value, json};

use super::{Encoded, Told};
use crate::device::numbered;
use crate::home::LastSeen;
use crate::wall;
use crate::words::{Body, Manner};

/// A state.
pub(super) fn state(told: &Told<'_>) -> Encoded {
    let mut rest = told.state.clone();
    rest.insert("linkquality".to_owned(), json!(90 + told.number % 60));
    match told.bridge.last_seen {
        LastSeen::Disable => None,
        LastSeen::Epoch => rest.insert("last_seen".to_owned(), json!(told.now_ms)),
        LastSeen::Iso => rest.insert("last_seen".to_owned(), json!(wall::iso(told.now_ms))),
    };
    Encoded {
        body: Body::Publish {
            by: String::new(),
            topic: format!("{}/{}", told.bridge.base, told.spec.name),
            text: numbered(told.number, &Value::Object(rest).to_string()),
            manner: Manner::Acknowledged,
        },
        happened_ms: (told.bridge.last_seen != LastSeen::Disable).then_some(told.now_ms),
        word: None,
    }
}
