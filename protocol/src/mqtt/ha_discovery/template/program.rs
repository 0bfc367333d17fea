//! A template that is more than a plain path, compiled once and rendered for each message by `minijinja`, within a bound of
//! work and memory (its fuel). What it asks that a gateway has not (another entity, a clock, a filter that nobody knows) is
//! found when it is compiled, not when an alarm comes.

use std::collections::BTreeSet;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Object, ObjectRepr, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};
use minijinja_contrib::pycompat;

use super::functions::{self, MISSED};
use super::names::{FILTERS, FUNCTIONS, METHODS, TESTS, is_in};
use super::payload::{Missed, Shared};
use super::plain::OF_EVERY_DICT;
use super::scan::{LESS, PLUS, REST, Scanned, TIMES, scan};

/// The longest template, bytes.
const LONGEST: usize = 16 * 1024;
/// What one rendering may cost: as many instructions, or 64 times as many bytes (`minijinja`, `vm/fuel.rs`).
const FUEL: u64 = 20_000;
/// The deepest call in a call.
const DEEPEST: usize = 50;
/// The most digits of a width in a format: 999.
const WIDTH_DIGITS: usize = 3;
/// The name of a program's one template.
const NAME: &str = "t";
/// The variables that a message gives.
const VARIABLES: &[&str] = &["value", "value_json", "this", "loop", "caller"];
static BASE: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Lenient);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(DEEPEST);
    env.set_unknown_method_callback(method);
    functions::add(&mut env);
    env
});

/// Python's methods; a dictionary's `get` that finds nothing has met a missing key.
fn method(
    state: &mut State<'_, '_>,
    value: &Value,
    name: &str,
    arguments: &[Value],
) -> Result<Value, Error> {
    if name == "get"
        && let (Some(object), Some(key)) = (value.as_object(), arguments.first())
        && object.repr() == ObjectRepr::Map
        && object.get_value(key).is_none()
    {
        functions::note(state);
    }
    // A width is not paid for: `'{:999999999}'.format(1)` is a gigabyte.
    if name == "format"
        && let Some(text) = value.as_str()
        && text
            .split(|c: char| !c.is_ascii_digit())
            .any(|digits| digits.len() > WIDTH_DIGITS)
    {
        return Err(Error::from(ErrorKind::OutOfFuel));
    }
    pycompat::unknown_method_callback(state, value, name, arguments)
}

/// A compiled template.
#[derive(Debug)]
pub(in super::super) struct Program {
    source: Box<str>,
    env: Environment<'static>,
    /// Whether it asks what its entity said last.
    reads_state: bool,
    /// Texts in quotes and beside the braces: what it may yield.
    words: Vec<Box<str>>,
    /// The field that it names; empty where it names several, or none.
    field: Box<str>,
}

/// What a template made of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) text: String,
    /// It looked at what was not there.
    pub(super) missed: bool,
    /// It asked what its entity said last, and says the same again.
    pub(super) same: bool,
}

/// Why nothing was rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failed {
    /// It looked at what was not there: the old state stays, as in Home Assistant.
    Missed,
    /// It costs more than it may.
    Fuel,
    /// It cannot do that with such a payload.
    Payload,
}

impl Program {
    /// Compiles a template, or says why it is not read.
    pub(super) fn compile(source: &str) -> Result<Self, String> {
        if source.len() > LONGEST {
            return Err("it is longer than 16 KiB".to_owned());
        }
        let scanned = scan(source).ok_or("a bracket, a quote or a brace does not close")?;
        if let Some(why) = unread(&scanned) {
            return Err(why);
        }
        let mut env = BASE.clone();
        env.add_template_owned(NAME, scanned.source)
            .map_err(|error| not_compiled(&error))?;
        let template = env
            .get_template(NAME)
            .map_err(|error| not_compiled(&error))?;
        let is_call = |name: &str| {
            LESS.iter().any(|(_, call)| *call == name) || [PLUS, TIMES, REST].contains(&name)
        };
        let names: BTreeSet<String> = template.undeclared_variables(false).into_iter().collect();
        let known =
            |name: &str| VARIABLES.contains(&name) || is_in(FUNCTIONS, name) || is_call(name);
        if let Some(name) = names.iter().find(|name| !known(name)) {
            return Err(format!(
                "it asks for {}, which this gateway has not",
                shown(name)
            ));
        }
        let mut fields = scanned.fields.iter();
        let only = fields.next().filter(|_| fields.next().is_none());
        Ok(Self {
            source: source.into(),
            reads_state: !scanned.of_this.is_empty(),
            field: only.cloned().unwrap_or_default(),
            words: scanned.words,
            env,
        })
    }

