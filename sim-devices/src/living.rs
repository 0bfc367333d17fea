//! A home that is running: its devices with their paths. It does what it is told, one thing after the other, and
//! keeps a list of everything that was said, which is the oracle of every count.

use std::collections::BTreeMap;
use std::path::{Path as FilePath, PathBuf};

use anyhow::Context as _;
use tecs_protocol::serial::contec;
use tokio::time::Instant;

use crate::bridge::{Bridge, Broker};
use crate::device::Device;
use crate::display::Display;
use crate::encode::publisher_of;
use crate::home::{Home, Spec};
use crate::models::Path;
use crate::monitor::Monitor;
use crate::oximeter::Oximeter;
use crate::panel::{Manner, Panel, STATION};
use crate::paths::Way;
use crate::port::{Port, Talker};
use crate::receiver::Receiver;
use crate::units::Units;
use crate::words::{Body, Handed, Message, Taken};

/// From one line of a Masimo to the next, and from one frame of a Contec to the next, ms.
const MASIMO_MS: u64 = 1_000;
const CONTEC_MS: u64 = 16;

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
    /// Whether the next one in the chain took it over; a panel that calls again may learn it later.
    pub handed: Handed,
}

impl Spoken {
    /// Whether the next one in the chain took it over, as far as is known now.
    pub fn taken(&self) -> Taken {
        self.handed.taken()
    }
}

/// A running home.
pub struct Living {
    /// What it is made of.
    pub home: Home,
    devices: Vec<Device>,
    bridge: Option<Bridge>,
    /// Its receivers and modules, by path and name.
    publishers: BTreeMap<(Path, String), Bridge>,
    broker: Option<Broker>,
    /// Its serial ports.
    pub ports: Vec<Port>,
    /// Everything said so far, in order.
    pub spoken: Vec<Spoken>,
}

impl Living {
    /// A home whose bridge is not started and whose ports are not plugged in; relative ports are below `work`.
    pub fn new(home: Home, work: &FilePath) -> Self {
        let ports = ports(&home, work);
        let devices = home.devices.iter().cloned().map(Device::new).collect();
        Self {
            home,
            devices,
            bridge: None,
            publishers: BTreeMap::new(),
            broker: None,
            ports,
            spoken: Vec::new(),
        }
    }

    /// Plugs every serial port in.
    pub async fn plug(&mut self) -> anyhow::Result<()> {
        for port in &mut self.ports {
            port.plug().await?;
        }
        Ok(())
    }

    /// Pulls out the port that this device is plugged to, or every one; or plugs them in again.
    pub async fn plugged(&mut self, device: Option<&str>, is: bool) -> anyhow::Result<()> {
        let source = self.source(device)?;
        for port in self.ports_of(source.as_deref()) {
            if is {
                port.plug().await?;
            } else {
                port.unplug().await;
            }
        }
        Ok(())
    }

    /// Bytes that are no message, on the line of this device, or on every one.
    pub async fn noise(&mut self, device: Option<&str>, bytes: &[u8]) -> anyhow::Result<()> {
        let source = self.source(device)?;
        for port in self.ports_of(source.as_deref()) {
            port.write(bytes).await?;
        }
        Ok(())
    }

    /// True while somebody has every one of its ports open.
    pub async fn is_listened(&self) -> bool {
        for port in &self.ports {
            if !port.is_listened().await {
                return false;
            }
        }
        true
    }

    /// The port of this source.
    pub fn port(&mut self, source: &str) -> Option<&mut Port> {
        self.ports.iter_mut().find(|p| p.source == source)
    }

    fn ports_of(&mut self, source: Option<&str>) -> impl Iterator<Item = &mut Port> {
        let all = self.ports.iter_mut();
        all.filter(move |p| source.is_none_or(|s| p.source == s))
    }

    fn source(&self, device: Option<&str>) -> anyhow::Result<Option<String>> {
        let Some(device) = device else {
            return Ok(None);
        };
        let spec = self.home.device(device);
        let spec = spec.with_context(|| format!("no device `{device}`"))?;
        Ok(Some(spec.source().to_owned()))
    }

    /// Starts its receivers and modules.
    pub async fn publishers_start(&mut self, broker: &Broker) -> anyhow::Result<()> {
        self.broker = Some(broker.clone());
        for index in 0..self.devices.len() {
            self.publisher_starts(index).await?;
        }
        Ok(())
    }

    /// Starts the publisher of a device, if it has one that is not there.
    async fn publisher_starts(&mut self, index: usize) -> anyhow::Result<()> {
        let (Some(device), Some(broker)) = (self.devices.get(index), &self.broker) else {
            return Ok(());
        };
        let path = device.spec.model.path;
        let Way::Publisher(presence) = path.row().way else {
            return Ok(());
        };
        let name = publisher_of(&device.spec).to_owned();
        if !self.publishers.contains_key(&(path, name.clone())) {
            let of = |spec: &&Spec| spec.model.path == path && publisher_of(spec) == name;
            let own = self.home.devices.iter().filter(of);
            let told = own.flat_map(crate::encode::told_of).collect();
            let publisher = Bridge::publisher(broker, &name, presence, told).await?;
            self.publishers.insert((path, name), publisher);
        }
        Ok(())
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
        let message = self.message(device, deed, value)?;
        self.send(message, deed).await
    }

