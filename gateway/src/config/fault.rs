//! What is wrong with a configuration, said so that it can be put right: where, what, what is allowed, what to do.
//! Knows neither TOML nor the meaning of a key.

use std::fmt;
use std::path::PathBuf;

use serde_json::{Value, json};

/// The stages of `check`, in their order; a stage runs only when the ones before it found no error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The file can be read and is TOML.
    Syntax,
    /// Every key is known, every value of its type.
    Keys,
    /// Every value is one that is allowed.
    Values,
    /// Certificates, keys and folders are there and fit.
    Files,
    /// Nothing is wrong, yet something deserves to be known.
    Advice,
}

impl Stage {
    /// Its name in the output of `check`.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Keys => "keys",
            Self::Values => "values",
            Self::Files => "files",
            Self::Advice => "advice",
        }
    }
}

/// Where a key was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In the configuration file.
    File {
        /// Which file.
        path: PathBuf,
        /// Its line, from 1; `None` for the file as a whole.
        line: Option<usize>,
    },
    /// In an environment variable of this name.
    Environment(String),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File {
                path,
                line: Some(line),
            } => write!(f, "{}:{line}", path.display()),
            Self::File { path, line: None } => write!(f, "{}", path.display()),
            Self::Environment(name) => write!(f, "environment variable {name}"),
        }
    }
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which stage found it; `Advice` is a warning, everything else an error.
    pub stage: Stage,
    /// Where it was written.
    pub place: Place,
    /// The full key, such as `source[0].mqtt.host`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, and what is allowed.
    pub what: String,
    /// What to do.
    pub cure: String,
    /// A secret that others may read: the daemon does not start with it.
    pub open_secret: bool,
}

impl Fault {
    /// True when the daemon cannot run with it.
    pub fn is_error(&self) -> bool {
        self.stage != Stage::Advice
    }

    /// As `check --json` prints it.
    pub fn to_json(&self) -> Value {
        let (file, line, variable) = match &self.place {
            Place::File { path, line } => (Some(path.display().to_string()), *line, None),
            Place::Environment(name) => (None, None, Some(name)),
        };
        json!({
            "stage": self.stage.word(),
            "level": if self.is_error() { "error" } else { "warning" },
            "file": file, "line": line, "environment": variable,
            "key": self.key, "what": self.what, "do": self.cure,
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.is_error() { "error" } else { "warning" };
        write!(f, "{level}: {}: ", self.place)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        write!(f, "{}. To do: {}.", self.what, self.cure)
    }
}

/// All findings as one text, one a line.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);
