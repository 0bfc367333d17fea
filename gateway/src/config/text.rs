//! The configuration's text as a tree in which every key knows where it was written, and the tongue that says what
//! serde found wrong. Knows no section by name.

use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, Error, ValueDeserializer};

use super::fault::{Fault, Place, Stage};

/// Where every key stands; outlives the text.
#[derive(Debug, Clone, Default)]
pub struct Places {
    file: PathBuf,
    /// Byte offsets at which lines begin.
    lines: Vec<usize>,
    /// Length of the text; a span that begins at `text_len + 1 + n` is the n-th override.
    text_len: usize,
    overrides: Vec<String>,
    keys: Vec<Key>,
}

#[derive(Debug, Clone)]
struct Key {
    path: String,
    name: Range<usize>,
    value: Range<usize>,
}

impl Places {
    /// The places of a text without keys yet.
    pub fn new(file: &Path, text: &str) -> Self {
        let lines = std::iter::once(0)
            .chain(text.match_indices('\n').map(|(at, _)| at + 1))
            .collect();
        Self {
            file: file.to_owned(),
            lines,
            text_len: text.len(),
            overrides: Vec::new(),
            keys: Vec::new(),
        }
    }

    /// The file they are in.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// The span that stands for an environment variable.
    pub(super) fn add_override(&mut self, name: &str) -> Range<usize> {
        let at = self.text_len + 1 + self.overrides.len();
        self.overrides.push(name.to_owned());
        at..at + 1
    }

    /// Notes where every key of this tree stands.
    pub(super) fn index(&mut self, root: &DeTable<'_>) {
        self.keys.clear();
        index_table(&mut self.keys, root, "");
    }

    fn place_at(&self, at: usize) -> Place {
        if let Some(name) = at
            .checked_sub(self.text_len + 1)
            .and_then(|n| self.overrides.get(n))
        {
            return Place::Environment(name.clone());
        }
        Place::File {
            path: self.file.clone(),
            line: Some(self.lines.partition_point(|&begin| begin <= at)),
        }
    }

    /// Where this key stands, or the nearest one above it that does.
    pub fn of(&self, path: &str) -> Place {
        let mut path = path;
        loop {
            if let Some(key) = self.keys.iter().find(|key| key.path == path) {
                return self.place_at(key.name.start);
            }
            match path.rfind(['.', '[']) {
                Some(cut) => path = path.get(..cut).unwrap_or_default(),
                None => {
                    return Place::File {
                        path: self.file.clone(),
                        line: None,
                    };
                }
            }
        }
    }

    /// A finding at this key.
    pub fn fault(
        &self,
        stage: Stage,
        key: &str,
        what: impl Into<String>,
        cure: impl Into<String>,
    ) -> Fault {
        Fault {
            stage,
            place: self.of(key),
            key: key.to_owned(),
            what: what.into(),
            cure: cure.into(),
            open_secret: false,
        }
    }

    /// What the parser said, with its place.
    pub(super) fn syntax(&self, error: &Error) -> Fault {
        let at = error.span().map_or(0, |span| span.start);
        Fault {
            stage: Stage::Syntax,
            place: self.place_at(at),
            key: String::new(),
            what: format!("not TOML: {}", one_line(error.message())),
            cure: "write the line as deploy/gateway.example.toml shows it".to_owned(),
            open_secret: false,
        }
    }

    /// What serde said of a section, with the key that it meant.
    pub(super) fn keys(&self, section: &str, error: &Error) -> Fault {
        let span = error.span().unwrap_or(0..0);
        let (path, at) = self
            .keys
            .iter()
            .filter(|key| key.path.starts_with(section))
            .filter(|key| key.name.contains(&span.start) || key.value.contains(&span.start))
            .min_by_key(|key| {
                let width = if key.name.contains(&span.start) {
                    key.name.len()
                } else {
                    key.value.len()
                };
                // All keys of one variable have one place: the deepest is meant.
                (width, std::cmp::Reverse(key.path.len()))
            })
            .map_or((section, None), |key| (key.path.as_str(), Some(span.start)));
        let (what, cure) = in_words(path, error.message());
        Fault {
            stage: Stage::Keys,
            place: at.map_or_else(|| self.of(section), |at| self.place_at(at)),
            key: path.to_owned(),
            what,
            cure,
            open_secret: false,
        }
    }

    /// Reads one section into its struct.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        section: &str,
        value: Spanned<DeValue<'_>>,
    ) -> Result<T, Fault> {
        T::deserialize(ValueDeserializer::from(value)).map_err(|error| self.keys(section, &error))
    }
}

fn index_table(keys: &mut Vec<Key>, table: &DeTable<'_>, above: &str) {
    for (name, value) in table {
        let path = if above.is_empty() {
            name.get_ref().to_string()
        } else {
            format!("{above}.{}", name.get_ref())
        };
        index_value(keys, &path, name.span(), value);
    }
}

fn index_value(keys: &mut Vec<Key>, path: &str, name: Range<usize>, value: &Spanned<DeValue<'_>>) {
    keys.push(Key {
        path: path.to_owned(),
        name,
        value: value.span(),
    });
    match value.get_ref() {
        DeValue::Table(table) => index_table(keys, table, path),
        DeValue::Array(array) => {
            for (n, item) in array.iter().enumerate() {
                index_value(keys, &format!("{path}[{n}]"), item.span(), item);
            }
        }
        DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_) => {}
    }
}

/// Serde's message as what is wrong, what is allowed, and what to do. Never quotes a secret.
fn in_words(key: &str, message: &str) -> (String, String) {
    let message = one_line(message);
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let allowed = rest.split_once("expected ").map_or("", |(_, allowed)| {
            allowed
                .strip_prefix("one of ")
                .unwrap_or(allowed)
                .trim_start_matches("there are ")
        });
        let what = format!(
            "unknown key; allowed here: {}",
            allowed.replace('`', "").replace(" or ", ", ")
        );
        return (what, "correct its spelling or take it out".to_owned());
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        let name = rest.trim_matches('`');
        return (
            format!("`{name}` is missing here and has no default"),
            format!("add `{name} = …`, as deploy/gateway.example.toml shows it"),
        );
    }
    let what = if key.ends_with("password") {
        "a value of the wrong type; a text in quotes is due".to_owned()
    } else {
        message
    };
    (
        what,
        "write the value as deploy/gateway.example.toml shows it".to_owned(),
    )
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}
