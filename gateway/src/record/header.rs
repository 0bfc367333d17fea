//! The first line of a recording: everything that a core is made from, so that a replay begins where the daemon did.

use std::sync::Arc;

use gateway_core::input::Recovered;
use gateway_core::settings::{Device, Limits, Settings, Source};
use gateway_core::{Identity, Mono};
use serde::{Deserialize, Serialize};
use tecs_protocol::family::Family;
use tecs_protocol::map::{Map, MapText};
use tecs_protocol::serial::espa444;
use tecs_protocol::serial::modbus::{self, SettingsText};
use tecs_protocol::serial::vitals::VitalsText;
use tecs_protocol::vocabulary::{AlarmKind, ObservedKind};

use super::found::{FoundText, nameless};

/// The version of the format.
pub(super) const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) tecs_recording: u32,
    /// False: names are pseudonyms and what the journal remembered of them is left out.
    pub(super) personal: bool,
    software: String,
    epoch: u64,
    boot_id: u64,
    started: u64,
    gateway_id: String,
    sources: Vec<SourceLine>,
    devices: Vec<DeviceLine>,
    /// Registers of Modbus sources; older recordings have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    modbus: Vec<(usize, SettingsText)>,
    /// What is said of nurse call lines; older recordings have nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    espa444: Vec<(usize, espa444::SettingsText)>,
    /// What is said of devices that measure vital signs; older recordings have nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    vitals: Vec<(usize, VitalsText)>,
    endpoints: Vec<String>,
    #[serde(with = "LimitsLine")]
    limits: Limits,
    #[serde(flatten)]
    found: FoundText,
    /// The journal was open when the core was made; older recordings know no other.
    #[serde(default = "yes")]
    opened: bool,
}

const fn yes() -> bool {
    true
}

#[derive(Debug, Serialize, Deserialize)]
struct SourceLine {
    name: String,
    speaks: String,
    base: String,
    /// The table of a family that is read by one; older recordings have none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    map: Option<MapText>,
    window: usize,
}

#[derive(Debug, Serialize, Deserialize)]
struct DeviceLine {
    source: usize,
    name: String,
    id: String,
    kind: String,
    room: String,
    alarms: bool,
    invert: Vec<String>,
    raises: Vec<(String, String)>,
    responder_here: bool,
    silent_after_s: u64,
    /// Of an EnOcean sender; older recordings have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    profile: String,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Limits")]
struct LimitsLine {
    linger_ms: u64,
    raw_excerpt: usize,
    message: usize,
    lesson: usize,
    devices: usize,
    memory: usize,
    unreceipted: usize,
    slow_round_trip_ms: u64,
    escalate_after_ms: u64,
    back_off_ms: (u64, u64),
    alarm_knock_ms: u64,
    keep_accepted_ms: u64,
    not_sent_after_ms: u64,
    closed_shown_ms: u64,
    disk: [u64; 3],
    rate: (u32, u32),
    path_grace_ms: u64,
    path_check_ms: u64,
    beat_every_ms: u64,
    journal_retry_ms: u64,
}

impl Header {
    pub(super) fn new(
        personal: bool,
        settings: &Settings,
        who: Identity,
        recovered: Option<&Recovered>,
        started: Mono,
    ) -> Self {
        let nothing = Recovered::default();
        let found = recovered.unwrap_or(&nothing);
        let found = if personal {
            FoundText::from(found)
        } else {
            FoundText::from(&nameless(found))
        };
        let registers = settings.modbus.iter();
        Self {
            tecs_recording: VERSION,
            personal,
            software: settings.software.clone(),
            epoch: who.epoch,
            boot_id: who.boot_id,
            started: started.0,
            gateway_id: settings.gateway_id.clone(),
            sources: settings.sources.iter().map(SourceLine::from).collect(),
            devices: settings.devices.iter().map(DeviceLine::from).collect(),
            modbus: registers.map(|(n, s)| (*n, s.text().clone())).collect(),
            espa444: settings.espa444.clone(),
            vitals: settings.vitals.clone(),
            endpoints: settings.endpoints.clone(),
            limits: settings.limits.clone(),
            found,
            opened: recovered.is_some(),
        }
    }

    /// What a core is made from, without what was found where the journal was not open; an error in words for a header that makes none.
    pub(super) fn parts(self) -> Result<(Settings, Identity, Option<Recovered>, Mono), String> {
        let registers = self.modbus.into_iter().map(|(n, text)| {
            let settings = modbus::Settings::compile(text);
            settings
                .map(|s| (n, s))
                .map_err(|_| "a register is not allowed")
        });
        let settings = Settings {
            gateway_id: self.gateway_id,
            sources: self
                .sources
                .into_iter()
                .map(SourceLine::source)
                .collect::<Result<_, _>>()?,
            devices: self
                .devices
                .into_iter()
                .map(DeviceLine::device)
                .collect::<Result<_, _>>()?,
            modbus: registers.collect::<Result<_, _>>()?,
            espa444: self.espa444,
            vitals: self.vitals,
            endpoints: self.endpoints,
            limits: self.limits,
            software: self.software,
        };
        let recovered = self.found.recovered()?;
        let who = Identity {
            epoch: self.epoch,
            boot_id: self.boot_id,
        };
        let recovered = self.opened.then_some(recovered);
        Ok((settings, who, recovered, Mono(self.started)))
    }
}

impl From<&Source> for SourceLine {
    fn from(source: &Source) -> Self {
        Self {
            name: source.name.clone(),
            speaks: source.speaks.word().to_owned(),
            base: source.base.clone(),
            map: source.map.as_deref().map(|map| map.text().clone()),
            window: source.window,
        }
    }
}

impl SourceLine {
    fn source(self) -> Result<Source, String> {
        let speaks = Family::from_word(&self.speaks);
        let map = self.map.map(Map::compile).transpose().map_err(|found| {
            let found: Vec<_> = found.iter().map(ToString::to_string).collect();
            format!("the table of `{}`: {}", self.name, found.join("; "))
        })?;
        Ok(Source {
            speaks: speaks.ok_or_else(|| format!("`{}` is no family", self.speaks))?,
            name: self.name,
            base: self.base,
            map: map.map(Arc::new),
            window: self.window,
        })
    }
}

impl From<&Device> for DeviceLine {
    fn from(device: &Device) -> Self {
        let raises = device.raises.iter();
        Self {
            source: device.source,
            name: device.name.clone(),
            id: device.id.clone(),
            kind: device.kind.clone(),
            room: device.room.clone(),
            alarms: device.alarms,
            invert: device.invert.clone(),
            raises: raises
                .map(|(observed, alarm)| (observed.word().to_owned(), alarm.word().to_owned()))
                .collect(),
            responder_here: device.responder_here,
            silent_after_s: device.silent_after_s,
            profile: device.profile.clone(),
        }
    }
}

impl DeviceLine {
    fn device(self) -> Result<Device, String> {
        let raises = self.raises.into_iter().map(|(observed, alarm)| {
            Some((
                ObservedKind::from_word(&observed)?,
                AlarmKind::from_word(&alarm)?,
            ))
        });
        Ok(Device {
            raises: raises
                .collect::<Option<_>>()
                .ok_or("`raises` has an unknown word")?,
            source: self.source,
            name: self.name,
            id: self.id,
            kind: self.kind,
            room: self.room,
            alarms: self.alarms,
            invert: self.invert,
            responder_here: self.responder_here,
            silent_after_s: self.silent_after_s,
            profile: self.profile,
        })
    }
}
