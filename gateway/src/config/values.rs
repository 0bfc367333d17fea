//! Stage values: every value is one that is allowed, and names that point to one another do. What comes out can run.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gateway_core::Settings;
use gateway_core::settings::Source;
use tecs_protocol::family::{Family, Way};
use tecs_protocol::hub::gateway_id_is_valid;

use crate::care_hub::{Address, Endpoint, Files};
use crate::clock::Trust;
use crate::mqtt::config::{Asked, MqttSource};

use super::assemble::Sections;
use super::fault::{Fault, Stage};
use super::sections::{HubSection, SourceSection};
use super::text::Places;
use super::{Config, Log, ReachedBy};

/// The longest name of a source, a device or an endpoint, bytes.
const NAME_LONGEST: usize = 128;

/// Judges every value.
pub(super) fn judge(places: Places, mut sections: Sections) -> Result<Config, Vec<Fault>> {
    let mut judge = Judge {
        places: &places,
        faults: Vec::new(),
        tables: Vec::new(),
    };
    // Where the daemon was started must not matter later.
    let file = std::path::absolute(places.file()).unwrap_or_else(|_| places.file().to_owned());
    let folder = file.parent().unwrap_or(Path::new("/")).to_owned();
    let id = judge.gateway_id(&sections.gateway.id);
    let modbus = judge.modbus(&sections.sources);
    let espa444 = judge.espa444(&sections.sources);
    let vitals = judge.vitals(&mut sections.sources);
    let (sources, reached_by) = judge.sources(&folder, &id, sections.sources);
    let devices = judge.devices(&sources, &sections.devices);
    let endpoints = judge.endpoints(&sections.hub);
    let limits = sections.limits.judge(&places, &mut judge.faults);
    judge.pauses(limits.back_off_ms);
    let home = judge.home(&sections.home.source, &sources, &reached_by);
    let metrics = judge.metrics(&sections.metrics.listen);
    let trust = judge.one_of("clock.trust", &sections.clock.trust, TRUST);
    let json = judge.one_of("log.format", &sections.log.format, FORMATS);
    let level = judge.one_of("log.level", &sections.log.level, LEVELS);
    let state_dir = folder.join(sections.gateway.state_dir);
    let socket = match sections.admin.socket.as_str() {
        "" => state_dir.join("admin.sock"),
        named => folder.join(named),
    };
    let hub_queue_bytes = judge.bytes("hub.queue_bytes", sections.hub.queue_bytes, 256 << 20);
    let ballast_bytes = sections.gateway.ballast_bytes;
    judge.bytes("gateway.ballast_bytes", ballast_bytes, 1 << 30);
    let tables = std::mem::take(&mut judge.tables);
    let (true, Some(trust), Some(json), Some(level)) =
        (judge.faults.is_empty(), trust, json, level)
    else {
        return Err(judge.faults);
    };
    Ok(Config {
        settings: Settings {
            gateway_id: id,
            sources,
            devices,
            modbus,
            espa444,
            vitals,
            endpoints: endpoints.iter().map(|e| e.name.clone()).collect(),
            limits,
            software: concat!("tecs-gateway ", env!("CARGO_PKG_VERSION")).to_owned(),
        },
        reached_by,
        endpoints,
        hub_files: Files {
            ca: folder.join(sections.hub.ca),
            cert: folder.join(sections.hub.cert),
            key: folder.join(sections.hub.key),
        },
        hub_queue_bytes,
        home,
        state_dir,
        ballast_bytes,
        socket,
        metrics,
        trust,
        log: Log { json, level },
        tables,
        places,
    })
}

const TRUST: &[(&str, Trust)] = &[
    ("auto", Trust::Auto),
    ("always", Trust::Always),
    ("never", Trust::Never),
];
const FORMATS: &[(&str, bool)] = &[("text", false), ("json", true)];
const LEVELS: &[(&str, tracing::Level)] = &[
    ("info", tracing::Level::INFO),
    ("error", tracing::Level::ERROR),
    ("warn", tracing::Level::WARN),
    ("debug", tracing::Level::DEBUG),
];

/// Gathers what is wrong with values.
pub(super) struct Judge<'p> {
    places: &'p Places,
    pub(super) faults: Vec<Fault>,
    /// What deserves to be known of the sources' tables.
    pub(super) tables: Vec<Fault>,
}

