//! The tables that are built in, as the gateway compiles them in.

use tecs_protocol::family::Family;
use tecs_protocol::map::MapText;

/// One of them.
pub struct Preset {
    /// The family that is read by it.
    pub family: Family,
    /// Its file.
    pub file: &'static str,
    /// Messages that it reads, a JSON object a line.
    pub messages: &'static str,
}

macro_rules! preset {
    ($family:ident, $name:literal) => {
        Preset {
            family: Family::$family,
            file: include_str!(concat!("../../../gateway/presets/", $name, ".toml")),
            messages: include_str!(concat!("../../../gateway/tests/map/", $name, ".jsonl")),
        }
    };
}

/// All of them.
pub const ALL: &[Preset] = &[
    preset!(Tasmota, "tasmota"),
    preset!(Rtl433, "rtl_433"),
    preset!(Shelly, "shelly"),
    preset!(Theengs, "theengs"),
    preset!(ChirpStack, "chirpstack"),
    preset!(WmBus, "wmbus"),
    preset!(WiSafe2Serial, "wisafe2_serial"),
    preset!(EspHome, "esphome"),
];

impl Preset {
    /// Its text.
    pub fn text(&self) -> MapText {
        toml::from_str(self.file).expect("a preset is a table")
    }
}
