//! What waits, lane by lane, for whoever asks: how much, of which runs, what had to go, and the oldest records themselves.
//! It changes nothing.

use tecs_protocol::Bytes;
use tecs_protocol::hub::v1;
use tecs_protocol::vocabulary::Lane;

use crate::gateway::{Gateway, at};
use crate::page::PageKey;
use crate::status::Depth;
use crate::time::Mono;

/// The most records that are peeked at in one lane.
pub const PEEK_MOST: usize = 200;

/// One lane's queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// How deep it is.
    pub depth: Depth,
    /// What it may take on disk, bytes.
    pub budget: u64,
    /// Pages on disk that the hub has not.
    pub pages: usize,
    /// Records that are in memory alone.
    pub fresh: usize,
    /// What it holds, one span a run of the daemon.
    pub epochs: Vec<v1::Span>,
    /// Records on their way to the hub, without a receipt yet.
    pub in_flight: u64,
    /// Records that had to go since this run began.
    pub evicted: u64,
    /// Gaps that wait to be told to the hub.
    pub gaps: usize,
}

/// An old record, or the page that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Oldest {
    /// On disk: whoever asks reads it.
    Page {
        /// Its name.
        key: PageKey,
        /// When it was kept.
        since: Mono,
    },
    /// In memory.
    Fresh {
        /// Its run.
        epoch: u64,
        /// Its number.
        seq: u64,
        /// When it was raised.
        since: Mono,
        /// The record.
        bytes: Bytes,
    },
}

impl Gateway {
    /// The three lanes' queues.
    pub fn queues(&self, now: Mono) -> Vec<Queue> {
        let depths = self.depths(now).into_iter();
        let lanes = self.lanes.iter().zip(self.settings.limits.disk);
        depths
            .zip(lanes)
            .map(|(depth, (lane, budget))| {
                let flying = lane
                    .fresh()
                    .filter(|f| f.sent_on != 0 && f.accepted.is_none());
                let fresh_gaps = lane
                    .fresh()
                    .filter(|f| f.gap && f.accepted.is_none())
                    .count();
                let sent = lane.pages.values().filter(|k| k.sent_on != 0);
                Queue {
                    depth,
                    budget,
                    pages: lane.pages.len(),
                    fresh: lane.fresh().filter(|f| f.accepted.is_none()).count(),
                    epochs: lane.spans(),
                    in_flight: flying.map(|f| f.last - f.seq + 1).sum::<u64>()
                        + sent.map(|k| k.last - k.key.first + 1).sum::<u64>(),
                    evicted: lane.evicted,
                    gaps: fresh_gaps + lane.pages.values().filter(|k| k.gap).count(),
                }
            })
            .collect()
    }

    /// The oldest that the hub has not, at most `most` places of it, oldest first.
    pub fn oldest(&self, lane: Lane, most: usize) -> Vec<Oldest> {
        let Some(lane) = self.lanes.get(at(lane)) else {
            return Vec::new();
        };
        let most = most.min(PEEK_MOST);
        let pages = lane.pages.values().map(|kept| Oldest::Page {
            key: kept.key,
            since: kept.since,
        });
        let fresh = lane.fresh().filter(|f| f.accepted.is_none());
        let fresh = fresh.map(|f| Oldest::Fresh {
            epoch: self.who.epoch,
            seq: f.seq,
            since: f.born,
            bytes: f.bytes.clone(),
        });
        pages.chain(fresh).take(most).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Identity, Input, Order, Recovered, Settings};

    #[test]
    fn what_waits_is_counted_lane_by_lane_and_the_oldest_comes_first() {
        let who = Identity {
            epoch: 7,
            boot_id: 1,
        };
        let mut gateway = Gateway::new(Settings::default(), who, Recovered::default(), Mono(0));
        for ms in 1..=3 {
            gateway.handle(Input::Order(Order::TestAlarm), Mono(ms));
        }
        let queues = gateway.queues(Mono(10));
        let of = |lane: Lane| queues.iter().find(|q| q.depth.lane == lane).unwrap();
        let alarms = of(Lane::Alarm);
        assert_eq!(
            (alarms.depth.records, alarms.fresh, alarms.pages),
            (3, 3, 0)
        );
        assert_eq!((alarms.in_flight, alarms.evicted, alarms.gaps), (0, 0, 0));
        assert_eq!(alarms.epochs.len(), 1);
        assert_eq!(of(Lane::Vital).depth.records, 0);
        let oldest = gateway.oldest(Lane::Alarm, 2);
        let seqs: Vec<u64> = oldest
            .iter()
            .map(|o| match o {
                Oldest::Fresh { seq, .. } => *seq,
                Oldest::Page { key, .. } => key.first,
            })
            .collect();
        assert_eq!(seqs, [1, 2]);
    }
}
