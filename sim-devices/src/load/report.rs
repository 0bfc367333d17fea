//! What a load's notes come to: rates, waits, costs, and above all what is lost or there twice. One JSON object.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::durable::Durable;
use super::figures::{Waits, per, round};
use super::limits::Limits;
use super::mib;
use super::phases::{Noted, Phase};
use super::scrape::Name;
use super::speaker::Said;
use super::words::Kind;

/// Processor seconds are told for so many events.
const HUNDRED_THOUSAND: f64 = 100_000.0;

/// A home's own numbers at the hub, with every name under which each is there.
#[derive(Debug)]
pub(super) struct AtHub {
    pub(super) gateway: String,
    /// And whether it is marked as redelivered.
    pub(super) names: BTreeMap<u64, Vec<(Name, bool)>>,
}

/// What became of all that was said.
#[derive(Debug, Default)]
struct Counted {
    said: u64,
    lost: u64,
    /// There under more than one name, and nothing says why.
    repeated: u64,
    /// There once more because its source sent it once more, and marked so.
    redelivered: u64,
}

impl AtHub {
    pub(super) fn of(gateway: &str, numbers: BTreeMap<Name, (u64, bool)>) -> Self {
        let mut names: BTreeMap<u64, Vec<(Name, bool)>> = BTreeMap::new();
        for (name, (number, marked)) in numbers {
            names.entry(number).or_default().push((name, marked));
        }
        Self {
            gateway: gateway.to_owned(),
            names,
        }
    }
}

/// Everything that the figures are made of.
pub(super) struct Evidence<'a> {
    pub(super) noted: &'a Noted,
    pub(super) limits: &'a Limits,
    pub(super) at_hub: &'a [AtHub],
    pub(super) durable: &'a Durable,
}

