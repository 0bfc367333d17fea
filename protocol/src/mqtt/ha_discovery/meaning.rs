//! What an entity's keys mean: by its component and class what it says, and where its availability is told. It remembers
//! nothing.

use serde_json::Value;

use crate::mqtt::reading::{call, press};
use crate::signal::Refusal;
use crate::vocabulary::{AlarmKind, HealthKind, ObservedKind};

use super::availability::{Entry, Mode, Set};
use super::classes::{self, Class, Two};
use super::entity::Says;
use super::keys::Keys;
use super::payload::Payload;
use super::template::Template;
use super::words::{Words, is_scene};
use super::{Limits, is_topic};

/// The most availability topics of one entity.
const TOPICS_MOST: usize = 16;

/// What an entity of this component says; `words` are those that its template may yield.
pub(super) fn says(keys: Keys<'_>, component: &str, names: &[&str], words: &[Box<str>]) -> Says {
    let class = keys.text("device_class").to_ascii_lowercase();
    let unit = keys.text("unit_of_measurement");
    let mut called = names.to_vec();
    called.push(keys.text("name"));
    let is_diagnostic = matches!(keys.text("entity_category"), "diagnostic" | "config");
    if component == "sensor" && matches!(class.as_str(), "" | "enum") && unit.is_empty() {
        if let Some(object) = names.first().filter(|object| is_scene(object)) {
            return Says::Scene((*object).into());
        }
        if let Some(words) = Words::read(&called, words) {
            return Says::Words(words);
        }
    }
    let found = match component {
        "binary_sensor" => match classes::binary_sensor(&class, &called) {
            // About the device, and nobody says of what.
            Class::Two(Two::Alarm(AlarmKind::Unknown)) if is_diagnostic => Class::Two(Two::Health(
                HealthKind::Fault,
                "the device reports a problem",
            )),
            found => found,
        },
        "sensor"
            if keys.text("state_class").is_empty()
                && let Some(named) = classes::words(&class, unit, &called) =>
        {
            return Says::InWords(named);
        }
        "sensor" => match classes::sensor(&class, unit, names) {
            // A device's own chip, its radio, its firmware.
            Class::Number(ObservedKind::Temperature | ObservedKind::Humidity) if is_diagnostic => {
                Class::Quiet
            }
            found => found,
        },
        "cover" => classes::cover(&class),
        "lock" => Class::Two(Two::Seen(ObservedKind::Lock)),
        "valve" if keys.get("reports_position") == Some(&Value::Bool(true)) => Class::Unknown,
        "valve" => Class::Two(Two::Seen(ObservedKind::Valve)),
        "event" => {
            return Says::Event {
                motion: class == "motion",
                call: call(&called),
            };
        }
        "device_automation" => return trigger(keys),
        "alarm_control_panel" => return Says::Panel,
        other if classes::is_quiet(other) => Class::Quiet,
        _ => Class::Unknown,
    };
    match found {
        Class::Two(two) => two_values(keys, component, two),
        Class::Number(kind) => Says::Number(kind, unit.into()),
        Class::Charge => Says::Charge,
        Class::Quiet => Says::Quiet,
        Class::Unknown if is_diagnostic && component == "sensor" && class.is_empty() => Says::Quiet,
        Class::Unknown => Says::Unmapped,
    }
}

/// The words of the two values, and those between them.
fn two_values(keys: Keys<'_>, component: &str, two: Two) -> Says {
    let (on, off, between): (_, _, &[(&str, &str)]) = match component {
        "lock" => (
            ("state_locked", "LOCKED"),
            ("state_unlocked", "UNLOCKED"),
            &[
                ("state_locking", "LOCKING"),
                ("state_unlocking", "UNLOCKING"),
            ],
        ),
        "cover" | "valve" => (
            ("state_open", "open"),
            ("state_closed", "closed"),
            &[
                ("state_opening", "opening"),
                ("state_closing", "closing"),
                ("state_stopped", "stopped"),
            ],
        ),
        _ => (("payload_on", "ON"), ("payload_off", "OFF"), &[]),
    };
    Says::Two {
        two,
        on: keys.payload(on.0, on.1),
        off: keys.payload(off.0, off.1),
        between: between.iter().map(|(k, w)| keys.payload(k, w)).collect(),
    }
}

fn trigger(keys: Keys<'_>) -> Says {
    if keys.text("automation_type") != "trigger" {
        return Says::Unmapped;
    }
    let payload = keys.get("payload").and_then(Payload::of);
    let what = press(&[
        keys.text("type"),
        keys.text("subtype"),
        keys.text("payload"),
    ]);
    Says::Trigger(payload, what)
}

/// Seconds, as a number or as text that is one.
pub(super) fn milliseconds(keys: Keys<'_>, key: &str) -> Option<u64> {
    let seconds = keys.get(key)?;
    let seconds = seconds
        .as_f64()
        .or_else(|| seconds.as_str()?.trim().parse().ok())?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Checked: 0 to a year.
    (0.0..=31_536_000.0)
        .contains(&seconds)
        .then_some((seconds * 1000.0) as u64)
}

/// Where an entity's availability is told.
pub(super) fn availability(
    keys: Keys<'_>,
    limits: &Limits,
    refusals: &mut Vec<Refusal>,
) -> Option<Set> {
    let mut entries = Vec::new();
    let listed = match keys.get("availability") {
        Some(Value::Array(list)) => list.iter().collect(),
        Some(one @ Value::Object(_)) => vec![one],
        _ => Vec::new(),
    };
    for one in listed.into_iter().take(TOPICS_MOST) {
        let Some(own) = one.as_object() else { continue };
        let inner = Keys { own, shared: None };
        let topic = inner.get("topic").and_then(Value::as_str).unwrap_or("");
        let template = inner.get("value_template").and_then(Value::as_str);
        entries.extend(entry(
            inner,
            &keys.with_base(topic),
            template,
            limits,
            refusals,
        ));
    }
    if let Some(topic) = keys.topic("availability_topic") {
        let template = keys.get("availability_template").and_then(Value::as_str);
        entries.extend(entry(keys, &topic, template, limits, refusals));
    }
    let mode = match keys.text("availability_mode") {
        "all" => Mode::All,
        "any" => Mode::Any,
        _ => Mode::Latest,
    };
    (!entries.is_empty()).then_some(Set { mode, entries })
}

fn entry(
    keys: Keys<'_>,
    topic: &str,
    template: Option<&str>,
    limits: &Limits,
    refusals: &mut Vec<Refusal>,
) -> Option<Entry> {
    if !is_topic(topic, limits) {
        refusals.push(bad_topic("availability topic"));
        return None;
    }
    let Ok(template) = template.map_or(Ok(Template::Whole), Template::parse) else {
        refusals.push(Refusal::BadValue {
            field: "availability template".to_owned(),
            due: "a template that needs nothing but its message",
        });
        return None;
    };
    Some(Entry {
        topic: topic.into(),
        template,
        here: keys.payload("payload_available", "online"),
        away: keys.payload("payload_not_available", "offline"),
    })
}

/// What a topic must be.
pub(super) fn bad_topic(key: &str) -> Refusal {
    Refusal::BadValue {
        field: key.to_owned(),
        due: "a topic of at most 256 bytes without wildcards, control characters, or $ before it",
    }
}
