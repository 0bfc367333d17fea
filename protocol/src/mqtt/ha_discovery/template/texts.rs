//! Filters and tests of texts: regular expressions, JSON, and letters. Patterns are `regex-lite`'s: linear in time, without
//! look-around and back references, which are refused where they are met.

use minijinja::value::{Kwargs, Rest, Tuple, Value, ValueKind, ValueOrKwargs, from_args};
use minijinja::{Environment, Error, ErrorKind, State};
use regex_lite::{Regex, RegexBuilder};

/// The longest pattern, bytes.
const PATTERN_LONGEST: usize = 256;
/// The most that a pattern may grow to, bytes.
const PATTERN_LARGEST: usize = 16 * 1024;
/// What building a pattern costs of the fuel, beside a fourth of the text's bytes.
const PATTERN_FUEL: usize = 100;
/// The longest text that is searched, bytes.
const SEARCHED_LONGEST: usize = 4 * 1024;
/// The longest text that a filter here makes, bytes.
const TEXT_LONGEST: usize = 64 * 1024;
/// The deepest list in a list that is written.
const DEEPEST: usize = 32;

/// Adds all of them.
pub(super) fn add(env: &mut Environment<'static>) {
    for (filter, test, at_start) in [
        ("regex_match", "match", true),
        ("regex_search", "search", false),
    ] {
        let is = move |state: &State<'_, '_>, value: Value, rest: Rest<ValueOrKwargs>| {
            let (pattern, text, _) = pattern(state, &value, rest, 1)?;
            let found = pattern.find(&text);
            Ok::<_, Error>(found.is_some_and(|found| found.start() == 0 || !at_start))
        };
        env.add_filter(filter, is);
        env.add_test(test, is);
    }
    env.add_filter("regex_replace", replace);
    let all = |state: &State<'_, '_>, value: Value, rest: Rest<ValueOrKwargs>| {
        let (pattern, text, _) = pattern(state, &value, rest, 1)?;
        Ok::<_, Error>(Value::from(found(&pattern, &text)))
    };
    env.add_filter("regex_findall", all);
    let one = |state: &State<'_, '_>, value: Value, rest: Rest<ValueOrKwargs>| {
        let (pattern, text, more) = pattern(state, &value, rest, 2)?;
        let at = more.first().and_then(Value::as_usize).unwrap_or(0);
        let found = found(&pattern, &text).into_iter().nth(at);
        found.ok_or(bad("fewer matches than that"))
    };
    env.add_filter("regex_findall_index", one);
    env.add_filter("ord", |value: Value| {
        let text = value.as_str().unwrap_or_default();
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Ok(u32::from(letter)),
            _ => Err(bad("not one letter")),
        }
    });
    env.add_filter("to_json", |value: Value, _: Rest<ValueOrKwargs>| {
        json(
            &value,
            &Style {
                between: ",",
                behind: ":",
                sorted: false,
            },
        )
    });
    env.add_filter("tojson", |value: Value, _: Rest<ValueOrKwargs>| {
        let text = json(
            &value,
            &Style {
                between: ", ",
                behind: ": ",
                sorted: true,
            },
        )?;
        let safe = text.replace('<', "\\u003c").replace('>', "\\u003e");
        Ok::<_, Error>(safe.replace('&', "\\u0026").replace('\'', "\\u0027"))
    });
}

fn bad(why: &'static str) -> Error {
    Error::new(ErrorKind::InvalidOperation, why)
}

