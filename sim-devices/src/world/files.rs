//! The configuration files that a simulated world needs, as an installer would write them. The keys are those of
//! `deploy/gateway.example.toml` and `deploy/care-hub.example.toml`; nothing else of the two programs is known here.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use toml::{Table, Value};

use crate::ca::Pair;
use crate::home::{Home, Spec};
use crate::models::{Does, Path as Way};
use crate::panel::STATION;
use crate::paths::Way as Carried;
use crate::port::Port;

/// The home is told "not sent yet" after this long: a demo is not to be waited for.
const NOT_SENT_AFTER_MS: i64 = 3_000;
/// The longest pause between two attempts to reach the hub.
const BACK_OFF_LONGEST_MS: i64 = 2_000;
/// From one round of questions to a Modbus line to the next: a demo is not to be waited for.
const POLL_MS: i64 = 500;
/// The file of the codes that this home's receivers were taught.
const CODES: &str = "codes.toml";
/// The file of the table for a bridge of Bluetooth characteristics.
const TABLE: &str = "characteristics.toml";
/// From which age on the hub calls something late.
const LATE_AFTER_S: i64 = 3;

/// Where everything of a simulated world is.
#[derive(Debug, Clone)]
pub struct Places {
    /// The work folder.
    pub work: PathBuf,
    /// The embedded broker.
    pub broker: SocketAddr,
    /// Where homes call.
    pub ingest: SocketAddr,
    /// The responders' page and its JSON.
    pub console: SocketAddr,
    /// The gateway's metrics.
    pub metrics: SocketAddr,
}

impl Places {
    /// The folder of the certificates.
    pub fn tls(&self) -> PathBuf {
        self.work.join("tls")
    }

    /// The hub's configuration.
    pub fn hub_toml(&self) -> PathBuf {
        self.work.join("hub.toml")
    }

    /// The gateway's configuration.
    pub fn gateway_toml(&self) -> PathBuf {
        self.work.join("gateway.toml")
    }

    /// A process's log.
    pub fn log(&self, of: &str) -> PathBuf {
        self.work.join(format!("{of}.log"))
    }

    /// Writes the configurations of the hub, of its homes and of the gateway.
    pub fn write(&self, home: &Home, ports: &[Port]) -> anyhow::Result<()> {
        for folder in ["hub", "gateway"] {
            let folder = self.work.join(folder);
            std::fs::create_dir_all(&folder)
                .with_context(|| format!("making {}", folder.display()))?;
        }
        put(&self.hub_toml(), &self.hub())?;
        put(&self.work.join("homes.toml"), &homes(home))?;
        put(&self.work.join(CODES), &codes(home))?;
        put(&self.work.join(TABLE), &characteristics())?;
        put(&self.gateway_toml(), &self.gateway(home, ports))
    }

    fn hub(&self) -> Table {
        let hub = Pair::at(&self.tls(), "hub");
        let ca = Pair::at(&self.tls(), "ca");
        table([
            (
                "ingest",
                table([
                    ("listen", text(self.ingest)),
                    ("cert", path(&hub.certificate)),
                    ("key", path(&hub.key)),
                    ("client_ca", path(&ca.certificate)),
                ])
                .into(),
            ),
            ("console", table([("listen", text(self.console))]).into()),
            (
                "ledger",
                table([("path", path(&self.work.join("hub/ledger.redb")))]).into(),
            ),
            (
                "homes",
                table([("file", path(&self.work.join("homes.toml")))]).into(),
            ),
            (
                "limits",
                table([("late_after_s", LATE_AFTER_S.into())]).into(),
            ),
        ])
    }

