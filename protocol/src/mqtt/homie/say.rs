//! How a Homie 5 device describes itself, for simulators and tests. It reads nothing.

use serde_json::{Map, Value, json};

/// One property to be described.
#[derive(Debug, Clone, Copy)]
pub struct Property<'a> {
    /// Its node's id.
    pub node: &'a str,
    /// Its id.
    pub id: &'a str,
    /// `boolean`, `enum`, `float` …
    pub datatype: &'a str,
    /// Its unit; may be empty.
    pub unit: &'a str,
    /// Its format; may be empty.
    pub format: &'a str,
    /// False for a momentary event.
    pub retained: bool,
}

/// The payload of `$description`.
pub fn description(name: &str, properties: &[Property<'_>]) -> Value {
    let mut nodes: Map<String, Value> = Map::new();
    for property in properties {
        let mut about = Map::new();
        about.insert("datatype".to_owned(), property.datatype.into());
        for (key, value) in [("unit", property.unit), ("format", property.format)] {
            if !value.is_empty() {
                about.insert(key.to_owned(), value.into());
            }
        }
        if !property.retained {
            about.insert("retained".to_owned(), false.into());
        }
        let node = nodes
            .entry(property.node)
            .or_insert_with(|| json!({ "properties": {} }));
        let inside = node.get_mut("properties").and_then(Value::as_object_mut);
        if let Some(inside) = inside {
            inside.insert(property.id.to_owned(), Value::Object(about));
        }
    }
    json!({ "homie": "5.0", "version": 1, "name": name, "nodes": nodes })
}

/// The topic of a property below a base.
pub fn topic(base: &str, device: &str, property: &Property<'_>) -> String {
    format!("{base}/5/{device}/{}/{}", property.node, property.id)
}