    /// The template as it was told.
    pub(super) fn source(&self) -> &str {
        &self.source
    }

    /// Whether it asks what its entity said last.
    pub(super) fn reads_state(&self) -> bool {
        self.reads_state
    }

    /// Texts in quotes and beside the braces.
    pub(super) fn words(&self) -> &[Box<str>] {
        &self.words
    }

    /// The one field that it names; may be empty.
    pub(super) fn field(&self) -> &str {
        &self.field
    }

    /// Renders it for a message; `json` is `None` where the payload is no JSON.
    pub(super) fn render(
        &self,
        text: &str,
        json: Option<&Value>,
        missed: &Missed,
        state: &str,
    ) -> Result<Rendered, Failed> {
        missed.take();
        let asked = Missed::default();
        let context = Value::from_object(Context {
            value: text.into(),
            value_json: json.cloned().unwrap_or_default(),
            this: Value::from_object(This {
                state: state.into(),
                asked: asked.clone(),
            }),
            missed: Value::from_object(Shared(missed.clone())),
        });
        let template = self.env.get_template(NAME).map_err(|_| Failed::Payload)?;
        let rendered = template.render(context);
        let missed = missed.take();
        match rendered {
            Ok(rendered) => {
                let text = rendered.trim().to_owned();
                let same = asked.take() && text.eq_ignore_ascii_case(state);
                Ok(Rendered { text, missed, same })
            }
            Err(error) if is_fuel(&error) => Err(Failed::Fuel),
            Err(_) if missed => Err(Failed::Missed),
            Err(_) => Err(Failed::Payload),
        }
    }
}

fn is_fuel(error: &Error) -> bool {
    let mut at: Option<&dyn std::error::Error> = Some(error);
    while let Some(one) = at {
        if one
            .downcast_ref::<Error>()
            .is_some_and(|e| e.kind() == ErrorKind::OutOfFuel)
        {
            return true;
        }
        at = one.source();
    }
    false
}

/// What a template names that is not here.
fn unread(scanned: &Scanned) -> Option<String> {
    let other = |names: &BTreeSet<Box<str>>, known: &str| {
        let other = names.iter().find(|name| !is_in(known, name));
        other.map(|name| shown(name))
    };
    if let Some(name) = other(&scanned.filters, FILTERS) {
        return Some(format!("nobody knows its filter {name}"));
    }
    if let Some(name) = other(&scanned.tests, TESTS) {
        return Some(format!("nobody knows its test {name}"));
    }
    if let Some(name) = other(&scanned.methods, METHODS) {
        return Some(format!("nobody knows its method {name}"));
    }
    if let Some(name) = other(&scanned.of_this, "state") {
        return Some(format!(
            "it asks for this.{name}, and only this.state is here"
        ));
    }
    let of_dict = scanned
        .attributes
        .iter()
        .find(|name| OF_EVERY_DICT.contains(&&***name));
    of_dict.map(|name| format!("Home Assistant takes .{name} for a method; write ['{name}']"))
}

fn not_compiled(error: &Error) -> String {
    let why = error
        .detail()
        .map_or_else(|| error.kind().to_string(), shown);
    format!("it does not compile: {why}")
}

fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(48).collect()
}

/// A message's variables.
#[derive(Debug)]
struct Context {
    value: Box<str>,
    value_json: Value,
    this: Value,
    missed: Value,
}

impl Object for Context {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        match key {
            "value" => Some(Value::from(&*self.value)),
            "value_json" => Some(self.value_json.clone()).filter(|json| !json.is_undefined()),
            "this" => Some(self.this.clone()),
            MISSED => Some(self.missed.clone()),
            _ => None,
        }
    }
}

/// What an entity said last.
#[derive(Debug)]
struct This {
    state: Box<str>,
    asked: Missed,
}

impl Object for This {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        (key.as_str()? == "state").then(|| {
            self.asked.note();
            Value::from(&*self.state)
        })
    }
}

#[cfg(test)]
mod tests;