    fn gateway(&self, home: &Home, ports: &[Port]) -> Table {
        let own = Pair::at(&self.tls(), &home.gateway);
        let endpoint = table([
            ("name", text("hub")),
            ("url", text(format!("https://{}", self.ingest))),
        ]);
        table([
            (
                "gateway",
                table([
                    ("id", text(&home.gateway)),
                    ("state_dir", path(&self.work.join("gateway"))),
                ])
                .into(),
            ),
            ("source", self.sources(home, ports)),
            (
                "device",
                home.devices.iter().map(device).collect::<Vec<_>>().into(),
            ),
            (
                "hub",
                table([
                    ("endpoints", Value::Array(vec![endpoint.into()])),
                    ("ca", path(&Pair::at(&self.tls(), "ca").certificate)),
                    ("cert", path(&own.certificate)),
                    ("key", path(&own.key)),
                ])
                .into(),
            ),
            ("metrics", table([("listen", text(self.metrics))]).into()),
            ("clock", table([("trust", text("always"))]).into()),
            (
                "limits",
                table([
                    ("not_sent_after_ms", NOT_SENT_AFTER_MS.into()),
                    ("back_off_longest_ms", BACK_OFF_LONGEST_MS.into()),
                ])
                .into(),
            ),
        ])
    }
}

impl Places {
    /// One source for each that a device has, after the two that every home has.
    fn sources(&self, home: &Home, ports: &[Port]) -> Value {
        let usual = [Way::Zigbee2Mqtt, Way::JsonLines];
        let mut named: Vec<(Way, &str)> = usual.map(|way| (way, way.row().source)).into();
        for spec in &home.devices {
            if !named.iter().any(|(_, name)| *name == spec.source()) {
                named.push((spec.model.path, spec.source()));
            }
        }
        let each = named.iter().map(|(way, name)| {
            let port = ports.iter().find(|p| p.source == *name).map(Port::name);
            self.source(home, *way, name, port)
        });
        Value::Array(each.collect())
    }

    fn source(&self, home: &Home, way: Way, name: &str, port: Option<&Path>) -> Value {
        let row = way.row();
        let mut source = table([("name", text(name)), ("speaks", text(row.family))]);
        let mut set = |key: &str, value: Value| drop(source.insert(key.to_owned(), value));
        let broker = [
            ("host", text(self.broker.ip())),
            ("port", i64::from(self.broker.port()).into()),
        ];
        match row.way {
            Carried::Bridge => {
                let base = ("base", text(&home.zigbee.base));
                set("mqtt", table(broker.into_iter().chain([base])).into());
            }
            Carried::Publisher(_) => set("mqtt", table(broker).into()),
            Carried::Port(setting) => {
                let serial = table([
                    ("path", path(port.unwrap_or(Path::new("")))),
                    ("baud", i64::from(setting.baud).into()),
                    ("data_bits", i64::from(setting.data_bits).into()),
                    ("parity", text(setting.parity)),
                ]);
                set("serial", serial.into());
            }
        }
        if way == Way::Espa444Station {
            let station = char::from(STATION).to_string();
            let stations = Value::Array(vec![text(station)]);
            set(
                "espa444",
                table([("role", text("control")), ("stations", stations)]).into(),
            );
        }
        if way == Way::Modbus {
            set("modbus", registers(home).into());
        }
        if way == Way::Tasmota {
            set("map", path(&self.work.join(CODES)));
        }
        if way == Way::Gatt {
            set("map", path(&self.work.join(TABLE)));
        }
        source.into()
    }
}

/// What the registers of the home's Modbus line are: numbers in tenths, and bits.
fn registers(home: &Home) -> Table {
    let each = home.on(Way::Modbus).filter_map(|spec| {
        let (unit, address) = crate::encode::place(&spec.name)?;
        let kind = spec.model.fields.first()?.property;
        let mut register = table([
            ("device", text(&spec.name)),
            ("unit", i64::from(unit).into()),
            ("address", i64::from(address).into()),
            ("kind", text(kind)),
        ]);
        let measures = spec.model.deeds.iter().any(|d| d.does == Does::Measure);
        let function: i64 = if measures { 3 } else { 2 };
        register.insert("function".to_owned(), function.into());
        if measures {
            register.insert("format".to_owned(), text("i16"));
            register.insert("scale".to_owned(), 0.1.into());
        }
        Some(register.into())
    });
    let registers = Value::Array(each.collect());
    table([("poll_ms", POLL_MS.into()), ("registers", registers)])
}

/// A table for a bridge of Bluetooth characteristics.
fn characteristics() -> Table {
    let spo2 = table([("at", text("/2a5e")), ("decode", text("gatt:2a5e"))]);
    let rule = table([
        ("name", text("characteristics")),
        ("topic", text("ble/{gw}/{dev}")),
        ("device", text("{dev}")),
        ("emit", Value::Array(vec![spo2.into()])),
    ]);
    table([
        ("map", table([("name", text("characteristics"))]).into()),
        ("rule", Value::Array(vec![rule.into()])),
    ])
}

