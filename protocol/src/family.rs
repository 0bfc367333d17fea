//! The closed list of what a source may speak, and the one place where a name becomes a reader. It reads nothing itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::gatt;
use crate::map::{Map, MapDialect, MapLines};
use crate::mqtt::Dialect;
use crate::mqtt::ha_discovery::{self, HaDiscovery};
use crate::mqtt::homie::{self, Homie};
use crate::mqtt::zigbee2mqtt::{self, Zigbee2Mqtt};
use crate::serial::Wire;
use crate::serial::and_medical::{self, AndMedical};
use crate::serial::contec::{self, Contec};
use crate::serial::enocean::{self, EnOcean};
use crate::serial::espa444::{self, Espa444};
use crate::serial::jsonl::JsonLines;
use crate::serial::masimo::{self, Masimo};
use crate::serial::modbus::{self, Modbus};
use crate::serial::nonin::{self, Nonin};
use crate::serial::rfxtrx::RfxTrx;
use crate::signal::Message;

/// What the configuration says about a source, as far as its reader needs it.
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// The base topic of an MQTT dialect; empty for the dialect's own default.
    pub base: String,
    /// How many devices one source may teach that can raise no alarm and are not listed.
    pub devices: usize,
    /// The names, as the source has them, of the devices that the installer has named: they are never forgotten.
    pub listed: Arc<BTreeSet<String>>,
    /// The longest device message, bytes.
    pub longest: usize,
    /// The table of a family that is read by one, or the table of codes beside the code of one that has such.
    pub map: Option<Arc<Map>>,
    /// Of an EnOcean receiver.
    pub enocean: enocean::Settings,
    /// Of an ESPA line.
    pub espa444: espa444::Settings,
    /// Of a Modbus line.
    pub modbus: modbus::Settings,
    /// Of a Nonin oximeter.
    pub nonin: nonin::Settings,
    /// Of a Masimo oximeter.
    pub masimo: masimo::Settings,
    /// Of a Contec oximeter.
    pub contec: contec::Settings,
    /// Of A&D scales and blood pressure monitors.
    pub and_medical: and_medical::Settings,
}

impl Default for Options {
    /// 512 devices and 64 KiB a message (design, 'Limits that are promises').
    fn default() -> Self {
        Self {
            base: String::new(),
            devices: 512,
            listed: Arc::default(),
            longest: 64 * 1024,
            map: None,
            enocean: enocean::Settings::default(),
            espa444: espa444::Settings::default(),
            modbus: modbus::Settings::default(),
            nonin: nonin::Settings::default(),
            masimo: masimo::Settings::default(),
            contec: contec::Settings::default(),
            and_medical: and_medical::Settings::default(),
        }
    }
}

/// How the words of a family reach the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// Publishes of a broker: `topic` and `payload`.
    Mqtt,
    /// Bytes of a serial line or socket.
    Line,
    /// Frames that another programme already cut (Bluetooth characteristics).
    Frames,
}

/// Makes the enum, its words and the list of all in one place.
macro_rules! families {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $way:ident;)+) => {
        /// What a source speaks.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Family { $($(#[$doc])* $variant,)+ }

        impl Family {
            /// Every family, in the order in which the command line's help names them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Its name in configuration and on `decode`'s lines.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The family of exactly this name.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }

            /// How its words reach the gateway.
            pub const fn way(self) -> Way {
                match self { $(Self::$variant => Way::$way,)+ }
            }
        }
    };
}

