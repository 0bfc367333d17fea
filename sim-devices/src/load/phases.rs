//! What a load does, one phase after another: online as fast as it goes, at a home's pace, with the hub away, the gateway
//! killed and started with its backlog, the hub coming back to a waiting alarm. It notes; `report` judges.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::figures::{Used, now_us};
use super::limits::{Parts, parts_meanwhile};
use super::speaker::{Said, Speech, speak};
use super::street::Street;
use super::words::Kind;

/// Everything that is said is where it must be within this.
const IN_THE_END: Duration = Duration::from_mins(5);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// A gateway notices that the hub is gone, and an acknowledgement has left, within this.
const SETTLED: Duration = Duration::from_millis(500);
/// Alarms a second while a backlog drains.
const FRESH_PER_S: f64 = 50.0;
/// The most of them.
const FRESH_MOST: u64 = 50_000;
/// How long nothing happens before that is measured.
const IDLE: Duration = Duration::from_secs(3);

/// Counters of the gateways.
const ACKNOWLEDGED: &str = "tecs_gateway_acknowledged_total";
const WAITING: &str = "tecs_gateway_queue_records";
const SYNCS: &str = "tecs_gateway_syncs_total";
const PAGES: &str = "tecs_gateway_pages_total";

/// The parts as they are measured beside a phase.
type PartsMeanwhile = JoinHandle<anyhow::Result<Parts>>;

/// Everything used up to a moment.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mark {
    pub(super) at_us: u64,
    pub(super) gateway: Used,
    pub(super) broker: Used,
    pub(super) hub: Used,
    pub(super) syncs: u64,
    pub(super) pages: u64,
}

/// A phase: what was said in it by which home, and what was used from and to.
#[derive(Debug, Default)]
pub(super) struct Phase {
    pub(super) said: Vec<(usize, Said)>,
    pub(super) from: Mark,
    pub(super) to: Mark,
}

/// All that was noted.
#[derive(Debug, Default)]
pub(super) struct Noted {
    pub(super) idle: Phase,
    pub(super) online: Phase,
    pub(super) steady: Phase,
    pub(super) paced: Phase,
    /// What the parts of an alarm's way took in the same seconds.
    pub(super) paced_parts: Parts,
    pub(super) offline: Phase,
    /// When the last of the backlog had been acknowledged.
    pub(super) taken_in_us: u64,
    pub(super) drain: Phase,
    /// When the gateway was started with its backlog, and when its sources were open.
    pub(super) started_us: (u64, u64),
    /// Each return of the hub: when it listened, and the alarms that waited.
    pub(super) returns: Vec<(u64, Vec<(usize, Said)>)>,
    /// The most memory that a gateway had: online at full speed; and from the backlog on.
    pub(super) flood_peak_kib: u64,
    pub(super) peak_kib: u64,
}

/// How much of each.
#[derive(Debug, Clone, Copy)]
pub(super) struct Amounts {
    pub(super) online: u64,
    pub(super) rate: Option<f64>,
    pub(super) steady_s: u64,
    pub(super) steady_per_s: f64,
    pub(super) paced_s: u64,
    pub(super) paced_per_s: f64,
    pub(super) backlog: u64,
    pub(super) returns: u64,
}

/// A load as it goes on.
pub(super) struct Load {
    pub(super) street: Street,
    work: PathBuf,
    next: u64,
}

impl Load {
    pub(super) fn new(street: Street, work: &Path) -> Self {
        let work = work.to_owned();
        Self {
            street,
            work,
            next: 1,
        }
    }

