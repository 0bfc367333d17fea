//! What reaches the broker through a receiver of 433 MHz or a Tasmota module. Names of fields and values are those of the
//! decoders of `rtl_433` (`x10_sec`, `visonic_powercode`, `nexus`) and of Tasmota's documents (RF-Protocol, Energy).

use super::{field, measure, press, turn};
use crate::models::{Lit, Model, Path, Shape};

use Lit::{Null, Num, Text};

const ONE_OR_NONE: Shape = Shape::Binary(Num(1.0), Num(0.0));

/// Every model.
pub(super) const MODELS: &[Model] = &[
    Model {
        word: "radio_panic",
        path: Path::Rtl433,
        vendor: "X10",
        model: "KR18",
        description: "A key fob with a panic button; its name is X10-Security/ID",
        fields: &[
            field("code", Shape::Enum(&["26"]), Text("26")),
            field("event", Shape::Enum(&["KR18 PANIC"]), Null),
        ],
        deeds: &[press("press", "event", Text("KR18 PANIC"))],
    },
    Model {
        word: "radio_contact",
        path: Path::Rtl433,
        vendor: "Visonic",
        model: "MCT-302",
        description: "A door contact; its name is Visonic-Powercode/ID",
        fields: &[
            field("alarm", ONE_OR_NONE, Num(0.0)),
            field("tamper", ONE_OR_NONE, Num(0.0)),
            field("battery_ok", ONE_OR_NONE, Num(1.0)),
            field("supervised", ONE_OR_NONE, Num(1.0)),
        ],
        deeds: &[
            turn("open", "alarm", Num(1.0)),
            turn("close_it", "alarm", Num(0.0)),
            turn("tamper", "tamper", Num(1.0)),
        ],
    },
    Model {
        word: "radio_thermometer",
        path: Path::Rtl433,
        vendor: "Nexus",
        model: "TH",
        description: "A thermometer; its name is Nexus-TH/CHANNEL/ID",
        fields: &[
            field("battery_ok", ONE_OR_NONE, Num(1.0)),
            field("temperature_C", Shape::Numeric("°C"), Num(20.5)),
            field("humidity", Shape::Numeric("%"), Num(48.0)),
        ],
        deeds: &[measure("temperature_C")],
    },
    Model {
        word: "fob_by_code",
        path: Path::Tasmota,
        vendor: "Sonoff",
        model: "RF Bridge",
        description: "A fixed-code fob, taught as help; its name is BRIDGE/CODE",
        fields: &[field("Data", Shape::Enum(&["press"]), Null)],
        deeds: &[press("press", "Data", Text("press"))],
    },
    Model {
        word: "module_plug",
        path: Path::Tasmota,
        vendor: "Tasmota",
        model: "energy plug",
        description: "A plug that measures; its name is the module's topic",
        fields: &[field("Power", Shape::Numeric("W"), Num(0.0))],
        deeds: &[measure("Power").heard("observed/power")],
    },
];
