//! One `[[at]]` or `[[expect]]` of a scenario's file: its keys as values of their types, or a mistake in their line.

use std::collections::BTreeSet;

use tecs_protocol::home::Stage;
use toml::Spanned;

use super::How;
use super::keys::Word;
use crate::home::Home;
use crate::told::stage_of;
use crate::toml_file::{Mistake, Text, one_of};

/// One `[[at]]` or `[[expect]]`.
pub(super) struct Entry<'t> {
    pub(super) text: &'t Text,
    pub(super) home: &'t Home,
    pub(super) table: &'t Spanned<toml::Table>,
    pub(super) place: usize,
}

impl Entry<'_> {
    pub(super) fn keys(&self, every: &[&str], word: &Word) -> Result<(), Mistake> {
        let table = self.table.get_ref();
        let allowed = || every.iter().chain(word.due).chain(word.may).copied();
        if let Some(key) = table.keys().find(|k| !allowed().any(|a| a == *k)) {
            return Err(self.wrong(
                key,
                format!("`{key}` is no key here; there are {}", one_of(allowed())),
            ));
        }
        if let Some(missing) = word.due.iter().find(|k| !table.contains_key(**k)) {
            return Err(self.wrong("", format!("`{missing}` is missing")));
        }
        Ok(())
    }

    pub(super) fn how(&self, of: &[(&str, How)]) -> Result<How, Mistake> {
        let given = self.text("how")?;
        let first = of.first().map_or("", |(w, _)| w);
        let word = given.as_deref().unwrap_or(first);
        let found = of.iter().find(|(w, _)| *w == word).map(|(_, how)| *how);
        found.ok_or_else(|| {
            self.wrong(
                "how",
                format!("`{word}`: there are {}", one_of(of.iter().map(|(w, _)| *w))),
            )
        })
    }

    pub(super) fn device(&self) -> Result<String, Mistake> {
        let name = self.words("device")?;
        self.home.device(name).map(|d| d.id.clone()).ok_or_else(|| {
            let all = one_of(self.home.devices.iter().map(|d| d.id.as_str()));
            self.wrong(
                "device",
                format!("no device `{name}` in {}; there are {all}", self.home.label),
            )
        })
    }

    pub(super) fn maybe_device(&self) -> Result<Option<String>, Mistake> {
        if self.table.get_ref().contains_key("device") {
            self.device().map(Some)
        } else {
            Ok(None)
        }
    }

    pub(super) fn stage(&self) -> Result<Stage, Mistake> {
        let word = self.words("stage")?;
        stage_of(word).ok_or_else(|| {
            let all = "kept, not sent yet, accepted, presented, claimed, attending or closed";
            self.wrong("stage", format!("no stage `{word}`; there are {all}"))
        })
    }

    pub(super) fn mark(
        &self,
        key: &str,
        marks: &BTreeSet<String>,
    ) -> Result<Option<String>, Mistake> {
        let mark = self.text(key)?;
        match &mark {
            Some(name) if !marks.contains(name) => {
                let all = one_of(marks.iter().map(String::as_str));
                Err(self.wrong(
                    key,
                    format!("no step has the mark `{name}`; there are {all}"),
                ))
            }
            _ => Ok(mark),
        }
    }

    pub(super) fn words(&self, key: &str) -> Result<&str, Mistake> {
        match self.table.get_ref().get(key).map(toml::Value::as_str) {
            Some(Some(text)) => Ok(text),
            Some(None) => Err(self.wrong(key, format!("`{key}` must be a text"))),
            None => Err(self.wrong("", format!("`{key}` is missing"))),
        }
    }

    pub(super) fn text(&self, key: &str) -> Result<Option<String>, Mistake> {
        if self.table.get_ref().contains_key(key) {
            self.words(key).map(|t| Some(t.to_owned()))
        } else {
            Ok(None)
        }
    }

    pub(super) fn number(&self, key: &str) -> Result<Option<f64>, Mistake> {
        match self.table.get_ref().get(key) {
            None => Ok(None),
            Some(toml::Value::Float(f)) => Ok(Some(*f)),
            Some(toml::Value::Integer(i)) => Ok(Some(*i as f64)),
            Some(_) => Err(self.wrong(key, format!("`{key}` must be a number"))),
        }
    }

    pub(super) fn time(&self, key: &str, otherwise: f64) -> Result<f64, Mistake> {
        match self.number(key)? {
            Some(s) if !(0.0..=86_400.0).contains(&s) => {
                Err(self.wrong(key, format!("`{key}` must be 0 to 86400 s")))
            }
            given => Ok(given.unwrap_or(otherwise)),
        }
    }

    pub(super) fn count(&self, key: &str) -> Result<Option<usize>, Mistake> {
        match self.table.get_ref().get(key) {
            None => Ok(None),
            Some(value) => match value.as_integer().and_then(|i| usize::try_from(i).ok()) {
                Some(count) => Ok(Some(count)),
                None => {
                    Err(self.wrong(key, format!("`{key}` must be a whole number of 0 or more")))
                }
            },
        }
    }

    pub(super) fn yes_or_no(&self, key: &str) -> Result<Option<bool>, Mistake> {
        match self.table.get_ref().get(key) {
            None => Ok(None),
            Some(toml::Value::Boolean(b)) => Ok(Some(*b)),
            Some(_) => Err(self.wrong(key, format!("`{key}` must be true or false"))),
        }
    }

    /// A mistake at this key's line, or at the entry's own where it has none.
    pub(super) fn wrong(&self, key: &str, what: String) -> Mistake {
        self.text.mistake_below(self.place, key, what)
    }
}