    /// All phases.
    pub(super) async fn run(&mut self, amounts: Amounts) -> anyhow::Result<Noted> {
        let mut noted = Noted::default();
        self.street.hub_comes().await?;
        self.street.hub_is_healthy().await?;
        self.street.gateways_come().await?;
        noted.idle.from = self.mark();
        sleep(IDLE).await;
        noted.idle.to = self.mark();
        noted.online = self.online(amounts).await?;
        noted.steady = self.steady(amounts).await?;
        let (parts, enough) = self.parts_meanwhile()?;
        let paced = self.paced(amounts).await;
        enough.store(true, Ordering::Relaxed);
        (noted.paced, noted.paced_parts) = (paced?, parts.await??);
        noted.flood_peak_kib = self.mark().gateway.peak_kib;
        self.street.forget_peaks();
        (noted.offline, noted.taken_in_us) = self.offline(amounts.backlog).await?;
        (noted.drain, noted.started_us) = self.drain().await?;
        for n in 0..amounts.returns {
            noted.returns.push(self.returns(n).await?);
        }
        noted.peak_kib = self.mark().gateway.peak_kib;
        Ok(noted)
    }

    async fn online(&mut self, amounts: Amounts) -> anyhow::Result<Phase> {
        let from = self.mark();
        let speech = self.speech(Kind::Routine, amounts.online, amounts.rate);
        let said = self.say(&speech).await?;
        self.empties().await?;
        let to = self.mark();
        Ok(Phase { said, from, to })
    }

    /// Fast for a home, and slow enough for the hub: what is online and never waits.
    async fn steady(&mut self, amounts: Amounts) -> anyhow::Result<Phase> {
        let from = self.mark();
        let count = amounts
            .steady_s
            .saturating_mul(rounded(amounts.steady_per_s));
        let speech = self.speech(Kind::Routine, count, Some(amounts.steady_per_s));
        let said = self.say(&speech).await?;
        self.empties().await?;
        let to = self.mark();
        Ok(Phase { said, from, to })
    }

    /// What the first home's machine takes for the parts of an alarm's way, until it is enough.
    fn parts_meanwhile(&self) -> anyhow::Result<(PartsMeanwhile, Arc<AtomicBool>)> {
        let enough = Arc::new(AtomicBool::new(false));
        let first = self.street.homes.first().context("no home")?;
        let parts = parts_meanwhile(
            self.work.clone(),
            first.home.devices()?,
            self.street.tls.clone(),
            first.home.id.clone(),
            Arc::clone(&enough),
        );
        Ok((tokio::spawn(parts), enough))
    }

    /// A home's pace: alarms, and routine words between them.
    async fn paced(&mut self, amounts: Amounts) -> anyhow::Result<Phase> {
        let from = self.mark();
        let count = amounts.paced_s.saturating_mul(rounded(amounts.paced_per_s));
        let rate = Some(amounts.paced_per_s);
        let (alarms, words) = (
            self.speech(Kind::Alarm, count, rate),
            self.speech(Kind::Routine, count, rate),
        );
        let between = async {
            sleep(Duration::from_secs_f64(0.5 / amounts.paced_per_s)).await;
            self.say(&words).await
        };
        let (mut said, words) = tokio::try_join!(self.say(&alarms), between)?;
        said.extend(words);
        self.empties().await?;
        let to = self.mark();
        Ok(Phase { said, from, to })
    }

    /// The hub is gone: everything goes to the disk. Also when the last of it had been acknowledged.
    async fn offline(&mut self, count: u64) -> anyhow::Result<(Phase, u64)> {
        self.street.hub_goes().await?;
        sleep(SETTLED).await;
        let from = self.mark();
        let before = self.street.metric(ACKNOWLEDGED);
        let speech = self.speech(Kind::Routine, count, None);
        let said = self.say(&speech).await?;
        let due = before + count * self.street.homes.len() as u64;
        let end = Instant::now() + IN_THE_END;
        while self.street.metric(ACKNOWLEDGED) < due {
            if Instant::now() > end {
                bail!("not everything was acknowledged within {IN_THE_END:?}");
            }
            sleep(LOOK_AGAIN).await;
        }
        let taken_in = now_us();
        self.brokers_rest().await;
        let to = self.mark();
        Ok((Phase { said, from, to }, taken_in))
    }