/// A filter's pattern, by place or as `find`, the text that it searches, and what stands between the pattern and
/// `ignorecase`, which is at place `flag`.
fn pattern(
    state: &State<'_, '_>,
    value: &Value,
    rest: Rest<ValueOrKwargs>,
    flag: usize,
) -> Result<(Regex, String, Vec<Value>), Error> {
    let values = rest.into_values();
    let (placed, kwargs): (&[Value], Kwargs) = from_args(&values)?;
    let find = match placed.first() {
        Some(find) => find.clone(),
        None => kwargs.get::<Value>("find")?,
    };
    let is_blind = match placed.get(flag) {
        Some(flag) => flag.is_true(),
        None if kwargs.has("ignorecase") => kwargs.get::<Value>("ignorecase")?.is_true(),
        None => false,
    };
    let between = placed.get(1..flag.min(placed.len()));
    let mut between = between.unwrap_or_default().to_vec();
    for name in ["replace", "index"] {
        if kwargs.has(name) {
            between.push(kwargs.get::<Value>(name)?);
        }
    }
    kwargs.assert_all_used()?;
    let text = match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool | ValueKind::None => {
            value.to_string()
        }
        ValueKind::Undefined => return Err(Error::from(ErrorKind::UndefinedError)),
        _ => return Err(bad("a search in what is no text")),
    };
    let find = find.as_str().unwrap_or_default();
    if find.len() > PATTERN_LONGEST || text.len() > SEARCHED_LONGEST {
        return Err(bad("a pattern over 256 bytes, or a text over 4 KiB"));
    }
    state.consume_fuel((PATTERN_FUEL + text.len() / 4) as u64)?;
    let built = RegexBuilder::new(find)
        .case_insensitive(is_blind)
        .size_limit(PATTERN_LARGEST)
        .build();
    let pattern = built.map_err(|_| bad("a pattern that is not read"))?;
    Ok((pattern, text, between))
}

fn replace(
    state: &State<'_, '_>,
    value: &Value,
    rest: Rest<ValueOrKwargs>,
) -> Result<String, Error> {
    let (pattern, text, more) = pattern(state, value, rest, 2)?;
    let by = more.first().and_then(Value::as_str).unwrap_or_default();
    // Python's `\1` is `${1}` here, and its `$` is a letter.
    let by = by.replace('$', "$$");
    let by = (0..10).fold(by, |by, n| {
        by.replace(&format!("\\{n}"), &format!("${{{n}}}"))
    });
    let groups = by.matches("${").count();
    let longest = text.len() * (groups + 1) + pattern.find_iter(&text).count() * by.len();
    if longest > TEXT_LONGEST {
        return Err(bad("a text that could be longer than 64 KiB"));
    }
    Ok(pattern.replace_all(&text, by.as_str()).into_owned())
}

/// What Python's `findall` lists: whole matches, or the groups of each.
fn found(pattern: &Regex, text: &str) -> Vec<Value> {
    let groups = pattern.captures_len() - 1;
    let each = pattern.captures_iter(text).map(|found| {
        let group = |n: usize| Value::from(found.get(n).map_or("", |g| g.as_str()));
        match groups {
            0 => group(0),
            1 => group(1),
            more => Value::from(Tuple::from((1..=more).map(group).collect::<Vec<_>>())),
        }
    });
    each.collect()
}

/// How JSON is written: Home Assistant's `to_json` and Jinja's `tojson` differ.
struct Style {
    between: &'static str,
    behind: &'static str,
    sorted: bool,
}

/// A value as JSON.
fn json(value: &Value, style: &Style) -> Result<String, Error> {
    let mut out = String::new();
    write(value, style, 0, &mut out)?;
    Ok(out)
}

fn write(value: &Value, style: &Style, depth: usize, out: &mut String) -> Result<(), Error> {
    if depth > DEEPEST || out.len() > TEXT_LONGEST {
        return Err(bad("JSON that is too deep or too long"));
    }
    match value.kind() {
        ValueKind::None => out.push_str("null"),
        ValueKind::Bool => out.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => out.push_str(&value.to_string()),
        ValueKind::String => quote(value.as_str().unwrap_or_default(), out),
        ValueKind::Seq | ValueKind::Iterable => {
            out.push('[');
            for (n, item) in value.try_iter()?.enumerate() {
                out.push_str(if n > 0 { style.between } else { "" });
                write(&item, style, depth + 1, out)?;
            }
            out.push(']');
        }
        ValueKind::Map => {
            out.push('{');
            let mut keys: Vec<Value> = value.try_iter()?.take(TEXT_LONGEST).collect();
            if style.sorted {
                keys.sort();
            }
            for (n, key) in keys.into_iter().enumerate() {
                out.push_str(if n > 0 { style.between } else { "" });
                quote(&key.to_string(), out);
                out.push_str(style.behind);
                write(&value.get_item(&key)?, style, depth + 1, out)?;
            }
            out.push('}');
        }
        _ => return Err(bad("a value that JSON has not")),
    }
    Ok(())
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}
