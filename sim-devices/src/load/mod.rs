//! `tecs-sim load` and `tecs-sim load-hub`: how much the gateway and the hub carry and what it costs, with the limits of
//! the machine beside it, as one JSON line. It drives real processes on loopback and judges counts, never times.
//!
//! A wait begins when a message is handed to the broker's socket and ends when the hub says in its own log that the record
//! is durable; both read this machine's clock.

mod caller;
mod durable;
mod figures;
mod hub;
mod limits;
mod mqtt;
mod phases;
mod places;
mod report;
mod scrape;
mod speaker;
mod street;
#[allow(clippy::pedantic, unreachable_pub)] // Generated code is not ours to restyle.
#[rustfmt::skip]
mod stub;
mod wire;
mod words;

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use tokio::signal::unix::{SignalKind, signal};

use crate::terminal::line;
use crate::world::Programs;

use durable::Durable;
use limits::Limits;
use phases::{Amounts, Load};
use report::{AtHub, Evidence};
use scrape::numbers_at_hub;
use street::Street;

pub use hub::HubArgs;

/// Where programs and files are.
#[derive(Debug, Args)]
pub struct Where {
    /// Where tecs-gateway and tecs-hub are; beside this program without it.
    #[arg(long)]
    bin_dir: Option<PathBuf>,
    /// A folder for configuration, keys, ledgers and logs, on the disk that is measured; kept. Without it, a new one
    /// below the current folder, removed at the end.
    #[arg(long)]
    work_dir: Option<PathBuf>,
}

/// Arguments of `load`.
#[derive(Debug, Args)]
pub struct LoadArgs {
    /// Homes, each with a broker and a gateway of its own.
    #[arg(long, default_value_t = 1)]
    homes: usize,
    /// Events of each home while the hub is there.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// Events a second of each home; without it, as fast as a window of 100 lets the devices speak.
    #[arg(long)]
    rate: Option<f64>,
    /// How long routine words come at a rate that the hub keeps up with, seconds.
    #[arg(long, default_value_t = 8)]
    steady_s: u64,
    /// That rate, a second.
    #[arg(long, default_value_t = 1_000.0)]
    steady_per_s: f64,
    /// How long alarms and routine words come at a home's pace, seconds.
    #[arg(long, default_value_t = 15)]
    paced_s: u64,
    /// That pace: alarms, and as many routine words, a second.
    #[arg(long, default_value_t = 20.0)]
    paced_per_s: f64,
    /// Events of each home while the hub is away.
    #[arg(long, default_value_t = 100_000)]
    backlog: u64,
    /// How often the hub goes and comes back to an alarm that waits.
    #[arg(long, default_value_t = 5)]
    returns: u64,
    /// The broker as deploy/mosquitto ships it: it writes its store after every change. Without it, once a second.
    #[arg(long)]
    autosave: bool,
    #[command(flatten)]
    places: Where,
}

/// Runs a load and prints its line; the exit code is 1 when anything was lost or repeated.
pub async fn load(args: LoadArgs) -> anyhow::Result<ExitCode> {
    interruptible(async {
        let work = Work::begin(args.places.work_dir.as_deref())?;
        let told = one(&args, &work.folder)
            .await
            .with_context(|| work.where_logs_are())?;
        line(&told);
        work.end()?;
        Ok(verdict(&told))
    })
    .await
}

/// Loads a hub directly and prints its line; the exit code is 1 when anything was lost.
pub async fn load_hub(args: HubArgs) -> anyhow::Result<ExitCode> {
    interruptible(async {
        let work = Work::begin(args.places.work_dir.as_deref())?;
        let told = hub::run(&args, &work.folder)
            .await
            .with_context(|| work.where_logs_are())?;
        line(&told);
        work.end()?;
        Ok(verdict(&told))
    })
    .await
}

async fn one(args: &LoadArgs, work: &Path) -> anyhow::Result<Value> {
    let programs = Programs::find(args.places.bin_dir.as_deref())?;
    let street = Street::build(programs, work, args.homes, args.autosave).await?;
    let first = street.homes.first().context("no home")?;
    let (devices, id) = (first.home.devices()?, first.home.id.clone());
    let limits = Limits::measure(work, devices, &street.tls, &id).await?;
    let mut load = Load::new(street, work);
    let noted = load
        .run(Amounts {
            online: args.events,
            rate: args.rate,
            steady_s: args.steady_s,
            steady_per_s: args.steady_per_s,
            paced_s: args.paced_s,
            paced_per_s: args.paced_per_s,
            backlog: args.backlog,
            returns: args.returns,
        })
        .await?;
    let mut at_hub = Vec::new();
    for run in &load.street.homes {
        let numbers = numbers_at_hub(load.street.hub.console, &run.home.id).await?;
        at_hub.push(AtHub::of(&run.home.id, numbers));
    }
    let durable = Durable::read(&load.street.hub.log())?;
    let evidence = Evidence {
        noted: &noted,
        limits: &limits,
        at_hub: &at_hub,
        durable: &durable,
    };
    let mut told = evidence.told();
    load.street.end().await?;
    if let Some(object) = told.as_object_mut() {
        object.insert("homes".to_owned(), json!(args.homes));
        object.insert("autosave_on_changes".to_owned(), json!(args.autosave));
        object.insert("machine".to_owned(), machine());
    }
    Ok(told)
}

/// What the machine is and how busy it was.
fn machine() -> Value {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load: Vec<f64> = load
        .split_whitespace()
        .take(3)
        .filter_map(|n| n.parse().ok())
        .collect();
    json!({
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "load": load,
    })
}

/// KiB as MiB.
fn mib(kib: u64) -> f64 {
    figures::round(kib as f64 / 1_024.0)
}

fn verdict(told: &Value) -> ExitCode {
    let none = |key: &str| told.get(key).is_none_or(|n| n.as_u64() == Some(0));
    if none("lost") && none("repeated") {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// The folder of a run.
struct Work {
    folder: PathBuf,
    keep: bool,
}

impl Work {
    fn begin(named: Option<&Path>) -> anyhow::Result<Self> {
        let own = || PathBuf::from(format!("tecs-load-{}", std::process::id()));
        let folder = named.map_or_else(own, Path::to_owned);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&folder)
            .with_context(|| format!("making {}", folder.display()))?;
        Ok(Self {
            folder: folder.canonicalize()?,
            keep: named.is_some(),
        })
    }

    fn where_logs_are(&self) -> String {
        format!("the logs are in {}", self.folder.display())
    }

    /// After a good run: it holds keys, and nothing that anybody asked to keep. After a bad one the logs stay.
    fn end(&self) -> anyhow::Result<()> {
        if self.keep {
            return Ok(());
        }
        std::fs::remove_dir_all(&self.folder)
            .with_context(|| format!("removing {}", self.folder.display()))
    }
}

/// Processes end with us, whoever ends us.
async fn interruptible(
    run: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let mut term = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = run => ended,
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(130)),
        _ = term.recv() => Ok(ExitCode::from(143)),
    }
}
