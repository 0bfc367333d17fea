//! What an installer writes of an ESPA line, and what is wrong with it by key. It reads no file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::settings::{Alone, CallType, Clears, Role, Settings};
use super::table::{Addresses, Pattern, Rule};
use super::text::Text;
use crate::vocabulary::{AlarmKind, Condition};

/// The most rows of a line's table of calls.
pub const CALLS_MOST: usize = 256;
/// The most stations that we poll.
const STATIONS_MOST: usize = 32;

const ALONE: &[(&str, Alone)] = &[("poll", Alone::Poll), ("selection", Alone::Selection)];
const CLEARS: &[(&str, Clears)] = &[
    ("on_reset", Clears::OnReset),
    ("when_sent", Clears::WhenSent),
];
const CALL_TYPES: &[(&str, CallType)] = &[
    ("raised", CallType::Raised),
    ("restored", CallType::Restored),
    ("nothing", CallType::Nothing),
    ("unknown", CallType::Unknown),
];

/// A line as it is written in a configuration; every key has a default that works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SettingsText {
    /// `station`, or `control`, which polls. Default: station.
    pub role: String,
    /// Our address, one character. Default: 2 of a station, 1 of the control station.
    pub address: String,
    /// Of a station, what our address alone means: `poll` or `selection`. Default: poll.
    pub alone: String,
    /// Of the control station, who is polled, in turn, at most 32.
    pub stations: Vec<String>,
    /// Of the control station, from one poll to the next, ms, 50 to 10000. Default: 150.
    pub poll_ms: u64,
    /// The line's characters ([`Text::ALL`]). Default: latin1.
    pub text: String,
    /// When a call is over: `on_reset`, or `when_sent`. Default: `on_reset`.
    pub clears: String,
    /// What call types mean where they do not mean the usual: a number to `raised`, `restored`, `nothing` or `unknown`.
    pub call_types: BTreeMap<String, String>,
    /// A block is answered when it is safe within this long, ms, 100 to 60000. Default: 2000.
    pub ack_within_ms: u64,
    /// A line without a valid word for this long is called dead, ms, 1000 to 86400000; 0: never. Default: 120000.
    pub dead_after_ms: u64,
    /// The device that stands for the line itself. Default: line.
    pub line: String,
    /// Whose calls they are and what they are about, at most 256; the first that fits holds.
    pub calls: Vec<CallText>,
}

/// One row of the table of calls. A row without conditions fits every call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CallText {
    /// Of which call addresses: `550`, `100-199`, `5*`. Default: any.
    pub address: String,
    /// Of which display text, `*` for anything. Default: any.
    pub text: String,
    /// The device; `{address}`, `{text}` and `{1}` to `{9}`, what the text's stars stood for, are filled in. Default: the
    /// call address.
    pub device: String,
    /// An alarm of the vocabulary. Default: help.
    pub kind: String,
    /// `raised`, `restored` or `cancelled`, where the address or the text alone tells a reset. Default: as the call type
    /// says.
    pub condition: String,
}

/// What is wrong with one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// Which key; `calls[2].kind`.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub what: String,
}

impl Default for SettingsText {
    fn default() -> Self {
        let usual = Settings::default();
        Self {
            role: "station".to_owned(),
            address: String::new(),
            alone: "poll".to_owned(),
            stations: Vec::new(),
            poll_ms: 150,
            text: usual.text.word().to_owned(),
            clears: "on_reset".to_owned(),
            call_types: BTreeMap::new(),
            ack_within_ms: usual.ack_within_ms,
            dead_after_ms: usual.dead_after_ms,
            line: usual.line,
            calls: Vec::new(),
        }
    }
}

impl SettingsText {
    /// The line's settings, and everything that is not allowed, which stays as it is by default.
    pub fn settle(&self) -> (Settings, Vec<Wrong>) {
        let mut judge = Judge::default();
        let usual = Settings::default();
        let sets = Text::ALL.iter().map(|set| (set.word(), *set));
        let settings = Settings {
            role: judge.role(self),
            text: judge.one_of("text", &self.text, &sets.collect::<Vec<_>>()),
            clears: judge.one_of("clears", &self.clears, CLEARS),
            call_types: judge.call_types(&self.call_types),
            table: judge.table(&self.calls),
            ack_within_ms: judge.within("ack_within_ms", self.ack_within_ms, 100, 60_000),
            dead_after_ms: match self.dead_after_ms {
                0 => 0,
                ms => judge.within("dead_after_ms", ms, 1_000, 86_400_000),
            },
            line: if self.line.trim().is_empty() {
                usual.line
            } else {
                self.line.trim().to_owned()
            },
        };
        (settings, judge.wrong)
    }

    /// The same with other names of devices; names that are put together stay, because they name no one.
    #[must_use]
    pub fn with_devices(&self, mut name: impl FnMut(&str) -> String) -> Self {
        let mut hidden = self.clone();
        hidden.line = name(&self.line);
        for call in &mut hidden.calls {
            if !call.device.is_empty() && !call.device.contains('{') {
                call.device = name(&call.device);
            }
        }
        hidden
    }
}

/// What has been found wrong.
#[derive(Default)]
struct Judge {
    wrong: Vec<Wrong>,
}

