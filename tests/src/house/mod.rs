//! A house of real processes on loopback: mosquitto, PTYs, tecs-gateway, tecs-hub, mutual TLS. Its devices number their
//! own messages, so that loss, repeats and reordering are counted at the hub. It looks into no process.
//!
//! The oracle: what the broker took over at `QoS` 1 is at a hub in the end, no name twice.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::missing_panics_doc,
    reason = "the helpers of these tests fail the test and tell what was skipped"
)]
#![allow(
    clippy::unnecessary_debug_formatting,
    reason = "a path is written in quotes, as TOML wants it"
)]

pub mod broker;
pub mod chromium;
pub mod disk;
pub mod gateway;
pub mod hub;
mod oracle;
pub mod process;
pub mod programs;
pub mod rounds;

use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, SystemTime};

use rand::RngExt as _;
use rand_chacha::ChaCha8Rng;
use tecs_protocol::home::Stage;
use tecs_sim::ca;
use tecs_sim::home::Home;
use tecs_sim::living::{Living, Spoken};
use tecs_sim::paths::{Path, Way};
use tecs_sim::port::Port;
use tecs_sim::told::{Listener, is_stage};
use tecs_sim::toml_file::Text;
use tempfile::TempDir;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};

pub use broker::Mosquitto;
pub use chromium::Chromium;
pub use disk::{Mount, Syncs};
pub use gateway::Gateway;
pub use hub::Hub;
pub use process::until;
pub use rounds::rounds;

/// The home's id.
pub const HOME: &str = "rowan-4";
/// Houses of one test file that stand at the same time: their processes share the machine.
static ROOM: Semaphore = Semaphore::const_new(2);
/// How often the hub is asked what it has.
const ASK_AGAIN: Duration = Duration::from_millis(300);

/// What a step may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(10);

/// Who lives there; invented.
const HOME_TOML: &str = r#"
[home]
gateway = "rowan-4"
label = "4 Rowan Row"
[zigbee2mqtt]
last_seen = "epoch"
[[device]]
name = "Bedside button"
id = "pendant"
room = "bedroom"
model = "sos_button"
[[device]]
name = "Hall/Fall detector"
id = "fall"
room = "hall"
model = "fall_detector"
[[device]]
name = "Front door"
id = "door"
room = "hall"
model = "contact"
[[device]]
name = "Living room"
id = "climate"
room = "living room"
model = "climate"
[[device]]
name = "button"
id = "line-button"
room = "kitchen"
model = "line_help_button"
"#;

/// What kind of house a test needs.
#[derive(Debug)]
pub struct Plan {
    /// How many care hubs there are, each with a ledger of its own.
    pub hubs: usize,
    /// The address on which homes call them; the certificates are for 127.0.0.1.
    pub ip: IpAddr,
    /// More of the broker's configuration.
    pub broker: &'static str,
    /// What the hubs know of their homes.
    pub register: String,
    /// Its devices; the usual ones without.
    pub home: String,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            hubs: 1,
            ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
            broker: "",
            register: String::new(),
            home: HOME_TOML.to_owned(),
        }
    }
}

/// A house. Dropping it ends its processes, the gateway first.
pub struct House {
    /// Reads the devices.
    pub gateway: Gateway,
    /// In the gateway's order of preference.
    pub hubs: Vec<Hub>,
    /// Between devices and gateway.
    pub broker: Mosquitto,
    /// The devices, and all that they said.
    pub living: Living,
    /// A lamp in the hall.
    pub lamp: Listener,
    /// The folder of the certificates.
    pub tls: PathBuf,
    /// When the gateway was killed, ms since 1970.
    pub kills: Vec<i64>,
    /// Everything else's.
    pub folder: TempDir,
    _room: SemaphorePermit<'static>,
}

impl Plan {
    /// Everything but the hubs and the gateway runs; `None`, told loudly, without mosquitto.
    pub async fn build(self) -> Option<House> {
        let mosquitto = programs::mosquitto()?;
        let room = ROOM.acquire().await.expect("room");
        let folder = tempfile::tempdir().expect("a folder");
        let work = folder.path();
        let tls = work.join("tls");
        let order = ca::Order {
            out: tls.clone(),
            gateways: vec![HOME.to_owned()],
            days: 30,
            stranger: true,
            expired: true,
        };
        ca::make(&order).expect("certificates");
        let home = Home::read(&Text::new("home.toml", self.home.as_str())).expect("a home");
        let broker = Mosquitto::start(&mosquitto, &work.join("broker"), self.broker).await;
        let mut living = Living::new(home, work);
        living.plug().await.expect("lines");
        living
            .bridge_starts(&broker.way_in("zigbee2mqtt"))
            .await
            .expect("a bridge");
        let hubs: Vec<Hub> = (0..self.hubs)
            .map(|n| format!("hub-{n}"))
            .map(|name| Hub::new(&name, work.join(&name), &tls, self.ip, &self.register))
            .collect();
        let config = configuration(work, &tls, &broker, &living, &hubs);
        Some(House {
            gateway: Gateway::new(work.join("gateway"), &config),
            lamp: Listener::start(&broker.way_in("home-screen"), HOME),
            hubs,
            broker,
            living,
            tls,
            kills: Vec::new(),
            folder,
            _room: room,
        })
    }
}

/// The usual house, and everything in it runs.
pub async fn house() -> Option<House> {
    let mut house = Plan::default().build().await?;
    house.all_come().await;
    Some(house)
}

