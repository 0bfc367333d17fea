//! What the core is told before it starts. The edges read files; the core sees only this.

use std::collections::BTreeSet;
use std::sync::Arc;

use tecs_protocol::family::Way;
use tecs_protocol::map::Map;
use tecs_protocol::serial::vitals::VitalsText;
use tecs_protocol::serial::{enocean, espa444, modbus};
use tecs_protocol::vocabulary::{AlarmKind, ObservedKind};

/// Everything that shapes the core's decisions.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// `[a-z0-9-]{1,64}`, the certificate's.
    pub gateway_id: String,
    /// What it listens to; a source is named by its index.
    pub sources: Vec<Source>,
    /// Devices that the installer has named.
    pub devices: Vec<Device>,
    /// What the registers of a Modbus source are, by its index.
    pub modbus: Vec<(usize, modbus::Settings)>,
    /// What is said of nurse call lines, by their source's index.
    pub espa444: Vec<(usize, espa444::SettingsText)>,
    /// What is said of devices that measure vital signs, by their source's index.
    pub vitals: Vec<(usize, VitalsText)>,
    /// The names of the care hub's endpoints in order of preference.
    pub endpoints: Vec<String>,
    /// The promises in figures.
    pub limits: Limits,
    /// Sent in Hello.
    pub software: String,
}

/// One source: a broker's dialect or a serial line.
#[derive(Debug, Clone)]
pub struct Source {
    /// As the installer calls it; unlisted devices are called `name/device`.
    pub name: String,
    /// What it speaks (`tecs_protocol::family`).
    pub speaks: tecs_protocol::family::Family,
    /// The base topic of an MQTT dialect; empty for its default.
    pub base: String,
    /// The table of a family that is read by one.
    pub map: Option<Arc<Map>>,
    /// How many messages its broker sends without an acknowledgement; 0 when there is no such window.
    pub window: usize,
}

impl Source {
    /// How its words reach the gateway: of a family that is read by a table, as the table says.
    pub fn way(&self) -> Way {
        self.map.as_ref().map_or(self.speaks.way(), |map| map.way())
    }
}

impl Settings {
    /// What the installer has named the senders of an EnOcean source.
    pub fn enocean(&self, source: usize) -> enocean::Settings {
        let mut settings = enocean::Settings::default();
        let here = |d: &&Device| d.source == source && !d.profile.is_empty();
        for device in self.devices.iter().filter(here) {
            settings.name(&device.name, &device.profile);
        }
        settings
    }

    /// The devices of a source that the installer has named, as it calls them.
    pub fn listed(&self, source: usize) -> BTreeSet<String> {
        let here = self.devices.iter().filter(|d| d.source == source);
        here.map(|device| device.name.clone()).collect()
    }

    /// What is said of a nurse call line; what is not allowed was named when the configuration was read.
    pub fn espa444(&self, source: usize) -> espa444::Settings {
        let found = self.espa444.iter().find(|(of, _)| *of == source);
        found.map_or_else(espa444::Settings::default, |(_, text)| text.settle().0)
    }

    /// What the registers of a Modbus source are.
    pub fn modbus(&self, source: usize) -> modbus::Settings {
        let found = self.modbus.iter().find(|(of, _)| *of == source);
        found
            .map(|(_, settings)| settings.clone())
            .unwrap_or_default()
    }
}

/// What the installer says of one device.
#[derive(Debug, Clone, Default)]
pub struct Device {
    /// Index of its source.
    pub source: usize,
    /// As its source calls it.
    pub name: String,
    /// The profile of an EnOcean sender (`F6-05-02`), which it cannot name itself; empty for none.
    pub profile: String,
    /// Stable in this home.
    pub id: String,
    /// What it is.
    pub kind: String,
    /// Where.
    pub room: String,
    /// It can raise an alarm: its absence matters at once.
    pub alarms: bool,
    /// It is mounted or built the wrong way round: these fields say the opposite.
    pub invert: Vec<String>,
    /// An observed kind that is an alarm in this home (a button that is a pendant).
    pub raises: Vec<(ObservedKind, AlarmKind)>,
    /// Its button says that a responder has come.
    pub responder_here: bool,
    /// Called missing after this long without a word, seconds; 0: not supervised.
    pub silent_after_s: u64,
}

