//! Names of fields that no table knows, for the installer: bounded, printable, never a value.

use std::collections::BTreeMap;

use super::UNMAPPED_MOST;
use super::pointer::Step;
use super::tree::{Name, Value};
use super::value::Glob;

/// The longest name that is shown, characters.
const SHOWN: usize = 64;
/// The deepest that names are looked for.
const DEEP: usize = 8;

/// A pointer as it is written.
pub(super) fn path_of(steps: &[Step]) -> String {
    let mut out = String::new();
    for step in steps {
        out.push('/');
        match step {
            Step::Key(key) => out.push_str(&key.text().replace('~', "~0").replace('/', "~1")),
            Step::Glob(glob) => out.push_str(glob.text()),
        }
    }
    out
}

/// A name of the message's own, fit to be shown.
pub(super) fn shown(name: &str) -> String {
    name.chars()
        .filter(|c| !c.is_control())
        .take(SHOWN)
        .collect()
}

/// What some pointers know: step by step, so that a field is looked up and not compared with each of them.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Known {
    /// A pointer ends here; what it names, it knows whole.
    whole: bool,
    by_name: BTreeMap<Name<'static>, Self>,
    by_glob: BTreeMap<Glob, Self>,
}

impl Known {
    /// What these pointers know.
    pub(super) fn of(pointers: impl IntoIterator<Item = Vec<Step>>) -> Self {
        let mut known = Self::default();
        for pointer in pointers {
            let end = pointer.into_iter().fold(&mut known, Self::below);
            end.whole = true;
        }
        known
    }

    fn below(&mut self, step: Step) -> &mut Self {
        match step {
            Step::Key(key) => self.by_name.entry(key).or_default(),
            Step::Glob(glob) => self.by_glob.entry(glob).or_default(),
        }
    }

    fn knows(&self, path: &[&Name<'_>]) -> bool {
        self.whole
            || path.split_first().is_some_and(|(name, rest)| {
                let named = self.by_name.get(*name);
                let mut globs = self
                    .by_glob
                    .iter()
                    .filter(|(glob, _)| glob.fits(name.text()));
                named.is_some_and(|below| below.knows(rest))
                    || globs.any(|(_, below)| below.knows(rest))
            })
    }

    /// The fields that none of the pointers knows.
    pub(super) fn unmapped(&self, root: &Value<'_>) -> Vec<String> {
        let mut out = Vec::new();
        walk(root, &mut Vec::new(), self, &Name::of("*"), &mut out);
        out
    }
}

fn walk<'v>(
    value: &'v Value<'v>,
    path: &mut Vec<&'v Name<'v>>,
    known: &Known,
    star: &'v Name<'v>,
    out: &mut Vec<String>,
) {
    if out.len() >= UNMAPPED_MOST || known.knows(path) {
        return;
    }
    match value {
        Value::Null => {}
        Value::Object(fields) if path.len() < DEEP => {
            for (name, inner) in fields.iter() {
                path.push(name);
                walk(inner, path, known, star, out);
                path.pop();
            }
        }
        // Positions in lists are no names: a list is known by a `*` in its place, or named as a whole.
        Value::Array(items) if path.len() < DEEP => {
            path.push(star);
            for inner in items.iter().take(UNMAPPED_MOST) {
                walk(inner, path, known, star, out);
            }
            path.pop();
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => {
            let names: Vec<&str> = path.iter().map(|name| name.text()).collect();
            let name = shown(&names.join("."));
            if !name.is_empty() && !out.contains(&name) {
                out.push(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::json;
    use super::*;
    use crate::map::pointer::Pointer;

    #[test]
    fn what_no_pointer_names_is_named() {
        let root = json!({"a": {"b": 1, "c": 2}, "d": null, "list": [{"x": 1}, {"x": 2, "y": 3}], "deep": {"e": {"f": 1}}});
        let steps = |p: &str| Pointer::parse(p).unwrap().steps;
        let known = Known::of(["/a/b", "/list/*/x"].map(steps));
        assert_eq!(known.unmapped(&root), ["a.c", "deep.e.f", "list.*.y"]);
        let known = Known::of([Vec::new()]);
        assert_eq!(known.unmapped(&root), Vec::<String>::new());
    }
}
