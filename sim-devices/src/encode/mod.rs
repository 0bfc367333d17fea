//! From what a device does to the words on its path: one encoder a path, most of them over the protocol crate's own. None
//! sends anything or keeps a state.

mod announced;
mod bridged;
mod lines;
mod radio;
mod serial;
mod wires;
mod zigbee;

use serde_json::{Map, Value};

use crate::device::Cannot;
use crate::home::{Spec, Zigbee};
use crate::models::{Deed, Does, Path};
use crate::words::Body;

pub(crate) use serial::{at_rest, place};

/// What is to be said.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told<'t> {
    /// By whom.
    pub(crate) spec: &'t Spec,
    /// What was done; `None` for a state that is said again.
    pub(crate) deed: Option<&'t Deed>,
    /// The value that the deed gave its property.
    pub(crate) said: &'t Value,
    /// The state with that value.
    pub(crate) state: &'t Map<String, Value>,
    /// The device's own number for it.
    pub(crate) number: u64,
    /// The device's clock, ms since 1970.
    pub(crate) now_ms: i64,
    /// How the home's Zigbee2MQTT behaves.
    pub(crate) bridge: &'t Zigbee,
}

/// The words of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Encoded {
    /// What is carried.
    pub(crate) body: Body,
    /// The device's own time, where its words hold it.
    pub(crate) happened_ms: Option<i64>,
    /// How the hub lists it, where its words hold neither number nor time.
    pub(crate) word: Option<String>,
}

/// The words of what is to be said, on the device's path.
pub(crate) fn encode(told: &Told<'_>) -> Result<Encoded, Cannot> {
    match told.spec.model.path {
        Path::Zigbee2Mqtt => Ok(zigbee::state(told)),
        Path::JsonLines => lines::line(told),
        Path::Espa444 | Path::Espa444Bridge | Path::Espa444Station => Ok(wires::call(told)),
        Path::Nonin => Ok(wires::spot(told)),
        Path::NoninDf8 => Ok(wires::second(told)),
        Path::Rtl433 => radio::event(told),
        Path::Tasmota => Ok(radio::tasmota(told)),
        Path::EnOcean => serial::enocean(told),
        Path::RfxTrx => serial::rfxtrx(told),
        Path::Modbus => serial::modbus(told),
        Path::Masimo => Ok(serial::masimo(told)),
        Path::Contec => Ok(serial::contec(told)),
        Path::AndMedical => Ok(serial::scale(told)),
        Path::WiSafe2 => Ok(bridged::wisafe2(told)),
        Path::Shelly => Ok(bridged::shelly(told)),
        Path::Theengs => Ok(bridged::theengs(told)),
        Path::ChirpStack => Ok(bridged::chirpstack(told)),
        Path::WmBus => Ok(bridged::wmbus(told)),
        Path::HaDiscovery => Ok(announced::entity(told)),
        Path::Homie => Ok(announced::property(told)),
        Path::EspHome => announced::node(told),
        Path::Gatt => Ok(bridged::gatt(told)),
    }
}

/// Who publishes what this device says: its receiver's or module's name.
pub(crate) fn publisher_of(spec: &Spec) -> &str {
    match spec.model.path {
        Path::Rtl433 => radio::RECEIVER,
        Path::Tasmota | Path::EspHome => spec.name.split('/').next().unwrap_or_default(),
        Path::Shelly | Path::Homie => &spec.name,
        Path::HaDiscovery => &spec.id,
        Path::Theengs => bridged::BLUETOOTH,
        Path::ChirpStack => bridged::LORAWAN,
        Path::WmBus => bridged::METERS,
        Path::Gatt => bridged::BLE,
        Path::Zigbee2Mqtt
        | Path::JsonLines
        | Path::Espa444
        | Path::Espa444Bridge
        | Path::Espa444Station
        | Path::Nonin
        | Path::NoninDf8
        | Path::EnOcean
        | Path::RfxTrx
        | Path::Modbus
        | Path::Masimo
        | Path::Contec
        | Path::AndMedical
        | Path::WiSafe2 => "",
    }
}

/// What this device tells of itself before anything happens: retained topics and payloads.
pub(crate) fn told_of(spec: &Spec) -> Vec<(String, String)> {
    match spec.model.path {
        Path::HaDiscovery => announced::configuration(spec),
        Path::Homie => announced::description(spec),
        Path::Zigbee2Mqtt
        | Path::JsonLines
        | Path::Espa444
        | Path::Espa444Bridge
        | Path::Espa444Station
        | Path::Nonin
        | Path::NoninDf8
        | Path::Rtl433
        | Path::Tasmota
        | Path::EnOcean
        | Path::RfxTrx
        | Path::Modbus
        | Path::Masimo
        | Path::Contec
        | Path::AndMedical
        | Path::WiSafe2
        | Path::Shelly
        | Path::Theengs
        | Path::ChirpStack
        | Path::WmBus
        | Path::EspHome
        | Path::Gatt => Vec::new(),
    }
}

impl Told<'_> {
    /// The property that the deed is about.
    fn property(&self) -> &'static str {
        self.deed.map_or("", |d| d.property)
    }

    /// True when this was done.
    fn is(&self, deed: &str) -> bool {
        self.deed.is_some_and(|d| d.word == deed)
    }

    /// How the hub lists it; a measurement with the value that the device can write.
    fn word(&self, value: Option<f64>) -> Option<String> {
        let deed = self.deed.filter(|d| !d.heard.is_empty())?;
        let value = value.filter(|_| deed.does == Does::Measure);
        Some(match value {
            Some(value) => format!("{} {value}", deed.heard),
            None => deed.heard.to_owned(),
        })
    }

    fn no_name(&self, due: &'static str) -> Cannot {
        Cannot::Name {
            device: self.spec.name.clone(),
            due,
        }
    }
}
