//! What `devices` shows: who was heard and who was not, and what of each source was not understood. Asked for by the
//! installer alone; it holds names and samples, so it never leaves the local socket.

use tecs_protocol::family::Family;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::AlarmKind;

use crate::gateway::Gateway;
use crate::known::Known;
use crate::notebook::{Notebook, RefusalSeen, UnmappedSeen};
use crate::roster::Crowd;
use crate::roster::OWN;
use crate::time::Mono;

/// A rule of a table that has fitted nothing for this long is told, ms: a day.
const RULE_IDLE_MS: u64 = 24 * 3_600_000;
/// The most idle rules that are named of one source; the rest is counted.
const IDLE_RULES_MOST: usize = 32;

/// Everybody, and every source.
#[derive(Debug, Clone, PartialEq)]
pub struct Inventory {
    /// Heard or configured, in the order of their sources and names.
    pub devices: Vec<DeviceSeen>,
    /// In the order of the configuration.
    pub sources: Vec<SourceSeen>,
    /// The limit `limits.devices`: quiet, unlisted ones of each source.
    pub most: usize,
}

/// One device.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceSeen {
    /// Index in `Settings::sources`.
    pub source: usize,
    /// As its source calls it.
    pub name: String,
    /// The address that its maker burnt in, where its source tells; else empty. A row of the configuration may name it.
    pub burnt_in: String,
    /// As events name it.
    pub id: String,
    /// What it is: the installer's word, else the source's.
    pub kind: String,
    /// What its source says that it is.
    pub model: String,
    /// Where; the installer's word.
    pub room: String,
    /// The installer has named it.
    pub configured: bool,
    /// It raised an alarm, or is said to.
    pub alarms: bool,
    /// How long ago it spoke, ms; `None`: not in this run.
    pub heard_ago_ms: Option<u64>,
    /// Words heard.
    pub words: u64,
    /// Words that could not be acknowledged (quality of service 0, or a one-way wire), technical ones aside.
    pub unkept: u64,
    /// It is a code or a sender that nobody taught.
    pub untaught: bool,
    /// The alarm that its name or model says it is there for, while it has said nothing of any alarm.
    pub mute: Option<AlarmKind>,
    /// What it said last, field by field.
    pub says: Vec<(String, What)>,
    /// Words of fields that there was no room to remember.
    pub says_more: u64,
}

/// What is noted of one source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceSeen {
    /// As the installer calls it.
    pub name: String,
    /// What it speaks.
    pub speaks: Family,
    /// Its path is open.
    pub up: bool,
    /// Why it is not, in plain words; empty when it is, or never was.
    pub why: String,
    /// Messages read.
    pub messages: u64,
    /// Those that could not be acknowledged.
    pub unkept: u64,
    /// Nothing of this line can be read: its speed or parity may be wrong.
    pub garbled: bool,
    /// What was refused, by name, with how long ago the last was, ms.
    pub refusals: Vec<(&'static str, u64, RefusalSeen)>,
    /// Fields that no table knows.
    pub unmapped: Vec<(String, UnmappedSeen)>,
    /// How often a field was met that there was no room to remember.
    pub unmapped_more: u64,
    /// Why messages said nothing.
    pub ignored: Vec<(&'static str, u64)>,
    /// Rules of its table that have fitted nothing for a day, or for as long as the daemon runs.
    pub idle_rules: Vec<String>,
    /// Idle rules beyond those.
    pub idle_rules_more: usize,
    /// How many rules its table has.
    pub rules: usize,
    /// What came of too many devices; `None` while it has none too many.
    pub crowd: Option<Crowd>,
    /// The tables of radio codes that its rules ask.
    pub code_tables: Vec<String>,
}

impl Gateway {
    /// Everybody who was heard or named, and what was not understood.
    pub fn inventory(&self, now: Mono) -> Inventory {
        let known = self.senses.roster.all();
        Inventory {
            devices: known
                .filter(|(source, _, _)| *source != OWN)
                .map(|(source, key, known)| {
                    let bearer = self.senses.roster.bearer(source, key);
                    let (burnt_in, name) = bearer.unwrap_or(("", key));
                    seen(source, (burnt_in, name), known, now)
                })
                .collect(),
            sources: (0..self.settings.sources.len())
                .filter_map(|n| self.source_seen(n, now))
                .collect(),
            most: self.settings.limits.devices,
        }
    }

    fn source_seen(&self, index: usize, now: Mono) -> Option<SourceSeen> {
        let told = self.settings.sources.get(index)?;
        let source = self.sources.get(index)?;
        let notebook = self.senses.notebooks.get(index)?;
        let refusals = notebook.refusals.iter();
        let unmapped = notebook.unmapped.iter();
        let mut idle_rules = self.idle_rules(index, notebook, now);
        let idle_rules_more = idle_rules.len().saturating_sub(IDLE_RULES_MOST);
        idle_rules.truncate(IDLE_RULES_MOST);
        let map = told.map.as_ref();
        let mut code_tables: Vec<String> = Vec::new();
        for asked in map.iter().flat_map(|map| map.code_tables()) {
            if !code_tables.iter().any(|table| table == asked) {
                code_tables.push(asked.to_owned());
            }
        }
        Some(SourceSeen {
            name: told.name.clone(),
            speaks: told.speaks,
            up: source.up,
            why: source.why.clone(),
            messages: notebook.messages,
            unkept: notebook.unkept,
            garbled: notebook.is_garbled(),
            refusals: refusals
                .map(|(name, r)| (*name, now.since(r.last), r.clone()))
                .collect(),
            unmapped: unmapped.map(|(f, u)| (f.clone(), u.clone())).collect(),
            unmapped_more: notebook.unmapped_more,
            ignored: notebook.ignored.iter().map(|(w, n)| (*w, *n)).collect(),
            idle_rules,
            idle_rules_more,
            rules: map.map_or(0, |map| map.rules().count()),
            crowd: self.crowd_seen(index),
            code_tables,
        })
    }

    /// Rules that have fitted nothing for a day; none before the daemon has run for one.
    fn idle_rules(&self, index: usize, notebook: &Notebook, now: Mono) -> Vec<String> {
        let Some(map) = self
            .settings
            .sources
            .get(index)
            // A home without such a code is no table that fits nothing.
            .filter(|s| !s.speaks.has_codes())
            .and_then(|s| s.map.as_ref())
        else {
            return Vec::new();
        };
        let idle = |n: &usize| {
            let last = notebook.rules.get(n).map_or(self.began, |(_, last)| *last);
            now.since(last) >= RULE_IDLE_MS
        };
        let rules = map.rules().enumerate().filter(|(n, _)| idle(n));
        rules.map(|(_, name)| name.to_owned()).collect()
    }
}

fn seen(source: usize, (burnt_in, name): (&str, &str), known: &Known, now: Mono) -> DeviceSeen {
    DeviceSeen {
        source,
        name: name.to_owned(),
        burnt_in: burnt_in.to_owned(),
        id: known.device.id.clone(),
        kind: known.device.kind.clone(),
        model: known.model.clone(),
        room: known.device.room.clone(),
        configured: known.named.is_some(),
        alarms: known.alarms,
        heard_ago_ms: (known.words > 0).then(|| now.since(known.heard)),
        words: known.words,
        unkept: known.unkept,
        untaught: known.is_untaught(),
        mute: known
            .mute(name)
            .filter(|_| known.words > 0 || known.is_raised(crate::senses::MUTE)),
        says: known.says.clone(),
        says_more: known.says_more,
    }
}
