//! JSON pointers (RFC 6901) with `*` in a step: each match is found by itself. A pointer that begins with `/` is from the
//! message's root, any other from what the rule's `each` matched. A step never reaches into a list but by `*`: positions
//! in lists move.

use super::STEPS_MOST;
use super::tree::{Name, Value};
use super::unmapped::shown;
use super::value::Glob;

/// The most matches of one pointer in one message.
const MATCHES_MOST: usize = super::SIGNALS_MOST;

/// Where a value stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pointer {
    /// From the root of the message.
    pub(super) rooted: bool,
    pub(super) steps: Vec<Step>,
}

/// One step of a pointer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(Name<'static>),
    Glob(Glob),
}

/// A match.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found<'f, 'v> {
    pub(super) value: &'v Value<'v>,
    /// The way to it; none to where the pointer begins.
    pub(super) way: Option<&'f Way<'f>>,
    /// The name that the last `*` matched.
    pub(super) key: Option<&'f str>,
}

/// The names on the way to a match, from its end.
#[derive(Debug)]
pub(super) struct Way<'f> {
    name: &'f str,
    before: Option<&'f Self>,
}

impl Pointer {
    /// Reads a pointer.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let rooted = text.is_empty() || text.starts_with('/');
        let body = text
            .strip_prefix('/')
            .or_else(|| text.strip_prefix("./"))
            .unwrap_or(text);
        if text.is_empty() || text == "." {
            return Ok(Self {
                rooted,
                steps: Vec::new(),
            });
        }
        let steps: Vec<Step> = body.split('/').map(step).collect::<Result<_, _>>()?;
        if steps.len() > STEPS_MOST {
            return Err(format!(
                "`{text}` has {} steps; {STEPS_MOST} are allowed",
                steps.len()
            ));
        }
        Ok(Self { rooted, steps })
    }

    /// Hands over everything that it matches; null and absent values are none. True when it met a list where it names a step.
    pub(super) fn each<'v>(
        &self,
        root: &'v Value<'v>,
        scope: &'v Value<'v>,
        to: &mut dyn FnMut(Found<'_, 'v>),
    ) -> bool {
        let mut found = 0;
        let mut bounded = |one: Found<'_, 'v>| {
            found += 1;
            if found <= MATCHES_MOST {
                to(one);
            }
        };
        let from = Found {
            value: if self.rooted { root } else { scope },
            way: None,
            key: None,
        };
        descend(&self.steps, from, &mut bounded)
    }

    /// The first match that is wanted.
    pub(super) fn find<'v>(
        &self,
        root: &'v Value<'v>,
        scope: &'v Value<'v>,
        mut wanted: impl FnMut(&Value<'_>) -> bool,
    ) -> Option<&'v Value<'v>> {
        let mut seen = 0;
        let from = if self.rooted { root } else { scope };
        find(&self.steps, from, &mut |value| {
            seen += 1;
            seen <= MATCHES_MOST && wanted(value)
        })
    }

    /// The first match.
    pub(super) fn first<'v>(
        &self,
        root: &'v Value<'v>,
        scope: &'v Value<'v>,
    ) -> Option<&'v Value<'v>> {
        self.find(root, scope, |_| true)
    }

    /// True when what it points to is there and is null.
    pub(super) fn is_null(&self, root: &Value<'_>, scope: &Value<'_>) -> bool {
        let from = if self.rooted { root } else { scope };
        is_null(&self.steps, from)
    }

    /// What each match of it is called; none when that depends on what a `*` matches.
    pub(super) fn name(&self) -> Option<String> {
        let names = self.steps.iter().map(|step| match step {
            Step::Key(key) => Some(key.text()),
            Step::Glob(_) => None,
        });
        let names: Vec<&str> = names.collect::<Option<_>>()?;
        Some(shown(&names.join(".")))
    }

    /// True when a step of it is a pattern.
    pub(super) fn has_star(&self) -> bool {
        self.steps.iter().any(|s| matches!(s, Step::Glob(_)))
    }

    /// Its steps from the root, where it begins at `each`.
    pub(super) fn whole_path(&self, each: Option<&Self>) -> Vec<Step> {
        let base = each.filter(|_| !self.rooted);
        let base = base.map_or(&[] as &[Step], |each| &each.steps);
        base.iter().chain(&self.steps).cloned().collect()
    }
}

impl Way<'_> {
    /// The names with points between them.
    pub(super) fn joined(&self) -> String {
        match self.before {
            None => self.name.to_owned(),
            Some(before) => {
                let mut out = before.joined();
                out.push('.');
                out.push_str(self.name);
                out
            }
        }
    }
}

