//! Templates as far as they are plain: `{{ value_json.a['b'].c }}` and `{{ value }}`, with filters that leave a reading what
//! it is. Anything else (arithmetic, conditions, tests, text beside the braces) is not read: it is reported, never guessed.

use std::cell::OnceCell;

use serde_json::Value;

use crate::json::{self, Fields};
use crate::signal::Refusal;

/// The most steps of one path.
const STEPS_MOST: usize = 16;
/// The most filters behind one path.
const FILTERS_MOST: usize = 8;

/// Names behind a dot that Jinja takes for something else than a field: what every dict of Python has.
const OF_EVERY_DICT: &[&str] = &[
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];

/// Filters that change neither which of two values it is nor what a number says beyond its last digits. What a default
/// stands in for is absent, and absent is unknown here.
const FILTERS: &[&str] = &[
    "d",
    "default",
    "float",
    "int",
    "is_defined",
    "lower",
    "round",
    "string",
    "trim",
    "upper",
];

/// Where a value stands in a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Template {
    /// The payload as it is.
    Whole,
    /// A field of its JSON.
    Path(Vec<Step>),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(Box<str>),
    At(usize),
}

/// A payload, parsed when somebody asks.
#[derive(Debug)]
pub(super) struct Heard<'p> {
    pub(super) text: &'p str,
    json: OnceCell<Result<Value, Refusal>>,
}

/// What a template finds.
#[derive(Debug, PartialEq)]
pub(super) enum Found<'v> {
    /// The payload's text.
    Text(&'v str),
    /// A value of its JSON.
    Json(&'v Value),
    /// Nothing stands there.
    Absent,
    /// JSON was due.
    Refused(Refusal),
}

impl<'p> Heard<'p> {
    /// A payload that is text.
    pub(super) fn new(payload: &'p [u8]) -> Result<Self, Refusal> {
        let text = std::str::from_utf8(payload).map_err(|_| Refusal::NotText)?;
        Ok(Self {
            text,
            json: OnceCell::new(),
        })
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
    /// Reads a template; `None` for one that is not plain.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let inner = text.trim().strip_prefix("{{")?.strip_suffix("}}")?;
        let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner);
        let inner = inner.strip_suffix(['-', '+']).unwrap_or(inner).trim();
        if inner.contains("{{") || inner.contains("}}") {
            return None;
        }
        let (path, filters) = match split_filters(inner) {
            Some((path, filters)) => (path, Some(filters)),
            None => (inner, None),
        };
        if let Some(filters) = filters {
            are_harmless(filters)?;
        }
        match path.trim() {
            "value" => Some(Self::Whole),
            path => steps(path.strip_prefix("value_json")?).map(Self::Path),
        }
    }

    /// The name that the path ends with; empty for the whole payload.
    pub(super) fn last(&self) -> &str {
        match self {
            Self::Whole => "",
            Self::Path(steps) => steps
                .iter()
                .rev()
                .find_map(|step| match step {
                    Step::Key(key) => Some(&**key),
                    Step::At(_) => None,
                })
                .unwrap_or_default(),
        }
    }

    /// What stands there.
    pub(super) fn find<'v>(&self, heard: &'v Heard<'_>) -> Found<'v> {
        let Self::Path(steps) = self else {
            return Found::Text(heard.text.trim());
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

/// The path and what stands behind its first `|`, which is not in quotes.
fn split_filters(text: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (Some(q), c) if c == q => quote = None,
            (None, '|') => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

/// Every filter is one that leaves a reading what it is.
fn are_harmless(filters: &str) -> Option<()> {
    let mut count = 0;
    for filter in filters.split('|') {
        let filter = filter.trim();
        let (name, arguments) = match filter.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.strip_suffix(')')?),
            None => (filter, ""),
        };
        // `int(0, 16)` reads another base, and brackets in brackets are somebody's program.
        let plain = !arguments.contains(['(', ')', '=', '{', '[', ',']);
        let plain = plain || (name == "round" && !arguments.contains(['(', '[', '{']));
        count += 1;
        if !FILTERS.contains(&name) || !plain || count > FILTERS_MOST {
            return None;
        }
    }
    Some(())
}

/// The steps behind `value_json`.
fn steps(mut rest: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return (!steps.is_empty()).then_some(steps);
        }
        if steps.len() == STEPS_MOST {
            return None;
        }
        let step = if let Some(after) = rest.strip_prefix('[') {
            in_brackets(after.trim_start(), &mut rest)?
        } else {
            by_name(rest.strip_prefix('.')?, &mut rest)?
        };
        steps.push(step);
    }
}

fn in_brackets<'t>(text: &'t str, rest: &mut &'t str) -> Option<Step> {
    let (step, after) = if let Some((key, after)) = quoted(text) {
        (Step::Key(key.into()), after)
    } else {
        let end = text.find(|c: char| !c.is_ascii_digit())?;
        let (digits, after) = text.split_at_checked(end)?;
        (Step::At(digits.parse().ok()?), after)
    };
    *rest = after.trim_start().strip_prefix(']')?;
    Some(step)
}

