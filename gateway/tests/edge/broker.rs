//! A real mosquitto on a free loopback port, its folder and configuration in a temporary place, ended by its pid. Knows
//! nothing of the gateway.
#![allow(dead_code, reason = "each test binary uses its part")]

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use tecs_gateway::mqtt::config::{ClientId, Filter, MqttSource};
use tempfile::TempDir;

/// Where Debian puts it.
const MOSQUITTO: &str = "/usr/sbin/mosquitto";

/// A broker that runs.
pub(crate) struct Broker {
    pub(crate) folder: TempDir,
    pub(crate) port: u16,
    child: Child,
}

impl Broker {
    /// Starts one with these lines of configuration more; `None`, with a word, where mosquitto is not installed.
    pub(crate) fn start(more: &str) -> Option<Self> {
        Self::start_in(tempfile::tempdir().unwrap(), more)
    }

    /// The same over a folder that holds files which `more` names.
    pub(crate) fn start_in(folder: TempDir, more: &str) -> Option<Self> {
        if !Path::new(MOSQUITTO).exists() {
            eprintln!("SKIPPED: {MOSQUITTO} is not installed");
            return None;
        }
        let port = free_port();
        let place = folder.path().display();
        // `user` counts only for root, who would lose the right to the folder.
        let config = format!(
            "listener {port} 127.0.0.1\nuser root\npersistence true\npersistence_location {place}/\n\
             log_dest file {place}/log\nlog_type all\n{more}\n"
        );
        fs::write(folder.path().join("conf"), config).unwrap();
        let child = spawn(folder.path());
        let broker = Self {
            folder,
            port,
            child,
        };
        broker.wait();
        Some(broker)
    }

    /// `allow_anonymous`, and nothing else.
    pub(crate) fn open() -> Option<Self> {
        Self::start("allow_anonymous true")
    }

    fn wait(&self) {
        let until = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(
                Instant::now() < until,
                "mosquitto did not start: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it in good order: it saves its sessions. After kill -9 they are as old as its last save.
    pub(crate) fn stop(&mut self) {
        self.signal("TERM");
        self.child.wait().unwrap();
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again on the same port, with what its folder holds.
    pub(crate) fn restart(&mut self) {
        self.child = spawn(self.folder.path());
        self.wait();
    }

    /// Forgets every session and retained message; only while it is not running.
    pub(crate) fn forget(&self) {
        let _ = fs::remove_file(self.folder.path().join("mosquitto.db"));
    }

    /// Stops or continues it: `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &pid])
            .status();
        assert!(sent.unwrap().success());
    }

    pub(crate) fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The packet ids that this client has acknowledged so far, in order.
    pub(crate) fn acknowledged(&self, client: &str) -> Vec<u16> {
        let start = format!("Received PUBACK from {client} (Mid: ");
        let log = self.log();
        let mids = log.split(&start).skip(1);
        mids.map(|rest| rest.split(',').next().unwrap().parse().unwrap())
            .collect()
    }

    /// Waits until the broker has read so many acknowledgements of this client.
    pub(crate) async fn acknowledges(&self, client: &str, count: usize) {
        let until = Instant::now() + Duration::from_secs(10);
        while self.acknowledged(client).len() < count {
            assert!(
                Instant::now() < until,
                "the broker read {} of {count} acknowledgements",
                self.acknowledged(client).len()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the log says this.
    pub(crate) async fn logged(&self, words: &str) {
        let until = Instant::now() + Duration::from_secs(10);
        while !self.log().contains(words) {
            assert!(
                Instant::now() < until,
                "the broker never said {words}: {}",
                self.log()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Publishes at quality 1 and waits for the broker's acknowledgement.
    pub(crate) fn publish(&self, topic: &str, payload: &[u8], more: &[&str]) {
        let file = self.folder.path().join("payload");
        fs::write(&file, payload).unwrap();
        let out = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-q", "1", "-t", topic, "-p"])
            .arg(self.port.to_string())
            .arg("-f")
            .arg(&file)
            .args(more)
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
    }

    /// Publishes the numbers from 0, each a message of its own at quality 1, on one connection.
    pub(crate) fn numbers(&self, topic: &str, count: u32) {
        let file = self.folder.path().join("lines");
        let lines: Vec<String> = (0..count).map(|n| n.to_string()).collect();
        fs::write(&file, lines.join("\n") + "\n").unwrap();
        let sent = Command::new("mosquitto_pub")
            .args(["-h", "127.0.0.1", "-q", "1", "-l", "-t", topic, "-p"])
            .arg(self.port.to_string())
            .stdin(fs::File::open(&file).unwrap())
            .status();
        assert!(sent.unwrap().success());
    }

    /// What is retained below this filter, as `topic payload`, once there are `count` of them.
    pub(crate) async fn retained(&self, filter: &str, count: usize) -> Vec<String> {
        let until = Instant::now() + Duration::from_secs(10);
        loop {
            let mut lines = self.subscribe_once(filter, count);
            lines.sort_unstable();
            if lines.len() == count || Instant::now() > until {
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    fn subscribe_once(&self, filter: &str, count: usize) -> Vec<String> {
        let (count, port) = ((count + 1).to_string(), self.port.to_string());
        let args = [
            "-v",
            "-W",
            "1",
            "-h",
            "127.0.0.1",
            "-p",
            &port,
            "-t",
            filter,
            "-C",
            &count,
        ];
        let Output { stdout, .. } = Command::new("mosquitto_sub").args(args).output().unwrap();
        let text = String::from_utf8(stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    /// The configuration of a source at this broker.
    pub(crate) fn source(&self) -> MqttSource {
        MqttSource {
            port: Some(self.port),
            ..MqttSource::default()
        }
    }

    /// A file in its folder, for us alone.
    pub(crate) fn secret(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port on which nobody listens and that no other broker of this test file is given. It lies below those that the kernel
/// hands out (32768 and up): while a broker is away, nobody else may move in where it comes back. It is found by calling, not
/// by listening: a listener of ours lives on in every process that another test starts just then, until that one has its
/// own program.
fn free_port() -> u16 {
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 1_000).unwrap() * 10;
    loop {
        let port = 9_000 + (first + GIVEN.fetch_add(1, Ordering::Relaxed)) % 10_000;
        if TcpStream::connect(("127.0.0.1", port)).is_err() {
            return port;
        }
    }
}

fn spawn(folder: &Path) -> Child {
    Command::new(MOSQUITTO)
        .arg("-c")
        .arg(folder.join("conf"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

pub(crate) fn id() -> ClientId {
    ClientId::try_from("gateway".to_owned()).unwrap()
}

pub(crate) fn filters(filters: &[&str]) -> Vec<Filter> {
    (filters.iter())
        .map(|f| Filter::try_from((*f).to_owned()).unwrap())
        .collect()
}
