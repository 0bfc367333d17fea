//! `tecs-sim do`: what a person in another terminal does to a running demo, over a socket in its work folder.
//! A word a connection: the keys of one scenario step, checked as a scenario is.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Args;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use toml::{Table, Value};

use crate::play::Player;
use crate::scenario::Scenario;
use crate::terminal::line;
use crate::toml_file::Text;
use crate::world::World;

/// The socket's name in the work folder.
const SOCKET: &str = "do.sock";
/// The longest word, bytes.
const LONGEST: u64 = 4_096;

/// Arguments of `do`.
#[derive(Debug, Args)]
pub struct DoArgs {
    /// The running demo's work folder.
    #[arg(long)]
    pub work_dir: PathBuf,
    /// What: a deed of a device, or an action of a scenario.
    pub deed: String,
    /// The device's id, where it is about one.
    pub device: Option<String>,
    /// A measurement's value.
    #[arg(long)]
    pub value: Option<f64>,
}

/// Sends a word to a running demo.
pub async fn say(args: DoArgs) -> anyhow::Result<()> {
    let path = args.work_dir.join(SOCKET);
    let mut stream = UnixStream::connect(&path)
        .await
        .with_context(|| format!("no demo lives on in {}", args.work_dir.display()))?;
    let mut step = Table::new();
    step.insert("do".to_owned(), Value::String(args.deed));
    if let Some(device) = args.device {
        step.insert("device".to_owned(), Value::String(device));
    }
    if let Some(value) = args.value {
        step.insert("value".to_owned(), Value::Float(value));
    }
    stream.write_all(step.to_string().as_bytes()).await?;
    stream.shutdown().await?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer).await?;
    match answer.strip_prefix("done") {
        Some(_) => Ok(()),
        None => bail!("{answer}"),
    }
}

/// Lets the home live on and does what is asked, until the program ends.
pub async fn serve(world: &mut World, seed: u64, every: Duration) -> anyhow::Result<()> {
    let listener = listen(&world.places.work.join(SOCKET))?;
    let home = world.living.home.clone();
    let mut player = Player::new(world, seed, 1.0);
    loop {
        let (mut stream, _) = tokio::select! {
            asked = listener.accept() => asked?,
            lived = player.live_on(every) => return lived,
        };
        let mut asked = String::new();
        (&mut stream)
            .take(LONGEST)
            .read_to_string(&mut asked)
            .await?;
        let step = format!("[scenario]\nname = \"\"\nseed = 0\nhome = \"\"\n[[at]]\n{asked}");
        let answer = match Scenario::read(&Text::new("do", step), &home) {
            Err(mistake) => mistake.what,
            Ok(scenario) => match player.play(&scenario).await {
                Ok(_) => "done".to_owned(),
                Err(e) => {
                    line(format_args!("{e:#}"));
                    format!("{e:#}")
                }
            },
        };
        // Whoever asked may have gone.
        let _ = stream.write_all(answer.as_bytes()).await;
    }
}

fn listen(path: &Path) -> anyhow::Result<UnixListener> {
    UnixListener::bind(path).with_context(|| format!("listening on {}", path.display()))
}
