//! The home's broker: a real mosquitto with the files of `deploy/mosquitto`, on a port of its own.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tecs_sim::bridge::Broker;

use super::process::{Process, until};

/// The files under test.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/mosquitto");
/// It is up within this.
const UP: Duration = Duration::from_secs(20);

/// A running mosquitto and its folder.
#[derive(Debug)]
pub struct Mosquitto {
    program: PathBuf,
    folder: PathBuf,
    port: u16,
    process: Process,
}

impl Mosquitto {
    /// Lays the example out in this folder, where it does not exist yet, and starts it. `more` is added to its
    /// configuration.
    pub async fn start(program: &Path, folder: &Path, more: &str) -> Self {
        fs::create_dir(folder).expect("a folder for the broker");
        let made = Command::new(format!("{EXAMPLE}/make-passwords.sh"))
            .arg(folder)
            .output();
        let made = made.expect("make-passwords.sh");
        assert!(made.status.success(), "{made:?}");
        let port = super::free_port();
        lay_out(folder, port, more);
        let process = launch(program, folder, port).await;
        Self {
            program: program.to_owned(),
            folder: folder.to_owned(),
            port,
            process,
        }
    }

    /// Where it listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The file with a user's password.
    pub fn password_file(&self, user: &str) -> PathBuf {
        self.folder.join("secrets").join(user)
    }

    /// The way in for one of its users.
    pub fn way_in(&self, user: &str) -> Broker {
        let password = fs::read_to_string(self.password_file(user)).expect("a password");
        Broker {
            at: SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
            login: Some((user.to_owned(), password.trim().to_owned())),
        }
    }

    /// A good end and a start with everything it had.
    pub async fn restart(&mut self) {
        self.process.terminate(UP).await;
        self.process = launch(&self.program, &self.folder, self.port).await;
    }

    /// Kill -9; nobody listens there until [`Self::crash`] starts it again.
    pub fn is_killed(&mut self) {
        self.process.kill_9();
    }

    /// Kill -9 and a start; without its store, it knows no session.
    pub async fn crash(&mut self, with_store: bool) {
        self.process.kill_9();
        if !with_store {
            // There is none before the first save.
            let _ = fs::remove_file(self.folder.join("mosquitto.db"));
        }
        self.process = launch(&self.program, &self.folder, self.port).await;
    }
}

/// As Debian lays it out: its own file, which names the store and includes ours. Only ports and folders are changed.
fn lay_out(folder: &Path, port: u16, more: &str) {
    let here = folder.display();
    fs::create_dir(folder.join("conf.d")).expect("a folder");
    fs::copy(format!("{EXAMPLE}/tecs.acl"), folder.join("tecs.acl")).expect("tecs.acl");
    let ours = fs::read_to_string(format!("{EXAMPLE}/tecs.conf")).expect("tecs.conf");
    let ours = ours.replace(
        "listener 1883 127.0.0.1",
        &format!("listener {port} 127.0.0.1"),
    );
    let ours = ours.replace("/etc/mosquitto/", &format!("{here}/"));
    fs::write(folder.join("conf.d/tecs.conf"), format!("{ours}\n{more}\n")).expect("tecs.conf");
    // `user root`: started by root, mosquitto would become a user who cannot read this folder; others are not asked.
    let debians = format!(
        "persistence true\npersistence_location {here}/\nlog_dest stderr\nuser root\ninclude_dir {here}/conf.d\n"
    );
    fs::write(folder.join("mosquitto.conf"), debians).expect("mosquitto.conf");
}

async fn launch(program: &Path, folder: &Path, port: u16) -> Process {
    let mut command = Command::new(program);
    command.arg("-c").arg(folder.join("mosquitto.conf"));
    let process = Process::start(&mut command, &folder.join("log"));
    until("mosquitto listens", UP, || {
        TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
    })
    .await;
    process
}