impl Judge<'_> {
    pub(super) fn wrong(&mut self, key: &str, what: impl Into<String>, cure: impl Into<String>) {
        self.faults
            .push(self.places.fault(Stage::Values, key, what, cure));
    }

    /// The value for this word; a fault when it is none of the list.
    fn one_of<T: Copy>(&mut self, key: &str, word: &str, list: &[(&str, T)]) -> Option<T> {
        let found = list.iter().find(|(name, _)| *name == word);
        if let Some((_, value)) = found {
            return Some(*value);
        }
        let allowed: Vec<_> = list.iter().map(|(name, _)| *name).collect();
        let what = format!("is `{word}`; allowed are {}", allowed.join(", "));
        self.wrong(key, what, "write one of these words");
        None
    }

    fn gateway_id(&mut self, id: &str) -> String {
        if !gateway_id_is_valid(id) {
            let what = format!("is `{id}`; allowed are 1 to 64 of a-z, 0-9 and -");
            self.wrong(
                "gateway.id",
                what,
                "write the id that the certificate carries",
            );
        }
        id.to_owned()
    }

    /// A name that is there, short, without control characters, and given once.
    pub(super) fn name(&mut self, key: &str, name: &str, taken: &mut BTreeSet<String>) {
        if name.is_empty() || name.len() > NAME_LONGEST || name.contains(char::is_control) {
            let what = format!("is not a name; allowed are 1 to {NAME_LONGEST} bytes of text");
            self.wrong(key, what, "give it a name");
        } else if !taken.insert(name.to_owned()) {
            self.wrong(key, format!("`{name}` is given twice"), "give each its own");
        }
    }

    fn sources(
        &mut self,
        folder: &Path,
        gateway: &str,
        sections: Vec<SourceSection>,
    ) -> (Vec<Source>, Vec<ReachedBy>) {
        let mut names = BTreeSet::new();
        let mut clients = BTreeSet::new();
        let mut out = (Vec::new(), Vec::new());
        for (n, section) in sections.into_iter().enumerate() {
            let at = format!("source[{n}]");
            self.name(&format!("{at}.name"), &section.name, &mut names);
            let name = section.name.clone();
            let file = section.map.as_ref().map(|file| folder.join(file));
            let Some((speaks, reached_by)) = self.reached_by(&at, folder, section) else {
                continue;
            };
            let (base, window) = match &reached_by {
                ReachedBy::Mqtt(mqtt) => {
                    let client = mqtt.client_id(gateway, &name).as_str().to_owned();
                    let who = (mqtt.host.clone(), mqtt.port(), client);
                    if !clients.insert(who) {
                        let what = "two sources are the same client of the same broker and would throw each other out";
                        self.wrong(&format!("{at}.mqtt.client_id"), what, "give each its own");
                    }
                    let window = match mqtt.qos {
                        Asked::AtLeastOnce => mqtt.window.into(),
                        Asked::AtMostOnce => 0,
                    };
                    (mqtt.base.clone(), window)
                }
                ReachedBy::Serial(_) => (String::new(), 0),
            };
            let map = self.table(&at, speaks, file.as_deref(), &base, &reached_by);
            out.0.push(Source {
                name,
                speaks,
                base,
                map,
                window,
            });
            out.1.push(reached_by);
        }
        out
    }

    fn reached_by(
        &mut self,
        at: &str,
        folder: &Path,
        section: SourceSection,
    ) -> Option<(Family, ReachedBy)> {
        let key = format!("{at}.speaks");
        if section.speaks == Family::Gatt.word() {
            let what = "`gatt` is read by hand (`decode`) and by tables; nothing brings its values by itself";
            let cure =
                "write speaks = \"map\" and a table with `decode`, as gateway/docs/map.md shows it";
            self.wrong(&key, what, cure);
            return None;
        }
        let Some(family) = Family::from_word(&section.speaks) else {
            let spoken = Family::ALL.iter();
            let spoken = spoken.filter(|f| f.way() != Way::Frames);
            let spoken: Vec<_> = spoken.map(|f| f.word()).collect();
            let what = format!(
                "`{}` is no family of devices; allowed are {}",
                section.speaks,
                spoken.join(", ")
            );
            self.wrong(&key, what, "write what the source speaks");
            return None;
        };
        let due = match family.way() {
            Way::Mqtt => "mqtt",
            Way::Line | Way::Frames => "serial",
        };
        match (family.way(), section.mqtt, section.serial) {
            (Way::Mqtt, Some(mut mqtt), None) => {
                self.broker(at, &mqtt);
                in_folder(folder, &mut mqtt);
                Some((family, ReachedBy::Mqtt(mqtt)))
            }
            (Way::Line, None, Some(serial)) => {
                let serial = self.line(at, family, serial);
                Some((family, ReachedBy::Serial(serial)))
            }
            // What a table reads may come on a line as well (`rtl_433 -F json`).
            (Way::Mqtt, None, Some(serial)) if family.is_table() => {
                let serial = self.line(at, family, serial);
                Some((family, ReachedBy::Serial(serial)))
            }
            (_, mqtt, serial) => {
                let found = match (mqtt, serial) {
                    (None, None) => "neither is there",
                    (Some(_), Some(_)) => "both are there",
                    (Some(_), None) | (None, Some(_)) => "the other is there",
                };
                let what = format!("`{family}` is reached by `[source.{due}]` alone; {found}");
                self.wrong(
                    at,
                    what,
                    format!("write `[source.{due}]` under this source"),
                );
                None
            }
        }
    }

    fn broker(&mut self, at: &str, mqtt: &MqttSource) {
        if mqtt.host.is_empty() {
            self.wrong(
                &format!("{at}.mqtt.host"),
                "is empty; a name or an address is allowed",
                "name the broker's host",
            );
        }
        if let Some(tls) = &mqtt.tls
            && tls.cert.is_some() != tls.key.is_some()
        {
            let what = "has a certificate without its key, or a key without its certificate";
            self.wrong(&format!("{at}.mqtt.tls"), what, "name both or neither");
        }
        if mqtt.username.is_some() != mqtt.password_file.is_some() {
            let what = "has a user name without a password file, or the file without the name";
            self.wrong(&format!("{at}.mqtt"), what, "name both or neither");
        }
    }

    fn endpoints(&mut self, hub: &HubSection) -> Vec<Endpoint> {
        if hub.endpoints.is_empty() {
            let what = "is empty; at least one endpoint is due";
            self.wrong(
                "hub.endpoints",
                what,
                "add { name = \"main\", url = \"https://host:port\" }",
            );
        }
        let mut names = BTreeSet::new();
        let mut out = Vec::new();
        for (n, section) in hub.endpoints.iter().enumerate() {
            let at = format!("hub.endpoints[{n}]");
            self.name(&format!("{at}.name"), &section.name, &mut names);
            match Address::parse(&section.url) {
                Ok(address) => out.push(Endpoint {
                    name: section.name.clone(),
                    address,
                }),
                Err(fault) => self.wrong(
                    &format!("{at}.url"),
                    format!("`{}` {fault}; allowed is https://host[:port]", section.url),
                    "write the address as the hub's operator gave it",
                ),
            }
        }
        out
    }

    /// A size of at least 64 KiB.
    fn bytes(&mut self, key: &str, bytes: u64, most: u64) -> usize {
        if !(65_536..=most).contains(&bytes) {
            let what = format!("is {bytes}; allowed is 65536 to {most}");
            self.wrong(
                key,
                what,
                "write a number in that range, or take the line out",
            );
        }
        usize::try_from(bytes).unwrap_or(usize::MAX)
    }

    fn pauses(&mut self, (first, longest): (u64, u64)) {
        if first > longest {
            let what = format!("is {first}, longer than limits.back_off_longest_ms {longest}");
            let cure = "make the first pause the shorter one";
            self.wrong("limits.back_off_first_ms", what, cure);
        }
    }

    /// The source that tells the home: the named one, or the first that is a broker.
    fn home(&mut self, name: &str, sources: &[Source], paths: &[ReachedBy]) -> Option<usize> {
        let is_broker = |n: usize| matches!(paths.get(n), Some(ReachedBy::Mqtt(_)));
        if name.is_empty() {
            return (0..paths.len()).find(|&n| is_broker(n));
        }
        let found = sources.iter().position(|s| s.name == name);
        if found.is_none_or(|n| !is_broker(n)) {
            let what = format!("`{name}` is no source with `[source.mqtt]`");
            self.wrong(
                "home.source",
                what,
                "write the name of a source that is a broker",
            );
        }
        found
    }

    fn metrics(&mut self, listen: &str) -> Option<SocketAddr> {
        if listen.is_empty() {
            return None;
        }
        let address = listen.parse::<SocketAddr>().ok();
        let loopback = address.filter(|a| a.ip().is_loopback());
        if loopback.is_none() {
            let what = format!(
                "is `{listen}`; allowed is a loopback address with a port, or an empty text for none"
            );
            self.wrong(
                "metrics.listen",
                what,
                "write \"127.0.0.1:9464\"; metrics never leave the machine by themselves",
            );
        }
        loopback
    }
}

/// Paths that are written without a leading `/` begin in the configuration's folder.
fn in_folder(folder: &Path, mqtt: &mut MqttSource) {
    let join = |path: &mut Option<PathBuf>| {
        if let Some(path) = path {
            *path = folder.join(&*path);
        }
    };
    join(&mut mqtt.password_file);
    if let Some(tls) = &mut mqtt.tls {
        tls.ca = folder.join(&tls.ca);
        join(&mut tls.cert);
        join(&mut tls.key);
    }
}
