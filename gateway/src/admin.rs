//! The local socket: one JSON object a line in, one out. Who may open the socket (mode 0660: the daemon's user and group)
//! may ask; it decides nothing and shows no secret.
//!
//! `{"ask": "status"}` and the like → `{"ok": true, …}` or `{"ok": false, "why": …}`; after `{"ask": "tap"}` a line for each
//! thing that is decided, until either side hangs up. [`Question`] lists what may be asked.

mod client;

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gateway_core::{Input, Order, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use tecs_protocol::vocabulary::Lane;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufReader,
};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;
use tokio::task::JoinHandle;

pub use client::{AskFault, ask, ask_with, listen};

use crate::asked::Asker;
use crate::inputs::Inputs;
use crate::redact::Redaction;
use crate::taps::Tap;
use crate::{devices, log, queue, tap};

/// The longest question, bytes.
const LONGEST: u64 = 64 << 10;
/// Who says nothing for this long is hung up on.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections at one time.
const CALLERS: usize = 16;

/// The open socket; dropping it closes it and takes the file away.
#[derive(Debug)]
pub struct Admin {
    path: PathBuf,
    task: JoinHandle<()>,
}

impl Drop for Admin {
    fn drop(&mut self) {
        self.task.abort();
        // Nothing to do if somebody took it away before.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Question {
    /// The daemon at a glance.
    Status,
    /// An alarm that is a test, all the way to the responder's screen.
    TestAlarm,
    /// A responder has come.
    ResponderHere,
    /// A technical word that is a test: to the hub's ledger and back, and nobody is called.
    TestCall,
    /// Who was heard and who was not, and what was not understood.
    Devices {
        /// Names and samples as well.
        #[serde(default)]
        personal: bool,
    },
    /// What is decided, as it is decided.
    Tap {
        /// Names, free words and raw ones as well.
        #[serde(default)]
        personal: bool,
    },
    /// What waits for the hub, lane by lane.
    QueueLs,
    /// The oldest records that wait.
    QueuePeek {
        /// Of this lane; of each without.
        #[serde(default)]
        lane: Option<String>,
        /// How many of a lane; 10 without, 200 at most.
        #[serde(default)]
        n: Option<usize>,
        /// Names, free words and raw ones as well.
        #[serde(default)]
        personal: bool,
    },
    /// The last lines of the log.
    Log,
}

/// What answers are made of.
#[derive(Clone)]
pub struct Desk {
    orders: Inputs,
    asker: Asker,
    redaction: Redaction,
    sources: Arc<Vec<String>>,
}

impl Desk {
    /// Orders go to the loop, questions too; what is shown names devices as these settings do.
    pub fn new(orders: Inputs, asker: Asker, settings: &Settings) -> Self {
        let sources = settings.sources.iter().map(|s| s.name.clone());
        Self {
            orders,
            asker,
            redaction: Redaction::new(settings),
            sources: Arc::new(sources.collect()),
        }
    }
}

/// Opens the socket. One that is left over from a daemon that is gone is taken away: the journal's lock, taken before,
/// says that no other daemon lives on this state.
pub async fn serve(path: &Path, desk: Desk) -> io::Result<Admin> {
    // One that is there is not made again: a disk that refuses every write would refuse that as well.
    if let Some(folder) = path.parent()
        && tokio::fs::metadata(folder).await.is_err()
    {
        tokio::fs::create_dir_all(folder).await?;
    }
    match tokio::fs::remove_file(path).await {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        Ok(()) | Err(_) => {}
    }
    let listener = UnixListener::bind(path)?;
    tokio::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660)).await?;
    let callers = Arc::new(Semaphore::new(CALLERS));
    let task = tokio::spawn(async move {
        loop {
            let Ok(place) = Arc::clone(&callers).acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let desk = desk.clone();
                    tokio::spawn(async move {
                        // Whoever hangs up has what they wanted.
                        let _ = converse(stream, &desk).await;
                        drop(place);
                    });
                }
                Err(e) => {
                    tracing::warn!(error = %e, "the local socket could not take a caller");
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
        }
    });
    Ok(Admin {
        path: path.to_owned(),
        task,
    })
}

