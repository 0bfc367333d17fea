//! What the hub is told at start: one TOML file, `TECS_HUB_…` overrides, and every mistake named by file, key and line.
//! It opens certificates to check them and starts nothing.

mod checks;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::homes::line_of;

pub use checks::{Checked, check};

/// Every override begins with this: `TECS_HUB_INGEST_LISTEN` is `[ingest] listen`.
pub const OVERRIDE: &str = "TECS_HUB_";

/// The whole configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where homes call.
    pub ingest: Ingest,
    /// Where responders look.
    #[serde(default)]
    pub console: Console,
    /// Where everything is kept.
    pub ledger: Ledger,
    /// Who lives where.
    #[serde(default)]
    pub homes: HomesFile,
    /// When silence is an event.
    #[serde(default)]
    pub supervision: Supervision,
    /// How much of what.
    #[serde(default)]
    pub limits: Limits,
}

/// `[ingest]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ingest {
    /// Address and port for the homes.
    #[serde(default = "ingest_listen")]
    pub listen: SocketAddr,
    /// The hub's certificate chain, PEM.
    pub cert: PathBuf,
    /// Its private key, PEM, readable by the hub alone.
    pub key: PathBuf,
    /// The authority whose gateways are let in, PEM.
    pub client_ca: PathBuf,
}

/// `[console]`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Console {
    /// Address and port for the responders' page: loopback only, until there is a log-in.
    pub listen: SocketAddr,
}

/// `[ledger]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// The ledger's file; its folder must exist.
    pub path: PathBuf,
}

/// `[homes]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HomesFile {
    /// The register of homes; without one every gateway is shown by its id.
    pub file: Option<PathBuf>,
}

/// `[supervision]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Supervision {
    /// How often a gateway shall beat, s.
    pub beat_every_s: u32,
    /// How many beats may be missed before the gateway counts as missing.
    pub missed_beats: u32,
}

/// `[limits]`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Records that may wait for the ledger before vital and routine lanes are paused.
    pub waiting_records: u32,
    /// How long a paused lane waits, ms.
    pub pause_ms: u32,
    /// Bytes of one parcel that a gateway should keep to.
    pub parcel_bytes: u32,
    /// Bytes without a receipt that a gateway should keep to.
    pub unreceipted_bytes: u32,
    /// Open streams of one gateway; beyond it the oldest is ended.
    pub streams_per_gateway: u32,
    /// From which age on a record is shown as late, s.
    pub late_after_s: u32,
    /// After how long without an action a claim lapses, s.
    pub claim_lapses_s: u32,
    /// The same while somebody attends, s.
    pub attending_lapses_s: u32,
}

fn ingest_listen() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 8443))
}

impl Default for Console {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
        }
    }
}

impl Default for Supervision {
    fn default() -> Self {
        Self {
            beat_every_s: 15,
            missed_beats: 3,
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            waiting_records: 20_000,
            pause_ms: 1_000,
            parcel_bytes: 16 << 10,
            unreceipted_bytes: 256 << 10,
            streams_per_gateway: 8,
            late_after_s: 30,
            claim_lapses_s: 300,
            attending_lapses_s: 3_600,
        }
    }
}

/// One thing that is wrong with the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which file, or which variable of the environment.
    pub file: String,
    /// `[section] key`, where one is to blame.
    pub key: Option<String>,
    /// Its line, from 1.
    pub line: Option<usize>,
    /// What is wrong, and what is allowed.
    pub problem: String,
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(key) = &self.key {
            write!(f, ": {key}")?;
        }
        write!(f, ": {}", self.problem)
    }
}