    /// A device on a line that answers does something; returns as soon as it was said and waits for its answer.
    pub async fn begins(&mut self, device: &str, deed: &str) -> anyhow::Result<Spoken> {
        let message = self.message(device, deed, None)?;
        let spoken = self.note(message, deed);
        let source = self.source(Some(device))?.unwrap_or_default();
        if let Some(port) = self.port(&source) {
            port.begin(&spoken.message.body, &spoken.handed).await?;
        }
        Ok(spoken)
    }

    fn message(&mut self, device: &str, deed: &str, value: Option<f64>) -> anyhow::Result<Message> {
        let index = self.index(device)?;
        let bridge = &self.home.zigbee;
        let device = self.devices.get_mut(index).context("no such device")?;
        Ok(device.does(deed, value, bridge)?)
    }

    /// A device, or the module that hears it, can or cannot be reached any more.
    pub async fn reachable(&mut self, device: &str, is: bool) -> anyhow::Result<()> {
        let index = self.index(device)?;
        let spec = self.devices.get(index).map(|d| d.spec.clone());
        let spec = spec.context("no such device")?;
        match (spec.model.path.row().way, self.bridge.as_mut()) {
            (Way::Bridge, Some(bridge)) => bridge.available(&spec, is).await,
            (Way::Publisher(_), _) if is => self.publisher_starts(index).await,
            (Way::Publisher(_), _) => {
                let name = publisher_of(&spec).to_owned();
                // Without a good-bye: the broker tells its will.
                self.publishers.remove(&(spec.model.path, name));
                Ok(())
            }
            (Way::Bridge, None) | (Way::Port(_), _) => Ok(()),
        }
    }

    fn index(&self, device: &str) -> anyhow::Result<usize> {
        let by = |is: &dyn Fn(&Spec) -> bool| self.devices.iter().position(|d| is(&d.spec));
        let found = by(&|spec| spec.id == device).or_else(|| by(&|spec| spec.name == device));
        found.with_context(|| format!("no device `{device}` in {}", self.home.label))
    }

    /// Writes down that something was said; what becomes of it follows.
    fn note(&mut self, message: Message, deed: &str) -> Spoken {
        let spoken = Spoken {
            message,
            deed: deed.to_owned(),
            at: Instant::now(),
            wall_ms: crate::wall::now_ms(),
            handed: Handed::new(Taken::No),
        };
        self.spoken.push(spoken.clone());
        spoken
    }

    async fn send(&mut self, message: Message, deed: &str) -> anyhow::Result<Spoken> {
        let spoken = self.note(message, deed);
        let (path, body) = (spoken.message.path, &spoken.message.body);
        match path.row().way {
            Way::Port(_) => {
                let source = self.source(Some(&spoken.message.device))?;
                if let Some(port) = self.port(&source.unwrap_or_default()) {
                    port.say(body, &spoken.handed).await?;
                }
            }
            Way::Bridge => {
                if let Some(bridge) = self.bridge.as_mut() {
                    spoken.handed.set(bridge.say(body).await?);
                }
            }
            Way::Publisher(_) => {
                let Body::Publish { by, .. } = body else {
                    return Ok(spoken);
                };
                if let Some(publisher) = self.publishers.get_mut(&(path, by.clone())) {
                    spoken.handed.set(publisher.say(body).await?);
                }
            }
        }
        Ok(spoken)
    }
}

/// The serial ports that a home's devices need; that of the JSON lines comes first, and is there without a device, too.
fn ports(home: &Home, work: &FilePath) -> Vec<Port> {
    let first = Path::JsonLines.row().source;
    let mut ports = vec![Port::new(first.to_owned(), work.join(&home.port), None)];
    for spec in &home.devices {
        let source = spec.source();
        let has_port = spec.model.path.setting().is_some();
        if !has_port || ports.iter().any(|p| p.source == source) {
            continue;
        }
        let name = PathBuf::from(format!("{}-{source}", home.port.display()));
        ports.push(Port::new(
            source.to_owned(),
            work.join(name),
            talker(spec.model.path, home),
        ));
    }
    ports
}

/// The device's side of a line that goes both ways.
fn talker(path: Path, home: &Home) -> Option<Box<dyn Talker>> {
    match path {
        Path::Espa444 => Some(Box::new(Panel::new(Manner::Control))),
        Path::Espa444Bridge => Some(Box::new(Panel::new(Manner::Bridge))),
        Path::Espa444Station => Some(Box::new(Panel::new(Manner::Station(STATION)))),
        Path::Nonin => Some(Box::new(Oximeter::new(false))),
        Path::NoninDf8 => Some(Box::new(Oximeter::new(true))),
        Path::RfxTrx => Some(Box::new(Receiver::default())),
        Path::Modbus => {
            let registers = home.on(path).filter_map(crate::encode::at_rest);
            Some(Box::new(Units::new(registers)))
        }
        Path::Masimo => Some(Box::new(Display::new(MASIMO_MS, None))),
        Path::Contec => Some(Box::new(Display::new(CONTEC_MS, Some(&contec::REQUEST)))),
        Path::AndMedical => Some(Box::new(Monitor::default())),
        Path::Zigbee2Mqtt
        | Path::JsonLines
        | Path::EnOcean
        | Path::WiSafe2
        | Path::Rtl433
        | Path::Tasmota
        | Path::Shelly
        | Path::Theengs
        | Path::ChirpStack
        | Path::WmBus
        | Path::HaDiscovery
        | Path::Homie
        | Path::EspHome
        | Path::Gatt => None,
    }
}