async fn converse(mut stream: UnixStream, desk: &Desk) -> io::Result<()> {
    let (from, mut to) = stream.split();
    let mut lines = BufReader::new(from);
    loop {
        let mut line = Vec::new();
        let mut bounded = (&mut lines).take(LONGEST);
        let read = bounded.read_until(b'\n', &mut line);
        let read = tokio::time::timeout(PATIENCE, read).await;
        if read.map_err(|_| io::ErrorKind::TimedOut)?? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_slice::<Question>(&line) {
            Ok(Question::Tap { personal }) => match open_tap(desk).await {
                Ok(from) => return show(lines, to, from, desk, personal).await,
                Err(why) => json!({ "ok": false, "why": why }),
            },
            Ok(question) => answer(question, desk).await,
            Err(e) => json!({ "ok": false, "why": format!("not a question: {e}") }),
        };
        to.write_all(format!("{answer}\n").as_bytes()).await?;
        if line.last() != Some(&b'\n') {
            // What is left unread would take the answer away with it.
            to.shutdown().await?;
            let mut rest = Vec::new();
            let mut lines = lines.take(LONGEST);
            let read = tokio::time::timeout(PATIENCE, lines.read_to_end(&mut rest)).await;
            return read.map_err(|_| io::ErrorKind::TimedOut)?.map(|_| ());
        }
    }
}

const HANGS: &str = "the loop does not answer";

async fn answer(question: Question, desk: &Desk) -> Value {
    let order = match question {
        Question::Status => {
            let seen = desk.asker.snapshot().await;
            return told("status", seen.map(|seen| seen.to_json()));
        }
        Question::Devices { personal } => {
            let seen = desk
                .asker
                .ask(|view| view.gateway.inventory(view.now))
                .await;
            let redaction = (!personal).then_some(&desk.redaction);
            return told(
                "devices",
                seen.map(|seen| devices::to_json(&seen, redaction)),
            );
        }
        Question::QueueLs => return told("queue", queue::ls(&desk.asker).await),
        Question::QueuePeek { lane, n, personal } => return peek(lane, n, personal, desk).await,
        Question::Log => return told("log", Some(json!(log::recent()))),
        // A conversation of its own.
        Question::Tap { .. } => return json!({ "ok": false, "why": HANGS }),
        Question::TestAlarm => Order::TestAlarm,
        Question::ResponderHere => Order::ResponderHere,
        Question::TestCall => Order::TestCall,
    };
    match desk.orders.give(Input::Order(order)).await {
        Ok(()) => json!({ "ok": true }),
        Err(ended) => json!({ "ok": false, "why": ended.to_string() }),
    }
}

fn told(key: &str, answer: Option<Value>) -> Value {
    match answer {
        Some(answer) => json!({ "ok": true, key: answer }),
        None => json!({ "ok": false, "why": HANGS }),
    }
}

async fn peek(lane: Option<String>, n: Option<usize>, personal: bool, desk: &Desk) -> Value {
    let of = lane.as_deref().map(Lane::from_word);
    if of == Some(None) {
        let all: Vec<_> = Lane::ALL.iter().map(|lane| lane.word()).collect();
        return json!({ "ok": false, "why": format!("no such lane; there are {}", all.join(", ")) });
    }
    let n = n.unwrap_or(queue::PEEK_USUAL);
    let peeked = queue::peek(&desk.asker, of.flatten(), n, &desk.redaction, personal).await;
    told("peek", peeked)
}