/// The rows that fit one device; none for one that is not listed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rows<'s>(pub(crate) [Option<&'s Device>; 2]);

impl<'s> Rows<'s> {
    fn all(self) -> impl Iterator<Item = &'s Device> {
        self.0.into_iter().flatten()
    }

    /// The installer makes something else of what this field says.
    pub(crate) fn shapes(self, field: &str) -> bool {
        let shapes = |row: &Device| row.responder_here || !row.raises.is_empty();
        self.inverts(field) || self.all().any(shapes)
    }

    /// This field says the opposite.
    pub(crate) fn inverts(self, field: &str) -> bool {
        self.all().any(|row| row.invert.iter().any(|f| f == field))
    }

    /// Its button says that a responder has come.
    pub(crate) fn responder_here(self) -> bool {
        self.all().any(|row| row.responder_here)
    }

    /// The alarm that an observed kind is.
    pub(crate) fn raises(self, kind: ObservedKind) -> Option<AlarmKind> {
        let mut raises = self.all().flat_map(|row| &row.raises);
        raises
            .find(|(from, _)| *from == kind)
            .map(|(_, alarm)| *alarm)
    }
}

/// Every limit with its default; each is configuration, a counter and a test.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How long a routine record waits for its receipt before it goes to disk as well, ms.
    pub linger_ms: u64,
    /// What of a device's own words is kept for audit, bytes.
    pub raw_excerpt: usize,
    /// The largest device message, bytes.
    pub message: usize,
    /// The largest message that teaches (`bridge/devices`), bytes.
    pub lesson: usize,
    /// How many quiet devices that the installer has not named are remembered of each source.
    pub devices: usize,
    /// Records held in memory because neither disk nor hub has them, bytes.
    pub memory: usize,
    /// Bulk on the wire without a receipt, bytes.
    pub unreceipted: usize,
    /// Round trips longer than this halve the bulk on the wire, ms.
    pub slow_round_trip_ms: u64,
    /// An alarm without a receipt for this long goes to the next endpoint as well, ms.
    pub escalate_after_ms: u64,
    /// The first and the longest pause before a link is tried again, ms.
    pub back_off_ms: (u64, u64),
    /// An alarm ends the pause, at most once in this long, ms.
    pub alarm_knock_ms: u64,
    /// Accepted alarms are kept this long, ms.
    pub keep_accepted_ms: u64,
    /// The home is told "not sent yet" after this long, ms.
    pub not_sent_after_ms: u64,
    /// How long a closed alarm is shown in the home before it is cleared, ms.
    pub closed_shown_ms: u64,
    /// Bytes on disk for each lane: alarm, vital, routine.
    pub disk: [u64; 3],
    /// Messages a second of one source beyond which its routine words are dropped and told, and the burst allowed.
    pub rate: (u32, u32),
    /// A path may be down this long before that is an event, ms.
    pub path_grace_ms: u64,
    /// A spare endpoint is visited this often: its path is proven, and a ledger that has gone back is noticed, ms.
    pub path_check_ms: u64,
    /// A beat goes to the hub this often until Welcome says otherwise, ms.
    pub beat_every_ms: u64,
    /// A journal that has failed is tried again after this long, ms.
    pub journal_retry_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            linger_ms: 50,
            raw_excerpt: 256,
            message: 64 << 10,
            lesson: 8 << 20,
            devices: 512,
            memory: 8 << 20,
            unreceipted: 256 << 10,
            slow_round_trip_ms: 500,
            escalate_after_ms: 3_000,
            back_off_ms: (500, 30_000),
            alarm_knock_ms: 1_000,
            keep_accepted_ms: 24 * 3_600_000,
            not_sent_after_ms: 10_000,
            closed_shown_ms: 60_000,
            disk: [16 << 20, 32 << 20, 64 << 20],
            rate: (2_000, 10_000),
            path_grace_ms: 10_000,
            path_check_ms: 600_000,
            beat_every_ms: 15_000,
            journal_retry_ms: 1_000,
        }
    }
}
