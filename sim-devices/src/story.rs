//! `demo` and `scenario`: a world is started, a story played in it, a verdict given in words and as an exit code.

use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::bundled;
use crate::home::Home;
use crate::play::Player;
use crate::scenario::Scenario;
use crate::tally::Count;
use crate::terminal::line;
use crate::toml_file::Text;
use crate::verdict::{Evidence, Verdict};
use crate::world::{Programs, World};

/// How often something happens in the home after the demo's story.
const LIVING_EVERY: Duration = Duration::from_secs(8);

/// Arguments of both.
#[derive(Debug, Args)]
pub struct StoryArgs {
    /// Where tecs-gateway and tecs-hub are; beside this program without it.
    #[arg(long)]
    pub bin_dir: Option<PathBuf>,
    /// A folder for configuration, keys, ledgers and logs; a new one without it.
    #[arg(long)]
    pub work_dir: Option<PathBuf>,
}

/// Arguments of `demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// Play the story, check it and end: exit code 0 when everything held.
    #[arg(long)]
    pub once: bool,
    #[command(flatten)]
    story: StoryArgs,
}

/// Arguments of `scenario`.
#[derive(Debug, Args)]
pub struct ScenarioArgs {
    /// The scenario; the home's file that it names stands beside it.
    pub file: PathBuf,
    /// Only read it and say what is wrong.
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    story: StoryArgs,
}

/// Tells the bundled story.
pub async fn demo(args: DemoArgs) -> anyhow::Result<ExitCode> {
    let home = Home::read(&Text::new("rowan-cottage.toml", bundled::ROWAN_COTTAGE))?;
    let scenario = Scenario::read(&Text::new("demo.toml", bundled::DEMO), &home)?;
    interruptible(tell(&args.story, home, scenario, !args.once)).await
}

