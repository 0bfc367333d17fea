//! How a device tells Home Assistant of itself: configurations and states, for simulators and tests. It reads nothing.

use serde_json::{Map, Value, json};

/// One entity to be told.
#[derive(Debug, Clone)]
pub struct Entity<'a> {
    /// `binary_sensor`, `sensor`, `event` …
    pub component: &'a str,
    /// Its name in its device.
    pub object: &'a str,
    /// Its class; may be empty.
    pub class: &'a str,
    /// Its unit; may be empty.
    pub unit: &'a str,
    /// Where its state is published.
    pub topic: &'a str,
    /// The field of its JSON; empty for a payload that is the state.
    pub field: &'a str,
    /// Anything else, by long keys.
    pub more: Vec<(&'a str, Value)>,
}

/// A device to be told.
#[derive(Debug, Clone)]
pub struct Device<'a> {
    /// Its identifier.
    pub id: &'a str,
    /// What people call it.
    pub name: &'a str,
    /// Its maker.
    pub maker: &'a str,
    /// Its model.
    pub model: &'a str,
    /// Where it says that it is there; may be empty.
    pub availability: &'a str,
}

impl Device<'_> {
    fn block(&self) -> Value {
        json!({
            "identifiers": [self.id], "name": self.name, "manufacturer": self.maker, "model": self.model,
        })
    }
}

fn keys(entity: &Entity<'_>) -> Map<String, Value> {
    let mut keys = Map::new();
    let mut put = |key: &str, value: &str| {
        if !value.is_empty() {
            keys.insert(key.to_owned(), value.into());
        }
    };
    put("device_class", entity.class);
    put("unit_of_measurement", entity.unit);
    let topic = match entity.component {
        "device_automation" => "topic",
        _ => "state_topic",
    };
    put(topic, entity.topic);
    if !entity.field.is_empty() {
        let field = serde_json::Value::from(entity.field).to_string();
        put("value_template", &format!("{{{{ value_json[{field}] }}}}"));
    }
    for (key, value) in &entity.more {
        keys.insert((*key).to_owned(), value.clone());
    }
    keys
}

/// A configuration of one entity: topic and payload.
pub fn config(prefix: &str, device: &Device<'_>, entity: &Entity<'_>) -> (String, Value) {
    let mut root = keys(entity);
    root.insert("device".to_owned(), device.block());
    let unique = format!("{}_{}_{}", device.id, entity.component, entity.object);
    root.insert("unique_id".to_owned(), unique.into());
    if !device.availability.is_empty() {
        root.insert("availability_topic".to_owned(), device.availability.into());
    }
    let topic = format!(
        "{prefix}/{}/{}/{}/config",
        entity.component, device.id, entity.object
    );
    (topic, Value::Object(root))
}

/// A device's configuration with all of its components: topic and payload.
pub fn device(prefix: &str, device: &Device<'_>, entities: &[Entity<'_>]) -> (String, Value) {
    let components = entities.iter().map(|entity| {
        let mut one = keys(entity);
        one.insert("platform".to_owned(), entity.component.into());
        let unique = format!("{}_{}_{}", device.id, entity.component, entity.object);
        one.insert("unique_id".to_owned(), unique.into());
        (entity.object.to_owned(), Value::Object(one))
    });
    let mut root = Map::new();
    root.insert("device".to_owned(), device.block());
    root.insert("origin".to_owned(), json!({ "name": "tecs-sim" }));
    root.insert("components".to_owned(), Value::Object(components.collect()));
    if !device.availability.is_empty() {
        root.insert("availability_topic".to_owned(), device.availability.into());
    }
    let topic = format!("{prefix}/device/{}/config", device.id);
    (topic, Value::Object(root))
}
