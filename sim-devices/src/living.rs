//! A home that is running: its devices with their paths. It does what it is told, one thing after the other, and
//! keeps a list of everything that was said, which is the oracle of every count.

use std::path::Path as FilePath;

use anyhow::Context as _;
use tokio::time::Instant;

use crate::bridge::{Bridge, Broker, Taken};
use crate::device::{Device, Message};
use crate::home::Home;
use crate::line::Line;
use crate::models::Path;

/// One message that a device sent.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// What it said.
    pub message: Message,
    /// The word of the scenario that led to it; "again" for a state that repeats.
    pub deed: String,
    /// When, on the clock that the story is timed by.
    pub at: Instant,
    /// The same moment on the wall clock, ms since 1970.
    pub wall_ms: i64,
    /// Whether the next one in the chain took it over.
    pub taken: Taken,
}

/// A running home.
pub struct Living {
    /// What it is made of.
    pub home: Home,
    devices: Vec<Device>,
    bridge: Option<Bridge>,
    /// Its serial port.
    pub line: Line,
    /// Everything said so far, in order.
    pub spoken: Vec<Spoken>,
}

impl Living {
    /// A home whose bridge is not started and whose port is not plugged in; a relative port is below `work`.
    pub fn new(home: Home, work: &FilePath) -> Self {
        let line = Line::new(work.join(&home.port));
        let devices = home.devices.iter().cloned().map(Device::new).collect();
        Self {
            home,
            devices,
            bridge: None,
            line,
            spoken: Vec::new(),
        }
    }

    /// Starts its Zigbee2MQTT: what the broker keeps is published, and every cached state said if the home replays.
    pub async fn bridge_starts(&mut self, broker: &Broker) -> anyhow::Result<()> {
        self.bridge = Some(Bridge::start(broker, &self.home).await?);
        if self.home.zigbee.replay {
            self.repeat_all().await?;
        }
        Ok(())
    }

    /// Ends its Zigbee2MQTT without a good-bye: the broker tells its will.
    pub fn bridge_stops(&mut self) {
        self.bridge = None;
    }

    /// Says once more which devices there are, for a reader that came back.
    pub async fn teaches(&mut self) -> anyhow::Result<()> {
        match self.bridge.as_mut() {
            Some(bridge) => bridge.teach().await,
            None => Ok(()),
        }
    }

    /// Every cached state once more.
    pub async fn repeat_all(&mut self) -> anyhow::Result<()> {
        for index in 0..self.devices.len() {
            self.repeat(index).await?;
        }
        Ok(())
    }

    /// One device's cached state once more; a device on the line has none.
    pub async fn again(&mut self, device: &str) -> anyhow::Result<()> {
        let index = self.index(device)?;
        self.repeat(index).await
    }

    async fn repeat(&mut self, index: usize) -> anyhow::Result<()> {
        let bridge = &self.home.zigbee;
        let message = self.devices.get_mut(index).and_then(|d| d.repeats(bridge));
        match message {
            Some(message) => self.send(message, "again").await.map(drop),
            None => Ok(()),
        }
    }

    /// A device does something, and says so.
    pub async fn does(
        &mut self,
        device: &str,
        deed: &str,
        value: Option<f64>,
    ) -> anyhow::Result<Spoken> {
        let index = self.index(device)?;
        let bridge = &self.home.zigbee;
        let device = self.devices.get_mut(index).context("no such device")?;
        let message = device.does(deed, value, bridge)?;
        self.send(message, deed).await
    }

    /// A device can, or cannot, be reached any more.
    pub async fn reachable(&mut self, device: &str, is: bool) -> anyhow::Result<()> {
        let spec = self
            .home
            .device(device)
            .with_context(|| format!("no device `{device}`"))?;
        match self.bridge.as_mut() {
            Some(bridge) => bridge.available(spec, is).await,
            None => Ok(()),
        }
    }

    fn index(&self, device: &str) -> anyhow::Result<usize> {
        let found = self
            .devices
            .iter()
            .position(|d| d.spec.name == device || d.spec.id == device);
        found.with_context(|| format!("no device `{device}` in {}", self.home.label))
    }

    async fn send(&mut self, message: Message, deed: &str) -> anyhow::Result<Spoken> {
        let (at, wall_ms) = (Instant::now(), crate::wall::now_ms());
        let taken = match (message.path, self.bridge.as_mut()) {
            (Path::JsonLines, _) => self.line.say(&message.text).await?,
            (Path::Zigbee2Mqtt, Some(bridge)) => bridge.say(&message).await?,
            (Path::Zigbee2Mqtt, None) => Taken::No,
        };
        let spoken = Spoken {
            message,
            deed: deed.to_owned(),
            at,
            wall_ms,
            taken,
        };
        self.spoken.push(spoken.clone());
        Ok(spoken)
    }
}