impl Judge {
    fn wrong(&mut self, key: impl Into<String>, what: impl Into<String>) {
        self.wrong.push(Wrong {
            key: key.into(),
            what: what.into(),
        });
    }

    /// One of these words; the first where it is none.
    fn one_of<T: Copy + Default>(&mut self, key: &str, said: &str, words: &[(&str, T)]) -> T {
        if let Some((_, meant)) = words.iter().find(|(word, _)| *word == said) {
            return *meant;
        }
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        self.wrong(
            key,
            format!("is `{said}`; allowed are {}", words.join(", ")),
        );
        T::default()
    }

    fn within(&mut self, key: &str, said: u64, least: u64, most: u64) -> u64 {
        if !(least..=most).contains(&said) {
            self.wrong(key, format!("is {said}; {least} to {most} is allowed"));
        }
        said.clamp(least, most)
    }

    /// An address is one printed character that no control word is.
    fn address(&mut self, key: &str, said: &str) -> Option<u8> {
        match said.as_bytes() {
            [one] if one.is_ascii_graphic() => Some(*one),
            _ => {
                self.wrong(
                    key,
                    format!("is `{said}`; an address is one letter or digit"),
                );
                None
            }
        }
    }

    fn role(&mut self, text: &SettingsText) -> Role {
        let usual = |of: &str| {
            if text.address.is_empty() {
                of.to_owned()
            } else {
                text.address.clone()
            }
        };
        let alone = self.one_of("alone", &text.alone, ALONE);
        match text.role.as_str() {
            "control" => {
                let address = self.address("address", &usual("1")).unwrap_or(b'1');
                if text.stations.is_empty() || text.stations.len() > STATIONS_MOST {
                    let what = format!(
                        "has {} stations; the control station polls 1 to {STATIONS_MOST}",
                        text.stations.len()
                    );
                    self.wrong("stations", what);
                }
                let mut stations = Vec::new();
                for (n, said) in text.stations.iter().enumerate().take(STATIONS_MOST) {
                    stations.extend(self.address(&format!("stations[{n}]"), said));
                }
                if stations.contains(&address) {
                    self.wrong("stations", "has our own address");
                }
                Role::Control {
                    address,
                    stations,
                    poll_ms: self.within("poll_ms", text.poll_ms, 50, 10_000),
                }
            }
            role => {
                if role != "station" {
                    self.wrong("role", format!("is `{role}`; allowed are station, control"));
                }
                if !text.stations.is_empty() {
                    self.wrong("stations", "is of no use: only the control station polls");
                }
                Role::Station {
                    address: self.address("address", &usual("2")).unwrap_or(b'2'),
                    alone,
                }
            }
        }
    }

    fn call_types(&mut self, said: &BTreeMap<String, String>) -> Vec<(u8, CallType)> {
        let mut out = Vec::new();
        for (code, means) in said {
            let key = format!("call_types.{code}");
            let meant = CALL_TYPES.iter().find(|(word, _)| word == means);
            match (code.parse::<u8>(), meant) {
                (Ok(code), Some((_, meant))) => out.push((code, *meant)),
                (Err(_), _) => self.wrong(key, "a call type is a number, 0 to 255"),
                (Ok(_), None) => {
                    let what =
                        format!("is `{means}`; allowed are raised, restored, nothing, unknown");
                    self.wrong(key, what);
                }
            }
        }
        out
    }

    fn table(&mut self, calls: &[CallText]) -> Vec<Rule> {
        if calls.len() > CALLS_MOST {
            let what = format!("has {} rows; {CALLS_MOST} are allowed", calls.len());
            self.wrong("calls", what);
        }
        let rows = calls.iter().take(CALLS_MOST).enumerate();
        rows.map(|(n, call)| self.rule(n, call)).collect()
    }

    fn rule(&mut self, n: usize, call: &CallText) -> Rule {
        let mut rule = Rule {
            device: call.device.trim().to_owned(),
            ..Rule::default()
        };
        if !call.address.is_empty() {
            rule.addresses = Addresses::parse(&call.address);
            if rule.addresses.is_none() {
                let what = format!("is `{}`; write 550, 100-199 or 5*", call.address);
                self.wrong(format!("calls[{n}].address"), what);
            }
        }
        if !call.text.is_empty() {
            rule.text = Pattern::parse(&call.text);
            if rule.text.is_none() {
                let what = "is no pattern: 1 to 128 bytes with at most nine stars";
                self.wrong(format!("calls[{n}].text"), what);
            }
        }
        if !call.kind.is_empty() {
            if let Some(kind) = AlarmKind::from_word(&call.kind) {
                rule.kind = kind;
            } else {
                let kinds: Vec<&str> = AlarmKind::ALL.iter().map(|k| k.word()).collect();
                let what = format!("is `{}`; allowed are {}", call.kind, kinds.join(", "));
                self.wrong(format!("calls[{n}].kind"), what);
            }
        }
        if !call.condition.is_empty() {
            rule.condition = Condition::from_word(&call.condition);
            if rule.condition.is_none() {
                let what = format!(
                    "is `{}`; allowed are raised, restored, cancelled",
                    call.condition
                );
                self.wrong(format!("calls[{n}].condition"), what);
            }
        }
        rule
    }
}
