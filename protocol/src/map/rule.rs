//! A rule that has been compiled: when it fits, and what it then looks at. Says nothing by itself.

use super::codes::Codes;
use super::emit::Emit;
use super::pointer::Pointer;
use super::template::{Place, Template};
use super::time::Time;
use super::topic::{Parts, Topic};
use super::tree::Value;
use super::unmapped::Known;
use super::unpack::Unpack;
use super::value::{Named, text_of};
use crate::alarm_names::{self, named_in_a_place};

/// A rule.
#[derive(Debug, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // Each answers a question of its own.
pub(super) struct Rule {
    pub(super) name: String,
    /// Its place in the text.
    pub(super) at: usize,
    pub(super) topics: Vec<Topic>,
    /// They are those of the rule before it.
    pub(super) same_topics: bool,
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
    /// Both are the same for whatever one scope says: neither names what a `*` matched.
    pub(super) one_device: bool,
    pub(super) time: Vec<Time>,
    pub(super) dedupe: Option<Dedupe>,
    pub(super) test: Option<Pointer>,
    pub(super) emits: Vec<Emit>,
    pub(super) codes: Option<Codes>,
    /// Every pointer that it names, from the root.
    pub(super) known: Known,
    /// What nobody knows is called so.
    pub(super) unmapped: Template,
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
    /// A name of an alarm or of tamper, or not.
    Alarm(bool),
    /// There and null, or not.
    Null(bool),
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
            _ => Some(Parts::default()),
        }
    }

    /// The parts of the message that it speaks of, each with the name that its `*` matched; none: it does not fit.
    pub(super) fn scopes<'v>(
        &self,
        root: &'v Value<'v>,
        parts: Parts<'_>,
    ) -> Vec<(&'v Value<'v>, Option<String>)> {
        let whole = Place {
            parts,
            key: None,
            each: None,
            root,
            scope: root,
        };
        let mut scopes = Vec::new();
        match &self.each {
            None if self.holds(whole) => scopes.push((root, None)),
            None => {}
            Some(each) => {
                each.each(root, root, &mut |found| {
                    let place = Place {
                        key: found.key,
                        each: found.key,
                        scope: found.value,
                        ..whole
                    };
                    if self.holds(place) {
                        scopes.push((found.value, found.key.map(str::to_owned)));
                    }
                });
            }
        }
        scopes
    }

    fn holds(&self, place: Place<'_>) -> bool {
        self.when.iter().all(|cond| cond.holds(place))
    }
}

impl Cond {
    /// True when it holds.
    pub(super) fn holds(&self, place: Place<'_>) -> bool {
        match &self.of {
            Of::Made(template) if matches!(self.asks, Asks::Alarm(_)) => {
                let text = template.fill(place).ok();
                self.asks == Asks::Alarm(text.is_some_and(|text| is_alarm(&text)))
            }
            Of::At(pointer) if matches!(self.asks, Asks::Alarm(_)) => {
                let named = |value: &Value<'_>| text_of(value).is_some_and(|text| is_alarm(&text));
                let found = pointer.find(place.root, place.scope, named).is_some();
                self.asks == Asks::Alarm(found)
            }
            Of::Made(template) => {
                let text = template.fill(place).ok();
                let text = text.as_deref().map(str::trim);
                self.asks.of(|wanted| {
                    text.is_some_and(|text| {
                        wanted.is_none_or(|any| any.iter().any(|n| n.is_text(text)))
                    })
                })
            }
            Of::At(pointer) if matches!(self.asks, Asks::Null(_)) => {
                let is_null = pointer.is_null(place.root, place.scope);
                self.asks == Asks::Null(is_null)
            }
            Of::At(pointer) => self.asks.of(|wanted| {
                let is =
                    |value: &Value<'_>| wanted.is_none_or(|any| any.iter().any(|n| n.is(value)));
                pointer.find(place.root, place.scope, is).is_some()
            }),
        }
    }
}

/// True of a name of an alarm or of tamper; `named` in an emit says which.
fn is_alarm(name: &str) -> bool {
    named_in_a_place(name).is_some_and(|named| named != alarm_names::Named::Unsaid)
}

impl Asks {
    /// True when it is so; `there` tells whether there is a value, and where it is given names, one that has any of them.
    fn of(&self, there: impl Fn(Option<&[Named]>) -> bool) -> bool {
        match self {
            Self::Any(names) => there(Some(names)),
            Self::Not(names) => there(None) && !there(Some(names)),
            Self::Exists(due) => there(None) == *due,
            // A text that was put together is never null, and a list is no name.
            Self::Null(due) | Self::Alarm(due) => !*due,
        }
    }

    /// True when a value that passes `other` passes this as well, as far as that can be told.
    pub(super) fn follows_from(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any(mine), Self::Any(theirs)) => theirs
                .iter()
                .all(|t| mine.iter().any(|name| name.covers(t))),
            (Self::Exists(true), Self::Any(_) | Self::Not(_) | Self::Exists(true))
            | (Self::Exists(false), Self::Exists(false) | Self::Null(true)) => true,
            (Self::Null(mine), Self::Null(theirs)) => mine == theirs,
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
            (
                Self::Exists(false) | Self::Null(true),
                Self::Any(_) | Self::Not(_) | Self::Exists(true),
            )
            | (
                Self::Any(_) | Self::Not(_) | Self::Exists(true),
                Self::Exists(false) | Self::Null(true),
            ) => true,
            (Self::Null(mine), Self::Null(theirs)) => mine != theirs,
            (Self::Any(values), Self::Not(not)) | (Self::Not(not), Self::Any(values)) => {
                values.iter().all(|v| not.iter().any(|n| n.covers(v)))
            }
            _ => false,
        }
    }
}