/// As an installer would write it; the keys are those of `deploy/gateway.example.toml`.
fn configuration(
    work: &std::path::Path,
    tls: &std::path::Path,
    broker: &Mosquitto,
    living: &Living,
    hubs: &[Hub],
) -> String {
    let own = ca::Pair::at(tls, HOME);
    let endpoints: Vec<String> = hubs
        .iter()
        .map(|hub| {
            format!(
                "{{ name = {:?}, url = \"https://{}\" }}",
                hub.name, hub.ingest
            )
        })
        .collect();
    let lines = living.ports.iter().map(|port| {
        let of = |p: &&Path| p.row().source == port.source;
        let path = living.home.devices.iter().map(|d| &d.model.path).find(of);
        let row = path.unwrap_or(&Path::JsonLines).row();
        let Way::Port(setting) = row.way else {
            panic!("{} is no line", port.source);
        };
        format!(
            "[[source]]\nname = {:?}\nspeaks = \"{}\"\n[source.serial]\npath = {:?}\nbaud = {}\n",
            port.source,
            row.family,
            port.name(),
            setting.baud,
        )
    });
    let devices = living.home.devices.iter().map(|device| {
        let source = device.source();
        format!(
            "[[device]]\nsource = {source:?}\nname = {:?}\nid = {:?}\nroom = {:?}\n",
            device.name, device.id, device.room
        )
    });
    format!(
        "[gateway]\nid = \"{HOME}\"\nstate_dir = {:?}\n\
         [[source]]\nname = \"zigbee\"\nspeaks = \"zigbee2mqtt\"\n[source.mqtt]\nport = {}\nusername = \"tecs-gateway\"\n\
         password_file = {:?}\n\
         {}{}[hub]\nendpoints = [{}]\nca = {:?}\ncert = {:?}\nkey = {:?}\n\
         [limits]\nback_off_longest_ms = 2000\n",
        work.join("state"),
        broker.port(),
        broker.password_file("tecs-gateway"),
        lines.collect::<String>(),
        devices.collect::<String>(),
        endpoints.join(", "),
        tls.join("ca.pem"),
        own.certificate,
        own.key,
    )
}

/// A port on which nobody listens and that no other house of this test file is given. It lies below those that the kernel
/// gives to whoever calls somebody (32768 and up), which might take it meanwhile. It is found by calling, not by listening: a
/// listener of ours lives on in every process that another test starts just then, until that one has its own program.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 1_000).expect("below 1,000") * 12;
    loop {
        let port = 20_000 + (first + GIVEN.fetch_add(1, Ordering::Relaxed)) % 12_000;
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            return port;
        }
    }
}

impl House {
    /// Hubs and gateway start.
    pub async fn all_come(&mut self) {
        for hub in &mut self.hubs {
            hub.comes().await;
        }
        self.gateway.comes().await;
        self.listens().await;
    }

    /// Waits until the gateway hears even a device with a `/` in its name, which `bridge/devices` has to teach it first:
    /// what is published before a session's first subscription is nobody's.
    pub async fn listens(&mut self) {
        const ACKNOWLEDGED: &str = "tecs_gateway_acknowledged_total";
        let (before, end) = (self.gateway.metric(ACKNOWLEDGED, ""), Instant::now() + SOON);
        while self.gateway.metric(ACKNOWLEDGED, "") == before {
            assert!(
                Instant::now() < end,
                "it does not listen: {:?}",
                self.gateway.status()
            );
            self.living.again("fall").await.expect("a device");
            sleep(ASK_AGAIN / 3).await;
        }
    }

    /// The port of the JSON lines.
    pub fn line(&mut self) -> &mut Port {
        let source = Path::JsonLines.row().source;
        self.living.port(source).expect("the port of the lines")
    }

    /// A device does something; says what was said, and whether the next one in the chain took it over.
    pub async fn does(&mut self, device: &str, deed: &str, value: Option<f64>) -> Spoken {
        self.living
            .does(device, deed, value)
            .await
            .expect("a device")
    }

    /// The Zigbee devices speak at random for this long: presses, falls, doors, temperatures.
    pub async fn lives(&mut self, luck: &mut ChaCha8Rng, how_long: Duration) {
        let end = Instant::now() + how_long;
        while Instant::now() < end {
            let degrees = f64::from(luck.random_range(150..250_u32)) / 10.0;
            let (device, deed, value) = match luck.random_range(0..10) {
                0..3 => ("pendant", "press", None),
                3 => ("fall", "fall", None),
                4 => ("fall", "clear", None),
                5 => ("door", "open", None),
                6 => ("door", "close_it", None),
                _ => ("climate", "reading", Some(degrees)),
            };
            self.does(device, deed, value).await;
            sleep(Duration::from_millis(luck.random_range(0..8))).await;
        }
    }

    /// Kill -9 of the gateway.
    pub fn kill_gateway(&mut self) {
        self.kills.push(now_ms());
        self.gateway.is_killed();
    }

    /// Waits until the home was told this stage of a device's alarm, since a moment.
    pub async fn is_told(&mut self, since: Instant, device: &str, stage: Stage, within: Duration) {
        let told = self
            .lamp
            .wait(since, since + within, |what| is_stage(what, device, stage))
            .await;
        assert!(
            told.is_some(),
            "the home was not told {stage:?}: {:?}",
            self.lamp.all()
        );
    }
}

/// Milliseconds since 1970.
pub fn now_ms() -> i64 {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("a clock");
    i64::try_from(now.as_millis()).expect("a clock")
}

/// The machine's load, as the kernel says it.
pub fn load() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').next().unwrap_or_default().to_owned()
}
