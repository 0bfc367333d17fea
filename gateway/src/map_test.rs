//! `tecs-gateway map test`: messages with what they should mean, read with the daemon's own eyes; prints what differs. It
//! changes nothing and talks to nobody.

use std::io::{self, BufRead, Write};

use serde_json::{Map as Object, Value, json};
use tecs_protocol::family::Family;

use crate::decode::Decode;

/// The keys of a line that belong to the test and not to the message.
const OURS: &[&str] = &["expect", "ignored", "fresh"];

/// What came of a test.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Lines that meant what they should.
    pub good: usize,
    /// Lines that did not, or that are no test.
    pub bad: usize,
}

/// Reads lines such as `{"id": …, "topic": …, "payload": …, "at": ms, "expect": [{"kind": "smoke", "condition": "raised"}]}`.
/// Each event must have every key of the expectation in its place, and there must be as many. `ignored` is a part of why
/// nothing was said, `fresh` forgets everything that was heard before. A line without `speaks` is of `usual`.
pub fn test(
    reader: &dyn Fn() -> Decode,
    usual: Option<Family>,
    from: impl BufRead,
    to: &mut impl Write,
) -> io::Result<Outcome> {
    let mut outcome = Outcome::default();
    let mut decode = reader();
    for (n, line) in (1..).zip(from.lines()) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let Ok(Value::Object(line)) = serde_json::from_str(&line) else {
            outcome.bad += 1;
            writeln!(to, "line {n}: not a JSON object")?;
            continue;
        };
        if line.get("fresh") == Some(&Value::Bool(true)) {
            decode = reader();
        }
        let name = line.get("id").and_then(Value::as_str);
        let name = name.map_or_else(|| format!("line {n}"), |id| format!("line {n} ({id})"));
        match differs(&mut decode, usual, n, &line) {
            None => outcome.good += 1,
            Some(why) => {
                outcome.bad += 1;
                writeln!(to, "{name}: {why}")?;
            }
        }
    }
    let Outcome { good, bad } = outcome;
    writeln!(to, "{good} as expected, {bad} not")?;
    Ok(outcome)
}

/// What differs in one line.
fn differs(
    decode: &mut Decode,
    usual: Option<Family>,
    n: u64,
    line: &Object<String, Value>,
) -> Option<String> {
    let Some(Value::Array(expected)) = line.get("expect") else {
        return Some("`expect` is no list of events in machine form".to_owned());
    };
    let mut message = line.clone();
    message.retain(|key, _| !OURS.contains(&key.as_str()));
    if let (None, Some(family)) = (message.get("speaks"), usual) {
        message.insert("speaks".to_owned(), json!(family.word()));
    }
    let found = decode.line(n, Value::Object(message).to_string().as_bytes());
    let events = found.get("events").and_then(Value::as_array);
    let events = events.map_or(&[] as &[Value], Vec::as_slice);
    let ignored = found.get("ignored").and_then(Value::as_str).unwrap_or("");
    let same =
        events.len() == expected.len() && events.iter().zip(expected).all(|(is, due)| has(is, due));
    let why_same = match line.get("ignored") {
        Some(Value::String(part)) => ignored.contains(part.as_str()),
        _ => true,
    };
    if same && why_same {
        return None;
    }
    let asked: Vec<&str> = expected
        .iter()
        .filter_map(Value::as_object)
        .flat_map(Object::keys)
        .map(String::as_str)
        .chain(["kind"])
        .collect();
    let said: Vec<Value> = events.iter().map(|event| short(event, &asked)).collect();
    Some(format!(
        "due {}, found {}{}",
        Value::Array(expected.clone()),
        Value::Array(said),
        if ignored.is_empty() {
            String::new()
        } else {
            format!(" ({ignored})")
        }
    ))
}

/// True when an event has everything that is due.
fn has(event: &Value, due: &Value) -> bool {
    due.as_object().is_some_and(|due| {
        due.iter().all(|(key, due)| match (event.get(key), due) {
            (Some(Value::Number(is)), Value::Number(due)) => {
                let (is, due) = (is.as_f64().unwrap_or(f64::NAN), due.as_f64().unwrap_or(0.0));
                (is - due).abs() <= 1e-9 * due.abs().max(1.0)
            }
            (Some(Value::Array(is)), Value::Array(due)) if key == "flags" => same_flags(is, due),
            (is, due) => is == Some(due),
        })
    })
}

/// True when the flags are those that are due. Whether a device is listed is the configuration's word, not the table's:
/// `unlisted` counts only where it is due.
fn same_flags(is: &[Value], due: &[Value]) -> bool {
    let counts = |flag: &&Value| **flag != "unlisted" || due.contains(flag);
    is.iter().filter(counts).eq(due)
}

/// An event with the keys that were asked for.
fn short(event: &Value, keys: &[&str]) -> Value {
    let all = event.as_object().cloned().unwrap_or_default();
    let told = ["condition", "state", "value", "quality"];
    let wanted = |key: &String, value: &Value| {
        keys.contains(&key.as_str()) || (told.contains(&key.as_str()) && !value.is_null())
    };
    Value::Object(all.into_iter().filter(|(k, v)| wanted(k, v)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(lines: &str) -> (Outcome, String) {
        let mut out = Vec::new();
        let outcome = test(
            &|| Decode::new(None),
            Some(Family::Tasmota),
            lines.as_bytes(),
            &mut out,
        );
        (outcome.unwrap(), String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_as_expected_is_counted_and_what_is_not_is_shown() {
        let line = |contact: u8, expect: &str| {
            format!(
                r#"{{"id":"x-{contact}","topic":"tele/gw/SENSOR","payload":{{"ZbReceived":{{"0x1":{{"Contact":{contact}}}}}}},"expect":{expect}}}"#
            )
        };
        let open = r#"[{"what":"observed","kind":"contact","state":"open","device":"gw/0x1"}]"#;
        let (outcome, said) = run(&format!("{}\n{}\n", line(1, open), line(0, open)));
        assert_eq!(outcome, Outcome { good: 1, bad: 1 });
        assert!(said.contains("line 2 (x-0): due"), "{said}");
        assert!(said.contains(r#""state":"closed""#), "{said}");
        assert!(said.ends_with("1 as expected, 1 not\n"), "{said}");
    }

    #[test]
    fn why_nothing_was_said_can_be_expected_and_prose_is_no_expectation() {
        let (outcome, said) = run(concat!(
            r#"{"topic":"tele/gw/STATE","payload":{"Uptime":"1"},"expect":[],"ignored":"means nothing"}"#,
            "\n",
            r#"{"topic":"tele/gw/STATE","payload":{},"expect":"nothing"}"#,
            "\nnonsense\n",
        ));
        assert_eq!(outcome, Outcome { good: 1, bad: 2 });
        assert!(said.contains("machine form"), "{said}");
    }
}
