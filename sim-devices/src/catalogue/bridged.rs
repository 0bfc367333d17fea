//! What programmes and modules bridge to MQTT in words of their own.

use super::{field, measure, press, turn};
use crate::models::{Lit, Model, Path, Shape};

use Lit::{Is, Null, Num, Text};

const ON: Shape = Shape::Binary(Is(true), Is(false));

/// Every model.
pub(super) const MODELS: &[Model] = &[
    Model {
        word: "shelly_smoke",
        path: Path::Shelly,
        vendor: "Shelly",
        model: "Plus Smoke",
        description: "A smoke alarm; its name is its prefix",
        fields: &[field("alarm", ON, Is(false))],
        deeds: &[
            turn("smoke", "alarm", Is(true)),
            turn("clear", "alarm", Is(false)),
        ],
    },
    Model {
        word: "bluetooth_button",
        path: Path::Theengs,
        vendor: "Shelly",
        model: "BLU Button1",
        description: "A Bluetooth button that OpenMQTTGateway hears; its name is its address",
        fields: &[field("button", Shape::Numeric(""), Null)],
        deeds: &[press("press", "button", Num(1.0)).heard("observed/button single")],
    },
    Model {
        word: "lorawan_sos",
        path: Path::ChirpStack,
        vendor: "Milesight",
        model: "WS101",
        description: "An SOS button on LoRaWAN; its name is its EUI",
        fields: &[field("press", Shape::Enum(&["short"]), Null)],
        deeds: &[press("press", "press", Text("short"))],
    },
    Model {
        word: "wmbus_smoke",
        path: Path::WmBus,
        vendor: "Lansen",
        model: "LAN-WMBUS smoke",
        description: "A smoke detector that wmbusmeters reads; its name is its id",
        fields: &[field("status", Shape::Enum(&["OK", "SMOKE"]), Text("OK"))],
        deeds: &[
            turn("smoke", "status", Text("SMOKE")),
            turn("clear", "status", Text("OK")),
        ],
    },
    Model {
        word: "ble_oximeter",
        path: Path::Gatt,
        vendor: "Bluetooth",
        model: "pulse oximeter service",
        description: "An oximeter whose bytes a bridge forwards",
        fields: &[field("spo2", Shape::Numeric("%"), Null)],
        deeds: &[measure("spo2").heard("vital/spo2")],
    },
    Model {
        word: "announced_smoke",
        path: Path::HaDiscovery,
        vendor: "Home Assistant",
        model: "announced detector",
        description: "A smoke detector that announces itself to Home Assistant",
        fields: &[field("smoke", ON, Is(false))],
        deeds: &[
            turn("smoke", "smoke", Is(true)),
            turn("clear", "smoke", Is(false)),
        ],
    },
    Model {
        word: "homie_smoke",
        path: Path::Homie,
        vendor: "Homie",
        model: "described detector",
        description: "A smoke detector that describes itself; its name is its id",
        fields: &[field("smoke", ON, Is(false))],
        deeds: &[
            turn("smoke", "smoke", Is(true)).heard("alarm/smoke raised"),
            turn("clear", "smoke", Is(false)).heard("alarm/smoke restored"),
        ],
    },
    Model {
        word: "esphome_smoke",
        path: Path::EspHome,
        vendor: "ESPHome",
        model: "node",
        description: "A smoke detector on a node; its name is NODE/ID",
        fields: &[field("smoke", ON, Is(false))],
        deeds: &[
            turn("smoke", "smoke", Is(true)).heard("alarm/smoke raised"),
            turn("clear", "smoke", Is(false)).heard("alarm/smoke restored"),
        ],
    },
];