/// Reads the file and lays the overrides over it; nothing that it names is opened yet.
pub fn read(
    file: &Path,
    overrides: impl IntoIterator<Item = (String, String)>,
) -> Result<(Config, String), Problem> {
    let text = std::fs::read_to_string(file).map_err(|e| Problem {
        file: file.display().to_string(),
        key: None,
        line: None,
        problem: format!("cannot be read: {e}"),
    })?;
    let mut table: toml::Table = parse(file, &text)?;
    let mut named = None;
    for (variable, value) in overrides {
        let Some(place) = variable.strip_prefix(OVERRIDE) else {
            continue;
        };
        lay_over(&mut table, &variable, place, &value)?;
        named = Some(variable);
    }
    let Some(variable) = named else {
        return Ok((parse(file, &text)?, text));
    };
    // With overrides the lines of the file no longer tell: first the file's own mistakes, then theirs.
    let config = Config::deserialize(table).map_err(|e| {
        parse::<Config>(file, &text).err().unwrap_or(Problem {
            file: format!("environment ({variable} …)"),
            key: None,
            line: None,
            problem: e.message().to_owned(),
        })
    });
    Ok((config?, text))
}

fn parse<T: serde::de::DeserializeOwned>(file: &Path, text: &str) -> Result<T, Problem> {
    toml::from_str(text).map_err(|e| Problem {
        file: file.display().to_string(),
        key: None,
        line: e.span().map(|span| line_of(text, span.start)),
        problem: e.message().replace('\n', " "),
    })
}

/// `INGEST_LISTEN` = `…` becomes `[ingest] listen`; a number is taken as one.
fn lay_over(
    table: &mut toml::Table,
    variable: &str,
    place: &str,
    value: &str,
) -> Result<(), Problem> {
    let wrong = |problem: &str| Problem {
        file: variable.to_owned(),
        key: None,
        line: None,
        problem: problem.to_owned(),
    };
    let place = place.to_ascii_lowercase();
    let (section, key) = place
        .split_once('_')
        .ok_or_else(|| wrong("an override is TECS_HUB_SECTION_KEY, as TECS_HUB_INGEST_LISTEN"))?;
    let value = value
        .parse::<i64>()
        .map_or_else(|_| toml::Value::from(value), toml::Value::from);
    table
        .entry(section)
        .or_insert_with(|| toml::Table::new().into())
        .as_table_mut()
        .ok_or_else(|| wrong("its section is no section"))?
        .insert(key.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "[ingest]\ncert='c'\nkey='k'\nclient_ca='a'\n[ledger]\npath='l'\n";

    fn read_text(text: &str, overrides: &[(&str, &str)]) -> Result<Config, Problem> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("hub.toml");
        std::fs::write(&file, text).unwrap();
        let overrides = overrides
            .iter()
            .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        read(&file, overrides).map(|(config, _)| config)
    }

    #[test]
    fn what_is_not_said_has_the_documented_default() {
        let config = read_text(SMALL, &[]).unwrap();
        assert_eq!(config.console.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.supervision.beat_every_s, 15);
        assert_eq!(config.supervision.missed_beats, 3);
        assert_eq!(config.limits.claim_lapses_s, 300);
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_what_is_allowed() {
        let wrong = read_text(&format!("{SMALL}\n[console]\nlisen='x'\n"), &[]).unwrap_err();
        assert_eq!(wrong.line, Some(9));
        assert!(wrong.problem.contains("lisen"), "{wrong}");
        assert!(wrong.problem.contains("listen"), "{wrong}");
    }

    #[test]
    fn an_override_wins_and_a_wrong_one_is_named() {
        let good = [
            ("TECS_HUB_INGEST_LISTEN", "127.0.0.1:9000"),
            ("TECS_HUB_SUPERVISION_BEAT_EVERY_S", "2"),
            ("OTHER", "x"),
        ];
        let config = read_text(SMALL, &good).unwrap();
        assert_eq!(config.ingest.listen.port(), 9000);
        assert_eq!(config.supervision.beat_every_s, 2);
        let wrong = read_text(SMALL, &[("TECS_HUB_INGEST_LISSEN", "x")]).unwrap_err();
        assert!(wrong.file.contains("TECS_HUB_INGEST_LISSEN"), "{wrong}");
        assert!(wrong.problem.contains("lissen"), "{wrong}");
    }

    #[test]
    fn a_part_that_is_missing_is_named() {
        let wrong = read_text("[ledger]\npath='l'\n", &[]).unwrap_err();
        assert!(wrong.problem.contains("ingest"), "{wrong}");
    }
}
