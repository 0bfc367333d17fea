//! A whole simulated world: one home, its broker, its gateway and the care hub, as real processes on loopback.
//! It starts and ends them, and does mischief when told; what happens in it is `play`'s.

mod files;
mod process;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{Instant, sleep};

pub use files::Places;
pub use process::Process;

use crate::bridge::Broker;
use crate::broker;
use crate::ca;
use crate::home::Home;
use crate::http;
use crate::hub_api::HubApi;
use crate::living::Living;
use crate::models::Path as Way;
use crate::scenario::{How, World as Mischief};
use crate::tally::AtHub;
use crate::told::Listener;

/// How long a process may take until it is ready.
const READY: Duration = Duration::from_secs(20);
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// Where the responders' page is when nobody else is there.
const CONSOLE_PORT: u16 = 8080;

/// Where the programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// `tecs-gateway`.
    pub gateway: PathBuf,
    /// `tecs-hub`.
    pub hub: PathBuf,
    /// Ourselves, for the broker.
    pub sim: PathBuf,
}

impl Programs {
    /// In this folder; beside ourselves without one.
    pub fn find(folder: Option<&Path>) -> anyhow::Result<Self> {
        let sim = std::env::current_exe().context("finding ourselves")?;
        let beside = sim.parent().map(Path::to_owned).unwrap_or_default();
        let folder = folder.unwrap_or(&beside);
        let found = Self {
            gateway: folder.join("tecs-gateway"),
            hub: folder.join("tecs-hub"),
            sim,
        };
        for program in [&found.gateway, &found.hub] {
            if !program.is_file() {
                let build = "cargo build --bin tecs-gateway --bin tecs-hub --bin tecs-sim";
                bail!(
                    "{} is not there; make it with `{build}`, or name its folder with --bin-dir",
                    program.display()
                );
            }
        }
        Ok(found)
    }
}

/// A running world.
pub struct World {
    /// Where everything is.
    pub places: Places,
    programs: Programs,
    broker: Option<Process>,
    hub: Option<Process>,
    gateway: Option<Process>,
    /// The home.
    pub living: Living,
    /// What the home is told.
    pub listener: Listener,
}

impl World {
    /// Starts everything, and waits until a word of the home gets through.
    pub async fn start(programs: Programs, home: Home, work: &Path) -> anyhow::Result<Self> {
        let places = Places {
            work: work.to_owned(),
            broker: broker::free_port(0)?,
            ingest: broker::free_port(0)?,
            console: broker::free_port(CONSOLE_PORT)?,
            metrics: broker::free_port(0)?,
        };
        ca::make(&ca::Order {
            out: places.tls(),
            gateways: vec![home.gateway.clone()],
            days: 30,
            stranger: false,
            expired: false,
        })?;
        let mut living = Living::new(home, work);
        places.write(&living.home, &living.ports)?;
        living.plug().await?;
        let broker = start_broker(&programs, &places).await?;
        let ours = ours(&places);
        living.bridge_starts(&ours).await?;
        living.publishers_start(&ours).await?;
        let listener = Listener::start(&ours, &living.home.gateway);
        let mut world = Self {
            places,
            programs,
            broker: Some(broker),
            hub: None,
            gateway: None,
            living,
            listener,
        };
        world.hub_comes().await?;
        world.gateway_comes().await?;
        world.first_word().await?;
        Ok(world)
    }

    /// The hub's JSON.
    pub fn hub_api(&self) -> HubApi {
        HubApi {
            at: self.places.console,
        }
    }

    /// The ids of the gateway's and the hub's processes, where they run.
    pub fn pids(&self) -> (Option<i32>, Option<i32>) {
        (
            self.gateway.as_ref().map(Process::pid),
            self.hub.as_ref().map(Process::pid),
        )
    }

    /// An error if a process that should run has ended by itself.
    pub fn alive(&mut self) -> anyhow::Result<()> {
        let all = [&mut self.broker, &mut self.hub, &mut self.gateway];
        all.into_iter().flatten().try_for_each(Process::alive)
    }

    /// Does mischief, or ends it.
    pub async fn mischief(&mut self, what: Mischief) -> anyhow::Result<()> {
        match what {
            Mischief::HubOffline(how) => take_away(&mut self.hub, how).await,
            Mischief::HubOnline => self.hub_comes().await,
            Mischief::GatewayOffline(how) => take_away(&mut self.gateway, how).await,
            Mischief::GatewayOnline => self.gateway_comes().await,
            Mischief::BrokerRestart => {
                take_away(&mut self.broker, How::Killed).await?;
                self.broker = Some(start_broker(&self.programs, &self.places).await?);
                Ok(())
            }
            Mischief::BridgeOffline => {
                self.living.bridge_stops();
                Ok(())
            }
            Mischief::BridgeOnline => self.living.bridge_starts(&ours(&self.places)).await,
        }
    }

