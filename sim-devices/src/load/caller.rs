//! One gateway of `load-hub`: its stream, the places that it gives, what it waits for. It keeps to what Welcome allows and
//! to a pause that the hub asks for.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::bail;
use tecs_protocol::Bytes;
use tecs_protocol::event::{ClockPair, Device, Event, Flags};
use tecs_protocol::hub::v1::{self, from_home, from_hub};
use tecs_protocol::signal::{Seen, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, Lane, ObservedKind, Urgency};
use tokio::time::{sleep, sleep_until};

use super::figures::now_us;
use super::wire::Link;
use super::words::{BYTES, Kind, say};

/// Records of one parcel: what fits 16 KiB.
const IN_A_PARCEL: u64 = 60;
/// Parcels of one stream without a receipt: a home begins with 64 KiB.
const UNRECEIPTED: u64 = 4;

/// One gateway's side of its stream.
pub(super) struct Caller {
    link: Link,
    epoch: u64,
    /// The next place in the alarm lane, and in the routine lane.
    next: [u64; 2],
}

/// What sending came to.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) records: u64,
    pub(super) receipted: u64,
    /// Each alarm's wait for its receipt, µs.
    pub(super) alarms: Vec<u64>,
}

impl Sent {
    pub(super) fn and(mut self, other: Self) -> Self {
        self.records += other.records;
        self.receipted += other.receipted;
        self.alarms.extend(other.alarms);
        self
    }
}

impl Caller {
    /// Dials and says Hello.
    pub(super) async fn calls(
        at: SocketAddr,
        tls: &Path,
        gateway: &str,
        epoch: u64,
    ) -> anyhow::Result<Self> {
        let mut link = Link::call(at, tls, gateway).await?;
        link.greet(gateway, Vec::new()).await?;
        Ok(Self {
            link,
            epoch,
            next: [1, 1],
        })
    }

    /// Sends so many routine records; before them an alarm, where one has waited since a moment.
    pub(super) async fn sends(
        &mut self,
        count: u64,
        alarm_since: Option<Instant>,
    ) -> anyhow::Result<Sent> {
        let mut sent = Sent::default();
        if alarm_since.is_some() {
            self.parcel(Lane::Alarm, 1).await?;
            sent.records += 1;
        }
        let (mut left, mut flying) = (count, 0_u64);
        let mut paused = Instant::now();
        let due = count + sent.records;
        while sent.receipted < due {
            if flying == 0 && paused > Instant::now() {
                sleep_until(paused.into()).await;
            }
            while left > 0 && flying < UNRECEIPTED && paused <= Instant::now() {
                let some = left.min(IN_A_PARCEL);
                self.parcel(Lane::Routine, some).await?;
                (left, flying, sent.records) = (left - some, flying + 1, sent.records + some);
            }
            match self.link.hear().await? {
                from_hub::Says::Receipt(receipt) => {
                    sent.receipted += numbers(&receipt);
                    if receipt.lane == Lane::Alarm.wire() {
                        sent.alarms.extend(alarm_since.map(micros));
                    } else {
                        flying = flying.saturating_sub(1);
                    }
                }
                from_hub::Says::Pause(pause) => {
                    paused = Instant::now() + Duration::from_millis(pause.for_ms.into());
                }
                from_hub::Says::Refused(refused) => bail!("the hub refused: {}", refused.reason),
                from_hub::Says::Welcome(_) | from_hub::Says::Stage(_) | from_hub::Says::Ask(_) => {}
            }
        }
        Ok(sent)
    }

    /// An alarm every so often, until it is enough.
    pub(super) async fn alarms(
        &mut self,
        every: Duration,
        enough: &AtomicBool,
    ) -> anyhow::Result<Sent> {
        let mut all = Sent::default();
        while !enough.load(Ordering::Relaxed) {
            all = all.and(self.sends(0, Some(Instant::now())).await?);
            sleep(every).await;
        }
        Ok(all)
    }

    /// So many routine records each second, so many times.
    pub(super) async fn at_a_pace(&mut self, each: u64, times: u64) -> anyhow::Result<Sent> {
        let mut all = Sent::default();
        let began = Instant::now();
        for n in 1..=times {
            all = all.and(self.sends(each, None).await?);
            sleep_until((began + Duration::from_secs(n)).into()).await;
        }
        Ok(all)
    }

    async fn parcel(&mut self, lane: Lane, count: u64) -> anyhow::Result<()> {
        let slot = usize::from(lane == Lane::Routine);
        let first = self.next.get(slot).copied().unwrap_or(1);
        if let Some(next) = self.next.get_mut(slot) {
            *next += count;
        }
        let kind = if lane == Lane::Alarm {
            Kind::Alarm
        } else {
            Kind::Routine
        };
        let parcel = v1::Parcel {
            epoch: self.epoch,
            lane: lane.wire(),
            first_seq: first,
            records: (first..first + count).map(|n| record(kind, n)).collect(),
            sent_at: Some(clock().into()),
            attempt: 1,
        };
        self.link.say(from_home::Says::Parcel(parcel)).await
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap_or(u64::MAX)
}

fn numbers(receipt: &v1::Receipt) -> u64 {
    let each = receipt.ranges.iter();
    each.map(|r| r.to.saturating_sub(r.from) + 1).sum()
}

fn clock() -> ClockPair {
    ClockPair {
        boot_id: 1,
        since_boot_ms: now_us() / 1_000,
        wall_ms: i64::try_from(now_us() / 1_000).unwrap_or(i64::MAX),
        trusted: true,
    }
}

/// A record as a gateway would have made it of the same message.
fn record(kind: Kind, number: u64) -> Bytes {
    let mut raw = Vec::with_capacity(BYTES);
    say(kind, number, &mut raw);
    let (id, what, urgency) = match kind {
        Kind::Alarm => (
            "pendant",
            What::alarm(AlarmKind::Help, Condition::Raised),
            Urgency::Emergency,
        ),
        Kind::Routine => (
            "light",
            What::Observed {
                kind: ObservedKind::Illuminance,
                seen: Seen::Value(number as f64),
            },
            Urgency::Routine,
        ),
    };
    let event = Event {
        device: Device {
            id: id.to_owned(),
            kind: String::new(),
            room: "hall".to_owned(),
        },
        happened_ms: None,
        heard: clock(),
        urgency,
        what,
        flags: Flags::default(),
        raw,
        folded: 1,
        last_heard: None,
    };
    event.encode().into()
}