    /// The gateway is killed and started with its backlog, before a hub that listens; alarms come meanwhile.
    async fn drain(&mut self) -> anyhow::Result<(Phase, (u64, u64))> {
        self.street.gateways_go().await?;
        self.street.hub_comes().await?;
        self.street.hub_is_healthy().await?;
        let from = self.mark();
        let started = self.street.gateways_come().await?;
        let fresh = self.speech(Kind::Alarm, FRESH_MOST, Some(FRESH_PER_S));
        let enough = Arc::clone(&fresh.enough);
        let drained = async {
            let drained = self.bulk_empties().await;
            enough.store(true, Ordering::Relaxed);
            drained
        };
        let (said, ()) = tokio::try_join!(self.say(&fresh), drained)?;
        self.empties().await?;
        let to = self.mark();
        Ok((Phase { said, from, to }, started))
    }

    /// The hub goes, an alarm waits, the hub comes back.
    async fn returns(&mut self, nth: u64) -> anyhow::Result<(u64, Vec<(usize, Said)>)> {
        self.street.hub_goes().await?;
        // A different moment of the gateway's own pauses each time.
        sleep(Duration::from_millis(700 + 377 * nth)).await;
        let alarm = self.speech(Kind::Alarm, 1, None);
        let said = self.say(&alarm).await?;
        sleep(Duration::from_millis(1_200 + 131 * nth)).await;
        let listens = self.street.hub_comes().await?;
        self.street.hub_is_healthy().await?;
        self.empties().await?;
        Ok((listens, said))
    }

    fn speech(&mut self, kind: Kind, count: u64, rate: Option<f64>) -> Speech {
        let first = self.next;
        self.next += count;
        Speech {
            kind,
            first,
            count,
            rate,
            enough: Arc::default(),
        }
    }

    /// Every home says it, at the same time.
    async fn say(&self, speech: &Speech) -> anyhow::Result<Vec<(usize, Said)>> {
        let mut all = Vec::new();
        for (n, run) in self.street.homes.iter().enumerate() {
            let (caller, speech) = (run.home.devices()?, speech.clone());
            let id = format!("tecs-load-{}", speech.first);
            let spoken = tokio::task::spawn_blocking(move || speak(&caller, &id, &speech));
            all.push((n, spoken));
        }
        let mut said = Vec::new();
        for (n, spoken) in all {
            said.push((n, spoken.await??));
        }
        Ok(said)
    }

    /// Waits until the brokers have read every acknowledgement: one that is slow would send again what it has not read.
    async fn brokers_rest(&self) {
        let end = Instant::now() + IN_THE_END;
        let cpu = || self.street.used().1.cpu_s;
        let (mut before, mut quiet) = (cpu(), 0);
        while quiet < 4 && Instant::now() < end {
            sleep(SETTLED / 2).await;
            let now = cpu();
            quiet = if now > before + 0.005 { 0 } else { quiet + 1 };
            before = now;
        }
    }

    /// Waits until the hub has everything: what the brokers still hold shows as not yet acknowledged.
    async fn empties(&self) -> anyhow::Result<()> {
        let (mut before, mut quiet) = (u64::MAX, 0);
        self.until("the queues are empty", || {
            let waiting = self.street.metric(WAITING);
            let acknowledged = self.street.metric(ACKNOWLEDGED);
            let still = waiting == 0 && acknowledged == before;
            (before, quiet) = (acknowledged, if still { quiet + 1 } else { 0 });
            quiet >= 4
        })
        .await
    }

    /// Waits until what is left is no more than the alarms that come meanwhile.
    async fn bulk_empties(&self) -> anyhow::Result<()> {
        self.until("the backlog is drained", || self.street.metric(WAITING) < 8)
            .await
    }

    async fn until(&self, what: &str, mut so: impl FnMut() -> bool) -> anyhow::Result<()> {
        let end = Instant::now() + IN_THE_END;
        while !so() {
            if Instant::now() > end {
                bail!("not within {IN_THE_END:?}: {what}");
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    fn mark(&self) -> Mark {
        let (gateway, broker) = self.street.used();
        Mark {
            at_us: now_us(),
            gateway,
            broker,
            hub: self.street.hub_used(),
            syncs: self.street.metric(SYNCS),
            pages: self.street.metric(PAGES),
        }
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "messages a second, a small number"
)]
fn rounded(rate: f64) -> u64 {
    rate.max(0.0).round() as u64
}