/// Plays a scenario of one's own.
pub async fn scenario(args: ScenarioArgs) -> anyhow::Result<ExitCode> {
    let text = Text::load(&args.file)?;
    let folder = args.file.parent().unwrap_or(Path::new(""));
    let home = Home::read(&Text::load(&folder.join(Scenario::home_of(&text)?))?)?;
    let scenario = Scenario::read(&text, &home)?;
    if args.check {
        line(format_args!(
            "{}: good ({} steps, {} expectations)",
            args.file.display(),
            scenario.steps.len(),
            scenario.expects.len()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    interruptible(tell(&args.story, home, scenario, false)).await
}

/// Ends with the story, or with Ctrl-C or SIGTERM; dropping the world ends its processes.
async fn interruptible(
    story: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let mut term = signal(SignalKind::terminate())?;
    tokio::select! {
        ended = story => ended,
        _ = tokio::signal::ctrl_c() => Ok(interrupted()),
        _ = term.recv() => Ok(interrupted()),
    }
}

fn interrupted() -> ExitCode {
    line("");
    line("Interrupted; the processes are ended.");
    ExitCode::from(130)
}

async fn tell(
    args: &StoryArgs,
    home: Home,
    scenario: Scenario,
    stay: bool,
) -> anyhow::Result<ExitCode> {
    let work = work_folder(args.work_dir.as_deref())?;
    let programs = Programs::find(args.bin_dir.as_deref())?;
    line(format_args!("{}. Home: {}.", scenario.name, home.label));
    line("Starting a broker, the care hub and the gateway as real processes on this machine …");
    let mut world = World::start(programs, home, &work).await?;
    where_to_look(&world);
    let mut player = Player::new(&mut world, scenario.seed, scenario.speed);
    let story = player.play(&scenario).await?;
    let listed = settle(&player, scenario.settle_s).await?;
    let told = world.listener.all();
    let evidence = Evidence {
        spoken: &world.living.spoken,
        at_hub: &listed,
        told: &told,
        played: &story,
    };
    let verdicts = evidence.judge(&scenario.expects);
    summary(&evidence.count());
    lines_counted(&world).await;
    let held = table(&verdicts);
    if stay {
        live_on(&mut world, scenario.seed).await?;
    }
    world.end().await?;
    if held && !stay && args.work_dir.is_none() {
        // It holds keys, and nothing that anybody asked to keep.
        std::fs::remove_dir_all(&work).with_context(|| format!("removing {}", work.display()))?;
    } else {
        line(format_args!(
            "Logs, configuration and ledgers: {}",
            work.display()
        ));
    }
    Ok(if held {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Waits until everything that must be at the hub is there, or the time is up.
async fn settle(player: &Player<'_>, settle_s: f64) -> anyhow::Result<Vec<crate::tally::AtHub>> {
    let end = tokio::time::Instant::now() + Duration::try_from_secs_f64(settle_s)?;
    loop {
        let listed = player.at_hub().await?;
        let done = Count::of(&player.said(), &listed).lost.is_empty();
        if done || tokio::time::Instant::now() >= end {
            return Ok(listed);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn where_to_look(world: &World) {
    let places = &world.places;
    line(format_args!(
        "  The responders' page:     http://{}/",
        places.console
    ));
    line(format_args!(
        "  What the home is told:    MQTT 127.0.0.1:{}, tecs/{}/#",
        places.broker.port(),
        world.living.home.gateway
    ));
    line(format_args!(
        "  Logs and configuration:   {}",
        places.work.display()
    ));
    line("");
}

fn summary(count: &Count) {
    line("");
    line("What was counted, by each device's own numbers against the hub's list of names:");
    let rows = [
        ("messages said by devices", count.said),
        ("of these, news taken over", count.must),
        ("of these, at the hub", count.arrived),
        ("records at the hub", count.records),
        ("lost", count.lost.len()),
        ("twice", count.twice.len()),
        ("redelivered, marked so", count.redelivered.len()),
        ("out of order", count.reordered.len()),
        ("that no device said", count.unexpected.len()),
    ];
    for (what, number) in rows {
        line(format_args!("  {what:<28}{number:>6}"));
    }
    line("");
}

/// What devices on lines that go both ways counted themselves.
async fn lines_counted(world: &World) {
    for port in &world.living.ports {
        let counted = port.counted().await;
        let some: Vec<_> = counted.iter().filter(|(_, n)| *n > 0).collect();
        if some.is_empty() {
            continue;
        }
        line(format_args!(
            "What the line `{}` counted itself:",
            port.source
        ));
        for (what, number) in some {
            line(format_args!("  {what:<28}{number:>6}"));
        }
        line("");
    }
}

fn table(verdicts: &[Verdict]) -> bool {
    for verdict in verdicts {
        let word = if verdict.held { "held    " } else { "NOT HELD" };
        line(format_args!(
            "  {word}  {} — {}",
            verdict.name, verdict.found
        ));
        if !verdict.held {
            line(format_args!(
                "            (line {} of the scenario)",
                verdict.line
            ));
        }
    }
    let failed = verdicts.iter().filter(|v| !v.held).count();
    line("");
    match failed {
        0 => line(format_args!("All {} expectations held.", verdicts.len())),
        n => line(format_args!(
            "{n} of {} expectations did NOT hold.",
            verdicts.len()
        )),
    }
    failed == 0
}

async fn live_on(world: &mut World, seed: u64) -> anyhow::Result<()> {
    line("");
    line("The home lives on. Open the page, and try in another terminal:");
    let work = world.places.work.display().to_string();
    for (what, deed) in [
        ("a fall", "fall fall-hall"),
        ("a pulled cord on the serial line", "press cord-bathroom"),
        ("the hub goes away", "hub_offline"),
        ("the hub is back", "hub_online"),
        ("the gateway is killed with -9", "gateway_kill"),
        ("the gateway is back", "gateway_start"),
    ] {
        line(format_args!(
            "  tecs-sim do --work-dir {work} {deed:<22}# {what}"
        ));
    }
    line("Ctrl-C ends it.");
    line("");
    crate::control::serve(world, seed.wrapping_add(1), LIVING_EVERY).await
}

/// A folder of our own that nobody else may read: it holds keys.
fn work_folder(wanted: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = match wanted {
        Some(folder) => std::path::absolute(folder)?,
        None => std::env::temp_dir().join(format!("tecs-demo-{}", std::process::id())),
    };
    if folder
        .read_dir()
        .is_ok_and(|mut entries| entries.next().is_some())
    {
        bail!(
            "{} is not empty: name a new folder with --work-dir",
            folder.display()
        );
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .with_context(|| format!("making {}", folder.display()))?;
    Ok(folder)
}
