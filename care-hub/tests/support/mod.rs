//! A home that speaks the contract by hand, an authority for its certificate, and hubs in process and as processes.
//! Nothing is imitated: TLS, gRPC, the ledger and the binary are the real ones.

// Each test file uses its part of this; what is unexpected shall panic.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose,
};
use tecs_hub::Running;
use tecs_protocol::Bytes;
use tecs_protocol::event::{ClockPair, Device, Event, Flags};
use tecs_protocol::hub::v1::{self, FromHome, FromHub, from_home, from_hub};
use tecs_protocol::hub::{LINK_PATH, PROTOCOL};
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{AlarmKind, Condition, Lane, Urgency};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic::{Status, Streaming};

/// No single wait of these tests is longer.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A private authority.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "Test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::self_signed(params, key).unwrap())
    }

    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Certificate and key for a server on loopback or a gateway of that id.
    pub fn issue(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![
            ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedKeyUsagePurpose::ClientAuth,
        ];
        let key = KeyPair::generate().unwrap();
        let cert = params.signed_by(&key, &self.0).unwrap();
        (cert.pem(), key.serialize_pem())
    }
}

/// A folder with a hub's files, and the authority that signed them.
pub struct Site {
    pub folder: tempfile::TempDir,
    pub authority: Authority,
    pub config: PathBuf,
}

impl Site {
    pub fn new() -> Self {
        Self::with("")
    }

    /// `more` is appended to the configuration.
    pub fn with(more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let (cert, key) = authority.issue("care-hub");
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("hub.crt"), cert).unwrap();
        write_private(&at("hub.key"), &key);
        std::fs::write(at("ca.crt"), authority.pem()).unwrap();
        let config = at("hub.toml");
        let f = folder.path().display();
        std::fs::write(
            &config,
            format!(
                "[ingest]\nlisten = \"127.0.0.1:0\"\ncert = \"{f}/hub.crt\"\nkey = \"{f}/hub.key\"\n\
                 client_ca = \"{f}/ca.crt\"\n[console]\nlisten = \"127.0.0.1:0\"\n\
                 [ledger]\npath = \"{f}/ledger.redb\"\n{more}"
            ),
        )
        .unwrap();
        Self {
            folder,
            authority,
            config,
        }
    }

    /// A hub in this process.
    pub async fn start(&self) -> Running {
        let checked = tecs_hub::config::check(&self.config, Vec::new())
            .unwrap_or_else(|problems| panic!("{problems:?}"));
        tecs_hub::start(checked).await.unwrap()
    }

    pub fn ledger(&self) -> PathBuf {
        self.folder.path().join("ledger.redb")
    }

    /// A home with a certificate of this authority.
    pub fn home(&self, gateway: &str) -> Home {
        let (cert, key) = self.authority.issue(gateway);
        Home {
            gateway: gateway.to_owned(),
            tls: ClientTlsConfig::new()
                .ca_certificate(Certificate::from_pem(self.authority.pem()))
                .identity(Identity::from_pem(cert, key))
                .domain_name("localhost"),
        }
    }

    /// The real binary; its addresses are read from its own log.
    pub fn spawn(&self) -> Process {
        let log = self.folder.path().join("hub.log");
        let file = std::fs::File::create(&log).unwrap();
        // With XFSZ ignored a limit on the size of files is an error of write, as a full disk is.
        let child = Command::new("/bin/sh")
            .args([
                "-c",
                "trap '' XFSZ; exec \"$0\" run --log-json --config \"$1\"",
            ])
            .arg(env!("CARGO_BIN_EXE_tecs-hub"))
            .arg(&self.config)
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut process = Process {
            child,
            ingest: SocketAddr::from(([127, 0, 0, 1], 0)),
            console: SocketAddr::from(([127, 0, 0, 1], 0)),
            log,
        };
        process.wait_until_it_serves();
        process
    }
}

pub fn write_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// A hub as a process; killed when dropped.
pub struct Process {
    pub child: Child,
    pub ingest: SocketAddr,
    pub console: SocketAddr,
    pub log: PathBuf,
}

