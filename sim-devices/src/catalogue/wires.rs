//! What speaks on a serial line of its own: nurse call panels (ESPA 4.4.4) and Nonin oximeters.

use super::{field, measure, press};
use crate::models::{Deed, Field, Lit, Model, Path, Shape};

use Lit::{Null, Num, Text};

/// What a call says: the call types of the standard.
const CALL: Field = field("call", Shape::Enum(&["standard", "speech", "reset"]), Null);
const CALLS: &[Deed] = &[
    press("press", "call", Text("standard")),
    press("call", "call", Text("speech")),
    press("reset", "call", Text("reset")),
];
const SPO2: Field = field("spo2", Shape::Numeric("%"), Null);

/// Every model.
pub(super) const MODELS: &[Model] = &[
    Model {
        word: "nurse_call",
        path: Path::Espa444,
        vendor: "ESPA 4.4.4",
        model: "call point",
        description: "A call point on a panel that polls; its name is the call address",
        fields: &[CALL],
        deeds: CALLS,
    },
    Model {
        word: "bridge_call",
        path: Path::Espa444Bridge,
        vendor: "ESPA 4.4.4",
        model: "call point",
        description: "A call point on a bridge that opens with SOH; its name is the call address",
        fields: &[CALL],
        deeds: CALLS,
    },
    Model {
        word: "station_call",
        path: Path::Espa444Station,
        vendor: "ESPA 4.4.4",
        model: "call point",
        description: "A call point on a panel that waits to be polled; its name is the call address",
        fields: &[CALL],
        deeds: CALLS,
    },
    Model {
        word: "oximeter",
        path: Path::Nonin,
        vendor: "Nonin",
        model: "Onyx II 9560",
        description: "A finger oximeter that stores spot checks and forwards them",
        fields: &[SPO2],
        deeds: &[measure("spo2"), press("finger_off", "spo2", Num(0.0))],
    },
    Model {
        word: "oximeter_df8",
        path: Path::NoninDf8,
        vendor: "Nonin",
        model: "data format 8",
        description: "An oximeter that shows a value a second and has no other format",
        fields: &[SPO2],
        deeds: &[
            measure("spo2").heard("vital/spo2"),
            press("finger_off", "spo2", Num(0.0)).heard("vital/spo2 sensor_off"),
        ],
    },
];
