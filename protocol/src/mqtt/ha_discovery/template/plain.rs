//! Templates that are plain paths: `{{ value_json.a['b'].c }}` and `{{ value }}`, with filters that change nothing that is
//! there. They are read without an engine: nearly all of what devices announce is such a path.

/// The most steps of one path.
const STEPS_MOST: usize = 16;
/// The most filters behind one path.
const FILTERS_MOST: usize = 8;

/// Names behind a dot that Jinja takes for something else than a field: what every dict of Python has.
pub(super) const OF_EVERY_DICT: &[&str] = &[
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

/// Filters that change nothing of a value that is there.
const FILTERS: &[&str] = &["d", "default", "is_defined", "string", "trim"];
/// Stand-ins that say nothing themselves.
const NOTHING: &[&str] = &["", "''", "\"\"", "none", "None"];

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum Step {
    Key(Box<str>),
    At(usize),
}

/// The steps of a plain template, none for the whole payload; `None` for one that is not plain.
pub(super) fn parse(text: &str) -> Option<Vec<Step>> {
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
        "value" => Some(Vec::new()),
        path => steps(path.strip_prefix("value_json")?),
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

/// Every filter is one that changes nothing.
fn are_harmless(filters: &str) -> Option<()> {
    let mut count = 0;
    for filter in filters.split('|') {
        let filter = filter.trim();
        let (name, arguments) = match filter.split_once('(') {
            Some((name, rest)) => (name.trim(), rest.strip_suffix(')')?.trim()),
            None => (filter, ""),
        };
        count += 1;
        if !FILTERS.contains(&name) || !NOTHING.contains(&arguments) || count > FILTERS_MOST {
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
        // `.get('x')` is the field.
        let inside = after.trim_start().strip_prefix('(')?.trim_start();
        let (key, after) = quoted(inside)?;
        let (default, after) = after.split_once(')')?;
        let default = default.trim();
        let default = default.strip_prefix(',').unwrap_or(default).trim();
        *rest = after;
        return NOTHING.contains(&default).then(|| Step::Key(key.into()));
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
        let steps = parse(text)?;
        let each = steps.iter().map(|s| match s {
            Step::Key(key) => key.to_string(),
            Step::At(n) => n.to_string(),
        });
        Some(each.collect::<Vec<_>>().join("/"))
    }

    #[test]
    fn plain_paths_are_read_however_they_are_written() {
        for (text, due) in [
            ("{{ value_json.battery }}", "battery"),
            ("{{value_json.a.b_2}}", "a/b_2"),
            ("{{ value_json['battery low'] }}", "battery low"),
            ("{{ value_json[\"a.b\"]['c|d'] }}", "a.b/c|d"),
            ("{{- value_json.x -}}", "x"),
            ("{{ value }}", ""),
            ("{{ value_json.x | is_defined }}", "x"),
            ("{{ value_json.x|default('')|string }}", "x"),
            ("{{ value_json.list[0].t }}", "list/0/t"),
            ("{{ value_json.get('x') }}", "x"),
            ("{{ value_json['update']['state'] }}", "update/state"),
        ] {
            assert_eq!(path(text).as_deref(), Some(due), "{text}");
        }
    }

    #[test]
    fn what_changes_a_value_is_no_plain_path() {
        for text in [
            "",
            "ON",
            "{{ }}",
            "{{ value_json }}",
            "{{ value | float }}",
            "{{ value_json.x | default('OFF') }}",
            "{{ value_json.get('x', 0) }}",
            "{{ value_json.x * 0.1 }}",
            "{{ value_json.x == 'open' }}",
            "{{ 'ON' if value_json.x else 'OFF' }}",
            "{% if value_json.x %}ON{% endif %}",
            "{{ value_json.x }}{{ value_json.y }}",
            "{{ value_json.x }} %",
            "{{ value_json.update }}",
            "{{ value_json.items() }}",
            "{{ value_json[key] }}",
            "{{ value[0] }}",
            "{{ value_json['a\\'b'] }}",
            "{{ value_json_x }}",
        ] {
            assert_eq!(path(text), None, "{text}");
        }
        let deep = format!("{{{{ value_json{} }}}}", ".a".repeat(STEPS_MOST + 1));
        assert_eq!(path(&deep), None);
    }
}