families! {
    /// Zigbee2MQTT 2.x.
    Zigbee2Mqtt = "zigbee2mqtt", Mqtt;
    /// Home Assistant's MQTT discovery.
    HaDiscovery = "ha_discovery", Mqtt;
    /// Shelly, second generation and later.
    Shelly = "shelly", Mqtt;
    /// Tasmota.
    Tasmota = "tasmota", Mqtt;
    /// `ESPHome` over MQTT.
    EspHome = "esphome", Mqtt;
    /// Theengs and OpenMQTTGateway.
    Theengs = "theengs", Mqtt;
    /// ChirpStack v4.
    ChirpStack = "chirpstack", Mqtt;
    /// The JSON events of `rtl_433`.
    Rtl433 = "rtl_433", Mqtt;
    /// Homie 5.
    Homie = "homie", Mqtt;
    /// wmbusmeters' JSON.
    WmBus = "wmbus", Mqtt;
    /// FireAngel Wi-Safe2 by its USB bridge.
    WiSafe2Serial = "wisafe2_serial", Line;
    /// The table-driven reader.
    Map = "map", Mqtt;
    /// JSON lines in this project's vocabulary.
    JsonLines = "jsonl", Line;
    /// EnOcean's serial protocol, version 3.
    EnOceanEsp3 = "enocean_esp3", Line;
    /// `RFXtrx433`.
    RfxTrx = "rfxtrx", Line;
    /// ESPA 4.4.4, the nurse call protocol.
    Espa444 = "espa444", Line;
    /// Nonin oximeters.
    Nonin = "nonin", Line;
    /// Masimo oximeters.
    Masimo = "masimo", Line;
    /// Contec oximeters.
    Contec = "contec", Line;
    /// A&D Medical scales and blood pressure monitors.
    AndMedical = "and_medical", Line;
    /// Bluetooth characteristics.
    Gatt = "gatt", Frames;
    /// Modbus RTU.
    ModbusRtu = "modbus_rtu", Line;
}

impl Family {
    /// True when it is read by a table (`map`): without one it has no reader, and the table says how its messages come.
    pub const fn is_table(self) -> bool {
        matches!(
            self,
            Self::Map
                | Self::Tasmota
                | Self::Rtl433
                | Self::EspHome
                | Self::Shelly
                | Self::Theengs
                | Self::ChirpStack
                | Self::WmBus
                | Self::WiSafe2Serial
        )
    }

    /// True when it is read by code, and a table says what the radio codes mean that it hears.
    pub const fn has_codes(self) -> bool {
        matches!(self, Self::RfxTrx)
    }

    /// A topic of a device that is called `device`, for messages that come without one.
    pub fn usual_topic(self, base: &str) -> String {
        let (usual, below) = self.preset_topic().unwrap_or((self.word(), "device"));
        format!("{}/{below}", if base.is_empty() { usual } else { base })
    }

    /// The usual base of a preset, and below it a topic that it listens to.
    fn preset_topic(self) -> Option<(&'static str, &'static str)> {
        [
            (Self::Tasmota, "tele", "device/SENSOR"),
            (Self::Rtl433, "rtl_433", "device/events"),
            (Self::EspHome, "esphome", "device/status"),
            (Self::Shelly, "shellies", "device/events/rpc"),
            (Self::Theengs, "home", "bridge/BTtoMQTT/device"),
            (
                Self::ChirpStack,
                "application",
                "any/device/device/event/up",
            ),
            (Self::WmBus, "wmbusmeters", "device"),
        ]
        .into_iter()
        .find_map(|(family, base, below)| (family == self).then_some((base, below)))
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.word())
    }
}

/// The reader of a broker's publishes; `None` for a family of another way, or of a table that is not there.
pub fn dialect(family: Family, options: &Options) -> Option<Box<dyn Dialect>> {
    match family {
        Family::Zigbee2Mqtt => {
            let limits = zigbee2mqtt::Limits {
                devices: options.devices,
                message_bytes: options.longest,
                ..zigbee2mqtt::Limits::default()
            };
            Some(Box::new(Zigbee2Mqtt::new(&options.base, limits)))
        }
        Family::HaDiscovery => {
            let limits = ha_discovery::Limits {
                devices: options.devices,
                message_bytes: options.longest,
                ..ha_discovery::Limits::default()
            };
            let discovery = HaDiscovery::new(&options.base, limits);
            Some(Box::new(discovery.with_listed(Arc::clone(&options.listed))))
        }
        Family::Homie => {
            let limits = homie::Limits {
                devices: options.devices,
                message_bytes: options.longest,
                ..homie::Limits::default()
            };
            let homie = Homie::new(&options.base, limits);
            Some(Box::new(homie.with_listed(Arc::clone(&options.listed))))
        }
        Family::Map
        | Family::Tasmota
        | Family::Rtl433
        | Family::EspHome
        | Family::Shelly
        | Family::Theengs
        | Family::ChirpStack
        | Family::WmBus
        | Family::WiSafe2Serial => {
            let map = options.map.as_ref().filter(|m| m.way() == Way::Mqtt)?;
            Some(Box::new(MapDialect::new(Arc::clone(map), options.longest)))
        }
        Family::JsonLines
        | Family::EnOceanEsp3
        | Family::RfxTrx
        | Family::Espa444
        | Family::Nonin
        | Family::Masimo
        | Family::Contec
        | Family::AndMedical
        | Family::Gatt
        | Family::ModbusRtu => None,
    }
}

