//! Home-made devices that write JSON lines in this product's own vocabulary.

use super::{field, measure, press};
use crate::models::{Lit, Model, Path, Shape};

use Lit::{Null, Text};

/// Every model.
pub(super) const MODELS: &[Model] = &[
    Model {
        word: "line_help_button",
        path: Path::JsonLines,
        vendor: "home-made",
        model: "help button",
        description: "A button that writes a JSON line",
        fields: &[field("help", Shape::Enum(&["raised", "restored"]), Null)],
        deeds: &[
            press("press", "help", Text("raised")),
            press("clear", "help", Text("restored")),
        ],
    },
    Model {
        word: "line_thermometer",
        path: Path::JsonLines,
        vendor: "home-made",
        model: "thermometer",
        description: "A room thermometer that writes JSON lines",
        fields: &[field("temperature", Shape::Numeric("Cel"), Null)],
        deeds: &[measure("temperature")],
    },
    Model {
        word: "line_oximeter",
        path: Path::JsonLines,
        vendor: "home-made",
        model: "oximeter",
        description: "A finger oximeter behind a JSON-lines adapter",
        fields: &[field("spo2", Shape::Numeric("%"), Null)],
        deeds: &[measure("spo2")],
    },
    Model {
        word: "line_dispenser",
        path: Path::JsonLines,
        vendor: "home-made",
        model: "medication dispenser",
        description: "A medication dispenser that writes JSON lines",
        fields: &[field(
            "medication",
            Shape::Enum(&["taken", "reminder"]),
            Null,
        )],
        deeds: &[
            press("take", "medication", Text("taken")),
            press("remind", "medication", Text("reminder")),
        ],
    },
];
