//! A serial port of a home: one line and, where the device at its end listens as well, that device's side of the talk.
//! It knows no protocol; a [`Talker`] does.

use std::fmt;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::line::Line;
use crate::words::{Body, Handed, Taken};

/// How often a line is looked at while somebody has it open, and while nobody has.
const LOOK: Duration = Duration::from_millis(4);
const LOOK_SELDOM: Duration = Duration::from_millis(20);
/// How long somebody who presses waits for the line's answer; whoever is at the other end goes on trying.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long an exchange may take to begin.
const BEGIN: Duration = Duration::from_secs(10);

/// A device's side of a line that goes both ways. It has no clock: each call comes with the time, ms.
pub trait Talker: Send + fmt::Debug {
    /// Somebody opened the line.
    fn opened(&mut self, now_ms: u64);
    /// The line was closed.
    fn closed(&mut self, now_ms: u64);
    /// A device has something to say; `handed` is told what becomes of it.
    fn says(&mut self, body: &Body, handed: &Handed, now_ms: u64);
    /// These bytes came from the reader.
    fn hears(&mut self, bytes: &[u8], now_ms: u64);
    /// What is to be written now. Called often, and only while the line is open.
    fn speaks(&mut self, now_ms: u64) -> Vec<u8>;
    /// True between something said and its answer.
    fn is_asking(&self) -> bool {
        false
    }
    /// What it counted: words, and how often.
    fn counted(&self) -> Vec<(&'static str, u64)>;
}

/// A port.
pub struct Port {
    /// Its source's name at the gateway.
    pub source: String,
    name: PathBuf,
    inner: Arc<Mutex<Inner>>,
    pump: Option<JoinHandle<()>>,
}

struct Inner {
    line: Line,
    talker: Option<Box<dyn Talker>>,
    open: bool,
    began: Instant,
}

impl Drop for Port {
    fn drop(&mut self) {
        if let Some(pump) = &self.pump {
            pump.abort();
        }
    }
}

impl Port {
    /// A port that is not plugged in yet; `name` is the path that a gateway opens. Without a talker the device only speaks.
    pub fn new(source: String, name: PathBuf, talker: Option<Box<dyn Talker>>) -> Self {
        let inner = Inner {
            line: Line::new(&name),
            talker,
            open: false,
            began: Instant::now(),
        };
        Self {
            source,
            name,
            inner: Arc::new(Mutex::new(inner)),
            pump: None,
        }
    }

    /// The path that a gateway opens.
    pub fn name(&self) -> &FilePath {
        &self.name
    }

    /// Plugs it in.
    pub async fn plug(&mut self) -> anyhow::Result<()> {
        let mut inner = self.inner.lock().await;
        inner.line.plug()?;
        if inner.talker.is_some() && self.pump.is_none() {
            self.pump = Some(tokio::spawn(pump(Arc::clone(&self.inner))));
        }
        Ok(())
    }

    /// Pulls it out.
    pub async fn unplug(&self) {
        let mut inner = self.inner.lock().await;
        inner.line.unplug();
        inner.turn().await;
    }

    /// True while somebody has it open.
    pub async fn is_listened(&self) -> bool {
        let inner = self.inner.lock().await;
        match inner.talker {
            Some(_) => inner.open,
            None => inner.line.is_listened(),
        }
    }

    /// Writes any bytes, as noise on the line.
    pub async fn write(&self, bytes: &[u8]) -> anyhow::Result<Taken> {
        let mut inner = self.inner.lock().await;
        match inner.talker {
            Some(_) if inner.open => inner.line.put(bytes).await,
            Some(_) => Ok(Taken::No),
            None => inner.line.write(bytes).await,
        }
    }

    /// A device says something; waits for the line's answer, and not for long.
    pub async fn say(&self, body: &Body, handed: &Handed) -> anyhow::Result<()> {
        if !self.hand_over(body, handed).await? {
            return Ok(());
        }
        let end = Instant::now() + PATIENCE;
        while handed.taken() == Taken::Waits && self.inner.lock().await.open && Instant::now() < end
        {
            sleep(LOOK / 2).await;
        }
        Ok(())
    }

    /// A device says something; returns as soon as it was said and waits for its answer.
    pub async fn begin(&self, body: &Body, handed: &Handed) -> anyhow::Result<()> {
        self.hand_over(body, handed).await?;
        let end = Instant::now() + BEGIN;
        while Instant::now() < end {
            let mut inner = self.inner.lock().await;
            inner.turn().await;
            let is_asking = inner.talker.as_ref().is_some_and(|t| t.is_asking());
            if is_asking || handed.taken() != Taken::Waits {
                return Ok(());
            }
            drop(inner);
            sleep(LOOK / 4).await;
        }
        anyhow::bail!("{}: the call did not begin within {BEGIN:?}", self.source)
    }

    /// What the device at its end counted; nothing for one that only speaks.
    pub async fn counted(&self) -> Vec<(&'static str, u64)> {
        let inner = self.inner.lock().await;
        inner.talker.as_ref().map_or_else(Vec::new, |t| t.counted())
    }

    /// False when what becomes of it is known already: the device only speaks.
    async fn hand_over(&self, body: &Body, handed: &Handed) -> anyhow::Result<bool> {
        let mut inner = self.inner.lock().await;
        let now_ms = inner.now_ms();
        if let Some(talker) = inner.talker.as_mut() {
            handed.set(Taken::Waits);
            talker.says(body, handed, now_ms);
            inner.turn().await;
            return Ok(true);
        }
        let taken = match body {
            Body::Bytes(bytes) => inner.line.write(bytes).await?,
            Body::Publish { .. }
            | Body::Spot(_)
            | Body::Shows(_)
            | Body::Repeats(_)
            | Body::Register { .. } => Taken::No,
        };
        handed.set(taken);
        Ok(false)
    }
}

impl Inner {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Hears and speaks once.
    async fn turn(&mut self) {
        let now_ms = self.now_ms();
        let Some(talker) = self.talker.as_mut() else {
            return;
        };
        let (heard, open) = self.line.hear();
        if open && !self.open {
            talker.opened(now_ms);
        }
        if !heard.is_empty() {
            talker.hears(&heard, now_ms);
        }
        // What was heard before the end came first.
        if !open && self.open {
            talker.closed(now_ms);
        }
        self.open = open;
        if !open {
            return;
        }
        let said = talker.speaks(now_ms);
        if !said.is_empty()
            && let Err(e) = self.line.put(&said).await
        {
            tracing::debug!("a line that ended: {e:#}");
        }
    }
}

async fn pump(inner: Arc<Mutex<Inner>>) {
    loop {
        let open = {
            let mut inner = inner.lock().await;
            inner.turn().await;
            inner.open
        };
        sleep(if open { LOOK } else { LOOK_SELDOM }).await;
    }
}
