//! Zigbee devices. Makers, models and properties are those that zigbee-herdsman-converters (MIT) publishes.

use super::{field, measure, press, turn};
use crate::models::{Field, Lit, Model, Path, Shape};

use Lit::{Is, Null, Num, Text};

const ON: Shape = Shape::Binary(Is(true), Is(false));
/// Zigbee2MQTT's `contact` is true when the contact is made: open is false.
const MADE: Shape = Shape::Binary(Is(false), Is(true));

const BATTERY: Field = field("battery", Shape::Numeric("%"), Num(97.0));
const BATTERY_LOW: Field = field("battery_low", ON, Is(false));
const TAMPER: Field = field("tamper", ON, Is(false));
const MILLIVOLT: Field = field("voltage", Shape::Numeric("mV"), Num(3000.0));

/// Every model.
pub(super) const MODELS: &[Model] = &[
    Model {
        word: "sos_button",
        path: Path::Zigbee2Mqtt,
        vendor: "Tuya",
        model: "TS0215A_sos",
        description: "SOS button",
        fields: &[
            field("action", Shape::Enum(&["emergency"]), Null),
            BATTERY,
            MILLIVOLT,
        ],
        deeds: &[press("press", "action", Text("emergency"))],
    },
    Model {
        word: "fall_detector",
        path: Path::Zigbee2Mqtt,
        vendor: "Heiman",
        model: "HS2FD-EF1-3.0",
        description: "Fall detector",
        fields: &[field(
            "fall_status",
            Shape::Enum(&["normal", "fall_warning", "fall_alarm"]),
            Text("normal"),
        )],
        deeds: &[
            turn("fall", "fall_status", Text("fall_alarm")),
            turn("clear", "fall_status", Text("normal")),
        ],
    },
    Model {
        word: "smoke_alarm",
        path: Path::Zigbee2Mqtt,
        vendor: "Heiman",
        model: "HS1SA-E",
        description: "Smart smoke alarm",
        fields: &[
            field("smoke", ON, Is(false)),
            BATTERY_LOW,
            BATTERY,
            field("test", ON, Is(false)),
        ],
        deeds: &[
            turn("smoke", "smoke", Is(true)),
            turn("clear", "smoke", Is(false)),
            turn("battery_low", "battery_low", Is(true)),
        ],
    },
    Model {
        word: "co_alarm",
        path: Path::Zigbee2Mqtt,
        vendor: "Heiman",
        model: "HS1CA-E",
        description: "Smart carbon monoxide alarm",
        fields: &[
            field("carbon_monoxide", ON, Is(false)),
            BATTERY_LOW,
            BATTERY,
        ],
        deeds: &[
            turn("co", "carbon_monoxide", Is(true)),
            turn("clear", "carbon_monoxide", Is(false)),
        ],
    },
    Model {
        word: "water_leak",
        path: Path::Zigbee2Mqtt,
        vendor: "Heiman",
        model: "HS1WL/HS3WL",
        description: "Water leakage sensor",
        fields: &[
            field("water_leak", ON, Is(false)),
            BATTERY_LOW,
            TAMPER,
            BATTERY,
        ],
        deeds: &[
            turn("leak", "water_leak", Is(true)),
            turn("clear", "water_leak", Is(false)),
        ],
    },
    Model {
        word: "contact",
        path: Path::Zigbee2Mqtt,
        vendor: "SONOFF",
        model: "SNZB-04P",
        description: "Contact sensor",
        fields: &[
            field("contact", MADE, Is(true)),
            BATTERY_LOW,
            TAMPER,
            BATTERY,
            MILLIVOLT,
        ],
        deeds: &[
            turn("open", "contact", Is(false)),
            turn("close_it", "contact", Is(true)),
            turn("tamper", "tamper", Is(true)),
        ],
    },
    Model {
        word: "motion",
        path: Path::Zigbee2Mqtt,
        vendor: "Heiman",
        model: "HS1MS-EF",
        description: "Smart motion sensor",
        fields: &[field("occupancy", ON, Is(false)), BATTERY_LOW, TAMPER],
        deeds: &[
            turn("move", "occupancy", Is(true)),
            turn("clear", "occupancy", Is(false)),
        ],
    },
    Model {
        word: "bed_pad",
        path: Path::Zigbee2Mqtt,
        vendor: "Tuya",
        model: "TS0601_bed_presence_sensor",
        description: "Pressure Sensing Strap/Bed Occupancy Sensor",
        fields: &[field("occupancy", ON, Is(true)), BATTERY],
        deeds: &[
            turn("lie_down", "occupancy", Is(true)),
            turn("get_up", "occupancy", Is(false)),
        ],
    },
    Model {
        word: "plug",
        path: Path::Zigbee2Mqtt,
        vendor: "Innr",
        model: "SP 234",
        description: "Smart plug",
        fields: &[
            field("state", Shape::Binary(Text("ON"), Text("OFF")), Text("ON")),
            field("power", Shape::Numeric("W"), Num(0.0)),
            field("voltage", Shape::Numeric("V"), Num(239.0)),
            field("current", Shape::Numeric("A"), Num(0.0)),
            field("energy", Shape::Numeric("kWh"), Num(1.54)),
        ],
        deeds: &[measure("power")],
    },
    Model {
        word: "climate",
        path: Path::Zigbee2Mqtt,
        vendor: "OWON",
        model: "PIR323-PTH",
        description: "Multi-sensor",
        fields: &[
            field("temperature", Shape::Numeric("°C"), Num(20.5)),
            field("humidity", Shape::Numeric("%"), Num(48.0)),
            field("occupancy", ON, Is(false)),
            BATTERY_LOW,
        ],
        deeds: &[
            measure("temperature"),
            turn("move", "occupancy", Is(true)),
            turn("clear", "occupancy", Is(false)),
        ],
    },
];
