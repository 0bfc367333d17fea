//! Devices that announce or describe themselves: to Home Assistant, as Homie has it; and `ESPHome`'s nodes, whose topics say
//! what they are. Over the protocol crate's own encoders.

use serde_json::{Value, json};
use tecs_protocol::mqtt::ha_discovery::{self, say as announce};
use tecs_protocol::mqtt::homie::{self, say as describe};

use super::{Encoded, Told};
use crate::device::{Cannot, numbered};
use crate::home::Spec;
use crate::words::{Body, Manner};

/// The property of a smoke detector as Homie describes it.
const SMOKE: describe::Property<'static> = describe::Property {
    node: "detector",
    id: "smoke",
    datatype: "boolean",
    unit: "",
    format: "",
    retained: true,
};

const fn on_or_off(told: &Value) -> &'static str {
    match told {
        Value::Bool(true) => "ON",
        _ => "OFF",
    }
}

fn states(spec: &Spec) -> String {
    format!("{}/state", spec.id)
}

/// What a smoke detector publishes for Home Assistant to find it.
pub(super) fn configuration(spec: &Spec) -> Vec<(String, String)> {
    let states = states(spec);
    let presence = format!("{}/status", spec.id);
    let device = announce::Device {
        id: &spec.id,
        name: &spec.name,
        maker: spec.model.vendor,
        model: spec.model.model,
        availability: &presence,
    };
    let entity = announce::Entity {
        component: "binary_sensor",
        object: "smoke",
        class: "smoke",
        unit: "",
        topic: &states,
        field: "smoke",
        more: Vec::new(),
    };
    let (topic, config) = announce::config(ha_discovery::DEFAULT_PREFIX, &device, &entity);
    vec![(topic, config.to_string())]
}

/// The state of an entity.
pub(super) fn entity(told: &Told<'_>) -> Encoded {
    let said = json!({ "smoke": on_or_off(told.said) });
    Encoded {
        body: Body::Publish {
            by: told.spec.id.clone(),
            topic: states(told.spec),
            text: numbered(told.number, &said.to_string()),
            manner: Manner::Acknowledged,
        },
        happened_ms: None,
        word: None,
    }
}

/// What a Homie device says of itself.
pub(super) fn description(spec: &Spec) -> Vec<(String, String)> {
    let topic = format!("{}/5/{}/$description", homie::DEFAULT_BASE, spec.name);
    let said = describe::description(&spec.name, &[SMOKE]);
    vec![(topic, said.to_string())]
}

/// A property's value: a bare word, which has room for no number.
pub(super) fn property(told: &Told<'_>) -> Encoded {
    Encoded {
        body: Body::Publish {
            by: told.spec.name.clone(),
            topic: describe::topic(homie::DEFAULT_BASE, &told.spec.name, &SMOKE),
            text: told.said.to_string(),
            manner: Manner::Kept,
        },
        happened_ms: None,
        word: told.word(None),
    }
}

/// A node's binary sensor: a bare word. The name is `NODE/ID`.
pub(super) fn node(told: &Told<'_>) -> Result<Encoded, Cannot> {
    let parts = told.spec.name.split_once('/');
    let (node, id) = parts.ok_or_else(|| told.no_name("NODE/ID"))?;
    Ok(Encoded {
        body: Body::Publish {
            by: node.to_owned(),
            topic: format!("{node}/binary_sensor/{id}/state"),
            text: on_or_off(told.said).to_owned(),
            manner: Manner::Kept,
        },
        happened_ms: None,
        word: told.word(None),
    })
}
