//! A rule that has been compiled: when it fits, and what it then looks at. Says nothing by itself.

use serde_json::Value;

use super::codes::Codes;
use super::emit::Emit;
use super::pointer::{Pointer, Step};
use super::template::{Place, Template};
use super::time::Time;
use super::topic::{Parts, Topic};
use super::unpack::Unpack;
use super::value::Named;

/// A rule.
#[derive(Debug, PartialEq)]
pub(super) struct Rule {
    pub(super) name: String,
    /// Its place in the text.
    pub(super) at: usize,
    pub(super) topics: Vec<Topic>,
    /// The payload as a whole is the value.
    pub(super) text: bool,
    pub(super) each: Option<Pointer>,
    pub(super) when: Vec<Cond>,
    pub(super) ignore: bool,
    /// Why it cannot be read; empty when it can.
    pub(super) refuse: String,
    pub(super) unpack: Option<Unpack>,
    pub(super) device: Template,
    pub(super) model: Template,
    pub(super) time: Vec<Time>,
    pub(super) dedupe: Option<Dedupe>,
    pub(super) test: Option<Pointer>,
    pub(super) emits: Vec<Emit>,
    pub(super) codes: Option<Codes>,
    /// Every pointer that it names, from the root.
    pub(super) known: Vec<Vec<Step>>,
}

/// When words that are said again are one frame.
#[derive(Debug, PartialEq)]
pub(super) struct Dedupe {
    pub(super) within_ms: u64,
    pub(super) by: Vec<Pointer>,
    pub(super) by_alone: bool,
}

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cond {
    pub(super) of: Of,
    pub(super) asks: Asks,
}

/// What a condition is about.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Of {
    /// A text put together: a topic part, the first of several values.
    Made(Template),
    /// A value of the message.
    At(Pointer),
}

/// What a condition asks.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asks {
    /// One of these.
    Any(Vec<Named>),
    /// There, and none of these.
    Not(Vec<Named>),
    /// There and not null, or not.
    Exists(bool),
}

impl Rule {
    /// True when it only says that a message is known.
    pub(super) const fn says_nothing(&self) -> bool {
        self.ignore || !self.refuse.is_empty()
    }

    /// The parts of a topic that it fits; every topic when it names none.
    pub(super) fn fits<'t>(&'t self, topic: Option<&'t str>) -> Option<Parts<'t>> {
        match topic {
            Some(topic) if !self.topics.is_empty() => {
                self.topics.iter().find_map(|pattern| pattern.fit(topic))
            }
            _ => Some(Parts::new()),
        }
    }

    /// The parts of the message that it speaks of, each with the name that its `*` matched; none: it does not fit.
    pub(super) fn scopes<'v>(
        &self,
        root: &'v Value,
        parts: &Parts<'_>,
    ) -> Vec<(&'v Value, Option<String>)> {
        let mut scopes = match &self.each {
            None => vec![(root, None)],
            Some(each) => {
                let found = each.matches(root, root).found.into_iter();
                found
                    .map(|f| (f.value, f.key.map(std::borrow::Cow::into_owned)))
                    .collect()
            }
        };
        scopes.retain(|(scope, key)| {
            let place = Place {
                parts,
                key: key.as_deref(),
                root,
                scope,
            };
            self.when.iter().all(|cond| cond.holds(place))
        });
        scopes
    }
}

impl Cond {
    /// True when it holds.
    pub(super) fn holds(&self, place: Place<'_>) -> bool {
        match &self.of {
            Of::Made(template) => {
                let value = template.fill(place).map_or(Value::Null, Value::String);
                self.asks.of(&[&value])
            }
            Of::At(pointer) => {
                let found = pointer.matches(place.root, place.scope).found;
                let values: Vec<&Value> = found.iter().map(|f| f.value).collect();
                self.asks.of(&values)
            }
        }
    }
}

impl Asks {
    fn of(&self, values: &[&Value]) -> bool {
        let is = |names: &[Named]| values.iter().any(|v| names.iter().any(|name| name.is(v)));
        match self {
            Self::Any(names) => is(names),
            Self::Not(names) => values.iter().any(|v| !v.is_null()) && !is(names),
            Self::Exists(there) => values.iter().any(|v| !v.is_null()) == *there,
        }
    }

    /// True when a value that passes `other` passes this as well, as far as that can be told.
    pub(super) fn follows_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any(mine), Self::Any(theirs)) => theirs
                .iter()
                .all(|t| mine.iter().any(|name| name.covers(t))),
            (Self::Exists(true), Self::Any(_) | Self::Not(_) | Self::Exists(true))
            | (Self::Exists(false), Self::Exists(false)) => true,
            (Self::Not(mine), Self::Any(theirs)) => !theirs
                .iter()
                .any(|t| mine.iter().any(|name| name.covers(t) || t.covers(name))),
            (Self::Not(mine), Self::Not(theirs)) => mine
                .iter()
                .all(|name| theirs.iter().any(|t| t.covers(name))),
            _ => false,
        }
    }

    /// True when no value passes both, as far as that can be told.
    pub(super) fn excludes(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any(mine), Self::Any(theirs)) => !mine
                .iter()
                .any(|m| theirs.iter().any(|t| m.covers(t) || t.covers(m))),
            (Self::Exists(false), Self::Any(_) | Self::Not(_) | Self::Exists(true))
            | (Self::Any(_) | Self::Not(_) | Self::Exists(true), Self::Exists(false)) => true,
            (Self::Any(values), Self::Not(not)) | (Self::Not(not), Self::Any(values)) => {
                values.iter().all(|v| not.iter().any(|n| n.covers(v)))
            }
            _ => false,
        }
    }
}
