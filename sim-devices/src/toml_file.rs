//! TOML files written by people: every mistake is told with file and line, and what is allowed instead.
//! It knows nothing of homes or scenarios.

use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;

/// A mistake in a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {what}", path.display())]
pub struct Mistake {
    /// Which file.
    pub path: PathBuf,
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong and what is due.
    pub what: String,
}

/// A file's text, kept to tell lines from places.
#[derive(Debug, Clone)]
pub struct Text {
    path: PathBuf,
    text: String,
}

impl Text {
    /// A text that came from `path`, or is bundled under that name.
    pub fn new(path: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }

    /// Reads a file.
    pub fn load(path: &Path) -> anyhow::Result<Self> {
        use anyhow::Context as _;
        let text =
            std::fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
        Ok(Self::new(path, text))
    }

    /// Where it came from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Reads it as `T`; unknown keys are mistakes where `T` denies them.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Mistake> {
        toml::from_str(&self.text).map_err(|e| Mistake {
            path: self.path.clone(),
            line: self.line_of(e.span().map_or(0, |s| s.start)),
            what: e.message().trim().replace('\n', "; "),
        })
    }

    /// A mistake at the place of a value.
    pub fn mistake<T>(&self, at: &Spanned<T>, what: impl Into<String>) -> Mistake {
        Mistake {
            path: self.path.clone(),
            line: self.line_of(at.span().start),
            what: what.into(),
        }
    }

    /// The line in which a value begins, from 1.
    pub fn line<T>(&self, of: &Spanned<T>) -> usize {
        self.line_of(of.span().start)
    }

    /// A mistake at the first line that sets this key.
    pub fn mistake_in(&self, key: &str, what: impl Into<String>) -> Mistake {
        self.mistake_below(0, key, what)
    }

    /// A mistake at the line that sets `key` in the table whose heading stands in `line`; in that line without one.
    pub fn mistake_below(&self, line: usize, key: &str, what: impl Into<String>) -> Mistake {
        let sets = |l: &str| l.split('=').next().is_some_and(|k| k.trim() == key);
        let below = self.text.lines().enumerate().skip(line);
        let mut own = below.take_while(|(_, l)| line == 0 || !l.trim_start().starts_with('['));
        let found = own.find(|(_, l)| sets(l)).map(|(nth, _)| nth + 1);
        Mistake {
            path: self.path.clone(),
            line: found.unwrap_or_else(|| line.max(1)),
            what: what.into(),
        }
    }

    fn line_of(&self, byte: usize) -> usize {
        let before = self.text.bytes().take(byte);
        before.filter(|b| *b == b'\n').count() + 1
    }
}

/// `a, b and c`: what is allowed, in words.
pub fn one_of<'w>(words: impl IntoIterator<Item = &'w str>) -> String {
    let words: Vec<_> = words.into_iter().collect();
    match words.split_last() {
        None => "nothing".to_owned(),
        Some((only, [])) => (*only).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}
