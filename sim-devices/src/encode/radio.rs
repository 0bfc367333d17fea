//! What `rtl_433` and Tasmota publish, as their documents and sources show it.

use serde_json::{Map, Value, json};

use super::{Encoded, Told};
use crate::device::{Cannot, numbered};
use crate::wall;
use crate::words::{Body, Manner};

/// The receiver's name in its topics.
pub(super) const RECEIVER: &str = "receiver";
/// A transmitter says each frame five times with 40 ms between them (X10 security, `x10_sec.c`).
const FRAMES: Manner = Manner::Frames(5, 40);

/// An event of `rtl_433 -F mqtt -M time:unix:usec`: the name in the home's file is `model/id` or `model/channel/id`.
pub(super) fn event(told: &Told<'_>) -> Result<Encoded, Cannot> {
    let parts: Vec<&str> = told.spec.name.split('/').collect();
    let (model, channel, id) = match parts.as_slice() {
        [model, id] => (*model, None, *id),
        [model, channel, id] => (*model, Some(*channel), *id),
        _ => return Err(told.no_name("MODEL/ID or MODEL/CHANNEL/ID")),
    };
    let mut event = Map::new();
    let mut set = |key: &str, value: Value| event.insert(key.to_owned(), value);
    let (s, ms) = (told.now_ms.div_euclid(1000), told.now_ms.rem_euclid(1000));
    set("time", json!(format!("{s}.{ms:03}000")));
    set("model", json!(model));
    set("id", whole_or_text(id));
    if let Some(channel) = channel {
        set("channel", whole_or_text(channel));
    }
    event.extend(told.state.clone());
    Ok(Encoded {
        body: Body::Publish {
            by: RECEIVER.to_owned(),
            topic: format!("rtl_433/{RECEIVER}/events"),
            text: numbered(told.number, &Value::Object(event).to_string()),
            manner: FRAMES,
        },
        happened_ms: Some(told.now_ms),
        word: None,
    })
}

fn whole_or_text(word: &str) -> Value {
    word.parse::<u64>()
        .map_or_else(|_| json!(word), |n| json!(n))
}

/// A Tasmota module: the name in the home's file is `module`, or `module/CODE` for a fob that it hears. Its time has no zone
/// and whole seconds: nobody can use it.
pub(super) fn tasmota(told: &Told<'_>) -> Encoded {
    let iso = wall::iso(told.now_ms);
    let time = iso.split('.').next().unwrap_or_default();
    let (module, leaf, said) = if let Some((module, code)) = told.spec.name.split_once('/') {
        let received =
            json!({ "Data": format!("0x{code}"), "Bits": 24, "Protocol": 1, "Pulse": 238 });
        let said = json!({ "Time": time, "RfReceived": received });
        (module, "RESULT", said)
    } else {
        let energy = json!({ "Total": 1.54, "Yesterday": 0.2, "Today": 0.1, "Power": told.said });
        let said = json!({ "Time": time, "ENERGY": energy });
        (told.spec.name.as_str(), "SENSOR", said)
    };
    Encoded {
        body: Body::Publish {
            by: module.to_owned(),
            topic: format!("tele/{module}/{leaf}"),
            text: numbered(told.number, &said.to_string()),
            // Tasmota publishes so, and has no other way.
            manner: Manner::Untold,
        },
        happened_ms: None,
        word: told.word(told.said.as_f64()),
    }
}