    /// Ends everything in good order: SIGTERM to the gateway first, so that it may say its last words.
    pub async fn end(mut self) -> anyhow::Result<()> {
        for process in [self.gateway.take(), self.hub.take()].into_iter().flatten() {
            process.thaw()?;
            process.stop().await?;
        }
        match self.broker.take() {
            Some(broker) => broker.kill().await,
            None => Ok(()),
        }
    }

    async fn hub_comes(&mut self) -> anyhow::Result<()> {
        if let Some(frozen) = &self.hub {
            frozen.thaw()?;
        } else {
            let config = self.places.hub_toml();
            let args = ["run", "--config", &config.display().to_string()];
            self.hub = Some(Process::start(
                "tecs-hub",
                &self.programs.hub,
                &args,
                &self.places.log("hub"),
            )?);
        }
        let end = Instant::now() + READY;
        while !self.hub_api().healthy().await {
            self.alive()?;
            if Instant::now() > end {
                bail!(
                    "the hub does not answer on {}; its log is {}",
                    self.places.console,
                    self.places.log("hub").display()
                );
            }
            sleep(LOOK_AGAIN).await;
        }
        Ok(())
    }

    async fn gateway_comes(&mut self) -> anyhow::Result<()> {
        if let Some(frozen) = &self.gateway {
            frozen.thaw()?;
        } else {
            let config = self.places.gateway_toml();
            let args = ["run", "--config", &config.display().to_string()];
            let log = self.places.log("gateway");
            self.gateway = Some(Process::start(
                "tecs-gateway",
                &self.programs.gateway,
                &args,
                &log,
            )?);
        }
        let end = Instant::now() + READY;
        while !(self.living.is_listened().await && self.listens().await) {
            self.alive()?;
            if Instant::now() > end {
                bail!(
                    "the gateway does not open its sources; its log is {}",
                    self.places.log("gateway").display()
                );
            }
            sleep(LOOK_AGAIN).await;
        }
        // The embedded broker does not say retained messages again to a session that it resumes.
        self.living.teaches().await
    }

    /// True when the gateway says of every source that its path is open.
    async fn listens(&self) -> bool {
        const UP: &str = "tecs_gateway_source_up{";
        let page = http::get(self.places.metrics, "/metrics").await;
        let page = page.map(|answer| answer.text).unwrap_or_default();
        let mut sources = page.lines().filter(|line| line.starts_with(UP)).peekable();
        sources.peek().is_some() && sources.all(|line| line.ends_with(" 1"))
    }

    /// Repeats what the home remembers until some of it is at the hub: before that, the broker may have nobody to give
    /// it to, and what is said is in nobody's care.
    async fn first_word(&mut self) -> anyhow::Result<()> {
        let zigbee = self.living.home.on(Way::Zigbee2Mqtt).next();
        if zigbee.is_none() {
            return Ok(());
        }
        let end = Instant::now() + READY;
        loop {
            self.living.repeat_all().await?;
            sleep(LOOK_AGAIN * 6).await;
            self.alive()?;
            let at_hub = self.hub_api().records(&self.living.home.gateway).await?;
            let ours = |r: &AtHub| self.living.home.device(&r.device).is_some();
            if at_hub
                .iter()
                .any(|r| ours(r) && r.happened_ms.is_some() || r.number.is_some())
            {
                return Ok(());
            }
            if Instant::now() > end {
                bail!(
                    "no word of the home gets through; the logs are in {}",
                    self.places.work.display()
                );
            }
        }
    }
}

fn ours(places: &Places) -> Broker {
    Broker {
        at: places.broker,
        login: None,
    }
}

async fn start_broker(programs: &Programs, places: &Places) -> anyhow::Result<Process> {
    let args = ["broker", "--listen", &places.broker.to_string()];
    let mut broker = Process::start("the broker", &programs.sim, &args, &places.log("broker"))?;
    let listening = broker::listening(places.broker, READY).await;
    broker.alive()?;
    listening.map(|()| broker)
}

async fn take_away(slot: &mut Option<Process>, how: How) -> anyhow::Result<()> {
    if how == How::Frozen {
        return slot.as_ref().map_or(Ok(()), Process::freeze);
    }
    match (slot.take(), how) {
        (Some(process), How::Stopped) => process.stop().await,
        (Some(process), How::Killed | How::Frozen) => process.kill().await,
        (None, _) => Ok(()),
    }
}
