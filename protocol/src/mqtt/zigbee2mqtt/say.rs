//! How Zigbee2MQTT says things: `bridge/devices` and the exposes in it, for simulators and tests. It reads nothing.

use serde_json::{Value, json};

/// A device as `bridge/devices` has it.
#[derive(Debug, Clone)]
pub struct Device<'a> {
    /// `0x` and sixteen digits.
    pub ieee_address: &'a str,
    /// What the home calls it.
    pub friendly_name: &'a str,
    /// The maker.
    pub vendor: &'a str,
    /// The maker's model.
    pub model: &'a str,
    /// What it is, in the definition's words.
    pub description: &'a str,
    /// What it can say, made by the functions of this module.
    pub exposes: Vec<Value>,
}

/// The payload of `bridge/devices`: the coordinator, then the devices.
pub fn devices(devices: &[Device<'_>]) -> Value {
    let coordinator = json!({
        "ieee_address": "0x00124b0000000000", "friendly_name": "Coordinator", "type": "Coordinator",
        "network_address": 0, "supported": true, "disabled": false, "definition": null, "endpoints": {},
    });
    let each = devices.iter().map(|d| {
        json!({
            "ieee_address": d.ieee_address, "friendly_name": d.friendly_name, "type": "EndDevice",
            "power_source": "Battery", "supported": true, "disabled": false, "model_id": d.model,
            "definition": {
                "vendor": d.vendor, "model": d.model, "description": d.description, "exposes": d.exposes,
            },
        })
    });
    std::iter::once(coordinator).chain(each).collect()
}

/// A property with two values.
pub fn binary(property: &str, on: impl Into<Value>, off: impl Into<Value>) -> Value {
    json!({
        "type": "binary", "name": property, "property": property, "access": 1,
        "value_on": on.into(), "value_off": off.into(),
    })
}

/// A property that is a number.
pub fn numeric(property: &str, unit: &str) -> Value {
    json!({ "type": "numeric", "name": property, "property": property, "access": 1, "unit": unit })
}

/// A property that is one of some words.
pub fn words(property: &str, values: &[&str]) -> Value {
    json!({ "type": "enum", "name": property, "property": property, "access": 1, "values": values })
}

/// A composite, whose features are nested under its property in a state.
pub fn composite(property: &str, features: &[Value]) -> Value {
    json!({
        "type": "composite", "name": property, "property": property, "access": 1, "features": features,
    })
}

/// A light, switch, lock, cover or climate, whose features stand flat in a state.
pub fn specific(kind: &str, features: &[Value]) -> Value {
    json!({ "type": kind, "features": features })
}
