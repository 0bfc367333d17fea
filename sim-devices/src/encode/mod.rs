//! From what a device does to the words on its path: one encoder a path, most of them over the protocol crate's own. None
//! sends anything or keeps a state.

mod lines;
mod radio;
mod wires;
mod zigbee;

use serde_json::{Map, Value};

use crate::device::Cannot;
use crate::home::{Spec, Zigbee};
use crate::models::{Deed, Does, Path};
use crate::words::Body;

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
        Path::Espa444 | Path::Espa444Bridge => Ok(wires::call(told)),
        Path::Nonin => Ok(wires::spot(told)),
        Path::NoninDf8 => Ok(wires::second(told)),
        Path::Rtl433 => radio::event(told),
        Path::Tasmota => Ok(radio::tasmota(told)),
    }
}

/// Who publishes what this device says: its receiver's or module's name.
pub(crate) fn publisher_of(spec: &Spec) -> &str {
    match spec.model.path {
        Path::Rtl433 => radio::RECEIVER,
        Path::Tasmota => spec.name.split('/').next().unwrap_or_default(),
        Path::Zigbee2Mqtt
        | Path::JsonLines
        | Path::Espa444
        | Path::Espa444Bridge
        | Path::Nonin
        | Path::NoninDf8 => "",
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