impl Process {
    fn wait_until_it_serves(&mut self) {
        let began = Instant::now();
        loop {
            let log = std::fs::read_to_string(&self.log).unwrap();
            if let Some(line) = log.lines().find(|line| line.contains("the hub serves")) {
                let told: serde_json::Value = serde_json::from_str(line).unwrap();
                let at = |name: &str| told["fields"][name].as_str().unwrap().parse().unwrap();
                (self.ingest, self.console) = (at("ingest"), at("console"));
                return;
            }
            let gone = self.child.try_wait().unwrap();
            assert!(gone.is_none(), "the hub ended: {gone:?}\n{log}");
            assert!(began.elapsed() < PATIENCE, "the hub does not serve:\n{log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn kill_9(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A home with its certificate.
#[derive(Clone)]
pub struct Home {
    pub gateway: String,
    pub tls: ClientTlsConfig,
}

/// One stream of a home.
pub struct Stream {
    pub to: mpsc::Sender<FromHome>,
    pub from: Streaming<FromHub>,
}

impl Home {
    pub async fn channel(&self, hub: SocketAddr) -> Result<Channel, tonic::transport::Error> {
        Channel::from_shared(format!("https://{hub}"))
            .unwrap()
            .tls_config(self.tls.clone())?
            .connect_timeout(PATIENCE)
            .connect()
            .await
    }

    /// Opens a stream and says these words at once.
    pub async fn open(&self, hub: SocketAddr, first: Vec<FromHome>) -> Result<Stream, Status> {
        let channel = self
            .channel(hub)
            .await
            .map_err(|e| Status::unavailable(format!("{e:?}")))?;
        let (to, words) = mpsc::channel(1_024);
        for word in first {
            to.send(word).await.unwrap();
        }
        let mut grpc = tonic::client::Grpc::new(channel);
        grpc.ready()
            .await
            .map_err(|e| Status::unavailable(format!("{e:?}")))?;
        let answer = grpc
            .streaming(
                tonic::Request::new(ReceiverStream::new(words)),
                LINK_PATH.parse().unwrap(),
                tonic_prost::ProstCodec::<FromHome, FromHub>::default(),
            )
            .await?;
        Ok(Stream {
            to,
            from: answer.into_inner(),
        })
    }

    /// A stream that has said Hello and heard Welcome.
    pub async fn greet(&self, hub: SocketAddr, held: Vec<v1::Span>) -> (Stream, v1::Welcome) {
        let mut stream = self
            .open(hub, vec![hello(&self.gateway, held)])
            .await
            .unwrap();
        let from_hub::Says::Welcome(welcome) = stream.next().await else {
            panic!("Welcome comes first")
        };
        (stream, welcome)
    }
}

impl Stream {
    pub async fn say(&self, word: FromHome) {
        self.to.send(word).await.unwrap();
    }

    pub async fn next(&mut self) -> from_hub::Says {
        self.try_next().await.unwrap().expect("the stream ended")
    }

    pub async fn try_next(&mut self) -> Result<Option<from_hub::Says>, Status> {
        let word = tokio::time::timeout(PATIENCE, self.from.message())
            .await
            .expect("the hub says nothing")?;
        Ok(word.map(|word| word.says.expect("an empty word")))
    }

    /// Waits for the first word that `pick` takes; others are passed over.
    pub async fn until<T>(&mut self, mut pick: impl FnMut(&from_hub::Says) -> Option<T>) -> T {
        loop {
            if let Some(found) = pick(&self.next().await) {
                return found;
            }
        }
    }

    pub async fn receipt(&mut self) -> v1::Receipt {
        self.until(|says| match says {
            from_hub::Says::Receipt(receipt) => Some(receipt.clone()),
            _ => None,
        })
        .await
    }

    pub async fn stage(&mut self) -> v1::Stage {
        self.until(|says| match says {
            from_hub::Says::Stage(stage) => Some(stage.clone()),
            _ => None,
        })
        .await
    }
}

pub fn word(says: from_home::Says) -> FromHome {
    FromHome { says: Some(says) }
}

pub fn hello(gateway: &str, held: Vec<v1::Span>) -> FromHome {
    word(from_home::Says::Hello(v1::Hello {
        gateway_id: gateway.to_owned(),
        held,
        software: "test 1".to_owned(),
        protocol: PROTOCOL,
        clock: Some(clock(1_000).into()),
    }))
}

/// A trusted clock of one boot.
pub fn clock(since_boot_ms: u64) -> ClockPair {
    ClockPair {
        boot_id: 7,
        since_boot_ms,
        wall_ms: tecs_hub::state::Hub::now_ms(),
        trusted: true,
    }
}

pub fn parcel(epoch: u64, lane: Lane, first_seq: u64, records: Vec<Vec<u8>>) -> FromHome {
    word(from_home::Says::Parcel(v1::Parcel {
        epoch,
        lane: lane.wire(),
        first_seq,
        records: records.into_iter().map(Bytes::from).collect(),
        sent_at: Some(clock(2_000).into()),
        attempt: 1,
    }))
}

pub fn beat() -> FromHome {
    word(from_home::Says::Beat(v1::Beat {
        clock: Some(clock(3_000).into()),
        ..v1::Beat::default()
    }))
}

pub fn event(device: &str, urgency: Urgency, what: What) -> Event {
    Event {
        device: Device {
            id: device.to_owned(),
            kind: "a test device".to_owned(),
            room: "hall".to_owned(),
        },
        happened_ms: None,
        heard: clock(1_500),
        urgency,
        what,
        flags: Flags::default(),
        raw: b"raw words".to_vec(),
        folded: 1,
        last_heard: None,
    }
}

pub fn alarm(device: &str, kind: AlarmKind) -> Vec<u8> {
    let what = What::alarm(kind, Condition::Raised);
    event(device, Urgency::Emergency, what).encode()
}

pub fn ranges(receipt: &v1::Receipt) -> Vec<(u64, u64)> {
    receipt.ranges.iter().map(|r| (r.from, r.to)).collect()
}

pub fn span(epoch: u64, lane: Lane, oldest: u64, newest: u64) -> v1::Span {
    v1::Span {
        epoch,
        lane: lane.wire(),
        oldest,
        newest,
    }
}