impl Evidence<'_> {
    /// All figures of the run.
    pub(super) fn told(&self) -> Value {
        let noted = self.noted;
        let counted = self.counted();
        json!({
            "said": counted.said,
            "lost": counted.lost,
            "repeated": counted.repeated,
            "redelivered": counted.redelivered,
            "limits": self.limits.told(),
            "idle": self.idle(),
            "online": self.flowing(&noted.online),
            "steady": self.flowing(&noted.steady),
            "paced": self.paced(),
            "offline": self.offline(),
            "start": self.start(),
            "drain": self.drain(),
            "hub_listening_to_first_alarm": self.returns().told(),
            "rss_mib": {
                "idle": mib(noted.idle.to.gateway.rss_kib),
                "running": mib(noted.online.to.gateway.rss_kib),
                "with_backlog": mib(noted.offline.to.gateway.rss_kib),
                "peak_at_full_speed": mib(noted.flood_peak_kib),
                "peak_with_backlog": mib(noted.peak_kib),
            },
        })
    }

    fn counted(&self) -> Counted {
        let mut counted = Counted::default();
        for (home, said) in self.everything() {
            for number in said.first..said.first + said.at_us.len() as u64 {
                let names = self.names(home, number);
                let marked = names.iter().filter(|(_, marked)| *marked).count() as u64;
                let more = (names.len() as u64).saturating_sub(1);
                counted.said += 1;
                counted.lost += u64::from(names.is_empty());
                counted.redelivered += marked.min(more);
                counted.repeated += more.saturating_sub(marked);
            }
        }
        counted
    }

    fn everything(&self) -> impl Iterator<Item = (usize, &Said)> {
        let noted = self.noted;
        let phases = [
            &noted.online,
            &noted.steady,
            &noted.paced,
            &noted.offline,
            &noted.drain,
        ];
        let in_phases = phases.into_iter().flat_map(|p| &p.said);
        let in_returns = noted.returns.iter().flat_map(|(_, said)| said);
        in_phases
            .chain(in_returns)
            .map(|(home, said)| (*home, said))
    }

    fn names(&self, home: usize, number: u64) -> &[(Name, bool)] {
        let home = self.at_hub.get(home);
        let names = home.and_then(|h| h.names.get(&number));
        names.map_or(&[], Vec::as_slice)
    }

    /// When this number of a home was first durable at the hub.
    fn when(&self, home: usize, number: u64) -> Option<u64> {
        let gateway = &self.at_hub.get(home)?.gateway;
        let names = self.names(home, number).iter();
        names
            .filter_map(|(n, _)| self.durable.when(gateway, n))
            .min()
    }

    /// For each that was said, when it was said and when it was durable.
    fn ways<'s>(&'s self, home: usize, said: &'s Said) -> impl Iterator<Item = (u64, u64)> + 's {
        let numbered = (said.first..).zip(&said.at_us);
        numbered.filter_map(move |(number, at)| Some((*at, self.when(home, number)?)))
    }

    fn waits(&self, phase: &Phase, kind: Kind) -> Waits {
        let of_kind = phase.said.iter().filter(|(_, s)| s.kind == kind);
        of_kind
            .flat_map(|(home, s)| self.ways(*home, s))
            .map(|(said, durable)| durable.saturating_sub(said))
            .collect()
    }

    /// From the first word to the last that was durable, s.
    fn took(&self, phase: &Phase) -> f64 {
        let ways = || phase.said.iter().flat_map(|(home, s)| self.ways(*home, s));
        let first = ways().map(|(said, _)| said).min().unwrap_or_default();
        let last = ways().map(|(_, durable)| durable).max().unwrap_or_default();
        seconds(first, last)
    }

    fn idle(&self) -> Value {
        let idle = &self.noted.idle;
        let seconds = seconds(idle.from.at_us, idle.to.at_us);
        let cpu = idle.to.gateway.cpu_s - idle.from.gateway.cpu_s;
        json!({ "gateway_cpu_percent": round(100.0 * cpu / seconds.max(0.001)) })
    }

    fn flowing(&self, phase: &Phase) -> Value {
        let count = count(phase);
        let seconds = seconds(phase.from.at_us, phase.to.at_us);
        let used = phase.to.gateway.cpu_s - phase.from.gateway.cpu_s;
        json!({
            "events": count,
            "events_per_s": round(count as f64 / self.took(phase).max(0.001)),
            "routine": self.waits(phase, Kind::Routine).told(),
            "cpu_s_per_100k": cpu(phase, count),
            "gateway_cpu_percent": round(100.0 * used / seconds.max(0.001)),
            "bytes_written_per_event": written(phase, count),
            "syncs_per_1000": per(syncs(phase), count, 1_000.0),
        })
    }

    fn paced(&self) -> Value {
        let phase = &self.noted.paced;
        let count = count(phase);
        let alarms = self.waits(phase, Kind::Alarm);
        let seconds = seconds(phase.from.at_us, phase.to.at_us);
        let used = phase.to.gateway.cpu_s - phase.from.gateway.cpu_s;
        let parts = &self.noted.paced_parts;
        let hot = self.limits.parts.floor_with_sync_of_ms(parts);
        let over = |floor: f64| round(alarms.at(500) as f64 / 1_000.0 / floor.max(0.001));
        json!({
            "events": count,
            "alarms": alarms.told(),
            "meanwhile": parts.told(),
            "alarm_p50_over_floor": over(parts.floor_ms()),
            "alarm_p50_over_hot_floor": over(hot),
            "routine": self.waits(phase, Kind::Routine).told(),
            "gateway_cpu_percent": round(100.0 * used / seconds.max(0.001)),
            "bytes_written_per_event": written(phase, count),
            "syncs_per_1000": per(syncs(phase), count, 1_000.0),
        })
    }

    fn offline(&self) -> Value {
        let phase = &self.noted.offline;
        let count = count(phase);
        let began = phase.said.iter().map(|(_, s)| s.began_us()).min();
        let took = seconds(began.unwrap_or_default(), self.noted.taken_in_us);
        let pages = (phase.to.pages - phase.from.pages) as f64;
        json!({
            "events": count,
            "intake_per_s": round(count as f64 / took.max(0.001)),
            "cpu_s_per_100k": cpu(phase, count),
            "bytes_written_per_event": written(phase, count),
            "syncs_per_1000": per(syncs(phase), count, 1_000.0),
            "syncs_per_page": round(syncs(phase) / pages.max(1.0)),
        })
    }

    fn start(&self) -> Value {
        let (began, open) = self.noted.started_us;
        let bulk = self.durable.first_after("routine", began);
        json!({
            "ready_s": round(seconds(began, open)),
            "sending_s": bulk.map(|at| round(seconds(began, at))),
        })
    }

    fn drain(&self) -> Value {
        let backlog = &self.noted.offline;
        let phase = &self.noted.drain;
        let durable = || {
            let ways = backlog
                .said
                .iter()
                .flat_map(|(home, s)| self.ways(*home, s));
            ways.map(|(_, durable)| durable)
        };
        let took = seconds(
            durable().min().unwrap_or_default(),
            durable().max().unwrap_or_default(),
        );
        let count = count(backlog);
        json!({
            "events": count,
            "events_per_s": round(count as f64 / took.max(0.001)),
            "cpu_s_per_100k": cpu(phase, count),
            "bytes_written_per_event": written(phase, count),
            "fresh_alarms": self.waits(phase, Kind::Alarm).told(),
        })
    }

    fn returns(&self) -> Waits {
        let each = self.noted.returns.iter();
        each.flat_map(|(listens, said)| {
            said.iter().flat_map(move |(home, s)| {
                let durable = self.ways(*home, s).map(|(_, durable)| durable);
                durable.map(move |at| at.saturating_sub(*listens))
            })
        })
        .collect()
    }
}

fn count(phase: &Phase) -> u64 {
    phase.said.iter().map(|(_, s)| s.at_us.len() as u64).sum()
}

fn syncs(phase: &Phase) -> f64 {
    phase.to.syncs.saturating_sub(phase.from.syncs) as f64
}

fn cpu(phase: &Phase, count: u64) -> Value {
    let of = |to: f64, from: f64| per(to - from, count, HUNDRED_THOUSAND);
    json!({
        "gateway": of(phase.to.gateway.cpu_s, phase.from.gateway.cpu_s),
        "broker": of(phase.to.broker.cpu_s, phase.from.broker.cpu_s),
        "hub": of(phase.to.hub.cpu_s, phase.from.hub.cpu_s),
    })
}

fn written(phase: &Phase, count: u64) -> Value {
    let of = |to: u64, from: u64| per(to.saturating_sub(from) as f64, count, 1.0);
    json!({
        "gateway": of(phase.to.gateway.written, phase.from.gateway.written),
        "hub": of(phase.to.hub.written, phase.from.hub.written),
    })
}

fn seconds(from_us: u64, to_us: u64) -> f64 {
    to_us.saturating_sub(from_us) as f64 / 1e6
}