/// The reader of a serial line; `None` for a family of another way, or of a table that is not there.
pub fn wire(family: Family, options: &Options) -> Option<Box<dyn Wire>> {
    match family {
        Family::JsonLines => Some(Box::new(JsonLines::new(options.longest))),
        Family::EnOceanEsp3 => Some(Box::new(EnOcean::new(options.enocean.clone()))),
        Family::Espa444 => {
            let settings = options.espa444.clone();
            Some(Box::new(Espa444::new(settings, options.longest)))
        }
        Family::RfxTrx => Some(Box::new(RfxTrx::with_codes(options.map.clone()))),
        Family::ModbusRtu => Some(Box::new(Modbus::new(options.modbus.clone()))),
        Family::Nonin => Some(Box::new(Nonin::new(options.nonin.clone()))),
        Family::Masimo => Some(Box::new(Masimo::new(options.masimo.clone()))),
        Family::Contec => Some(Box::new(Contec::new(options.contec.clone()))),
        Family::AndMedical => Some(Box::new(AndMedical::new(options.and_medical.clone()))),
        Family::Map
        | Family::Tasmota
        | Family::Rtl433
        | Family::EspHome
        | Family::Shelly
        | Family::Theengs
        | Family::ChirpStack
        | Family::WmBus
        | Family::WiSafe2Serial => {
            let map = options.map.as_ref().filter(|m| m.way() == Way::Line)?;
            Some(Box::new(MapLines::new(Arc::clone(map), options.longest)))
        }
        Family::Zigbee2Mqtt | Family::HaDiscovery | Family::Homie | Family::Gatt => None,
    }
}

/// What reads a frame that another programme cut: what it is (a UUID), and its bytes.
pub type Frames = fn(&str, &[u8]) -> Message;

/// The reader of such frames; `None` for a family of another way.
pub fn frames(family: Family) -> Option<Frames> {
    (family == Family::Gatt).then_some(gatt::by_uuid as Frames)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_family() {
        for family in Family::ALL {
            assert_eq!(Family::from_word(family.word()), Some(*family));
        }
        assert_eq!(Family::ALL.len(), 22);
        assert_eq!(Family::from_word("Zigbee2MQTT"), None);
    }

    #[test]
    fn every_family_has_exactly_one_reader() {
        for family in Family::ALL {
            let table = match family.way() {
                Way::Mqtt => r#"{"rule":[{"name":"any","topic":"+","ignore":true}]}"#,
                Way::Line | Way::Frames => {
                    r#"{"map":{"source":"lines"},"rule":[{"name":"any","ignore":true}]}"#
                }
            };
            let table = Map::compile(serde_json::from_str(table).unwrap()).unwrap();
            let options = Options {
                map: Some(Arc::new(table)),
                ..Options::default()
            };
            let readers = [
                dialect(*family, &options).map(|_| Way::Mqtt),
                wire(*family, &options).map(|_| Way::Line),
                frames(*family).map(|_| Way::Frames),
            ];
            let found: Vec<Way> = readers.into_iter().flatten().collect();
            assert_eq!(found, [family.way()], "{family}");
        }
    }
}
