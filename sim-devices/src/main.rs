//! `tecs-sim`: the command line. It reads arguments and hands over; it decides nothing.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tecs_sim::{broker, ca, commands, control, load, story, terminal};

/// Simulated telecare homes, and scenarios with expectations for everything behind them.
#[derive(Debug, Parser)]
#[command(name = "tecs-sim", version)]
struct Line {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Make a certificate authority for tests, with certificates for a hub and for gateways.
    Ca {
        /// Into this folder; existing keys are never overwritten.
        #[arg(long)]
        out: PathBuf,
        /// A gateway's id; may be given again.
        #[arg(long = "gateway", value_name = "ID")]
        gateways: Vec<String>,
        /// How long everything is valid.
        #[arg(long, default_value_t = 30)]
        days: u32,
        /// Also an authority that the first does not know, under `stranger/`.
        #[arg(long)]
        stranger: bool,
        /// Also certificates whose time ended yesterday, under `expired/`.
        #[arg(long)]
        expired: bool,
    },
    /// Run the embedded MQTT broker on loopback; for demos and tests.
    Broker {
        /// Where it listens.
        #[arg(long, default_value = "127.0.0.1:1883")]
        listen: SocketAddr,
    },
    /// List the devices that can be simulated and what each can do.
    Devices,
    /// Let one home live an ordinary day against a broker that is already there.
    Home(commands::HomeArgs),
    /// Say captured messages again, to a broker or a serial port.
    Replay(commands::ReplayArgs),
    /// Play a scenario against real processes; exit code 0 when everything expected held.
    Scenario(story::ScenarioArgs),
    /// Tell the story of a home: a fall, a hub that goes away, a gateway that is killed.
    Demo(story::DemoArgs),
    /// Measure a gateway, its broker and a hub under load; one JSON line.
    Load(load::LoadArgs),
    /// Measure a hub under many gateways; one JSON line.
    LoadHub(load::HubArgs),
    /// Do something in a demo that lives on in another terminal.
    Do(control::DoArgs),
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_env("TECS_SIM_LOG"))
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_writer(std::io::stderr)
        .init();
    match run(Line::parse().command) {
        Ok(code) => code,
        Err(e) => {
            let mut out = std::io::stderr().lock();
            let _ = std::io::Write::write_fmt(&mut out, format_args!("tecs-sim: {e:#}\n"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Ca {
            out,
            gateways,
            days,
            stranger,
            expired,
        } => {
            let order = ca::Order {
                out,
                gateways,
                days,
                stranger,
                expired,
            };
            for path in ca::make(&order)? {
                terminal::line(path.display());
            }
        }
        Command::Broker { listen } => broker::run(listen)?,
        Command::Devices => commands::devices(),
        Command::Home(args) => runtime()?.block_on(commands::home(args))?,
        Command::Replay(args) => runtime()?.block_on(commands::replay(args))?,
        Command::Scenario(args) => return runtime()?.block_on(story::scenario(args)),
        Command::Demo(args) => return runtime()?.block_on(story::demo(args)),
        Command::Load(args) => return runtime()?.block_on(load::load(args)),
        Command::LoadHub(args) => return runtime()?.block_on(load::load_hub(args)),
        Command::Do(args) => runtime()?.block_on(control::say(args))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?)
}
