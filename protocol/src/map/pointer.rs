//! JSON pointers (RFC 6901) with `*` in a step: each match is found by itself. A pointer that begins with `/` is from the
//! message's root, any other from what the rule's `each` matched. A step never reaches into a list but by `*`: positions
//! in lists move.

use std::borrow::Cow;

use serde_json::Value;

use super::STEPS_MOST;
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
    Key(String),
    Glob(Glob),
}

/// A match.
#[derive(Debug, Clone)]
pub(super) struct Found<'v> {
    pub(super) value: &'v Value,
    /// The names on the way to it.
    pub(super) path: Vec<Cow<'v, str>>,
    /// The name that the last `*` matched.
    pub(super) key: Option<Cow<'v, str>>,
}

/// All matches.
#[derive(Debug, Default)]
pub(super) struct Matches<'v> {
    pub(super) found: Vec<Found<'v>>,
    /// It met a list where it names a step.
    pub(super) list: bool,
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

    /// Everything that it matches; null and absent values are none.
    pub(super) fn matches<'v>(&self, root: &'v Value, scope: &'v Value) -> Matches<'v> {
        let mut matches = Matches::default();
        let from = if self.rooted { root } else { scope };
        let mut path = Vec::new();
        descend(&self.steps, from, &mut path, None, &mut matches);
        matches
    }

    /// The first match.
    pub(super) fn first<'v>(&self, root: &'v Value, scope: &'v Value) -> Option<&'v Value> {
        self.matches(root, scope).found.first().map(|f| f.value)
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

impl Step {
    /// True when it may be this name.
    pub(super) fn fits(&self, name: &str) -> bool {
        match self {
            Self::Key(key) => key == name,
            Self::Glob(glob) => glob.fits(name),
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
    Ok(Step::Key(out))
}

fn descend<'v>(
    steps: &[Step],
    value: &'v Value,
    path: &mut Vec<Cow<'v, str>>,
    key: Option<&Cow<'v, str>>,
    to: &mut Matches<'v>,
) {
    let Some((step, rest)) = steps.split_first() else {
        if !value.is_null() && to.found.len() < MATCHES_MOST {
            to.found.push(Found {
                value,
                path: path.clone(),
                key: key.cloned(),
            });
        }
        return;
    };
    match (step, value) {
        (Step::Key(name), Value::Object(fields)) => {
            if let Some((name, inner)) = fields.get_key_value(name) {
                path.push(Cow::Borrowed(name));
                descend(rest, inner, path, key, to);
                path.pop();
            }
        }
        (Step::Glob(glob), Value::Object(fields)) => {
            for (name, inner) in fields {
                if glob.fits(name) {
                    path.push(Cow::Borrowed(name));
                    descend(rest, inner, path, Some(&Cow::Borrowed(name)), to);
                    path.pop();
                }
            }
        }
        (Step::Glob(glob), Value::Array(items)) if glob.0 == "*" => {
            for (n, inner) in items.iter().enumerate().take(MATCHES_MOST) {
                let name: Cow<'v, str> = Cow::Owned(n.to_string());
                path.push(name.clone());
                descend(rest, inner, path, Some(&name), to);
                path.pop();
            }
        }
        (_, Value::Array(_)) => to.list = true,
        (_, Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn at(pointer: &str, value: &Value) -> Vec<(String, String, Value)> {
        let pointer = Pointer::parse(pointer).unwrap();
        let found = pointer.matches(value, value).found;
        let all = found.into_iter().map(|f| {
            let key = f.key.unwrap_or_default().into_owned();
            (f.path.join("."), key, f.value.clone())
        });
        all.collect()
    }

    #[test]
    fn each_match_of_a_star_is_found_with_its_key() {
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
        let matches = pointer.matches(&value, &value);
        assert!(matches.found.is_empty() && matches.list);
    }

    #[test]
    fn a_pointer_that_is_none_is_refused() {
        for text in ["/a//b", "/a/", "//", "/a~2", "/a~", &"/x".repeat(17)] {
            assert!(Pointer::parse(text).is_err(), "{text}");
        }
    }
}
