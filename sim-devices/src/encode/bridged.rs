//! What programmes and modules publish as JSON in words of their own: Shelly, Theengs, ChirpStack, wmbusmeters; and the
//! lines of a Wi-Safe2 bridge. As their documents and sources show it.

use std::fmt::Write as _;

use serde_json::{Value, json};
use tecs_protocol::gatt::Oximetry;

use super::{Encoded, Told};
use crate::device::numbered;
use crate::wall;
use crate::words::{Body, Manner};

/// The gateways' names in their topics.
pub(super) const BLUETOOTH: &str = "OMG_hall";
pub(super) const METERS: &str = "wmbusmeters";
pub(super) const LORAWAN: &str = "a1";
pub(super) const BLE: &str = "hub";
/// A network that hears an uplink by two roads says it twice.
const ROADS: Manner = Manner::Frames(2, 40);

fn publish(told: &Told<'_>, by: &str, topic: String, said: &Value, manner: Manner) -> Body {
    Body::Publish {
        by: by.to_owned(),
        topic,
        text: numbered(told.number, &said.to_string()),
        manner,
    }
}

/// A Shelly tells what changed: a component of its own, and when.
pub(super) fn shelly(told: &Told<'_>) -> Encoded {
    let name = told.spec.name.as_str();
    let seconds = told.now_ms as f64 / 1000.0;
    let said = json!({
        "src": name, "dst": format!("{name}/events"), "method": "NotifyStatus",
        "params": { "ts": seconds, "smoke:0": { "id": 0, "alarm": told.said } },
    });
    Encoded {
        body: publish(
            told,
            name,
            format!("{name}/events/rpc"),
            &said,
            Manner::Acknowledged,
        ),
        happened_ms: Some(told.now_ms),
        word: None,
    }
}

/// An advertisement of a button, as Theengs has read it; each has a packet's number. The name is the button's address.
pub(super) fn theengs(told: &Told<'_>) -> Encoded {
    let said = json!({
        "id": told.spec.name, "mac_type": 0, "rssi": -71, "brand": "Shelly", "model": "ShellyBLU Button1",
        "model_id": "SBBT-002C", "type": "BTN", "acts": true, "cont": true, "packet": told.number % 256, "batt": 99,
        "button": told.said,
    });
    let address: String = told.spec.name.split(':').collect();
    let topic = format!("home/{BLUETOOTH}/BTtoMQTT/{address}");
    Encoded {
        body: publish(told, BLUETOOTH, topic, &said, Manner::Acknowledged),
        happened_ms: None,
        word: told.word(None),
    }
}

/// An uplink of a Milesight button that asks for help: `FF 2E 01`, read by nobody's codec. The name is its EUI.
pub(super) fn chirpstack(told: &Told<'_>) -> Encoded {
    let eui = told.spec.name.as_str();
    let said = json!({
        "deduplicationId": format!("{eui}-{}", told.number), "time": wall::iso(told.now_ms),
        "deviceInfo": { "deviceProfileName": "WS101", "deviceName": "SOS bathroom", "devEui": eui },
        "fPort": 85, "fCnt": told.number, "data": "/y4B", "rxInfo": [{ "rssi": -90 }],
    });
    let topic = format!("application/{LORAWAN}/device/{eui}/event/up");
    Encoded {
        body: publish(told, LORAWAN, topic, &said, ROADS),
        happened_ms: Some(told.now_ms),
        word: None,
    }
}

/// A telegram of a smoke detector, as wmbusmeters has read it. Its time has whole seconds: two may have the same.
pub(super) fn wmbus(told: &Told<'_>) -> Encoded {
    let id = told.spec.name.as_str();
    let iso = wall::iso(told.now_ms);
    let time = iso.split('.').next().unwrap_or_default();
    let said = json!({
        "_": "telegram", "media": "smoke detector", "meter": "lansensm", "name": told.spec.room, "id": id,
        "status": told.said, "timestamp": format!("{time}Z"),
    });
    Encoded {
        body: publish(
            told,
            METERS,
            format!("wmbusmeters/{id}"),
            &said,
            Manner::Acknowledged,
        ),
        happened_ms: None,
        word: None,
    }
}

/// A line of the bridge. The name is the detector's.
pub(super) fn wisafe2(told: &Told<'_>) -> Encoded {
    let said = json!({ "device": told.spec.name, "event": told.said, "base": "ON" });
    let line = numbered(told.number, &said.to_string());
    Encoded {
        body: Body::Bytes(format!("{line}\r\n").into_bytes()),
        happened_ms: None,
        word: None,
    }
}

/// A spot check of an oximeter (characteristic 2A5E), its bytes as a bridge forwards them. The name is the oximeter's.
pub(super) fn gatt(told: &Told<'_>) -> Encoded {
    let spo2 = told.said.as_f64().map(f64::round);
    let whole = spo2.and_then(|v| (0..=100).find(|n| f64::from(*n) >= v));
    let reading = Oximetry {
        spo2: whole,
        pulse: Some(72),
        ..Oximetry::default()
    };
    let hex = reading.spot().iter().fold(String::new(), |mut hex, byte| {
        // Writing to a text cannot fail.
        let _ = write!(hex, "{byte:02X}");
        hex
    });
    let topic = format!("ble/{BLE}/{}", told.spec.name);
    Encoded {
        body: publish(
            told,
            BLE,
            topic,
            &json!({ "2a5e": hex }),
            Manner::Acknowledged,
        ),
        happened_ms: None,
        word: told.word(whole.map(f64::from)),
    }
}
