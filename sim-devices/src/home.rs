//! A home's file: who lives there (invented), which devices there are, and how the bridge and the port behave.
//! It is read and checked here; it does nothing.

use std::path::PathBuf;

use serde::Deserialize;
use toml::Spanned;

use crate::models::{Model, Path};
use crate::paths::Setting;
use crate::toml_file::{Mistake, Text, one_of};

/// One home.
#[derive(Debug, Clone)]
pub struct Home {
    /// Its gateway's id.
    pub gateway: String,
    /// What responders call it.
    pub label: String,
    /// Where to call, where to go, how to get in, what to know; invented.
    pub register: Register,
    /// How its Zigbee2MQTT behaves.
    pub zigbee: Zigbee,
    /// Where the stable name of its JSON-lines port is; relative names are below the work folder. Other ports have this
    /// name with their source's behind it.
    pub port: PathBuf,
    /// Its devices.
    pub devices: Vec<Spec>,
}

/// What a responder is told of a home.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Where to call.
    #[serde(default)]
    pub phone: String,
    /// Where to go.
    #[serde(default)]
    pub address: String,
    /// How to get in.
    #[serde(default)]
    pub access_note: String,
    /// What to know before going in.
    #[serde(default)]
    pub risks: Vec<String>,
}

/// How a bridge writes `last_seen`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum LastSeen {
    /// Not at all: Zigbee2MQTT's default.
    #[serde(rename = "disable")]
    Disable,
    /// As text.
    #[serde(rename = "ISO_8601")]
    Iso,
    /// As milliseconds since 1970.
    #[serde(rename = "epoch")]
    Epoch,
}

/// How a home's Zigbee2MQTT behaves.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Zigbee {
    /// The base topic.
    #[serde(default = "base")]
    pub base: String,
    /// How it writes `last_seen`.
    #[serde(default = "disable")]
    pub last_seen: LastSeen,
    /// It publishes `<name>/availability`.
    #[serde(default)]
    pub availability: bool,
    /// It says every cached state again when it starts (`cache_state_send_on_startup`).
    #[serde(default = "yes")]
    pub replay: bool,
}

fn base() -> String {
    "zigbee2mqtt".to_owned()
}

const fn disable() -> LastSeen {
    LastSeen::Disable
}

const fn yes() -> bool {
    true
}

impl Default for Zigbee {
    fn default() -> Self {
        Self {
            base: base(),
            last_seen: LastSeen::Disable,
            availability: false,
            replay: true,
        }
    }
}

/// One device of a home.
#[derive(Debug, Clone)]
pub struct Spec {
    /// As its source calls it: may hold blanks and `/`.
    pub name: String,
    /// As the gateway and the hub call it: stable in the home.
    pub id: String,
    /// Where it is.
    pub room: String,
    /// What it is.
    pub model: &'static Model,
}

impl Spec {
    /// The name of its source at the gateway.
    pub fn source(&self) -> &str {
        match self.model.path.setting() {
            Some(Setting { alone: Some(_), .. }) => &self.id,
            Some(_) | None => self.model.path.row().source,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    home: Top,
    #[serde(default)]
    zigbee2mqtt: Zigbee,
    #[serde(default)]
    serial: Serial,
    device: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Top {
    gateway: Spanned<String>,
    label: String,
    #[serde(default)]
    register: Register,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Serial {
    port: PathBuf,
}

impl Default for Serial {
    fn default() -> Self {
        Self {
            port: PathBuf::from("serial-port"),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: Spanned<String>,
    id: Spanned<String>,
    #[serde(default)]
    room: String,
    model: Spanned<String>,
}

impl Entry {
    /// The device that it describes, beside those that were read before it.
    fn spec(self, text: &Text, others: &[Spec]) -> Result<Spec, Mistake> {
        for name in [&self.name, &self.id] {
            if name.get_ref().is_empty() {
                return Err(text.mistake(name, "may not be empty"));
            }
        }
        let word = self.model.get_ref();
        let model = Model::of(word).ok_or_else(|| {
            let known = one_of(crate::catalogue::models().map(|m| m.word));
            text.mistake(&self.model, format!("no model `{word}`; there are {known}"))
        })?;
        let alone = model.path.setting().and_then(|s| s.alone);
        if let Some(due) = alone.filter(|due| self.name.get_ref() != due) {
            let what = format!("the gateway calls the one device of such a line `{due}`");
            return Err(text.mistake(&self.name, what));
        }
        let (name, id) = (self.name.get_ref(), self.id.get_ref());
        // A line with one device is called by its id: there a name may come again.
        let same = |other: &Spec| {
            let names = alone.is_none() && (other.name == *name || other.id == *name);
            names || other.id == *id || other.name == *id
        };
        if others.iter().any(same) {
            return Err(text.mistake(&self.name, "a name or id that another device has"));
        }
        Ok(Spec {
            name: self.name.into_inner(),
            id: self.id.into_inner(),
            room: self.room,
            model,
        })
    }
}

impl Home {
    /// Reads a home's file.
    pub fn read(text: &Text) -> Result<Self, Mistake> {
        let file: File = text.parse()?;
        if !tecs_protocol::hub::gateway_id_is_valid(file.home.gateway.get_ref()) {
            return Err(text.mistake(&file.home.gateway, "1 to 64 of a-z, 0-9 and - are allowed"));
        }
        let mut devices = Vec::new();
        for entry in file.device {
            let spec = entry.spec(text, &devices)?;
            devices.push(spec);
        }
        Ok(Self {
            gateway: file.home.gateway.into_inner(),
            label: file.home.label,
            register: file.home.register,
            zigbee: file.zigbee2mqtt,
            port: file.serial.port,
            devices,
        })
    }

    /// The device of this name or id.
    pub fn device(&self, name: &str) -> Option<&Spec> {
        let by_id = self.devices.iter().find(|d| d.id == name);
        by_id.or_else(|| self.devices.iter().find(|d| d.name == name))
    }

    /// Those that speak on this path.
    pub fn on(&self, path: Path) -> impl Iterator<Item = &Spec> {
        self.devices.iter().filter(move |d| d.model.path == path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[home]
gateway = "elm-4"
label = "4 Elm Row"

[[device]]
name = "Hall/Fall detector"
id = "fall-hall"
room = "hall"
model = "fall_detector"
"#;

    fn mistake(text: &str) -> Mistake {
        Home::read(&Text::new("home.toml", text)).unwrap_err()
    }

    #[test]
    fn a_home_is_read_and_its_devices_are_found_by_name_and_by_id() {
        let home = Home::read(&Text::new("home.toml", GOOD)).unwrap();
        assert_eq!(home.device("fall-hall").unwrap().name, "Hall/Fall detector");
        assert_eq!(home.device("Hall/Fall detector").unwrap().id, "fall-hall");
        assert_eq!(home.zigbee.base, "zigbee2mqtt");
    }

    #[test]
    fn a_mistake_names_the_file_the_line_and_what_is_allowed() {
        let unknown = mistake(&GOOD.replace("room =", "romo ="));
        assert_eq!(
            (unknown.line, unknown.path.to_str()),
            (9, Some("home.toml")),
            "{unknown}"
        );
        assert!(unknown.what.contains("romo"), "{unknown}");
        let model = mistake(&GOOD.replace("\"fall_detector\"", "\"fal_detector\""));
        assert_eq!(model.line, 10, "{model}");
        assert!(model.what.contains("sos_button"), "{model}");
        let id = mistake(&GOOD.replace("elm-4", "Elm 4"));
        assert_eq!(id.line, 3, "{id}");
    }
}
