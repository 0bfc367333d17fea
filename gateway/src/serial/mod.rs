//! The serial edge: one task a line, bytes in any chunks in, whole answers out. Knows no protocol and decides nothing; a
//! line that is unplugged is looked for until it is back, and no line waits for another.

pub mod config;
mod holder;
mod port;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gateway_core::input::Input;
use tecs_protocol::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_serial::SerialStream;

use self::config::SerialSource;
use crate::back_off::BackOff;
use crate::inputs::{Inputs, LoopEnded, SourcePath};

/// The lane that a line is given (`Intake::edge`): inputs, and bytes; more waits in the line's own driver.
pub const LANE: (usize, u32) = (16, 64 << 10);
/// The shortest and the longest pause before a line is opened again.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
/// A line that stayed open this long was a good one: the next pause is the shortest again.
const GOOD: Duration = Duration::from_secs(10);
/// The largest chunk that one read takes, bytes.
const CHUNK: usize = 4 << 10;
/// What waits to be written to one line, at most, bytes.
pub const WRITE_QUEUE: usize = 64 << 10;

/// Bytes for the line, and the room that they take until they are written.
type Answer = (Vec<u8>, OwnedSemaphorePermit);

/// One serial line. Dropping it closes the line.
#[derive(Debug)]
pub struct SerialHandle {
    source: usize,
    answers: mpsc::UnboundedSender<Answer>,
    room: Arc<Semaphore>,
    open: Arc<AtomicBool>,
    reopen: Arc<Notify>,
    task: JoinHandle<()>,
}

impl SerialHandle {
    /// Queues these bytes, to be written whole. False when they were dropped: the line is not open, or 64 KiB wait already.
    /// Never waits. What waits when a line goes away is dropped with it: it answered what is over.
    pub fn write(&self, bytes: Vec<u8>) -> bool {
        let len = bytes.len();
        let open = self.open.load(Ordering::Acquire);
        let room = u32::try_from(len)
            .ok()
            .filter(|_| open)
            .and_then(|len| Arc::clone(&self.room).try_acquire_many_owned(len).ok());
        let queued = room.is_some_and(|room| self.answers.send((bytes, room)).is_ok());
        if !queued {
            tracing::warn!(
                source = self.source,
                len,
                open,
                "bytes for a line were dropped"
            );
        }
        queued
    }

    /// Closes the line and opens it again at once.
    pub fn reopen(&self) {
        self.reopen.notify_one();
    }
}

impl Drop for SerialHandle {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Opens this line as source number `source`, from now on and through every unplugging.
pub fn spawn(config: SerialSource, source: usize, inputs: Inputs) -> SerialHandle {
    let (answers, heard) = mpsc::unbounded_channel();
    let line = Line {
        config,
        path: SourcePath::new(source, inputs),
        open: Arc::new(AtomicBool::new(false)),
        reopen: Arc::new(Notify::new()),
    };
    SerialHandle {
        source,
        answers,
        room: Arc::new(Semaphore::new(WRITE_QUEUE)),
        open: Arc::clone(&line.open),
        reopen: Arc::clone(&line.reopen),
        task: tokio::spawn(line.run(heard)),
    }
}

/// Opens this line and closes it again, for `doctor`: why it does not open, and what to do.
pub async fn probe(config: SerialSource) -> Result<(), String> {
    port::open(config).await.map(port::close)
}

/// What keeps one line open.
struct Line {
    config: SerialSource,
    path: SourcePath,
    open: Arc<AtomicBool>,
    reopen: Arc<Notify>,
}

impl Line {
    async fn run(mut self, mut answers: mpsc::UnboundedReceiver<Answer>) {
        let mut pauses = BackOff::new(PAUSES.0, PAUSES.1);
        loop {
            let opened = Instant::now();
            let Ok(why) = self.once(&mut answers).await else {
                return;
            };
            if opened.elapsed() > GOOD {
                pauses.reset();
            }
            if self.path.down(why).await.is_err() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(pauses.pause()) => {}
                () = self.reopen.notified() => {}
            }
        }
    }

    /// Opens the line and serves it to its end: why it ended, or why it did not open.
    async fn once(
        &mut self,
        answers: &mut mpsc::UnboundedReceiver<Answer>,
    ) -> Result<String, LoopEnded> {
        let port = match port::open(self.config.clone()).await {
            Ok(port) => port,
            Err(why) => return Ok(why),
        };
        while answers.try_recv().is_ok() {}
        self.open.store(true, Ordering::Release);
        let served = match self.path.up(false).await {
            Ok(()) => self.serve(port, answers).await,
            Err(ended) => Err(ended),
        };
        self.open.store(false, Ordering::Release);
        served
    }

    async fn serve(
        &self,
        port: SerialStream,
        answers: &mut mpsc::UnboundedReceiver<Answer>,
    ) -> Result<String, LoopEnded> {
        let (mut reader, mut writer) = tokio::io::split(port);
        let shown = self.config.path.display();
        let ended = tokio::select! {
            () = self.reopen.notified() => Ok(format!("{shown} is opened again")),
            ended = self.read(&mut reader) => ended,
            ended = self.write(&mut writer, answers) => ended,
        };
        port::close(reader.unsplit(writer));
        ended
    }

    /// Reads until the line is gone. When the loop is slow this line waits, and no other.
    async fn read(&self, line: &mut ReadHalf<SerialStream>) -> Result<String, LoopEnded> {
        let mut chunk = vec![0; CHUNK];
        loop {
            match line.read(&mut chunk).await {
                // An unplugged line reads as nothing, for ever.
                Ok(0) => return Ok(self.gone("it is unplugged")),
                Err(error) => return Ok(self.gone(&error.to_string())),
                Ok(read) => {
                    let bytes = Bytes::copy_from_slice(chunk.get(..read).unwrap_or_default());
                    let source = self.path.source();
                    let input = Input::Bytes { source, bytes };
                    self.path.inputs().give(input).await?;
                }
            }
        }
    }

    /// Writes each answer whole. Never flushes: on a serial line that blocks the thread until the last bit is out.
    async fn write(
        &self,
        line: &mut WriteHalf<SerialStream>,
        answers: &mut mpsc::UnboundedReceiver<Answer>,
    ) -> Result<String, LoopEnded> {
        while let Some((bytes, _room)) = answers.recv().await {
            if let Err(error) = line.write_all(&bytes).await {
                return Ok(self.gone(&error.to_string()));
            }
        }
        Err(LoopEnded)
    }

    fn gone(&self, why: &str) -> String {
        let shown = self.config.path.display();
        format!(
            "{shown} is gone ({why}): plug the device in again; it is looked for every 10 s or sooner"
        )
    }
}
