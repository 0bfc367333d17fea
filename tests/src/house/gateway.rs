//! A real tecs-gateway: its configuration, its process, its local socket and its metrics.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;
use toml::Table;

use super::process::{Process, until};
use super::programs;

/// Its sources are open within this: a backlog in a killed store is read first.
const OPEN: Duration = Duration::from_secs(30);

/// One home's gateway.
#[derive(Debug)]
pub struct Gateway {
    /// Its configuration, as it is written at each start.
    pub config: Table,
    /// More arguments of `run`.
    pub more: Vec<String>,
    /// A program and its arguments that it is started under, where it is.
    pub under: Vec<String>,
    folder: PathBuf,
    metrics: SocketAddr,
    process: Option<Process>,
}

impl Gateway {
    /// A gateway with this configuration, which is given an address for its metrics and a local socket; starts nothing.
    pub fn new(folder: PathBuf, config: &str) -> Self {
        fs::create_dir(&folder).expect("a folder for the gateway");
        let metrics = SocketAddr::from((Ipv4Addr::LOCALHOST, super::free_port()));
        let own = format!(
            "{config}\n[metrics]\nlisten = \"{metrics}\"\n[admin]\nsocket = {:?}\n[clock]\ntrust = \"always\"\n",
            folder.join("admin.sock")
        );
        Self {
            config: own.parse().unwrap_or_else(|e| panic!("{e}:\n{own}")),
            more: Vec::new(),
            under: Vec::new(),
            folder,
            metrics,
            process: None,
        }
    }

    /// Its configuration's file.
    pub fn file(&self) -> PathBuf {
        self.folder.join("gateway.toml")
    }

    /// Its log.
    pub fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Sets a key of a section.
    pub fn set(&mut self, section: &str, key: &str, value: impl Into<toml::Value>) {
        let section = self
            .config
            .entry(section)
            .or_insert_with(|| Table::new().into());
        let table = section.as_table_mut().expect("a section");
        table.insert(key.to_owned(), value.into());
    }

    /// The folder of its journal.
    pub fn state(&self) -> &Path {
        let folder = self.config["gateway"]["state_dir"].as_str();
        Path::new(folder.expect("a state folder"))
    }

    /// A command of its own, with its configuration; not started.
    pub fn command(&self, word: &str) -> Command {
        fs::write(self.file(), self.config.to_string()).expect("gateway.toml");
        let mut command = programs::run("tecs-gateway");
        command.arg(word).arg("--config").arg(self.file());
        command
    }

    /// What one of its tools answers.
    pub fn tool(&self, word: &str, more: &[&str]) -> Output {
        self.command(word).args(more).output().expect("a tool")
    }

    /// Starts it; waits for nothing.
    pub fn starts(&mut self) {
        let mut command = self.command("run");
        command.args(&self.more);
        if let Some((program, arguments)) = self.under.split_first() {
            let mut outer = Command::new(program);
            outer.args(arguments).arg(command.get_program());
            outer.args(command.get_args());
            for (name, _) in command.get_envs().filter(|(_, value)| value.is_none()) {
                outer.env_remove(name);
            }
            command = outer;
        }
        self.process = Some(Process::start(&mut command, &self.log()));
    }

    /// Starts it and waits until its sources are open.
    pub async fn comes(&mut self) {
        self.starts();
        self.open().await;
    }

    /// Waits until its sources are open.
    pub async fn open(&mut self) {
        let log = self.log();
        until(
            &format!("its sources are open, see {}", log.display()),
            OPEN,
            || {
                let ended = self.process().has_ended();
                assert!(
                    ended.is_none(),
                    "it ended: {ended:?}\n{}",
                    self.process().said()
                );
                self.status().is_some_and(|status| {
                    let sources = status["sources"].as_array().cloned().unwrap_or_default();
                    sources.iter().all(|s| s["up"] == true)
                })
            },
        )
        .await;
    }

    /// Its process.
    pub fn process(&mut self) -> &mut Process {
        self.process.as_mut().expect("a running gateway")
    }

    /// True while it runs.
    pub fn runs(&mut self) -> bool {
        self.process
            .as_mut()
            .is_some_and(|p| p.has_ended().is_none())
    }

    /// Kill -9.
    pub fn is_killed(&mut self) {
        self.process = None;
    }

    /// What it answers on its local socket; `None` where nobody does.
    pub fn status(&self) -> Option<Value> {
        let answer = tecs_gateway::admin::ask(&self.folder.join("admin.sock"), "status").ok()?;
        answer.get("status").cloned()
    }

    /// The state of the link to an endpoint, in its word.
    pub fn link(&self, endpoint: usize) -> String {
        let status = self.status().unwrap_or_default();
        status["links"][endpoint]["state"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Its last words about the links.
    pub fn words_on_links(&self) -> String {
        self.status().unwrap_or_default()["notes"]["links"].to_string()
    }

    /// Its metrics, whole.
    pub fn metrics(&self) -> String {
        let mut page = String::new();
        let mut stream = TcpStream::connect(self.metrics).expect("metrics");
        stream
            .write_all(b"GET /metrics HTTP/1.0\r\n\r\n")
            .expect("metrics");
        stream.read_to_string(&mut page).expect("metrics");
        page
    }

    /// The sum of all series of a metric whose labels hold this text.
    pub fn metric(&self, name: &str, label: &str) -> u64 {
        let page = self.metrics();
        let series = page.lines().filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let is = series.split('{').next() == Some(name) && series.contains(label);
            is.then(|| value.parse::<u64>().ok())?
        });
        series.sum()
    }
}