fn by_name<'t>(text: &'t str, rest: &mut &'t str) -> Option<Step> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    let (name, after) = text.split_at_checked(end)?;
    if name == "get" {
        // `.get('x')` is the field, and with a default what stands in for an absent one.
        let inside = after.trim_start().strip_prefix('(')?.trim_start();
        let (key, after) = quoted(inside)?;
        let (default, after) = after.split_once(')')?;
        let default = default.trim();
        let plain = default.is_empty() || (default.starts_with(',') && !default.contains('('));
        *rest = after;
        return plain.then(|| Step::Key(key.into()));
    }
    *rest = after;
    let is_name = name
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    (is_name && !OF_EVERY_DICT.contains(&name)).then(|| Step::Key(name.into()))
}

/// A text in quotes without an escape, and what follows it.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (inside, after) = text.get(1..)?.split_once(quote)?;
    (!inside.contains('\\')).then_some((inside, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<String> {
        Template::parse(text).map(|template| match template {
            Template::Whole => "whole".to_owned(),
            Template::Path(steps) => {
                let each = steps.iter().map(|s| match s {
                    Step::Key(key) => key.to_string(),
                    Step::At(n) => n.to_string(),
                });
                each.collect::<Vec<_>>().join("/")
            }
        })
    }

    #[test]
    fn plain_paths_are_read_however_they_are_written() {
        for (text, due) in [
            ("{{ value_json.battery }}", "battery"),
            ("{{value_json.a.b_2}}", "a/b_2"),
            ("{{ value_json['battery low'] }}", "battery low"),
            ("{{ value_json[\"a.b\"]['c|d'] }}", "a.b/c|d"),
            ("{{- value_json.x -}}", "x"),
            ("\n {{ value_json . x }} \n", ""),
            ("{{ value }}", "whole"),
            ("{{ value | float }}", "whole"),
            ("{{ value_json.t | float(0) | round(1, 'floor') }}", "t"),
            ("{{ value_json.x | is_defined }}", "x"),
            ("{{ value_json.x|default('')|lower }}", "x"),
            ("{{ value_json.list[0].t }}", "list/0/t"),
            ("{{ value_json.get('x') }}", "x"),
            ("{{ value_json['update']['state'] }}", "update/state"),
        ] {
            let found = path(text);
            if due.is_empty() {
                assert_eq!(found, None, "{text}");
            } else {
                assert_eq!(found.as_deref(), Some(due), "{text}");
            }
        }
    }

    #[test]
    fn what_is_a_program_is_not_read() {
        for text in [
            "",
            "ON",
            "{{ }}",
            "{{ value_json }}",
            "{{ value_json.x * 0.1 }}",
            "{{ value_json.x | float * 0.1 }}",
            "{{ value_json.x | multiply(0.1) }}",
            "{{ value_json.x == 'open' }}",
            "{{ 'ON' if value_json.x else 'OFF' }}",
            "{% if value_json.x %}ON{% endif %}",
            "{{ value_json.x }}{{ value_json.y }}",
            "{{ value_json.x }} %",
            "{{ not value_json.x }}",
            "{{ value_json.x | int(0, 16) }}",
            "{{ value_json.x | int(base=16) }}",
            "{{ value_json.update }}",
            "{{ value_json.items() }}",
            "{{ value_json[key] }}",
            "{{ value_json.x ~ 'a' }}",
            "{{ value_json.x | iif('ON','OFF') }}",
            "{{ value[0] }}",
            "{{ states('sensor.x') }}",
            "{{ value_json['a\\'b'] }}",
            "{{ value_json.x | default(states('a')) }}",
            "{{ value_json_x }}",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
        let deep = format!("{{{{ value_json{} }}}}", ".a".repeat(STEPS_MOST + 1));
        assert_eq!(path(&deep), None);
    }

    #[test]
    fn a_value_is_found_where_it_stands_or_not_at_all() {
        let heard = Heard::new(br#"{"a":{"b":[1,{"c":"x"}]},"n":null}"#).unwrap();
        let find = |text: &str| match Template::parse(text).unwrap().find(&heard) {
            Found::Json(value) => value.to_string(),
            Found::Text(text) => text.to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(find("{{ value_json.a.b[1].c }}"), "\"x\"");
        assert_eq!(find("{{ value_json.n }}"), "null");
        assert_eq!(find("{{ value_json.n.m }}"), "Absent");
        assert_eq!(find("{{ value_json.z }}"), "Absent");
        let twice = Heard::new(br#"{"a":1,"a":2}"#).unwrap();
        let found = Template::parse("{{ value_json.a }}").unwrap();
        assert!(matches!(found.find(&twice), Found::Refused(_)));
    }
}
