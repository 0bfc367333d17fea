//! A discovery configuration: one entity, or a device with its components, in long keys or short ones, with `~` for the
//! base topic. It says what there is to be read; it remembers nothing. Source: home-assistant.io, 'MQTT', 'MQTT discovery'.

use serde_json::Value;

use crate::json;
use crate::signal::Refusal;

use super::availability::Set;
use super::devices::Identity;
use super::entity::{Entity, Says};
use super::keys::Keys;
use super::meaning::{availability, bad_topic, milliseconds, says};
use super::template::Template;
use super::{Limits, is_topic};

/// The most components of one device.
const COMPONENTS_MOST: usize = 512;

/// What a configuration says of one entity.
#[derive(Debug)]
pub(super) struct Told {
    /// The component's key in a device's configuration; empty for an entity that has one of its own.
    pub(super) key: Box<str>,
    /// Its name in its device: the component's key, or the object id.
    pub(super) object: Box<str>,
    pub(super) unique_id: Option<Box<str>>,
    /// `None`: the component is taken out.
    pub(super) entity: Option<Entity>,
    pub(super) availability: Option<Set>,
    /// What could not be read, by name.
    pub(super) refusals: Vec<Refusal>,
    pub(super) unmapped: Option<String>,
    /// Its meaning is known, and it cannot be read.
    pub(super) broken: Option<Broken>,
}

/// An entity that would say something, if its template or topic could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken {
    /// It would raise an alarm.
    pub(super) raises: bool,
}

/// A whole configuration.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) device: Option<Identity>,
    pub(super) told: Vec<Told>,
    pub(super) refusals: Vec<Refusal>,
}

/// Where a configuration was published: `component/[node/]object`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'t> {
    pub(super) component: &'t str,
    pub(super) object: &'t str,
    /// All of it.
    pub(super) whole: &'t str,
}

/// Reads a configuration.
pub(super) fn read(place: Place<'_>, payload: &[u8], limits: &Limits) -> Result<Config, Refusal> {
    let text = std::str::from_utf8(payload).map_err(|_| Refusal::NotText)?;
    let root: Value = serde_json::from_str(text).map_err(|e| json::refusal(&e))?;
    let Value::Object(root) = &root else {
        return Err(Refusal::NotShape {
            due: "a JSON object",
        });
    };
    let keys = Keys {
        own: root,
        shared: None,
    };
    let mut config = Config {
        device: keys.get("device").and_then(Identity::read),
        told: Vec::new(),
        refusals: Vec::new(),
    };
    if keys.get("migrate_discovery") == Some(&Value::Bool(true)) && root.len() == 1 {
        // The same entity comes in a device's configuration next.
        config.told.push(gone(""));
        return Ok(config);
    }
    if place.component != "device" {
        let told = entity(keys, place.component, place.object, place.whole, limits);
        config.told.push(told);
        return Ok(config);
    }
    components(keys, place, limits, &mut config)?;
    Ok(config)
}

/// The components of a device.
fn components(
    device: Keys<'_>,
    place: Place<'_>,
    limits: &Limits,
    config: &mut Config,
) -> Result<(), Refusal> {
    let Some(Value::Object(components)) = device.get("components") else {
        return Err(Refusal::NotShape {
            due: "an object with components",
        });
    };
    if components.len() > COMPONENTS_MOST {
        config.refusals.push(Refusal::BadValue {
            field: "components".to_owned(),
            due: "at most 512 components",
        });
    }
    for (key, component) in components.iter().take(COMPONENTS_MOST) {
        let Value::Object(own) = component else {
            config.refusals.push(Refusal::NotShape {
                due: "a component as an object",
            });
            continue;
        };
        let keys = Keys {
            own,
            shared: Some(device.own),
        };
        let platform = keys.text("platform");
        // What has nothing but its platform is taken out.
        if own.len() <= 1 {
            config.told.push(gone(key));
            continue;
        }
        let name = format!("{platform}/{}/{key}", place.object);
        let mut told = entity(keys, platform, key, &name, limits);
        told.key = key.as_str().into();
        config.told.push(told);
    }
    Ok(())
}

