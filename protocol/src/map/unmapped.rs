//! Names of fields that no table knows, for the installer: bounded, printable, never a value.

use serde_json::Value;

use super::UNMAPPED_MOST;
use super::pointer::Step;

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
            Step::Key(key) => out.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Step::Glob(glob) => out.push_str(&glob.0),
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

/// The fields that none of these pointers knows; what a pointer names, it knows whole.
pub(super) fn unmapped(root: &Value, known: &[Vec<Step>]) -> Vec<String> {
    let mut out = Vec::new();
    walk(root, &mut Vec::new(), known, &mut out);
    out
}

fn walk<'v>(value: &'v Value, path: &mut Vec<&'v str>, known: &[Vec<Step>], out: &mut Vec<String>) {
    if out.len() >= UNMAPPED_MOST || is_known(path, known) {
        return;
    }
    match value {
        Value::Null => {}
        Value::Object(fields) if path.len() < DEEP => {
            for (name, inner) in fields {
                path.push(name);
                walk(inner, path, known, out);
                path.pop();
            }
        }
        // Positions in lists are no names: a list is known by a `*` in its place, or named as a whole.
        Value::Array(items) if path.len() < DEEP => {
            path.push("*");
            for inner in items.iter().take(UNMAPPED_MOST) {
                walk(inner, path, known, out);
            }
            path.pop();
        }
        Value::Object(_)
        | Value::Array(_)
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => {
            let name = shown(&path.join("."));
            if !name.is_empty() && !out.contains(&name) {
                out.push(name);
            }
        }
    }
}

fn is_known(path: &[&str], known: &[Vec<Step>]) -> bool {
    known.iter().any(|steps| {
        steps.len() <= path.len() && steps.iter().zip(path).all(|(step, name)| step.fits(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::map::pointer::Pointer;
    use serde_json::json;

    #[test]
    fn what_no_pointer_names_is_named() {
        let root = json!({"a": {"b": 1, "c": 2}, "d": null, "list": [{"x": 1}, {"x": 2, "y": 3}], "deep": {"e": {"f": 1}}});
        let known: Vec<_> = ["/a/b", "/list/*/x"]
            .into_iter()
            .map(|p| Pointer::parse(p).unwrap().steps)
            .collect();
        assert_eq!(unmapped(&root, &known), ["a.c", "deep.e.f", "list.*.y"]);
        assert_eq!(unmapped(&root, &[Vec::new()]), Vec::<String>::new());
    }
}
