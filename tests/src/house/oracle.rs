//! The oracle: what was said, by the devices' own numbers, against what the hubs list by name. It changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use tecs_sim::living::Spoken;
use tecs_sim::play::said;
use tecs_sim::tally::{self, AtHub, Count, Place};
use tokio::time::{Instant, sleep};

use super::{ASK_AGAIN, HOME, House, load};

impl House {
    /// Everything that the hubs list, each name once, and with its device's own number.
    pub async fn at_hubs(&self) -> Vec<AtHub> {
        let mut all: BTreeMap<(String, String, u64), AtHub> = BTreeMap::new();
        for hub in &self.hubs {
            // A hub that is away says nothing.
            for record in hub.api.records(HOME).await.unwrap_or_default() {
                let name = (record.epoch.clone(), record.lane.clone(), record.seq);
                let before = all.insert(name, record.clone());
                let same =
                    before.is_none_or(|b| (b.device, b.kind) == (record.device, record.kind));
                assert!(same, "law 4: one name, two records");
            }
        }
        let mut all: Vec<AtHub> = all.into_values().collect();
        let spoken: Vec<_> = self.living.spoken.iter().map(said).collect();
        tally::number(&spoken, &mut all);
        all
    }

    /// Counts what was said against what the hubs have.
    pub async fn count(&self) -> Count {
        let spoken: Vec<_> = self.living.spoken.iter().map(said).collect();
        Count::of(&spoken, &self.at_hubs().await)
    }

    /// Waits until everything is at the hubs, and asserts the oracle.
    pub async fn everything_arrives(&self, within: Duration) -> Count {
        let end = Instant::now() + within;
        let mut count = self.count().await;
        while !count.lost.is_empty() && Instant::now() < end {
            sleep(ASK_AGAIN).await;
            count = self.count().await;
        }
        println!(
            "{} said, {} owed, {} arrived, {} records, {} redelivered and marked; load {}",
            count.said,
            count.must,
            count.arrived,
            count.records,
            count.redelivered.len(),
            load(),
        );
        let at = self.folder.path().display();
        let status = self.gateway.status();
        assert!(
            count.lost.is_empty(),
            "lost: {:?}; {status:?} {at}",
            count.lost
        );
        let doubtful = self.in_doubt_new(&count).await;
        println!(
            "{} presses or alarms came again unmarked after a kill",
            doubtful.len()
        );
        assert!(
            count.unexpected.is_empty(),
            "nobody said: {:?}",
            count.unexpected
        );
        assert!(
            count.reordered.is_empty(),
            "out of order: {:?}",
            count.reordered
        );
        count
    }

    /// What is there twice without a mark. It may only be a press or an alarm that the hub had and the disk had not when
    /// a kill fell before its acknowledgement: in doubt it is a new one (DESIGN.md, 'States that repeat').
    async fn in_doubt_new(&self, count: &Count) -> Vec<Place> {
        let all = self.at_hubs().await;
        let at_a_kill = |r: &AtHub| self.kills.iter().any(|k| (r.received_ms - k).abs() < 1_000);
        for (device, number) in &count.twice {
            let mut unmarked: BTreeMap<(&str, &str), Vec<&AtHub>> = BTreeMap::new();
            let same = |r: &&AtHub| r.device == *device && r.number == Some(*number);
            for record in all.iter().filter(same).filter(|r| !r.redelivered) {
                let what = (record.kind.as_str(), record.condition.as_str());
                unmarked.entry(what).or_default().push(record);
            }
            for ((kind, _), same) in unmarked.into_iter().filter(|(_, same)| same.len() > 1) {
                let excused = kind.starts_with("alarm/") && same.iter().any(|r| at_a_kill(r));
                assert!(
                    excused,
                    "twice, unmarked: {same:#?}; kills: {:?}",
                    self.kills
                );
            }
        }
        count.twice.clone()
    }

    /// Waits until one message is at this hub; says how long that took since it was said.
    pub async fn arrives(&self, hub: usize, what: &Spoken, within: Duration) -> Duration {
        let spoken: Vec<_> = self.living.spoken.iter().map(said).collect();
        loop {
            let mut there = self.hubs[hub].api.records(HOME).await.unwrap_or_default();
            tally::number(&spoken, &mut there);
            let (device, number) = (&what.message.device, what.message.number);
            if let Some(found) = there
                .iter()
                .find(|r| r.device == *device && r.number == Some(number))
            {
                let took = u64::try_from(found.received_ms - what.wall_ms).unwrap_or(0);
                return Duration::from_millis(took);
            }
            let status = self.gateway.status();
            assert!(
                what.at.elapsed() < within,
                "not at the hub within {within:?}: {what:?}; {status:?}"
            );
            sleep(Duration::from_millis(50)).await;
        }
    }
}
