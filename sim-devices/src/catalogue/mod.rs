//! The list of devices that can be simulated, a file a kind of path. A table; nothing here speaks.

mod bridged;
mod lines;
mod radio;
mod serial;
mod wires;
mod zigbee;

use crate::models::{Deed, Does, Field, Lit, Model, Shape};

use Lit::Null;

/// Every model.
pub fn models() -> impl Iterator<Item = &'static Model> {
    [
        zigbee::MODELS,
        lines::MODELS,
        wires::MODELS,
        serial::MODELS,
        radio::MODELS,
        bridged::MODELS,
    ]
    .into_iter()
    .flatten()
}

/// The profile of an EnOcean model, which its telegrams do not name.
pub fn profile(model: &Model) -> Option<&'static str> {
    let found = serial::PROFILES
        .iter()
        .find(|(word, _)| *word == model.word);
    found.map(|(_, profile)| *profile)
}

const fn field(property: &'static str, shape: Shape, at_rest: Lit) -> Field {
    Field {
        property,
        shape,
        at_rest,
    }
}

const fn press(word: &'static str, property: &'static str, value: Lit) -> Deed {
    deed(word, Does::Press, property, value)
}

const fn turn(word: &'static str, property: &'static str, value: Lit) -> Deed {
    deed(word, Does::Turn, property, value)
}

const fn measure(property: &'static str) -> Deed {
    deed("reading", Does::Measure, property, Null)
}

const fn deed(word: &'static str, does: Does, property: &'static str, value: Lit) -> Deed {
    Deed {
        word,
        does,
        property,
        value,
        heard: "",
    }
}
