//! What a template finds, and that it finds what a real Home Assistant found.

use super::*;
use crate::mqtt::{Dialect, Publish};
use crate::signal::{Seen, What};
use crate::vocabulary::ObservedKind;

#[test]
fn a_value_is_found_where_it_stands_or_not_at_all() {
    let heard = Heard::new(br#"{"a":{"b":[1,{"c":"x"}]},"n":null}"#).unwrap();
    let find = |text: &str| match Template::parse(text).unwrap().find(&heard, "") {
        Found::Json(value) => value.to_string(),
        Found::Text(text) => text.to_owned(),
        other => format!("{other:?}"),
    };
    assert_eq!(find("{{ value_json.a.b[1].c }}"), "\"x\"");
    assert_eq!(find("{{ value_json.n }}"), "null");
    assert_eq!(find("{{ value_json.n.m }}"), "Absent");
    assert_eq!(find("{{ value_json.z }}"), "Absent");
    for template in ["{{ value_json.a }}", "{{ value_json.a | upper }}"] {
        let twice = Heard::new(br#"{"a":1,"a":2}"#).unwrap();
        let found = Template::parse(template).unwrap();
        assert!(matches!(found.find(&twice, ""), Found::Refused(_)));
    }
}

/// What a real Home Assistant said: its version first, then a row a template, with each payload and the state behind it.
/// Recorded with `homeassistant` and `pytest-homeassistant-custom-component` from the Python index: each row was announced by MQTT
/// discovery, and its payloads published one after another.
const RECORDED: &str = include_str!("../../../../tests/home_assistant.jsonl");

/// Where this reader differs from Home Assistant on purpose: the template, a part of the payload, and why.
const DIFFERS: &[(&str, &str, &str)] = &[
    (
        "{{ now().year > 2000 }}",
        "",
        "a template that asks for a clock is named, and not read",
    ),
    (
        "{{ states('sun.sun') }}",
        "",
        "a template that asks for another entity is named, and not read",
    ),
    (
        "{{ value | base64_decode }}",
        "",
        "a filter for bytes that no sensor's state needs is named, and not read",
    ),
    (
        "{{ value | slugify }}",
        "",
        "a filter for names that no sensor's state needs is named, and not read",
    ),
    (
        "{{ value_json.update }}",
        "",
        "Home Assistant shows Python's method of that name; it is named, and not read",
    ),
    (
        "{{ value_json.value }}",
        "[",
        "a list or an object is no state here: it is refused by name",
    ),
    (
        "{{ value_json.value | string }}",
        "[",
        "a list or an object is no state here: it is refused by name",
    ),
    (
        "{{ value_json.value }}",
        "e-07",
        "the same number is written 1e-7",
    ),
    (
        "{{ value_json.value | string }}",
        "e-07",
        "the same number is written 1e-7",
    ),
    (
        "{\"event_type\": \"{{ value_json.action }}\"}",
        "unheard",
        "a press whose name was not announced is a press",
    ),
    (
        "{{ value }}",
        "on",
        "the two words are known in letters of any case",
    ),
];

#[derive(Debug, serde::Deserialize)]
struct Row {
    component: String,
    config: serde_json::Map<String, Value>,
    /// Payload, and the state after it; `None` where Home Assistant refused the configuration.
    said: Vec<(String, Option<String>)>,
}

fn rows() -> Vec<Row> {
    let lines = RECORDED.lines().skip(1);
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

impl Row {
    fn template(&self) -> &str {
        self.config["value_template"].as_str().unwrap()
    }

    fn differs(&self, payload: &str) -> bool {
        let mut all = DIFFERS.iter();
        all.any(|(template, part, _)| self.template() == *template && payload.contains(part))
    }
}

/// A value of JSON as Python writes it.
fn written(value: &Value) -> String {
    match value {
        Value::Null => "None".to_owned(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    }
}

#[test]
fn sensors_say_what_a_real_home_assistant_was_told() {
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| row.component == "sensor") {
        let template = match Template::parse(row.template()) {
            Ok(template) => template,
            Err(why) => {
                if row
                    .said
                    .iter()
                    .any(|(payload, state)| state.is_some() && !row.differs(payload))
                {
                    wrong.push(format!("{}: {why}", row.template()));
                }
                continue;
            }
        };
        let mut state = "unknown".to_owned();
        for (payload, due) in &row.said {
            let heard = Heard::new(payload.as_bytes()).unwrap();
            let found = match template.find(&heard, &state) {
                Found::Made { text, .. } => Some(text),
                Found::Text(text) => Some(text.to_owned()),
                Found::Json(value) => Some(written(value)),
                Found::Absent | Found::Refused(_) => None,
            };
            let due = due.clone().unwrap_or_default();
            // Nothing is what stays, or what Home Assistant shows as nothing.
            let is_right = match &found {
                Some(text) => *text == due || (text.is_empty() && due == state),
                None => due == state || due.is_empty() || due == "unknown",
            };
            if !is_right && !row.differs(payload) {
                wrong.push(format!(
                    "{} of {payload}: {found:?}, not {due:?}",
                    row.template()
                ));
            }
            state = due;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Announces a row's entity, and says each of its payloads: what the reader made of each, with a missing key or without.
fn played(row: &Row) -> Option<Vec<(Option<String>, bool)>> {
    let limits = crate::mqtt::ha_discovery::Limits::default();
    let mut reader = crate::mqtt::ha_discovery::HaDiscovery::new("", limits);
    let mut config = row.config.clone();
    config.insert("state_topic".to_owned(), "r".into());
    let class = config.entry("device_class").or_insert("smoke".into());
    if row.component == "event" {
        *class = "button".into();
    }
    let topic = format!("homeassistant/{}/r/config", row.component);
    let mut say = |topic: &str, payload: &str| {
        let publish = Publish {
            topic,
            payload: payload.as_bytes(),
            now_ms: 0,
            retained: false,
        };
        reader.read(&publish)
    };
    say(&topic, &Value::Object(config).to_string());
    let template = Template::parse(row.template()).ok()?;
    let each = row.said.iter().map(|(payload, _)| {
        let message = say("r", payload);
        let heard = Heard::new(payload.as_bytes()).unwrap();
        let found = template.find(&heard, "");
        let missed = matches!(found, Found::Made { missed: true, .. });
        let what = message.signals.first().map(|signal| match &signal.what {
            What::Observed {
                kind: ObservedKind::Button,
                seen: Seen::State(state),
            } => format!("{state:?}").to_lowercase(),
            what if crate::mqtt::ha_discovery::said::is_on(what) => "on".to_owned(),
            _ => "off".to_owned(),
        });
        (what, missed)
    });
    Some(each.collect())
}

#[test]
fn entities_say_what_a_real_home_assistant_showed_and_clear_nothing_for_a_missing_key() {
    let mut wrong = Vec::new();
    for row in rows().iter().filter(|row| row.component != "sensor") {
        let Some(said) = played(row) else {
            // A test that nobody knows fails each time in Home Assistant, where it stands behind an `if`.
            let nothing = |due: &Option<String>| due.as_ref().is_none_or(|due| due == "unknown");
            assert!(row.said.iter().all(|(_, due)| nothing(due)), "{row:?}");
            continue;
        };
        let mut state: Option<String> = None;
        for ((payload, due), (found, missed)) in row.said.iter().zip(said) {
            let is_right = match &found {
                Some(said) if missed && said == "off" => false,
                Some(said) => Some(said) == due.as_ref(),
                None if missed => true,
                None => *due == state || matches!(due.as_deref(), None | Some("unknown")),
            };
            if !is_right && !row.differs(payload) {
                wrong.push(format!(
                    "{} of {payload}: {found:?}, not {due:?}",
                    row.template()
                ));
            }
            state.clone_from(due);
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
