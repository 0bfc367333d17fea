//! The local socket: one JSON object a line in, one out. Who may open the socket (mode 0660: the daemon's user and group)
//! may ask; it decides nothing and shows no secret.
//!
//! `{"ask": "status"}`, `{"ask": "test-alarm"}`, `{"ask": "responder-here"}` → `{"ok": true, …}` or
//! `{"ok": false, "why": …}`.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use gateway_core::{Input, Order};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::asked::Asker;
use crate::inputs::Inputs;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Question {
    /// The daemon at a glance.
    Status,
    /// An alarm that is a test, all the way to the responder's screen.
    TestAlarm,
    /// A responder has come.
    ResponderHere,
}

/// Opens the socket. One that is left over from a daemon that is gone is taken away: the journal's lock, taken before,
/// says that no other daemon lives on this state.
pub async fn serve(path: &Path, orders: Inputs, asker: Asker) -> io::Result<Admin> {
    if let Some(folder) = path.parent() {
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
                    let (orders, asker) = (orders.clone(), asker.clone());
                    tokio::spawn(async move {
                        // Whoever hangs up has what they wanted.
                        let _ = converse(stream, &orders, &asker).await;
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

async fn converse(mut stream: UnixStream, orders: &Inputs, asker: &Asker) -> io::Result<()> {
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
            Ok(question) => answer(question, orders, asker).await,
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

async fn answer(question: Question, orders: &Inputs, asker: &Asker) -> Value {
    let order = match question {
        Question::Status => {
            return match asker.snapshot().await {
                Some(seen) => json!({ "ok": true, "status": seen.to_json() }),
                None => json!({ "ok": false, "why": "the loop does not answer" }),
            };
        }
        Question::TestAlarm => Order::TestAlarm,
        Question::ResponderHere => Order::ResponderHere,
    };
    match orders.give(Input::Order(order)).await {
        Ok(()) => json!({ "ok": true }),
        Err(ended) => json!({ "ok": false, "why": ended.to_string() }),
    }
}

/// Why the daemon could not be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskFault {
    /// Nobody listens there.
    #[error("{}: {source}: is the daemon running, and is this user in its group?", path.display())]
    NoDaemon {
        /// The socket.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The answer is none.
    #[error("the daemon's answer was not understood: {0}")]
    Answer(String),
    /// The daemon refused.
    #[error("the daemon says: {0}")]
    Refused(String),
}

/// Asks a running daemon, and waits for its answer at most 10 s. For the command line; blocks.
pub fn ask(path: &Path, question: &str) -> Result<Value, AskFault> {
    use std::io::{BufRead as _, Write as _};
    let no_daemon = |source| AskFault::NoDaemon {
        path: path.to_owned(),
        source,
    };
    let mut stream = StdStream::connect(path).map_err(no_daemon)?;
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .map_err(no_daemon)?;
    writeln!(stream, "{}", json!({ "ask": question })).map_err(no_daemon)?;
    let mut line = String::new();
    std::io::BufReader::new(stream)
        .read_line(&mut line)
        .map_err(no_daemon)?;
    let answer: Value = serde_json::from_str(&line).map_err(|e| AskFault::Answer(e.to_string()))?;
    if answer.get("ok") == Some(&Value::Bool(true)) {
        return Ok(answer);
    }
    let why = answer.get("why").and_then(Value::as_str);
    Err(AskFault::Refused(why.unwrap_or("no").to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::asked::{Snapshot, questions};
    use crate::inputs::Intake;
    use crate::notes::Notes;
    use gateway_core::{Gateway, Identity, Mono, Recovered, Settings};

    /// A loop that only answers questions, and what it was ordered.
    async fn daemon(path: &Path) -> (Admin, Intake) {
        let mut intake = Intake::new();
        let (asker, mut waiting) = questions();
        let admin = serve(path, intake.edge(4, 100), asker).await.unwrap();
        tokio::spawn(async move {
            let who = Identity {
                epoch: 0xABC,
                boot_id: 1,
            };
            let settings = Settings::default();
            let notes = Notes::new(&settings);
            let gateway = Gateway::new(settings, who, Recovered::default(), Mono(0));
            while let Some(answer) = waiting.recv().await {
                let _ = answer.send(Snapshot::take(&gateway, &notes, Mono(0), Mono(5)));
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
