//! The processes of a load: one care hub and, for each home, a mosquitto and a gateway. It starts them, ends them and
//! says when they are ready; what is measured is `phases`'.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use tokio::time::sleep;

use crate::ca;
use crate::hub_api::HubApi;
use crate::world::{Process, Programs};

use super::figures::{Used, forget_peak, now_us};
use super::places::{Home, HubPlaces};
use super::scrape::metric;

/// The gateway's unit: its variables are a home's as well.
const UNIT: &str = include_str!("../../../deploy/systemd/tecs-gateway.service");
/// How long a process may take until it is ready.
const READY: Duration = Duration::from_mins(1);
/// A start is looked at this often: what is timed is a start.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// One home's processes.
pub(super) struct HomeRuns {
    pub(super) home: Home,
    broker: Process,
    gateway: Option<Process>,
    /// What gateways of this home that are gone had used, and the most memory that any had.
    gone: Used,
}

/// All processes.
pub(super) struct Street {
    pub(super) hub: HubPlaces,
    pub(super) homes: Vec<HomeRuns>,
    pub(super) tls: PathBuf,
    programs: Programs,
    hub_runs: Option<Process>,
    hub_gone: Used,
}

impl Street {
    /// Writes every file and starts the brokers; neither hub nor gateways run yet.
    pub(super) async fn build(
        programs: Programs,
        work: &Path,
        homes: usize,
        autosave: bool,
    ) -> anyhow::Result<Self> {
        let ids: Vec<String> = (1..=homes).map(|n| format!("home-{n}")).collect();
        let tls = work.join("tls");
        ca::make(&ca::Order {
            out: tls.clone(),
            gateways: ids.clone(),
            days: 30,
            stranger: false,
            expired: false,
        })?;
        let hub = HubPlaces::of(work)?;
        hub.write(&tls)?;
        let mosquitto = mosquitto()?;
        let mut runs = Vec::new();
        for id in &ids {
            let home = Home::of(id, work)?;
            home.write_broker(autosave)?;
            home.write_gateway(&tls, &hub)?;
            let conf = home.mosquitto_conf().display().to_string();
            let log = home.folder.join("broker.log");
            let broker = Process::start("mosquitto", &mosquitto, &["-c", &conf], &log)?;
            runs.push(HomeRuns {
                home,
                broker,
                gateway: None,
                gone: Used::default(),
            });
        }
        for run in &mut runs {
            let at = run.home.broker;
            let broker = &mut run.broker;
            until("mosquitto", || {
                broker.alive()?;
                Ok(TcpStream::connect(at).is_ok())
            })
            .await?;
        }
        Ok(Self {
            hub,
            homes: runs,
            tls,
            programs,
            hub_runs: None,
            hub_gone: Used::default(),
        })
    }

    /// The hub starts; gives the moment when it first listened, µs since 1970.
    pub(super) async fn hub_comes(&mut self) -> anyhow::Result<u64> {
        let log = "TECS_LOG=warn,tecs_hub::durable=debug";
        let (program, config) = (path(&self.programs.hub), path(&self.hub.toml()));
        let args = [log, &program, "run", "--config", &config, "--log-json"];
        let env = Path::new("/usr/bin/env");
        let mut hub = Process::start("tecs-hub", env, &args, &self.hub.log())?;
        let at = self.hub.ingest;
        until("tecs-hub", || {
            hub.alive()?;
            Ok(TcpStream::connect(at).is_ok())
        })
        .await?;
        let listens = now_us();
        self.hub_runs = Some(hub);
        Ok(listens)
    }