async fn open_tap(desk: &Desk) -> Result<Tap, &'static str> {
    match desk.asker.ask(|view| view.taps.open()).await {
        Some(Some(tap)) => Ok(tap),
        Some(None) => Err("there are as many taps as there may be: end one"),
        None => Err(HANGS),
    }
}

/// Shows what is decided until either side hangs up. A reader that is slow makes nobody wait but itself.
async fn show(
    mut lines: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut from: Tap,
    desk: &Desk,
    personal: bool,
) -> io::Result<()> {
    to.write_all(format!("{}\n", json!({ "ok": true })).as_bytes())
        .await?;
    let mut hung_up = [0; 64];
    loop {
        let line = tokio::select! {
            read = lines.read(&mut hung_up) => match read? {
                0 => return Ok(()),
                _ => continue,
            },
            tapped = from.recv() => match tapped {
                Ok(tapped) => tap::to_json(&tapped, &desk.sources, &desk.redaction, personal),
                Err(RecvError::Lagged(missed)) => tap::dropped(missed),
                Err(RecvError::Closed) => tap::ended(),
            },
        };
        to.write_all(format!("{line}\n").as_bytes()).await?;
        if line.get("ended").is_some() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::{View, questions};
    use crate::inputs::Intake;
    use crate::notes::Notes;
    use crate::taps::Taps;
    use gateway_core::{Gateway, Identity, Mono, Recovered};

    /// A loop that only answers questions, and what it was ordered.
    async fn daemon(path: &Path) -> (Admin, Intake) {
        let mut intake = Intake::new();
        let (asker, mut waiting) = questions();
        let desk = Desk::new(intake.edge(4, 100), asker, &Settings::default());
        let admin = serve(path, desk).await.unwrap();
        tokio::spawn(async move {
            let who = Identity {
                epoch: 0xABC,
                boot_id: 1,
            };
            let settings = Settings::default();
            let notes = Notes::new(&settings);
            let gateway = Gateway::new(settings, who, Recovered::default(), Mono(0));
            let taps = Taps::default();
            while let Some(question) = waiting.recv().await {
                question(&View {
                    gateway: &gateway,
                    notes: &notes,
                    taps: &taps,
                    journal: None,
                    started: Mono(0),
                    now: Mono(5),
                });
            }
        });
        (admin, intake)
    }

    async fn asked(path: &Path, question: &'static str) -> Result<Value, AskFault> {
        let path = path.to_owned();
        tokio::task::spawn_blocking(move || ask(&path, question))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn status_and_orders_go_through_a_socket_that_only_owner_and_group_may_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/admin.sock");
        let (admin, mut intake) = daemon(&path).await;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o660);
        let status = asked(&path, "status").await.unwrap();
        assert_eq!(status["status"]["epoch"], "0000000000000abc");
        assert_eq!(status["status"]["uptime_ms"], 5);
        asked(&path, "test-alarm").await.unwrap();
        asked(&path, "responder-here").await.unwrap();
        let mut batch = Vec::new();
        intake.fill(&mut batch, 9).await;
        let due = [Order::TestAlarm, Order::ResponderHere].map(Input::Order);
        assert_eq!(batch, due);
        let refused = asked(&path, "open-sesame").await.unwrap_err().to_string();
        assert!(
            refused.contains("not a question") && refused.contains("test-alarm"),
            "{refused}"
        );
        drop(admin);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_socket_that_a_killed_daemon_left_is_taken_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(
            asked(&path, "status")
                .await
                .unwrap_err()
                .to_string()
                .contains("is the daemon running")
        );
        let _daemon = daemon(&path).await;
        asked(&path, "status").await.unwrap();
    }

    #[tokio::test]
    async fn a_question_without_an_end_is_cut_and_answered() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("admin.sock");
        let _daemon = daemon(&path).await;
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(&vec![b'['; 70_000]).await.unwrap();
        let mut said = String::new();
        let _ = stream.read_to_string(&mut said).await;
        assert!(said.contains("not a question"), "{said}");
    }
}
