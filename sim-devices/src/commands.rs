//! The smaller commands: the list of devices, one home on its own, and captured messages said again.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use serde::Deserialize;
use tokio::time::sleep;

use crate::bridge::{Bridge, Broker};
use crate::catalogue::models;
use crate::day::Day;
use crate::home::Home;
use crate::hub_api::bytes;
use crate::line::Line;
use crate::living::Living;
use crate::terminal::line;
use crate::toml_file::Text;
use crate::words::Taken;

/// Where a broker is.
#[derive(Debug, Args)]
pub struct BrokerArgs {
    /// The broker.
    #[arg(long, default_value = "127.0.0.1:1883")]
    pub broker: SocketAddr,
    /// The user at the broker; its password is read from the variable `TECS_SIM_PASSWORD`.
    #[arg(long)]
    pub user: Option<String>,
}

impl BrokerArgs {
    fn broker(&self) -> Broker {
        let password = std::env::var("TECS_SIM_PASSWORD").unwrap_or_default();
        Broker {
            at: self.broker,
            login: self.user.clone().map(|user| (user, password)),
        }
    }
}

/// Arguments of `home`.
#[derive(Debug, Args)]
pub struct HomeArgs {
    /// The home's file; the bundled Rowan Cottage without one.
    #[arg(long)]
    pub config: Option<PathBuf>,
    #[command(flatten)]
    broker: BrokerArgs,
    /// Where relative paths of the home (its serial port's name) are.
    #[arg(long, default_value = ".")]
    pub work_dir: PathBuf,
    /// The day's seed: the same seed tells the same day.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Something happens every so many seconds, on average.
    #[arg(long, default_value_t = 10.0)]
    pub every_s: f64,
    /// End after so many happenings; without it, live on.
    #[arg(long)]
    pub count: Option<u64>,
}

/// Arguments of `replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// One JSON object a line with `topic` and `payload`, or `hex`; other keys are ignored.
    pub file: PathBuf,
    #[command(flatten)]
    broker: BrokerArgs,
    /// Say `hex` (and payloads without a topic) on a new serial port of this name instead.
    #[arg(long)]
    pub port: Option<PathBuf>,
    /// A pause between two messages, ms.
    #[arg(long, default_value_t = 100)]
    pub pause_ms: u64,
}

/// Lists every model.
pub fn devices() {
    for model in models() {
        let deeds: Vec<_> = model.deeds.iter().map(|d| d.word).collect();
        let path = model.path.row().family;
        let maker = format!("{} {}", model.vendor, model.model);
        line(format_args!(
            "{:<18} {path:<12} {:<34} {}",
            model.word,
            maker,
            deeds.join(", ")
        ));
    }
}

/// Lets one home live.
pub async fn home(args: HomeArgs) -> anyhow::Result<()> {
    let text = match &args.config {
        Some(path) => Text::load(path)?,
        None => Text::new("rowan-cottage.toml", crate::bundled::ROWAN_COTTAGE),
    };
    let home = Home::read(&text)?;
    let mean = Duration::try_from_secs_f64(args.every_s).context("--every-s must be a time")?;
    let mut day = Day::new(&home, args.seed, u64::try_from(mean.as_millis())?);
    let mut living = Living::new(home, &args.work_dir);
    living.plug().await?;
    let broker = args.broker.broker();
    living.bridge_starts(&broker).await?;
    living.publishers_start(&broker).await?;
    line(format_args!(
        "{} lives; its serial ports:",
        living.home.label
    ));
    for port in &living.ports {
        line(format_args!(
            "  {:<12} {}",
            port.source,
            port.name().display()
        ));
    }
    for _ in 0..args.count.unwrap_or(u64::MAX) {
        let Some(next) = day.then() else {
            bail!(
                "nothing ordinary can happen in {}: its devices only raise alarms",
                living.home.label
            );
        };
        tokio::select! {
            () = sleep(Duration::from_millis(next.after_ms)) => {}
            _ = tokio::signal::ctrl_c() => break,
        }
        let said = living.does(&next.device, next.deed, next.value).await?;
        let taken = match said.taken() {
            Taken::Yes | Taken::Untold => "",
            Taken::No => "  (nobody took it)",
            Taken::Waits => "  (not answered yet)",
        };
        line(format_args!(
            "{} {}: {}{taken}",
            next.device,
            next.deed,
            said.message.body.shown()
        ));
    }
    Ok(())
}

/// One captured message.
#[derive(Deserialize)]
struct Captured {
    #[serde(default)]
    topic: Option<String>,
    #[serde(default)]
    payload: Option<String>,
    #[serde(default)]
    hex: Option<String>,
    #[serde(default)]
    retained: bool,
}

/// Says captured messages again.
pub async fn replay(args: ReplayArgs) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(&args.file)
        .with_context(|| format!("reading {}", args.file.display()))?;
    let mut port = match &args.port {
        Some(name) => Some(opened(name).await?),
        None => None,
    };
    let mut bridge = match port {
        Some(_) => None,
        None => Some(Bridge::bare(&args.broker.broker(), "tecs-sim-replay").await?),
    };
    let mut said = 0_u64;
    for (nth, text) in text
        .lines()
        .enumerate()
        .filter(|(_, l)| !l.trim().is_empty())
    {
        let place = || format!("{}:{}", args.file.display(), nth + 1);
        let captured: Captured = serde_json::from_str(text).with_context(place)?;
        let taken = match (&mut port, &mut bridge, captured) {
            (Some(port), _, Captured { hex: Some(hex), .. }) => port.write(&bytes(&hex)).await?,
            (
                Some(port),
                _,
                Captured {
                    payload: Some(text),
                    topic: None,
                    ..
                },
            ) => port.say(&text).await?,
            (
                None,
                Some(bridge),
                Captured {
                    topic: Some(topic),
                    payload: Some(payload),
                    retained,
                    ..
                },
            ) => bridge.publish(&topic, payload.as_bytes(), retained).await?,
            _ => {
                line(format_args!("{}: not for this path", place()));
                continue;
            }
        };
        if taken == Taken::No {
            bail!("{}: nobody took it", place());
        }
        said += 1;
        sleep(Duration::from_millis(args.pause_ms)).await;
    }
    line(format_args!("{said} messages said"));
    Ok(())
}

/// A new serial port, once somebody has opened it.
async fn opened(name: &std::path::Path) -> anyhow::Result<Line> {
    let mut port = Line::new(name);
    port.plug()?;
    line(format_args!(
        "the serial port is {}: waiting until it is opened",
        name.display()
    ));
    while !port.is_listened() {
        sleep(Duration::from_millis(50)).await;
    }
    Ok(port)
}
