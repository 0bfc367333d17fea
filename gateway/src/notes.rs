//! What the core found noteworthy: each a line in the log and a count, the last words kept for `status`. Names sources and
//! endpoints; devices and contents only at `DEBUG`.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use gateway_core::{Noteworthy, Settings};
use serde_json::{Value, json};
use tecs_protocol::vocabulary::{Lane, Urgency};

/// How many names of unknown fields are remembered.
const UNMAPPED: usize = 256;
/// How many refusals are remembered with a sample.
const SAMPLES: usize = 32;

/// The same words about a link are written again after this: while an alarm waits, it is tried five times a second.
const SAID_AGAIN: Duration = Duration::from_secs(10);

/// What has been noted since the start.
#[derive(Debug, Default)]
pub struct Notes {
    sources: Vec<String>,
    endpoints: Vec<String>,
    /// Refusals by source and name.
    pub refused: BTreeMap<(usize, &'static str), u64>,
    /// Events by lane and urgency.
    pub raised: BTreeMap<(Lane, Urgency), u64>,
    /// Records that had to go, by lane.
    pub evicted: BTreeMap<Lane, u64>,
    /// Records that the hub could not read.
    pub refused_by_hub: u64,
    unmapped: BTreeMap<(usize, String), u64>,
    samples: BTreeMap<(usize, &'static str), (String, Vec<u8>)>,
    links: BTreeMap<usize, String>,
    /// When the last words about a link were written into the log.
    said: BTreeMap<usize, Instant>,
    journal: Option<String>,
}

impl Notes {
    /// Nothing noted yet of these sources and endpoints.
    pub fn new(settings: &Settings) -> Self {
        Self {
            sources: settings.sources.iter().map(|s| s.name.clone()).collect(),
            endpoints: settings.endpoints.clone(),
            ..Self::default()
        }
    }

    /// The name of a source.
    pub fn source(&self, index: usize) -> &str {
        self.sources.get(index).map_or("?", String::as_str)
    }

    /// Counts it, remembers it, writes it into the log.
    pub fn take(&mut self, note: Noteworthy) {
        match note {
            Noteworthy::Refused {
                source,
                name,
                what,
                sample,
            } => self.refused(source, name, what, sample),
            Noteworthy::Unmapped { source, field } => {
                tracing::debug!(
                    source = self.source(source),
                    field,
                    "no table knows this field"
                );
                if self.unmapped.len() < UNMAPPED {
                    *self.unmapped.entry((source, field)).or_default() += 1;
                }
            }
            Noteworthy::Link { endpoint, what } => {
                let name = self.endpoints.get(endpoint).map_or("?", String::as_str);
                let now = Instant::now();
                let said = self.said.get(&endpoint);
                let again = said.is_some_and(|at| now.duration_since(*at) < SAID_AGAIN)
                    && self.links.get(&endpoint) == Some(&what);
                if again {
                    tracing::debug!(endpoint = name, what, "link to the care hub");
                } else {
                    tracing::info!(endpoint = name, what, "link to the care hub");
                    self.said.insert(endpoint, now);
                }
                self.links.insert(endpoint, what);
            }
            Noteworthy::Journal { what } => {
                tracing::warn!(what, "journal");
                self.journal = Some(what);
            }
            Noteworthy::Evicted { lane, count } => {
                tracing::warn!(lane = lane.word(), count, "records had to go");
                *self.evicted.entry(lane).or_default() += count;
            }
            Noteworthy::RefusedByHub { reason } => {
                tracing::warn!(reason, "the hub could not read a record and has kept it");
                self.refused_by_hub += 1;
            }
            Noteworthy::Raised { lane, urgency } => {
                tracing::debug!(lane = lane.word(), urgency = urgency.word(), "an event");
                *self.raised.entry((lane, urgency)).or_default() += 1;
            }
        }
    }

    fn refused(&mut self, source: usize, name: &'static str, what: String, sample: Vec<u8>) {
        let count = self.refused.entry((source, name)).or_default();
        *count += 1;
        let count = *count;
        // The first, the tenth, the hundredth …: a babbling source must not fill the log.
        if 10_u64.checked_pow(count.ilog10()) == Some(count) {
            tracing::warn!(
                source = self.source(source),
                refusal = name,
                count,
                "words of a source were not understood"
            );
        }
        tracing::debug!(
            source = self.source(source),
            refusal = name,
            what,
            "not understood"
        );
        let key = (source, name);
        if self.samples.len() < SAMPLES || self.samples.contains_key(&key) {
            self.samples.insert(key, (what, sample));
        }
    }

    /// For `status`: the last word on each link and on the journal, refusals with the newest sample, unknown fields.
    pub fn to_json(&self) -> Value {
        let refused = self.refused.iter().map(|(key @ (source, name), count)| {
            let (what, sample) = match self.samples.get(key) {
                Some((what, sample)) => (Some(what), Some(String::from_utf8_lossy(sample))),
                None => (None, None),
            };
            json!({ "source": self.source(*source), "name": name, "count": count, "what": what, "sample": sample })
        });
        let unmapped = self.unmapped.iter().map(|((source, field), count)| {
            json!({ "source": self.source(*source), "field": field, "count": count })
        });
        let links = self.links.iter().map(
            |(endpoint, what)| json!({ "endpoint": self.endpoints.get(*endpoint), "what": what }),
        );
        json!({
            "refused": refused.collect::<Vec<_>>(),
            "unmapped": unmapped.collect::<Vec<_>>(),
            "links": links.collect::<Vec<_>>(),
            "journal": self.journal,
        })
    }
}
