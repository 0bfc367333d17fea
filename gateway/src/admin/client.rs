//! The asking end of the local socket, for the command line: blocks, and waits for no daemon for ever.

use std::io::{self, BufRead as _, BufReader as StdLines, Write as _};
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

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

/// Asks a running daemon something that has but a name, and waits for its answer at most 10 s. For the command line; blocks.
pub fn ask(path: &Path, question: &str) -> Result<Value, AskFault> {
    ask_with(path, &json!({ "ask": question }))
}

/// Asks a running daemon a whole question, and waits for its answer at most 10 s. For the command line; blocks.
pub fn ask_with(path: &Path, question: &Value) -> Result<Value, AskFault> {
    let mut answers = listen(path, question)?;
    let no_daemon = |source| AskFault::NoDaemon {
        path: path.to_owned(),
        source,
    };
    answers
        .get_ref()
        .set_read_timeout(Some(Duration::from_secs(10)))
        .map_err(no_daemon)?;
    let mut line = String::new();
    answers.read_line(&mut line).map_err(no_daemon)?;
    let answer: Value = serde_json::from_str(&line).map_err(|e| AskFault::Answer(e.to_string()))?;
    if answer.get("ok") == Some(&Value::Bool(true)) {
        return Ok(answer);
    }
    let why = answer.get("why").and_then(Value::as_str);
    Err(AskFault::Refused(why.unwrap_or("no").to_owned()))
}

/// Asks, and hands out the lines of the answer as they come.
pub fn listen(path: &Path, question: &Value) -> Result<StdLines<StdStream>, AskFault> {
    let no_daemon = |source| AskFault::NoDaemon {
        path: path.to_owned(),
        source,
    };
    let mut stream = StdStream::connect(path).map_err(no_daemon)?;
    writeln!(stream, "{question}").map_err(no_daemon)?;
    Ok(StdLines::new(stream))
}