/// What an installer has taught: each fob that a module hears is a call for help.
fn codes(home: &Home) -> Table {
    let taught = home.on(Way::Tasmota).filter_map(|spec| {
        let (_, code) = spec.name.split_once('/')?;
        let is = table([("device", text(&spec.name)), ("kind", text("help"))]);
        Some((code, is.into()))
    });
    let taught = table(taught.collect::<Vec<_>>());
    table([("codes", table([("tasmota", taught.into())]).into())])
}

fn device(spec: &Spec) -> Value {
    let alarming = ["press", "fall", "smoke", "co", "leak"];
    let alarms = spec
        .model
        .deeds
        .iter()
        .any(|d| d.does != Does::Measure && alarming.contains(&d.word));
    let mut entry = table([
        ("source", text(spec.source())),
        ("name", text(&spec.name)),
        ("id", text(&spec.id)),
        (
            "kind",
            text(format!("{} {}", spec.model.vendor, spec.model.model)),
        ),
        ("room", text(&spec.room)),
        ("alarms", alarms.into()),
    ]);
    if let Some(profile) = crate::catalogue::profile(spec.model) {
        entry.insert("profile".to_owned(), text(profile));
    }
    // A button that is a pendant in this home.
    if spec.model.word == "enocean_button" {
        let raises = table([("button", text("help"))]);
        entry.insert("raises".to_owned(), raises.into());
    }
    entry.into()
}

fn homes(home: &Home) -> Table {
    let register = &home.register;
    let entry = table([
        ("gateway", text(&home.gateway)),
        ("label", text(&home.label)),
        ("phone", text(&register.phone)),
        ("address", text(&register.address)),
        ("access_note", text(&register.access_note)),
        (
            "risks",
            register.risks.iter().map(text).collect::<Vec<_>>().into(),
        ),
    ]);
    table([("home", Value::Array(vec![entry.into()]))])
}

fn table<'k>(entries: impl IntoIterator<Item = (&'k str, Value)>) -> Table {
    entries
        .into_iter()
        .map(|(k, v)| (k.to_owned(), v))
        .collect()
}

fn text(value: impl std::fmt::Display) -> Value {
    Value::String(format!("{value}"))
}

fn path(path: &Path) -> Value {
    Value::String(path.display().to_string())
}

fn put(at: &Path, table: &Table) -> anyhow::Result<()> {
    let text = format!("# Written by tecs-sim for a simulated world.\n\n{table}");
    std::fs::write(at, text).with_context(|| format!("writing {}", at.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::living::Living;
    use crate::toml_file::Text;

    #[test]
    fn what_is_written_is_toml_and_names_every_device_once() {
        let folder = tempfile::tempdir().unwrap();
        let any: SocketAddr = "127.0.0.1:1".parse().unwrap();
        let places = Places {
            work: folder.path().to_owned(),
            broker: any,
            ingest: any,
            console: any,
            metrics: any,
        };
        let home = Home::read(&Text::new("rowan", crate::bundled::ROWAN_COTTAGE)).unwrap();
        let ports = Living::new(home.clone(), folder.path()).ports;
        places.write(&home, &ports).unwrap();
        let gateway: Table = std::fs::read_to_string(places.gateway_toml())
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(
            gateway["device"].as_array().unwrap().len(),
            home.devices.len()
        );
        let smoke = gateway["device"]
            .as_array()
            .unwrap()
            .iter()
            .find(|d| d["id"].as_str() == Some("smoke-kitchen"));
        assert_eq!(smoke.unwrap()["alarms"].as_bool(), Some(true));
        for device in gateway["device"].as_array().unwrap() {
            let sources = gateway["source"].as_array().unwrap();
            let own = sources.iter().filter(|s| s["name"] == device["source"]);
            assert_eq!(own.count(), 1, "{device}");
        }
        let homes: Table = std::fs::read_to_string(folder.path().join("homes.toml"))
            .unwrap()
            .parse()
            .unwrap();
        assert_eq!(homes["home"][0]["gateway"].as_str(), Some("rowan-cottage"));
    }
}
