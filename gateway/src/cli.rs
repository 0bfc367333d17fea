//! The command line: one arm a command. It reads arguments, calls the room that does the work, and turns faults into exit
//! codes: 0 good, 1 failed, 2 wrong arguments, 78 a bad configuration.

mod socket;

use std::fs::File;
use std::io::{self, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, Parser, Subcommand};
use serde_json::json;
use tecs_protocol::family::Family;

use crate::check::{EX_CONFIG, check};
use crate::config::{self, Config, tables};
use crate::run::{Options, RunFault};
use crate::{decode, devices, diag, doctor, map_test, run, status};
use socket::{QueueCommand, SocketArg, ask, ask_with, listen, what_waits};

/// Where the configuration is looked for when none is named.
const CONFIG: &str = "/etc/tecs-gateway/gateway.toml";

/// Reads the sensors of a home, says what they mean, and keeps every word until the care hub has it.
#[derive(Debug, Parser)]
#[command(name = "tecs-gateway", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The daemon.
    Run {
        #[command(flatten)]
        config: ConfigArg,
        /// Record every input with its time into this file, or into a new file in this folder; devices and free words
        /// are replaced by pseudonyms.
        #[arg(long, value_name = "F")]
        record: Option<PathBuf>,
        /// Record personal data as well.
        #[arg(long, requires = "record")]
        record_personal: bool,
    },
    /// Says what is wrong with a configuration, by key and line, and what to do; exit code 78 on a bad one.
    Check {
        #[command(flatten)]
        config: ConfigArg,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Says what raw messages become: JSON lines in, one JSON object a line out.
    Decode {
        /// Reads as the daemon of this configuration would.
        #[arg(long, value_name = "F")]
        config: Option<PathBuf>,
        /// The output is JSON lines in any case.
        #[arg(long)]
        json: bool,
    },
    /// What has to do with tables (gateway/docs/map.md).
    #[command(subcommand)]
    Map(MapCommand),
    /// Says how the running daemon is.
    Status {
        #[command(flatten)]
        socket: SocketArg,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Raises an alarm that is a test, all the way to the responder's screen.
    TestAlarm {
        #[command(flatten)]
        socket: SocketArg,
    },
    /// Says that a responder has come.
    ResponderHere {
        #[command(flatten)]
        socket: SocketArg,
    },
    /// Says who was heard and who was not, what was not understood, and what to paste into the configuration.
    Devices {
        #[command(flatten)]
        socket: SocketArg,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// Shows what is decided, as it is decided: events, and what was ignored or refused and why.
    Tap {
        #[command(flatten)]
        socket: SocketArg,
        /// JSON lines instead of text.
        #[arg(long)]
        json: bool,
        /// Shows names, free words, vital values and raw messages as well.
        #[arg(long)]
        personal: bool,
    },
    /// What waits for the care hub.
    #[command(subcommand)]
    Queue(QueueCommand),
    /// Walks the whole way, from the wires to a record in the hub's ledger, and names the hop that fails; exit code 0 only
    /// when all is well.
    Doctor {
        #[command(flatten)]
        config: ConfigArg,
        /// One JSON object instead of text.
        #[arg(long)]
        json: bool,
    },
    /// What an engineer needs to know.
    #[command(subcommand)]
    Diag(DiagCommand),
}

#[derive(Debug, Subcommand)]
enum DiagCommand {
    /// Gathers what an engineer needs into one archive, without secrets and without anything personal.
    Collect {
        #[command(flatten)]
        config: ConfigArg,
        /// Where; a new file in this folder without.
        #[arg(long, value_name = "F")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Subcommand)]
enum MapCommand {
    /// Reads messages with what they should mean, one JSON object a line, and prints what differs; exit code 1 when
    /// something does.
    Test {
        /// `{"topic": …, "payload": …, "expect": [{"kind": …, "condition": …}]}`, one a line.
        #[arg(value_name = "FILE.jsonl")]
        file: PathBuf,
        /// Reads as the daemon of this configuration would.
        #[arg(long, value_name = "F", conflicts_with_all = ["preset", "map"])]
        config: Option<PathBuf>,
        /// Reads by the table that is built in under this name.
        #[arg(long, value_name = "NAME")]
        preset: Option<String>,
        /// Reads by this table; with --preset it is tried before that.
        #[arg(long, value_name = "F")]
        map: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct ConfigArg {
    /// The configuration.
    #[arg(long, value_name = "F", default_value = CONFIG)]
    config: PathBuf,
}

/// What went wrong, with its exit code.
struct Failed(u8, String);

impl Failed {
    fn of(fault: &impl std::fmt::Display) -> Self {
        Self(1, format!("error: {fault}"))
    }
}

/// Does what the arguments ask for.
pub fn main() -> ExitCode {
    match command(Cli::parse().command) {
        Ok(code) => ExitCode::from(code),
        Err(Failed(code, why)) => {
            // Nobody reads it if this fails.
            let _ = writeln!(io::stderr(), "{why}");
            ExitCode::from(code)
        }
    }
}

fn command(command: Command) -> Result<u8, Failed> {
    let env = config::environment();
    match command {
        Command::Run {
            config,
            record,
            record_personal,
        } => {
            let options = Options {
                record,
                record_personal,
            };
            run::run(&config.config, &env, &options).map_err(|fault| match &fault {
                RunFault::Configuration(faults) => Failed(EX_CONFIG, faults.to_string()),
                RunFault::Journal(_)
                | RunFault::Record(_)
                | RunFault::Machine { .. }
                | RunFault::JournalEnded => Failed::of(&fault),
            })?;
            Ok(0)
        }
        Command::Check { config, json } => {
            check(&config.config, &env, json, &mut io::stdout().lock()).map_err(|e| Failed::of(&e))
        }
        Command::Decode { config, json: _ } => {
            let settings = config
                .map(|file| load(&file, &env).map(|config| config.settings))
                .transpose()?;
            ended(decode::decode(
                settings,
                io::stdin().lock(),
                io::stdout().lock(),
            ))
        }
        Command::Map(MapCommand::Test {
            file,
            config,
            preset,
            map,
        }) => test_a_map(
            &file,
            config.as_deref(),
            preset.as_deref(),
            map.as_deref(),
            &env,
        ),
        Command::Status { socket, json } => {
            let answer = ask(&socket, &env, "status")?;
            ended(status::print(&answer, json, &mut io::stdout().lock()))
        }
        Command::TestAlarm { socket } => {
            ask(&socket, &env, "test-alarm")?;
            ended(writeln!(io::stdout(), "a test alarm is on its way"))
        }
        Command::ResponderHere { socket } => {
            ask(&socket, &env, "responder-here")?;
            ended(writeln!(
                io::stdout(),
                "the hub will hear that a responder is here"
            ))
        }
        Command::Devices { socket, json } => {
            let question = json!({ "ask": "devices", "personal": true });
            let answer = ask_with(&socket, &env, &question, "devices")?;
            ended(devices::print(&answer, json, &mut io::stdout().lock()))
        }
        Command::Tap {
            socket,
            json,
            personal,
        } => listen(&socket, &env, json, personal),
        Command::Queue(command) => what_waits(command, &env),
        Command::Doctor { config, json } => {
            let out = &mut io::stdout().lock();
            doctor::run(&config.config, &env, json, out).map_err(|e| Failed::of(&e))
        }
        Command::Diag(DiagCommand::Collect { config, out }) => {
            let path = diag::collect(&config.config, &env, out).map_err(|e| Failed::of(&e))?;
            ended(writeln!(io::stdout(), "{}", path.display()))
        }
    }
}

/// Reads by a configuration, by a preset, by a table, or by what is built in.
fn test_a_map(
    file: &Path,
    config: Option<&Path>,
    preset: Option<&str>,
    map: Option<&Path>,
    env: &[(String, String)],
) -> Result<u8, Failed> {
    let settings = config
        .map(|file| load(file, env).map(|config| config.settings))
        .transpose()?;
    let family = match preset {
        Some(name) => tables::presets()
            .find(|family| family.word() == name)
            .ok_or_else(|| {
                let all: Vec<_> = tables::presets().map(Family::word).collect();
                Failed(
                    2,
                    format!("error: no preset `{name}`; there are {}", all.join(", ")),
                )
            })?,
        None => Family::Map,
    };
    let table = if preset.is_some() || map.is_some() {
        let asked = tables::Asked {
            family,
            file: map,
            base: "",
            line: false,
        };
        let table = tables::table(asked)
            .map_err(|faults| Failed(EX_CONFIG, config::Faults(faults).to_string()))?;
        for advice in &table.advice {
            // What deserves to be known of the table is not what the test prints.
            let _ = writeln!(io::stderr(), "{advice}");
        }
        Some(table.map)
    } else {
        None
    };
    let by_settings = settings.as_ref().and_then(|settings| {
        let mut sources = settings.sources.iter();
        sources.find(|s| s.speaks.is_table()).map(|s| s.speaks)
    });
    let reader = || match &table {
        Some(map) => decode::Decode::by_table(family, Arc::clone(map)),
        None => decode::Decode::new(settings.clone()),
    };
    let usual = table.as_ref().map(|_| family).or(by_settings);
    let lines =
        File::open(file).map_err(|e| Failed(1, format!("error: {}: {e}", file.display())))?;
    let mut out = io::stdout().lock();
    match map_test::test(&reader, usual, BufReader::new(lines), &mut out) {
        Ok(outcome) => Ok(u8::from(outcome.bad > 0)),
        Err(e) => ended(Err(e)),
    }
}

/// A reader that has seen enough (`| head`) is no fault.
fn ended(done: io::Result<()>) -> Result<u8, Failed> {
    match done {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => Err(Failed::of(&e)),
        Ok(()) | Err(_) => Ok(0),
    }
}

fn load(file: &Path, env: &[(String, String)]) -> Result<Config, Failed> {
    config::load(file, env).map_err(|faults| Failed(EX_CONFIG, faults.to_string()))
}
