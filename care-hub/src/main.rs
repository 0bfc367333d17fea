//! `tecs-hub run` and `tecs-hub check`: reads the command line, starts the hub, ends it on a signal.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};
use tecs_hub::config::{self, Problem};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// A bad configuration (`EX_CONFIG` of sysexits.h).
const BAD_CONFIGURATION: u8 = 78;

/// The care hub: takes records from many homes and shows responders what needs them.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGTERM or SIGINT.
    Run {
        /// The configuration, TOML.
        #[arg(long)]
        config: PathBuf,
        /// Logs as JSON, one object a line.
        #[arg(long)]
        log_json: bool,
    },
    /// Say what is wrong with a configuration; exits 78 if anything is.
    Check {
        /// The configuration, TOML.
        #[arg(long)]
        config: PathBuf,
        /// One JSON object instead of lines.
        #[arg(long)]
        json: bool,
    },
}

fn main() -> anyhow::Result<ExitCode> {
    match Cli::parse().command {
        Command::Check { config, json } => Ok(check(&config, json)),
        Command::Run { config, log_json } => run(&config, log_json),
    }
}

/// Only the hub's own variables; another's may not even be text.
fn overrides() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| {
            let name = name.into_string().ok()?;
            let value = value.into_string().ok()?;
            name.starts_with(config::OVERRIDE).then_some((name, value))
        })
        .collect()
}

#[allow(clippy::print_stdout, reason = "the answer of the command")]
fn check(file: &std::path::Path, json: bool) -> ExitCode {
    let problems = config::check(file, overrides()).err().unwrap_or_default();
    if json {
        let told = serde_json::json!({ "ok": problems.is_empty(), "problems": problems });
        println!("{told}");
    } else if problems.is_empty() {
        println!("{}: good", file.display());
    } else {
        say(&problems);
    }
    exit(problems.is_empty())
}

fn exit(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(BAD_CONFIGURATION)
    }
}

fn say(problems: &[Problem]) {
    for problem in problems {
        eprintln!("{problem}");
    }
}

fn run(file: &std::path::Path, log_json: bool) -> anyhow::Result<ExitCode> {
    let checked = match config::check(file, overrides()) {
        Ok(checked) => checked,
        Err(problems) => {
            say(&problems);
            return Ok(exit(false));
        }
    };
    logs(log_json);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    runtime.block_on(async {
        let mut running = tecs_hub::start(checked).await?;
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let told = tokio::select! {
            _ = term.recv() => true,
            _ = int.recv() => true,
            () = running.broken() => false,
        };
        running.stop().await;
        anyhow::ensure!(told, "a part of the hub ended by itself");
        Ok(ExitCode::SUCCESS)
    })
}

/// `TECS_LOG` chooses what is logged, as `info` or `tecs_hub=debug`.
fn logs(json: bool) {
    let filter = EnvFilter::try_from_env("TECS_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let logs = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    if json {
        logs.json().init();
    } else {
        logs.init();
    }
}
