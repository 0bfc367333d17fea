//! One real process: its own log, signals to its own id, an end that is waited for. It never outlives its test.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tokio::time::sleep;

/// How often something is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// A running process.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill_9();
    }
}

impl Process {
    /// Starts it; what it says is added to the log.
    pub fn start(command: &mut Command, log: &Path) -> Self {
        let open =
            || -> std::io::Result<File> { OpenOptions::new().create(true).append(true).open(log) };
        let child = command
            .stdin(Stdio::null())
            .stdout(open().expect("a log"))
            .stderr(open().expect("a log"))
            .spawn();
        Self {
            child: child.unwrap_or_else(|e| panic!("{command:?}: {e}")),
            log: log.to_owned(),
        }
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything it and its forerunners have said.
    pub fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Kill -9; waits until it is gone.
    pub fn kill_9(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM; how it ended, and how long that took.
    pub async fn terminate(&mut self, within: Duration) -> (ExitStatus, Duration) {
        let began = Instant::now();
        self.signal(Signal::TERM);
        (self.ended(within).await, began.elapsed())
    }

    /// Waits until it has ended by itself.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        let until = Instant::now() + within;
        loop {
            if let Some(status) = self.child.try_wait().expect("its end") {
                return status;
            }
            assert!(
                Instant::now() < until,
                "it did not end within {within:?}:\n{}",
                self.said()
            );
            sleep(LOOK_AGAIN).await;
        }
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("its end")
    }

    /// It keeps its connections and says nothing.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// It goes on.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        kill_process(pid.expect("an id"), signal).expect("a signal");
    }
}

/// Waits until something is so; fails with these words otherwise.
pub async fn until(what: &str, within: Duration, mut so: impl FnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !so() {
        assert!(began.elapsed() < within, "not within {within:?}: {what}");
        sleep(LOOK_AGAIN).await;
    }
    began.elapsed()
}
