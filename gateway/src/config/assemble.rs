//! From text to sections: stages syntax and keys. Every section is read by itself, so that one wrong key does not hide
//! another section's.

use std::path::Path;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::fault::{Fault, Stage};
use super::limits::LimitsSection;
use super::overrides;
use super::sections::{
    AdminSection, ClockSection, DeviceSection, GatewaySection, HomeSection, HubSection, LogSection,
    MetricsSection, SourceSection,
};
use super::text::Places;

/// Every section, of the right types, not yet judged.
pub(super) struct Sections {
    pub(super) gateway: GatewaySection,
    pub(super) sources: Vec<SourceSection>,
    pub(super) devices: Vec<DeviceSection>,
    pub(super) hub: HubSection,
    pub(super) home: HomeSection,
    pub(super) admin: AdminSection,
    pub(super) metrics: MetricsSection,
    pub(super) clock: ClockSection,
    pub(super) limits: LimitsSection,
    pub(super) log: LogSection,
}

/// The names of all sections, as the file writes them.
const NAMES: &[&str] = &[
    "gateway", "source", "device", "hub", "home", "admin", "metrics", "clock", "limits", "log",
];

/// Parses the text, puts the overrides in, and reads every section.
pub(super) fn sections(
    file: &Path,
    text: &str,
    env: &[(String, String)],
) -> Result<(Places, Sections), Vec<Fault>> {
    let mut places = Places::new(file, text);
    let (root, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        let mut faults: Vec<_> = errors.iter().map(|e| places.syntax(e)).collect();
        // What follows from the first error of a line is none of its own.
        faults.dedup_by(|after, before| after.place == before.place);
        return Err(faults);
    }
    let mut root = root.into_inner();
    let faults = overrides::apply(&mut root, &mut places, env);
    places.index(&root);
    let mut reader = Reader {
        places: &places,
        root,
        faults,
    };
    let sections = reader.all();
    let faults = reader.faults;
    match sections {
        Some(sections) if faults.is_empty() => Ok((places, sections)),
        _ => Err(faults),
    }
}

struct Reader<'p, 't> {
    places: &'p Places,
    root: DeTable<'t>,
    faults: Vec<Fault>,
}

impl Reader<'_, '_> {
    /// `None` when a section without defaults is missing or wrong; every fault is in `faults`.
    fn all(&mut self) -> Option<Sections> {
        let gateway = self.required("gateway");
        let hub = self.required("hub");
        let sources = self.list("source");
        let devices = self.list("device");
        let home = self.optional("home");
        let admin = self.optional("admin");
        let metrics = self.optional("metrics");
        let clock = self.optional("clock");
        let limits = self.optional("limits");
        let log = self.optional("log");
        self.nothing_else();
        Some(Sections {
            gateway: gateway?,
            sources,
            devices,
            hub: hub?,
            home,
            admin,
            metrics,
            clock,
            limits,
            log,
        })
    }

    fn keep<T>(&mut self, read: Result<T, Fault>) -> Option<T> {
        read.map_err(|fault| self.faults.push(fault)).ok()
    }

    fn required<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let Some(value) = self.root.remove(name) else {
            let what = format!("the section `[{name}]` is missing and has no default");
            let cure = "add it, as deploy/gateway.example.toml shows it";
            let fault = self.places.fault(Stage::Keys, name, what, cure);
            self.faults.push(fault);
            return None;
        };
        let read = self.places.read(name, value);
        self.keep(read)
    }

    fn optional<T: DeserializeOwned + Default>(&mut self, name: &str) -> T {
        let read = self
            .root
            .remove(name)
            .map(|value| self.places.read(name, value));
        read.and_then(|read| self.keep(read)).unwrap_or_default()
    }

    fn list<T: DeserializeOwned>(&mut self, name: &str) -> Vec<T> {
        let Some(value) = self.root.remove(name) else {
            return Vec::new();
        };
        let DeValue::Array(items) = value.into_inner() else {
            let what = format!("is one table; a list of them, `[[{name}]]`, is due");
            let cure = "write the heading in double brackets";
            let fault = self.places.fault(Stage::Keys, name, what, cure);
            self.faults.push(fault);
            return Vec::new();
        };
        let mut list = Vec::new();
        for (n, item) in items.into_iter().enumerate() {
            let read = self.places.read(&format!("{name}[{n}]"), item);
            list.extend(self.keep(read));
        }
        list
    }

    fn nothing_else(&mut self) {
        for name in self.root.keys().map(Spanned::get_ref) {
            let what = format!("unknown section; allowed are {}", NAMES.join(", "));
            let cure = "correct its spelling or take it out";
            self.faults
                .push(self.places.fault(Stage::Keys, name, what, cure));
        }
    }
}