fn step(text: &str) -> Result<Step, String> {
    if let Some(glob) = Glob::of(text) {
        return Ok(Step::Glob(glob));
    }
    if text.is_empty() {
        return Err("a pointer has an empty step; names stand between single slashes".to_owned());
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('~') {
        out.push_str(before);
        let (mark, after) = after.split_at_checked(1).unwrap_or(("", ""));
        out.push(match mark {
            "0" => '~',
            "1" => '/',
            _ => return Err("a `~` in a pointer is written ~0, a `/` in a name ~1".to_owned()),
        });
        rest = after;
    }
    out.push_str(rest);
    Ok(Step::Key(Name::of(out)))
}

/// Hands over every match below one, and tells whether it met a list where a step has a name.
fn descend<'v>(steps: &[Step], at: Found<'_, 'v>, to: &mut dyn FnMut(Found<'_, 'v>)) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        if !at.value.is_null() {
            to(at);
        }
        return false;
    };
    let mut enter = |name: &str, value: &'v Value<'v>, is_key: bool| {
        let way = Way {
            name,
            before: at.way,
        };
        let inner = Found {
            value,
            way: Some(&way),
            key: if is_key { Some(name) } else { at.key },
        };
        descend(rest, inner, to)
    };
    match (step, at.value) {
        (Step::Key(name), Value::Object(fields)) => {
            let inner = fields.get(name);
            inner.is_some_and(|inner| enter(name.text(), inner, false))
        }
        (Step::Glob(glob), Value::Object(fields)) => {
            let inside = fields.iter().filter(|(name, _)| glob.fits(name.text()));
            inside.fold(false, |list, (name, inner)| {
                enter(name.text(), inner, true) | list
            })
        }
        (Step::Glob(glob), Value::Array(items)) if glob.is_any() => {
            let items = items.iter().enumerate().take(MATCHES_MOST);
            items.fold(false, |list, (n, inner)| {
                enter(&n.to_string(), inner, true) | list
            })
        }
        (_, Value::Array(_)) => true,
        (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => false,
    }
}

/// True when a match is null.
fn is_null(steps: &[Step], value: &Value<'_>) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        return value.is_null();
    };
    match (step, value) {
        (Step::Key(name), Value::Object(fields)) => {
            fields.get(name).is_some_and(|inner| is_null(rest, inner))
        }
        (Step::Glob(glob), Value::Object(fields)) => {
            let mut inside = fields.iter().filter(|(name, _)| glob.fits(name.text()));
            inside.any(|(_, inner)| is_null(rest, inner))
        }
        _ => false,
    }
}

/// The first match that is wanted, without its way.
fn find<'v>(
    steps: &[Step],
    value: &'v Value<'v>,
    wanted: &mut dyn FnMut(&Value<'_>) -> bool,
) -> Option<&'v Value<'v>> {
    let Some((step, rest)) = steps.split_first() else {
        return (!value.is_null() && wanted(value)).then_some(value);
    };
    match (step, value) {
        (Step::Key(name), Value::Object(fields)) => find(rest, fields.get(name)?, wanted),
        (Step::Glob(glob), Value::Object(fields)) => {
            let mut inside = fields.iter().filter(|(name, _)| glob.fits(name.text()));
            inside.find_map(|(_, inner)| find(rest, inner, wanted))
        }
        (Step::Glob(glob), Value::Array(items)) if glob.is_any() => {
            let mut items = items.iter().take(MATCHES_MOST);
            items.find_map(|inner| find(rest, inner, wanted))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::json;
    use super::*;

    fn at<'v>(pointer: &str, value: &'v Value<'v>) -> Vec<(String, String, Value<'v>)> {
        let pointer = Pointer::parse(pointer).unwrap();
        let mut all = Vec::new();
        pointer.each(value, value, &mut |f| {
            let way = f.way.map_or_else(String::new, Way::joined);
            all.push((way, f.key.unwrap_or_default().to_owned(), f.value.clone()));
        });
        all
    }

    #[test]
    fn each_oneof_a_star_is_found_with_its_key() {
        let value = json!({"switch:0": {"w": 1}, "switch:1": {"w": 2}, "sys": {"w": 3}, "a/b": {"~": 4}, "n": null});
        let two = at("/switch:*/w", &value);
        assert_eq!(
            two[0],
            ("switch:0.w".to_owned(), "switch:0".to_owned(), json!(1))
        );
        assert_eq!(two.len(), 2);
        assert_eq!(at("/*/w", &value).len(), 3);
        assert_eq!(at("/a~1b/~0", &value)[0].2, json!(4));
        assert_eq!(at("", &value)[0].2, value);
        assert_eq!(at("/n", &value), []);
    }

    #[test]
    fn a_list_is_entered_by_a_star_alone() {
        let value = json!({"list": [{"v": 1}, {"v": 2}]});
        assert_eq!(at("/list/*/v", &value).len(), 2);
        let pointer = Pointer::parse("/list/0/v").unwrap();
        let mut found = 0;
        assert!(pointer.each(&value, &value, &mut |_| found += 1));
        assert_eq!(found, 0);
    }

    #[test]
    fn a_pointer_that_is_none_is_refused() {
        for text in ["/a//b", "/a/", "//", "/a~2", "/a~", &"/x".repeat(17)] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }
}
