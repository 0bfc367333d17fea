//! When what became durable on the hub: it says so in its log after each commit, with the names and this machine's time
//! (`tecs_hub::durable` at DEBUG). Reading the log costs the hub nothing while it is measured.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;

use super::scrape::Name;

/// One line of the hub's log, as far as it is ours.
#[derive(Deserialize)]
struct Line {
    target: String,
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    gateway: String,
    epoch: String,
    lane: String,
    first: u64,
    count: u64,
    at_us: u64,
}

/// For each gateway and name the moment when the hub first had it durably, µs since 1970.
#[derive(Debug, Default)]
pub(super) struct Durable(BTreeMap<(String, String, String), BTreeMap<u64, u64>>);

impl Durable {
    /// What the log says.
    pub(super) fn read(log: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(log).with_context(|| format!("reading {}", log.display()))?;
        let mut durable = Self::default();
        for line in text.lines() {
            // Other lines have other fields.
            if let Ok(line) = serde_json::from_str::<Line>(line)
                && line.target == "tecs_hub::durable"
            {
                durable.enter(line.fields);
            }
        }
        Ok(durable)
    }

    fn enter(&mut self, said: Fields) {
        let places = self
            .0
            .entry((said.gateway, said.epoch, said.lane))
            .or_default();
        for seq in said.first..said.first.saturating_add(said.count) {
            places.entry(seq).or_insert(said.at_us);
        }
    }

    /// When this name of a gateway became durable.
    pub(super) fn when(&self, gateway: &str, (epoch, lane, seq): &Name) -> Option<u64> {
        let of = (gateway.to_owned(), epoch.clone(), lane.clone());
        self.0.get(&of)?.get(seq).copied()
    }

    /// The first moment from `since` on at which anything of a lane became durable.
    pub(super) fn first_after(&self, lane: &str, since: u64) -> Option<u64> {
        let of = self.0.iter().filter(|((_, _, l), _)| l == lane);
        let all = of.flat_map(|(_, places)| places.values().copied());
        all.filter(|at| *at >= since).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_time_that_a_name_was_durable_counts_and_other_lines_do_not() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let line = |first, at_us| {
            format!(
                r#"{{"timestamp":"t","level":"DEBUG","fields":{{"message":"durable","gateway":"home-1","epoch":"00ff","lane":"alarm","first":{first},"count":3,"at_us":{at_us}}},"target":"tecs_hub::durable"}}"#
            )
        };
        let other =
            r#"{"timestamp":"t","level":"INFO","fields":{"message":"x"},"target":"tecs_hub"}"#;
        std::fs::write(
            &log,
            [&line(1, 50), other, &line(3, 90), "not json"].join("\n"),
        )
        .unwrap();
        let durable = Durable::read(&log).unwrap();
        let name = |seq| ("00ff".to_owned(), "alarm".to_owned(), seq);
        assert_eq!(durable.when("home-1", &name(3)), Some(50));
        assert_eq!(durable.when("home-1", &name(5)), Some(90));
        assert_eq!(durable.when("home-2", &name(3)), None);
        assert_eq!(durable.first_after("alarm", 60), Some(90));
    }
}
