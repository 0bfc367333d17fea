//! What speaks on a serial line in a family's own frames: EnOcean, RFXtrx, Modbus, Masimo, Contec, A&D, Wi-Safe2.

use super::{field, measure, press, turn};
use crate::models::{Lit, Model, Path, Shape};

use Lit::{Is, Null, Num, Text};

const ON: Shape = Shape::Binary(Is(true), Is(false));

/// The profiles of EnOcean senders, which they cannot name themselves.
pub(super) const PROFILES: &[(&str, &str)] = &[
    ("enocean_contact", "D5-00-01"),
    ("enocean_button", "F6-01-01"),
    ("enocean_smoke", "F6-05-02"),
    ("enocean_climate", "A5-04-01"),
];

/// Every model.
pub(super) const MODELS: &[Model] = &[
    Model {
        word: "enocean_contact",
        path: Path::EnOcean,
        vendor: "EnOcean",
        model: "D5-00-01",
        description: "A contact; its name is the sender's address",
        fields: &[field("contact", ON, Is(false))],
        deeds: &[
            turn("open", "contact", Is(true)).heard("observed/contact open"),
            turn("close_it", "contact", Is(false)).heard("observed/contact closed"),
        ],
    },
    Model {
        word: "enocean_button",
        path: Path::EnOcean,
        vendor: "EnOcean",
        model: "F6-01-01",
        description: "A push button, taught as help; its name is the sender's address",
        fields: &[field("button", ON, Null)],
        deeds: &[press("press", "button", Is(true)).heard("alarm/help raised")],
    },
    Model {
        word: "enocean_smoke",
        path: Path::EnOcean,
        vendor: "EnOcean",
        model: "F6-05-02",
        description: "A smoke detector; its name is the sender's address",
        fields: &[field("smoke", ON, Is(false))],
        deeds: &[
            turn("smoke", "smoke", Is(true)).heard("alarm/smoke raised"),
            turn("clear", "smoke", Is(false)).heard("alarm/smoke restored"),
        ],
    },
    Model {
        word: "enocean_climate",
        path: Path::EnOcean,
        vendor: "EnOcean",
        model: "A5-04-01",
        description: "Temperature and humidity; its name is the sender's address",
        fields: &[field("temperature", Shape::Numeric("Cel"), Num(20.0))],
        deeds: &[measure("temperature").heard("observed/temperature")],
    },
    Model {
        word: "rfx_smoke",
        path: Path::RfxTrx,
        vendor: "RFXCOM",
        model: "KD101",
        description: "A smoke detector; its name is its id, six hexadecimal digits",
        fields: &[field("smoke", ON, Is(false))],
        deeds: &[
            turn("smoke", "smoke", Is(true)).heard("alarm/smoke raised"),
            turn("clear", "smoke", Is(false)).heard("alarm/smoke restored"),
        ],
    },
    Model {
        word: "rfx_panic",
        path: Path::RfxTrx,
        vendor: "RFXCOM",
        model: "X10 security remote",
        description: "A remote with a panic button; its name is its id, six hexadecimal digits",
        fields: &[field("panic", ON, Null)],
        deeds: &[press("press", "panic", Is(true)).heard("alarm/panic raised")],
    },
    Model {
        word: "rfx_thermometer",
        path: Path::RfxTrx,
        vendor: "RFXCOM",
        model: "temperature sensor",
        description: "A thermometer; its name is its id, four hexadecimal digits",
        fields: &[field("temperature", Shape::Numeric("Cel"), Num(20.0))],
        deeds: &[measure("temperature").heard("observed/temperature")],
    },
    Model {
        word: "modbus_thermometer",
        path: Path::Modbus,
        vendor: "Modbus",
        model: "holding register",
        description: "Tenths of a degree in a register; its name is UNIT/ADDRESS",
        fields: &[field("temperature", Shape::Numeric("Cel"), Num(20.0))],
        deeds: &[measure("temperature").heard("observed/temperature")],
    },
    Model {
        word: "modbus_leak",
        path: Path::Modbus,
        vendor: "Modbus",
        model: "input",
        description: "A leak detector on an input; its name is UNIT/ADDRESS",
        fields: &[field("flood", ON, Is(false))],
        deeds: &[
            turn("leak", "flood", Is(true)).heard("alarm/flood raised"),
            turn("clear", "flood", Is(false)).heard("alarm/flood restored"),
        ],
    },
    Model {
        word: "masimo",
        path: Path::Masimo,
        vendor: "Masimo",
        model: "Rad-8",
        description: "An oximeter that says a line a second",
        fields: &[field("spo2", Shape::Numeric("%"), Null)],
        deeds: &[
            measure("spo2").heard("vital/spo2"),
            press("finger_off", "spo2", Num(0.0)).heard("vital/spo2 sensor_off"),
        ],
    },
    Model {
        word: "contec",
        path: Path::Contec,
        vendor: "Contec",
        model: "CMS50D+",
        description: "An oximeter that says sixty frames a second when it is called",
        fields: &[field("spo2", Shape::Numeric("%"), Null)],
        deeds: &[
            measure("spo2").heard("vital/spo2"),
            press("finger_off", "spo2", Num(0.0)).heard("vital/spo2 sensor_off"),
        ],
    },
    Model {
        word: "scale",
        path: Path::AndMedical,
        vendor: "A&D",
        model: "UC-321PBT",
        description: "Scales that send a weight until it is accepted",
        fields: &[field("weight", Shape::Numeric("kg"), Null)],
        deeds: &[measure("weight").heard("vital/weight")],
    },
    Model {
        word: "wisafe2_smoke",
        path: Path::WiSafe2,
        vendor: "FireAngel",
        model: "Wi-Safe2",
        description: "A smoke alarm behind a USB bridge; its name is its id",
        fields: &[field(
            "event",
            Shape::Enum(&["FIRE EMERGENCY", "SILENCE"]),
            Null,
        )],
        deeds: &[press("smoke", "event", Text("FIRE EMERGENCY"))],
    },
];
