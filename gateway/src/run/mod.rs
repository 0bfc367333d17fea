//! `tecs-gateway run`: opens the journal, then every edge, and turns the one loop until it is asked to end. Decides
//! nothing: it only carries.
//!
//! Start: configuration → journal (waited for, 2 s at most: a disk that hangs keeps no alarm) → edges → READY. Neither a
//! broker nor the hub is waited for. End: SIGTERM or SIGINT → `Input::Stop` → `Effect::Stopped`, within 5 s whatever the disk does. SIGHUP does
//! nothing: certificates are read anew at each connect, and a new configuration needs a restart.

mod carry;
mod edges;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gateway_core::{Gateway, Identity, Input};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::unbounded_channel;
use tokio::time::timeout;

use crate::admin::{self, Admin, Desk};
use crate::asked::questions;
use crate::clock::{Clock, boot_id};
use crate::config::{self, Config, Fault, Faults};
use crate::inputs::{Inputs, Intake};
use crate::journal::{Journal, JournalLimits, OpenError};
use crate::log;
use crate::metrics;
use crate::notes::Notes;
use crate::notify::Notify;
use crate::power::Power;
use crate::progress::{self, Progress};
use crate::record::{RecordFault, Recorder, Subject};
use crate::taps::Taps;

use carry::Loop;
use edges::Edges;

pub(crate) use edges::filters;

/// From the word to end until the process does, at most.
const ENDS_WITHIN: Duration = Duration::from_secs(5);
/// The journal is waited for so long at the start: what it remembers tells a state that a broker repeats from news. A
/// journal of 64 generations a lane is read in less on the machines that we know (`gateway/docs/performance.md`).
const OPENS_WITHIN: Duration = Duration::from_secs(2);
/// Orders and signals that wait for the loop.
const ORDERS: usize = 16;

/// What the command line asks for.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where a recording goes; a folder means a new file in it.
    pub record: Option<PathBuf>,
    /// Personal data goes into it as well.
    pub record_personal: bool,
}

/// Why the daemon could not start or go on, by whose fault.
#[derive(Debug, thiserror::Error)]
pub enum RunFault {
    /// The installer's.
    #[error("{0}")]
    Configuration(Faults),
    /// Another daemon's, or the state folder's.
    #[error(transparent)]
    Journal(#[from] OpenError),
    /// The recording's.
    #[error(transparent)]
    Record(#[from] RecordFault),
    /// The machine's.
    #[error("{what}: {source}")]
    Machine {
        /// What was tried.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Ours.
    #[error("the journal's thread ended by a fault: nothing can be kept")]
    JournalEnded,
}

impl RunFault {
    fn machine(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Machine { what, source }
    }
}

/// Runs the daemon of this configuration to its end.
pub fn run(file: &Path, env: &[(String, String)], options: &Options) -> Result<(), RunFault> {
    let config = config::load(file, env).map_err(RunFault::Configuration)?;
    log::begin(config.log);
    log::panics_by_place_alone();
    files(&config)?;
    let epoch = getrandom::u64().map_err(|e| RunFault::Machine {
        what: "no randomness for the epoch",
        source: std::io::Error::other(e),
    })?;
    let who = Identity {
        epoch,
        boot_id: boot_id().map_err(RunFault::machine("the boot has no name"))?,
    };
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(RunFault::machine("no runtime"))?
        .block_on(daemon(config, who, options))
}

/// An open secret is refused. What else is wrong with files keeps nobody from listening: it is said, and said again by
/// each link that needs them.
fn files(config: &Config) -> Result<(), RunFault> {
    let found = config::check_files(config);
    let (open, rest): (Vec<Fault>, Vec<Fault>) = found.into_iter().partition(|f| f.open_secret);
    for fault in rest {
        if fault.is_error() {
            tracing::error!("{fault}");
        } else {
            tracing::info!("{fault}");
        }
    }
    if open.is_empty() {
        Ok(())
    } else {
        Err(RunFault::Configuration(Faults(open)))
    }
}

async fn daemon(config: Config, who: Identity, options: &Options) -> Result<(), RunFault> {
    let mut intake = Intake::new();
    let (says, said) = unbounded_channel();
    let limits = JournalLimits {
        disk: config.settings.limits.disk,
        ballast: config.ballast_bytes,
    };
    let (mut opened, journal) = Journal::begin(&config.state_dir, limits, says)?;
    let recovered = match timeout(OPENS_WITHIN, &mut opened).await {
        Ok(found) => Some(found.map_err(|_| RunFault::JournalEnded)??),
        Err(_) => None,
    };
    let progress = Progress::new(journal.progress());
    let started = Clock::now();
    let recorder = match &options.record {
        Some(path) => Some(Recorder::create(
            path,
            options.record_personal,
            &Subject {
                settings: &config.settings,
                who,
                recovered: recovered.as_ref(),
                now: started,
            },
        )?),
        None => None,
    };
    let orders = intake.edge(ORDERS, 1 << 10);
    signals(&orders)?;
    let (asker, questions) = questions();
    let desk = Desk::new(orders, asker.clone(), &config.settings);
    let admin = open_admin(&config, desk).await;
    if let Some(listen) = config.metrics {
        metrics::serve(listen, asker, progress.clone()).await;
    }
    let notes = Notes::new(&config.settings);
    let late = recovered.is_none().then_some(opened);
    let gateway = match recovered {
        Some(recovered) => Gateway::new(config.settings.clone(), who, recovered, started),
        None => Gateway::without_journal(config.settings.clone(), who, started),
    };
    let edges = Edges::open(&config, &mut intake, journal, said);
    let notify = Arc::new(Notify::from_environment().map_err(RunFault::machine("NOTIFY_SOCKET"))?);
    progress::watch(progress.clone(), notify.clone()).map_err(RunFault::machine("no watchdog"))?;
    notify.ready();
    tracing::info!(epoch = format!("{:016x}", who.epoch), state = %config.state_dir.display(), "running");
    let turns = Loop {
        gateway,
        late,
        intake,
        edges,
        notes,
        clock: Clock::new(config.trust),
        power: Power::default(),
        questions,
        recorder,
        progress,
        notify,
        started,
        taps: Taps::default(),
    };
    // As a task it is woken by the edges' tasks without a system call.
    let ended = tokio::spawn(turns.run()).await;
    drop(admin);
    ended.unwrap_or_else(|fault| std::panic::resume_unwind(fault.into_panic()))
}

/// The local socket; without it the daemon runs all the same.
async fn open_admin(config: &Config, desk: Desk) -> Option<Admin> {
    match admin::serve(&config.socket, desk).await {
        Ok(admin) => Some(admin),
        Err(e) => {
            tracing::error!(socket = %config.socket.display(), error = %e, "no local socket: status and test-alarm will not work");
            None
        }
    }
}

/// SIGTERM and SIGINT ask for the end; SIGHUP is said to do nothing.
fn signals(inputs: &Inputs) -> Result<(), RunFault> {
    let fault = || RunFault::machine("no signals");
    let mut terminate = signal(SignalKind::terminate()).map_err(fault())?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fault())?;
    let mut hang_up = signal(SignalKind::hangup()).map_err(fault())?;
    let inputs = inputs.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => break,
                _ = interrupt.recv() => break,
                _ = hang_up.recv() => tracing::info!("SIGHUP does nothing: certificates are read at each connect, a new configuration needs a restart"),
            }
        }
        // An error means that the loop has ended already.
        let _ = inputs.give(Input::Stop).await;
    });
    Ok(())
}
