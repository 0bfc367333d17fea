//! Templates: where a value stands in a payload, or what is made of it. A plain path is read as it is ([`plain`]); anything
//! else is Jinja as Home Assistant speaks it ([`program`]), and what it cannot be is named, never guessed.

mod arithmetic;
mod functions;
mod names;
mod numbers;
mod payload;
mod plain;
mod program;
mod scan;
mod texts;

use std::cell::OnceCell;
use std::sync::Arc;

use minijinja::value::Value as Json;
use serde_json::Value;

use crate::json::{self, Fields};
use crate::signal::Refusal;

use payload::Missed;
use plain::Step;
use program::{Failed, Program};

/// Where a value stands in a payload, or what is made of it.
#[derive(Debug, Clone)]
pub(super) enum Template {
    /// The payload as it is.
    Whole,
    /// A field of its JSON.
    Path(Vec<Step>),
    /// A program.
    Program(Arc<Program>),
}

impl PartialEq for Template {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole, Self::Whole) => true,
            (Self::Path(one), Self::Path(other)) => one == other,
            (Self::Program(one), Self::Program(other)) => one.source() == other.source(),
            (Self::Whole | Self::Path(_) | Self::Program(_), _) => false,
        }
    }
}

/// A payload, parsed when somebody asks.
#[derive(Debug)]
pub(super) struct Heard<'p> {
    pub(super) text: &'p str,
    json: OnceCell<Result<Value, Refusal>>,
    /// Its JSON as programs see it.
    seen: OnceCell<(Option<Json>, Missed)>,
}

/// What a template finds.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'v> {
    /// The payload's text.
    Text(&'v str),
    /// A value of its JSON.
    Json(&'v Value),
    /// What a program made of it; `missed`: it looked at what is not there.
    Made { text: String, missed: bool },
    /// Nothing stands there.
    Absent,
    /// JSON was due, or a payload that its program can read.
    Refused(Refusal),
}

impl<'p> Heard<'p> {
    /// A payload that is text.
    pub(super) fn new(payload: &'p [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(payload).map_err(|_| Refusal::NotText)?;
        Ok(Self {
            text,
            json: OnceCell::new(),
            seen: OnceCell::new(),
        })
    }

    /// Whether it is JSON.
    pub(super) fn is_json(&self) -> bool {
        self.json().is_ok()
    }

    fn json(&self) -> &Result<Value, Refusal> {
        self.json.get_or_init(|| {
            // A field that comes twice is refused, as everywhere.
            if self.text.trim_start().starts_with('{') {
                json::each_field(self.text.as_bytes(), &mut Nobody)?;
            }
            serde_json::from_str(self.text).map_err(|e| json::refusal(&e))
        })
    }

    fn seen(&self) -> &(Option<Json>, Missed) {
        self.seen.get_or_init(|| {
            let missed = Missed::default();
            (payload::read(self.text, &missed), missed)
        })
    }
}

/// Asks for no field.
struct Nobody;

impl Fields for Nobody {
    fn enters(&self, _: &str) -> bool {
        false
    }

    fn field(&mut self, _: &str, _: json::Value<'_>) {}
}

impl Template {
    /// Reads a template, or says why it is not read.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        match plain::parse(text) {
            Some(steps) if steps.is_empty() => Ok(Self::Whole),
            Some(steps) => Ok(Self::Path(steps)),
            None => Program::compile(text).map(|program| Self::Program(Arc::new(program))),
        }
    }

    /// The name that the path ends with, or the one field of a program; empty for the whole payload.
    pub(super) fn last(&self) -> &str {
        match self {
            Self::Whole => "",
            Self::Path(steps) => {
                let mut keys = steps.iter().rev().filter_map(|step| match step {
                    Step::Key(key) => Some(&**key),
                    Step::At(_) => None,
                });
                keys.next().unwrap_or_default()
            }
            Self::Program(program) => program.field(),
        }
    }

    /// The words that a program may yield.
    pub(super) fn words(&self) -> &[Box<str>] {
        match self {
            Self::Whole | Self::Path(_) => &[],
            Self::Program(program) => program.words(),
        }
    }

    /// Whether it asks what its entity said last.
    pub(super) fn reads_state(&self) -> bool {
        matches!(self, Self::Program(program) if program.reads_state())
    }

    /// What stands there; `state` is what its entity said last.
    pub(super) fn find<'v>(&self, heard: &'v Heard<'_>, state: &str) -> Found<'v> {
        let steps = match self {
            Self::Whole => return Found::Text(heard.text.trim()),
            Self::Path(steps) => steps,
            Self::Program(program) => return made(program, heard, state),
        };
        let mut at = match heard.json() {
            Ok(root) => root,
            Err(refusal) => return Found::Refused(refusal.clone()),
        };
        for step in steps {
            let next = match step {
                Step::Key(key) => at.as_object().and_then(|o| o.get(&**key)),
                Step::At(n) => at.as_array().and_then(|a| a.get(*n)),
            };
            match next {
                Some(next) => at = next,
                None => return Found::Absent,
            }
        }
        Found::Json(at)
    }
}

/// What a program makes of a payload.
fn made<'v>(program: &Program, heard: &'v Heard<'_>, state: &str) -> Found<'v> {
    let json = heard.json();
    if let Err(refusal) = json
        && heard.text.trim_start().starts_with(['{', '['])
    {
        return Found::Refused(refusal.clone());
    }
    let (seen, missed) = heard.seen();
    let bad = |due| Refusal::BadValue {
        field: "value_template".to_owned(),
        due,
    };
    match program.render(heard.text, seen.as_ref(), missed, state) {
        Ok(made) if made.same => Found::Absent,
        Ok(made) => Found::Made {
            text: made.text,
            missed: made.missed,
        },
        Err(Failed::Missed) => Found::Absent,
        Err(Failed::Fuel) => Found::Refused(bad("a template that ends within its bound of work")),
        Err(Failed::Payload) => Found::Refused(match json {
            Ok(_) => bad("a payload that its template can read"),
            Err(refusal) => refusal.clone(),
        }),
    }
}

#[cfg(test)]
mod tests;
