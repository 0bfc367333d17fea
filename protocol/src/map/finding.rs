//! What is wrong with a table, said so that it can be put right. Knows no file: who reads the text puts the line to it.

use std::fmt;

/// One thing that is wrong with a table, or deserves to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The table does not read with it; otherwise it is advice.
    pub error: bool,
    /// The key that it is about, as a path from the root: `rule[3].emit[0].unit`.
    pub key: String,
    /// The rule that it is about, by name; may be empty.
    pub rule: String,
    /// What is wrong, and what is allowed.
    pub what: String,
    /// What to do.
    pub cure: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = if self.error { "error" } else { "warning" };
        write!(f, "{level}: {}", self.key)?;
        if !self.rule.is_empty() {
            write!(f, " (rule `{}`)", self.rule)?;
        }
        write!(f, ": {}. To do: {}.", self.what, self.cure)
    }
}

/// Gathers findings under a key and a rule's name.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) list: Vec<Finding>,
    at: Vec<String>,
    rule: String,
}

impl Findings {
    /// Whatever is found inside `turn` is below this key.
    pub(super) fn under<T>(&mut self, key: String, turn: impl FnOnce(&mut Self) -> T) -> T {
        self.at.push(key);
        let done = turn(self);
        self.at.pop();
        done
    }

    /// Whatever is found from here on is about this rule.
    pub(super) fn about(&mut self, rule: &str) {
        rule.clone_into(&mut self.rule);
    }

    /// Something is wrong.
    pub(super) fn wrong(&mut self, key: &str, what: impl Into<String>, cure: impl Into<String>) {
        self.found(true, key, what.into(), cure.into());
    }

    /// Something deserves to be known.
    pub(super) fn advise(&mut self, key: &str, what: impl Into<String>, cure: impl Into<String>) {
        self.found(false, key, what.into(), cure.into());
    }

    fn found(&mut self, error: bool, key: &str, what: String, cure: String) {
        let mut path = self.at.clone();
        if !key.is_empty() {
            path.push(key.to_owned());
        }
        self.list.push(Finding {
            error,
            key: path.join("."),
            rule: self.rule.clone(),
            what,
            cure,
        });
    }

    /// The value, or its fault under this key.
    pub(super) fn keep<T>(&mut self, key: &str, read: Result<T, String>, cure: &str) -> Option<T> {
        read.map_err(|what| self.wrong(key, what, cure)).ok()
    }
}
