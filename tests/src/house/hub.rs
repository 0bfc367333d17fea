//! A real tecs-hub: its configuration, its process, and its JSON. What is not told there is not known here.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tecs_sim::ca::Pair;
use tecs_sim::hub_api::HubApi;
use tokio::time::{Instant, sleep};

use super::process::Process;
use super::programs;

/// It serves within this, also from a ledger that was killed.
const SERVES: Duration = Duration::from_secs(30);

/// A care hub with a ledger of its own.
#[derive(Debug)]
pub struct Hub {
    /// Its name among the gateway's endpoints.
    pub name: String,
    /// Where homes call.
    pub ingest: SocketAddr,
    /// Its JSON.
    pub api: HubApi,
    folder: PathBuf,
    process: Option<Process>,
}

impl Hub {
    /// Writes its configuration, with the certificate in `tls`; starts nothing. Homes call it at `ip`.
    pub fn new(name: &str, folder: PathBuf, tls: &Path, ip: IpAddr, register: &str) -> Self {
        fs::create_dir(&folder).expect("a folder for the hub");
        let ingest = SocketAddr::new(ip, super::free_port());
        let console = SocketAddr::from((Ipv4Addr::LOCALHOST, super::free_port()));
        fs::write(folder.join("homes.toml"), register).expect("homes.toml");
        let hub = Self {
            name: name.to_owned(),
            ingest,
            api: HubApi { at: console },
            folder,
            process: None,
        };
        hub.certify(&Pair::at(tls, "hub"), &Pair::at(tls, "ca").certificate);
        hub
    }

    /// Writes its configuration anew, with this certificate; a running hub does not notice.
    pub fn certify(&self, own: &Pair, authority: &Path) {
        let text = format!(
            "[ingest]\nlisten = \"{}\"\ncert = {:?}\nkey = {:?}\nclient_ca = {:?}\n[console]\nlisten = \"{}\"\n\
             [ledger]\npath = {:?}\n[homes]\nfile = {:?}\n[supervision]\nbeat_every_s = 1\n[limits]\nlate_after_s = 5\n",
            self.ingest,
            own.certificate,
            own.key,
            authority,
            self.api.at,
            self.folder.join("ledger.redb"),
            self.folder.join("homes.toml"),
        );
        fs::write(self.folder.join("hub.toml"), text).expect("hub.toml");
    }

    /// Starts it and waits until it serves.
    pub async fn comes(&mut self) {
        let mut command = programs::run("tecs-hub");
        command
            .args(["run", "--config"])
            .arg(self.folder.join("hub.toml"));
        self.process = Some(Process::start(&mut command, &self.log()));
        let end = Instant::now() + SERVES;
        while !self.api.healthy().await {
            let process = self.process();
            let ended = process.has_ended();
            assert!(
                ended.is_none(),
                "a hub ended: {ended:?}\n{}",
                process.said()
            );
            assert!(
                Instant::now() < end,
                "{} does not serve within {SERVES:?}",
                self.name
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// A responder's browser opens the page, which counts as seen.
    pub fn is_looked_at(&self) {
        self.get("/");
    }

    /// What its JSON says at a path.
    pub fn json(&self, path: &str) -> Value {
        let answer = self.get(path);
        serde_json::from_str(&answer).unwrap_or_else(|e| panic!("{path}: {e}: {answer}"))
    }

    fn get(&self, path: &str) -> String {
        let mut answer = String::new();
        let mut stream = TcpStream::connect(self.api.at).expect("the page");
        let ask = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.api.at
        );
        stream.write_all(ask.as_bytes()).expect("the page");
        stream.read_to_string(&mut answer).expect("the page");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}\n{body}");
        body.to_owned()
    }

    /// Kill -9.
    pub fn is_killed(&mut self) {
        self.process = None;
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("a running hub")
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }
}
