//! Who is who: entities that name the same identifiers are one device, with one name and one model, and each has a field
//! of its own. It knows no state.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::keys::Keys;

/// What a configuration says of its device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identity {
    /// Identifiers and connections; never empty.
    pub(super) ids: Vec<Box<str>>,
    /// What people call it; may be empty, and two devices may have one name.
    pub(super) name: String,
    /// "Maker model".
    pub(super) model: String,
}

/// The most identifiers and connections of one configuration.
const LISTED_MOST: usize = 16;

impl Identity {
    /// Who a configuration's `device` is; `None` without any identifier.
    pub(super) fn read(device: &Value) -> Option<Self> {
        let keys = Keys {
            own: device.as_object()?,
            shared: None,
        };
        let mut ids = Vec::new();
        match keys.get("identifiers") {
            Some(Value::Array(list)) => ids.extend(list.iter().filter_map(scalar)),
            Some(one) => ids.extend(scalar(one)),
            None => {}
        }
        if let Some(Value::Array(list)) = keys.get("connections") {
            let pairs = list.iter().filter_map(Value::as_array);
            ids.extend(pairs.filter_map(|pair| {
                let [kind, of] = pair.as_slice() else {
                    return None;
                };
                Some(format!("{} {}", scalar(kind)?, scalar(of)?))
            }));
        }
        ids.truncate(LISTED_MOST);
        let model = format!("{} {}", keys.text("manufacturer"), keys.text("model"));
        let clean = |text: &str, most| -> String {
            let text = text.trim().chars().filter(|c| !c.is_control());
            text.take(most).collect()
        };
        (!ids.is_empty()).then(|| Self {
            ids: ids.iter().map(|id| clean(id, 128).into()).collect(),
            name: clean(keys.text("name"), 128),
            model: clean(&model, 128),
        })
    }
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Every device.
#[derive(Debug, Default)]
pub(super) struct Devices {
    by_key: BTreeMap<Box<str>, Device>,
    /// Every identifier, and the device that it is of.
    ids: BTreeMap<Box<str>, Box<str>>,
    /// How many devices have a name.
    names: BTreeMap<Box<str>, usize>,
}

#[derive(Debug)]
struct Device {
    name: Box<str>,
    model: Box<str>,
    ids: BTreeSet<Box<str>>,
    /// The field of each entity.
    fields: BTreeMap<Box<str>, Box<str>>,
}

/// The most identifiers that one device gathers.
const IDS_MOST: usize = 32;

impl Devices {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    /// The key of the device with any of these identifiers.
    pub(super) fn find(&self, identity: &Identity) -> Option<Box<str>> {
        identity.ids.iter().find_map(|id| self.ids.get(id)).cloned()
    }

    /// An entity belongs to this device from now on; the device's key.
    pub(super) fn join(&mut self, identity: &Identity, entity: &str, object: &str) -> Box<str> {
        let first = identity.ids.first().cloned().unwrap_or_default();
        let key = self.find(identity).unwrap_or(first);
        let device = self.by_key.entry(key.clone()).or_insert_with(|| Device {
            name: "".into(),
            model: "".into(),
            ids: BTreeSet::new(),
            fields: BTreeMap::new(),
        });
        for id in &identity.ids {
            if device.ids.len() < IDS_MOST && !self.ids.contains_key(id) {
                device.ids.insert(id.clone());
                self.ids.insert(id.clone(), key.clone());
            }
        }
        if !device.fields.contains_key(entity) {
            // Two entities of one field would be one state that flutters: the second is called by all of its name.
            let taken = device.fields.values().any(|field| &**field == object);
            let field = if taken || object.is_empty() {
                entity
            } else {
                object
            };
            device.fields.insert(entity.into(), field.into());
        }
        if !identity.model.is_empty() {
            device.model = identity.model.as_str().into();
        }
        if !identity.name.is_empty() && *device.name != *identity.name {
            let old = std::mem::replace(&mut device.name, identity.name.as_str().into());
            forget_name(&mut self.names, &old);
            *self.names.entry(identity.name.as_str().into()).or_default() += 1;
        }
        key
    }

    /// An entity is gone; a device without entities goes with its last one.
    pub(super) fn leave(&mut self, key: &str, entity: &str) {
        let Some(device) = self.by_key.get_mut(key) else {
            return;
        };
        device.fields.remove(entity);
        if !device.fields.is_empty() {
            return;
        }
        if let Some(device) = self.by_key.remove(key) {
            forget_name(&mut self.names, &device.name);
            for id in &device.ids {
                self.ids.remove(id);
            }
        }
    }

    /// What a device is called: its name, with its identifier where another has the same name, or the identifier alone.
    pub(super) fn name(&self, key: &str) -> String {
        match self.by_key.get(key) {
            None => key.to_owned(),
            Some(device) if device.name.is_empty() => key.to_owned(),
            Some(device) if self.names.get(&device.name).is_some_and(|n| *n > 1) => {
                format!("{} ({key})", device.name)
            }
            Some(device) => device.name.to_string(),
        }
    }

    /// Its maker and model; may be empty.
    pub(super) fn model(&self, key: &str) -> &str {
        self.by_key.get(key).map_or("", |device| &device.model)
    }

    /// The field of an entity.
    pub(super) fn field(&self, key: &str, entity: &str) -> String {
        let device = self.by_key.get(key);
        let field = device.and_then(|device| device.fields.get(entity));
        field.map_or(entity, |field| field).to_owned()
    }

    /// The entities of a device.
    pub(super) fn entities(&self, key: &str) -> impl Iterator<Item = &str> {
        let device = self.by_key.get(key).into_iter();
        device.flat_map(|device| device.fields.keys().map(|entity| &**entity))
    }
}

fn forget_name(names: &mut BTreeMap<Box<str>, usize>, name: &str) {
    if let Some(count) = names.get_mut(name) {
        *count -= 1;
        if *count == 0 {
            names.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(ids: &[&str], name: &str) -> Identity {
        Identity {
            ids: ids.iter().map(|id| (*id).into()).collect(),
            name: name.to_owned(),
            model: String::new(),
        }
    }

    #[test]
    fn entities_that_share_an_identifier_are_one_device_and_leave_nothing_behind() {
        let mut devices = Devices::default();
        let a = devices.join(&identity(&["1", "mac a"], "Hall"), "sensor/x/t", "t");
        let b = devices.join(&identity(&["mac a"], "Hall"), "sensor/y/t", "t");
        assert_eq!((&a, devices.len()), (&b, 1));
        assert_eq!(devices.name(&a), "Hall");
        assert_eq!(devices.field(&a, "sensor/x/t"), "t");
        assert_eq!(devices.field(&a, "sensor/y/t"), "sensor/y/t");
        let c = devices.join(&identity(&["2"], "Hall"), "sensor/z/t", "t");
        assert_eq!(devices.name(&a), "Hall (1)");
        assert_eq!(devices.name(&c), "Hall (2)");
        devices.leave(&c, "sensor/z/t");
        assert_eq!(devices.name(&a), "Hall");
        devices.leave(&a, "sensor/x/t");
        devices.leave(&a, "sensor/y/t");
        assert_eq!(devices.len(), 0);
        assert!(devices.ids.is_empty() && devices.names.is_empty());
    }
}
