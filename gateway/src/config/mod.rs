//! What the installer wrote, read into what the core and the edges are told. Opens nothing but the one file;
//! `check` looks at what the file points to.

mod assemble;
mod devices;
mod fault;
mod files;
mod limits;
mod lines;
mod overrides;
mod sections;
pub mod tables;
mod text;
mod values;
mod vitals;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gateway_core::Settings;

use crate::care_hub;
use crate::clock::Trust;
use crate::mqtt::config::MqttSource;
use crate::serial::config::SerialSource;

pub use fault::{Fault, Faults, Place, Stage};
pub use files::check_files;
pub use overrides::PREFIX;
pub use text::Places;

/// Everything the daemon runs with.
#[derive(Debug, Clone)]
pub struct Config {
    /// What the core is told.
    pub settings: Settings,
    /// How each source is reached; as many as `settings.sources`, in the same order.
    pub reached_by: Vec<ReachedBy>,
    /// The care hub's endpoints, in the order of `settings.endpoints`.
    pub endpoints: Vec<care_hub::Endpoint>,
    /// Certificate, key, authority.
    pub hub_files: care_hub::Files,
    /// What one endpoint's stream may hold unsent, bytes.
    pub hub_queue_bytes: usize,
    /// Index of the source by whose broker the home is told; `None` when no source is a broker.
    pub home: Option<usize>,
    /// Where the journal is.
    pub state_dir: PathBuf,
    /// Set aside there so that a full disk can be cleared, bytes.
    pub ballast_bytes: u64,
    /// The local socket.
    pub socket: PathBuf,
    /// Where metrics are read; loopback only; `None`: nowhere.
    pub metrics: Option<SocketAddr>,
    /// When the wall clock is believed.
    pub trust: Trust,
    /// How the log is written.
    pub log: Log,
    /// What deserves to be known of the sources' tables.
    pub tables: Vec<Fault>,
    /// Where every key stands, for findings that come later.
    pub places: Places,
}

/// How one source is reached.
#[derive(Debug, Clone)]
pub enum ReachedBy {
    /// By a broker.
    Mqtt(MqttSource),
    /// By a serial line.
    Serial(SerialSource),
}

/// `[log]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Log {
    /// One JSON object a line instead of text.
    pub json: bool,
    /// Nothing below this is written; device names and payloads appear at `DEBUG` alone.
    pub level: tracing::Level,
}

/// Reads the file and the `TECS_…` variables of `env`: stages syntax, keys and values.
pub fn load(file: &Path, env: &[(String, String)]) -> Result<Config, Faults> {
    let text = std::fs::read_to_string(file).map_err(|e| {
        Faults(vec![Fault {
            stage: Stage::Syntax,
            place: Place::File {
                path: file.to_owned(),
                line: None,
            },
            key: String::new(),
            what: format!("cannot be read: {e}"),
            cure: "name the configuration with --config, as a text file in UTF-8".to_owned(),
            open_secret: false,
        }])
    })?;
    read(file, &text, env)
}

/// The same of a text that has been read; `file` is named in findings, and relative paths begin in its folder.
pub fn read(file: &Path, text: &str, env: &[(String, String)]) -> Result<Config, Faults> {
    let (places, sections) = assemble::sections(file, text, env).map_err(Faults)?;
    values::judge(places, sections).map_err(Faults)
}

/// The daemon's own environment, as [`load`] takes it. A variable that is not Unicode is none of ours.
pub fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect()
}

#[cfg(test)]
mod tests;
