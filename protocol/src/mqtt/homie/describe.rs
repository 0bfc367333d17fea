//! A `$description`: nodes and properties, with what each means. One odd property does not cost the others. It reads no value.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::json;
use crate::signal::Refusal;

use super::Limits;
use super::property::{Property, Written};

/// The most properties that one description names as unmapped.
pub(super) const UNMAPPED_MOST: usize = 32;

/// What a device says of itself.
#[derive(Debug, Default)]
pub(super) struct Described {
    /// By `node/property`.
    pub(super) properties: BTreeMap<Box<str>, Property>,
    /// Its type; may be empty.
    pub(super) model: String,
    /// The device by which it reaches the broker.
    pub(super) root: Option<Box<str>>,
    pub(super) has_children: bool,
    /// There was more than the limit.
    pub(super) refusal: Option<Refusal>,
}

/// Reads a description.
pub(super) fn read(payload: &[u8], limits: &Limits) -> Result<Described, Refusal> {
    let text = std::str::from_utf8(payload).map_err(|_| Refusal::NotText)?;
    let root: Value = serde_json::from_str(text).map_err(|e| json::refusal(&e))?;
    let object = root.as_object().ok_or(Refusal::NotShape {
        due: "a JSON object",
    })?;
    let text_of = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    let mut described = Described {
        model: clean(text_of("type")),
        root: Some(text_of("root"))
            .filter(|r| !r.is_empty())
            .map(Into::into),
        has_children: (object.get("children").and_then(Value::as_array))
            .is_some_and(|children| !children.is_empty()),
        ..Described::default()
    };
    let nodes = match object.get("nodes") {
        None | Some(Value::Null) => return Ok(described),
        Some(Value::Object(nodes)) => nodes,
        Some(_) => {
            return Err(Refusal::NotShape {
                due: "nodes as an object, by their ids",
            });
        }
    };
    for (node, about) in nodes {
        let kind = about.get("type").and_then(Value::as_str).unwrap_or("");
        let properties = about.get("properties").and_then(Value::as_object);
        for (id, property) in properties.into_iter().flatten() {
            let name = format!("{node}/{id}");
            if described.properties.len() == limits.properties {
                described.refusal = Some(Refusal::BadValue {
                    field: "properties".to_owned(),
                    due: "no more properties than the limit",
                });
                return Ok(described);
            }
            if name.len() > 2 * limits.id_bytes || name.contains(char::is_control) {
                continue;
            }
            let text_of = |key: &str| property.get(key).and_then(Value::as_str).unwrap_or("");
            let is = |key: &str| property.get(key).and_then(Value::as_bool);
            let written = Written {
                names: [id, node, kind],
                datatype: text_of("datatype"),
                unit: text_of("unit"),
                format: text_of("format"),
                settable: is("settable").unwrap_or(false),
                retained: is("retained").unwrap_or(true),
            };
            let property = Property::of(&written);
            described.properties.insert(name.into(), property);
        }
    }
    Ok(described)
}

fn clean(text: &str) -> String {
    let text = text.trim().chars().filter(|c| !c.is_control());
    text.take(128).collect()
}