    /// Waits until the hub's page answers as well.
    pub(super) async fn hub_is_healthy(&self) -> anyhow::Result<()> {
        let end = Instant::now() + READY;
        while !self.api().healthy().await {
            if Instant::now() > end {
                bail!(
                    "the hub does not answer; its log is {}",
                    self.hub.log().display()
                );
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    /// The hub is killed with -9.
    pub(super) async fn hub_goes(&mut self) -> anyhow::Result<()> {
        self.hub_gone = self.hub_used();
        match self.hub_runs.take() {
            Some(hub) => hub.kill().await,
            None => Ok(()),
        }
    }

    /// The hub's JSON.
    pub(super) fn api(&self) -> HubApi {
        HubApi {
            at: self.hub.console,
        }
    }

    /// What the hub has used, those before it included.
    pub(super) fn hub_used(&self) -> Used {
        together(self.hub_gone, self.hub_runs.as_ref())
    }

    /// Every gateway starts; gives the moments when the first was started and when all sources were open, µs since 1970.
    pub(super) async fn gateways_come(&mut self) -> anyhow::Result<(u64, u64)> {
        let began = now_us();
        for run in &mut self.homes {
            let (program, config) = (path(&self.programs.gateway), path(&run.home.gateway_toml()));
            let log = run.home.folder.join("gateway.log");
            let mut args = variables(UNIT);
            args.extend([&*program, "run", "--config", &*config]);
            let env = Path::new("/usr/bin/env");
            run.gateway = Some(Process::start("tecs-gateway", env, &args, &log)?);
        }
        for run in &mut self.homes {
            let at = run.home.metrics;
            let Some(gateway) = &mut run.gateway else {
                continue;
            };
            until("tecs-gateway", || {
                gateway.alive()?;
                Ok(metric(at, "tecs_gateway_source_up") == Some(1))
            })
            .await?;
        }
        Ok((began, now_us()))
    }

    /// Every gateway is killed with -9.
    pub(super) async fn gateways_go(&mut self) -> anyhow::Result<()> {
        for run in &mut self.homes {
            run.gone = run.gateway_used();
            if let Some(gateway) = run.gateway.take() {
                gateway.kill().await?;
            }
        }
        Ok(())
    }

    /// What all gateways and all brokers have used.
    pub(super) fn used(&self) -> (Used, Used) {
        let sum = |all: &mut dyn Iterator<Item = Used>| {
            all.fold(Used::default(), |a, b| Used {
                cpu_s: a.cpu_s + b.cpu_s,
                rss_kib: a.rss_kib.max(b.rss_kib),
                peak_kib: a.peak_kib.max(b.peak_kib),
                written: a.written + b.written,
            })
        };
        let gateways = sum(&mut self.homes.iter().map(HomeRuns::gateway_used));
        let brokers = sum(&mut self.homes.iter().map(|r| Used::by(r.broker.pid())));
        (gateways, brokers)
    }

    /// From here on the gateways' peaks are counted anew.
    pub(super) fn forget_peaks(&self) {
        let running = self.homes.iter().filter_map(|r| r.gateway.as_ref());
        running.for_each(|gateway| forget_peak(gateway.pid()));
    }

    /// The sum of a metric over all gateways.
    pub(super) fn metric(&self, name: &str) -> u64 {
        let each = self.homes.iter();
        each.filter_map(|r| metric(r.home.metrics, name)).sum()
    }

    /// Ends everything.
    pub(super) async fn end(mut self) -> anyhow::Result<()> {
        self.gateways_go().await?;
        self.hub_goes().await?;
        for run in self.homes {
            run.broker.kill().await?;
        }
        Ok(())
    }
}

impl HomeRuns {
    fn gateway_used(&self) -> Used {
        together(self.gone, self.gateway.as_ref())
    }
}

fn together(gone: Used, process: Option<&Process>) -> Used {
    let now = process.map(|p| Used::by(p.pid())).unwrap_or_default();
    Used {
        cpu_s: gone.cpu_s + now.cpu_s,
        rss_kib: now.rss_kib,
        peak_kib: gone.peak_kib.max(now.peak_kib),
        written: gone.written + now.written,
    }
}

/// What a unit sets in the environment.
fn variables(unit: &str) -> Vec<&str> {
    let lines = unit.lines().filter_map(|l| l.strip_prefix("Environment="));
    lines.flat_map(str::split_whitespace).collect()
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

async fn until(what: &str, mut so: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let end = Instant::now() + READY;
    while !so()? {
        if Instant::now() > end {
            bail!("{what} is not ready within {READY:?}");
        }
        sleep(LOOK_AGAIN).await;
    }
    Ok(())
}

/// Where `mosquitto` is; Debian keeps it out of users' paths.
fn mosquitto() -> anyhow::Result<PathBuf> {
    let path = std::env::var("PATH").unwrap_or_default();
    let folders = path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]);
    let found = folders
        .map(|folder| Path::new(folder).join("mosquitto"))
        .find(|file| file.is_file());
    found.context("mosquitto is not installed: apt-get install mosquitto")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateway_gets_the_variables_that_its_unit_sets() {
        let set = variables(UNIT);
        assert!(!set.is_empty());
        assert!(set.iter().all(|v| v.contains('=')), "{set:?}");
    }
}