fn gone(key: &str) -> Told {
    Told {
        key: key.into(),
        object: key.into(),
        unique_id: None,
        entity: None,
        availability: None,
        refusals: Vec::new(),
        unmapped: None,
        broken: None,
    }
}

/// What one entity's keys say.
fn entity(keys: Keys<'_>, component: &str, object: &str, name: &str, limits: &Limits) -> Told {
    let mut refusals = Vec::new();
    let mut unmapped = None;
    let topic_key = match component {
        "device_automation" | "tag" => "topic",
        _ => "state_topic",
    };
    let topic = keys.topic(topic_key).filter(|t| !t.is_empty());
    if let Some(topic) = &topic
        && !is_topic(topic, limits)
    {
        refusals.push(bad_topic(topic_key));
    }
    let template = match keys.get("value_template").and_then(Value::as_str) {
        None | Some("") => Ok(Template::Whole),
        Some(text) => Template::parse(text),
    };
    let names = [object, template.as_ref().map_or("", Template::last)];
    let words = template.as_ref().map_or(&[][..], Template::words);
    let mut says = says(keys, component, &names, words);
    let readable = refusals.is_empty() && template.is_ok() && is_text(keys);
    if says.speaks() && template.is_err() {
        refusals.push(Refusal::BadValue {
            field: format!("value_template of {}", crate::mqtt::reading::shown(name)),
            due: "a template that compiles and needs nothing but its message",
        });
    }
    let mut broken = None;
    if (says.speaks() && (!readable || topic.is_none())) || says == Says::Unmapped {
        let why = template.as_ref().err().map(String::as_str);
        let why = why_unmapped(keys, name, topic.is_some(), why);
        if says.speaks() {
            let raises = says.has_alarm();
            broken = Some(Broken { raises });
        }
        says = Says::Unmapped;
        unmapped = Some(why);
    }
    let topic = topic.filter(|topic| is_topic(topic, limits));
    Told {
        key: "".into(),
        object: object.into(),
        unique_id: keys
            .get("unique_id")
            .and_then(Value::as_str)
            .map(Into::into),
        availability: availability(keys, limits, &mut refusals),
        entity: Some(Entity {
            name: clean(name, 256).into(),
            topic: topic.unwrap_or_default().into(),
            template: template.unwrap_or(Template::Whole),
            says,
            off_delay_ms: milliseconds(keys, "off_delay"),
            // 0 is no time at all, as Home Assistant has it.
            expire_after_ms: milliseconds(keys, "expire_after").filter(|ms| *ms > 0),
        }),
        refusals,
        unmapped,
        broken,
    }
}

/// Why nobody knows what an entity says, for the installer.
fn why_unmapped(keys: Keys<'_>, name: &str, has_topic: bool, unread: Option<&str>) -> String {
    let class = keys.text("device_class");
    let unit = keys.text("unit_of_measurement");
    let why = if let Some(why) = unread {
        format!("its template is not read: {why}")
    } else if !has_topic {
        "it has no state topic".to_owned()
    } else if class.is_empty() {
        "no device class".to_owned()
    } else if unit.is_empty() {
        format!("class {class}")
    } else {
        format!("class {class} in {unit}")
    };
    format!("{}: {}", clean(name, 96), clean(&why, 128))
}

/// True of payloads that are text; an empty encoding is bytes.
fn is_text(keys: Keys<'_>) -> bool {
    match keys.get("encoding") {
        Some(Value::String(encoding)) => encoding.eq_ignore_ascii_case("utf-8"),
        _ => true,
    }
}

fn clean(text: &str, most: usize) -> String {
    let text = text.chars().filter(|c| !c.is_control());
    text.take(most).collect()
}
