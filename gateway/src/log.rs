//! How the daemon's log is written: text or JSON on standard error, the last lines kept for `diag collect`. Says nothing by
//! itself.

use std::collections::VecDeque;
use std::io;
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::MakeWriterExt as _;

use crate::config::Log;

/// How many of the last lines are kept.
const KEPT: usize = 200;
/// How much of one line is kept, bytes.
const LINE: usize = 1_024;

/// The last lines, without those at `DEBUG`, which may name devices.
static RECENT: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// Keeps each line that it is given.
struct Keeps;

impl io::Write for Keeps {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line.get(..LINE).unwrap_or(line));
        let mut recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.len() >= KEPT {
            recent.pop_front();
        }
        recent.push_back(text.trim_end().to_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The last lines of the log, oldest first: at most 200, none of them at `DEBUG`.
pub fn recent() -> Vec<String> {
    let recent = RECENT.lock().unwrap_or_else(PoisonError::into_inner);
    recent.iter().cloned().collect()
}

/// Sets the log up for the life of the process; a second call changes nothing. Libraries are heard from `warn` on.
pub fn begin(log: Log) {
    let filter = EnvFilter::new(format!(
        "warn,tecs_gateway={level},gateway_core={level}",
        level = log.level.as_str().to_lowercase()
    ));
    let text = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr.and((|| Keeps).with_max_level(tracing::Level::INFO)))
        .with_ansi(false);
    // An error means that a log is set up already.
    let _ = if log.json {
        text.json().try_init()
    } else {
        text.try_init()
    };
}

/// A panic is told by its place alone: sled's, which the journal catches, may quote what was stored.
pub fn panics_by_place_alone() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic");
    }));
}
