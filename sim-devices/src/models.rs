//! The devices that can be simulated: what each exposes, as zigbee-herdsman-converters (MIT) publishes it, and what
//! it can be made to do. A table; nothing here speaks.

use serde_json::{Map, Value, json};
use tecs_protocol::mqtt::zigbee2mqtt::say;

pub use crate::paths::Path;

/// A literal of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Lit {
    /// A JSON boolean.
    Is(bool),
    /// A JSON text.
    Text(&'static str),
    /// A JSON number.
    Num(f64),
    /// Nothing known yet, as after pairing.
    Null,
}

impl Lit {
    /// As JSON.
    pub fn json(self) -> Value {
        match self {
            Self::Is(b) => json!(b),
            Self::Text(t) => json!(t),
            Self::Num(n) => json!(n),
            Self::Null => Value::Null,
        }
    }
}

/// How Zigbee2MQTT describes a property.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Shape {
    /// Two values.
    Binary(Lit, Lit),
    /// A number with its unit; empty without one.
    Numeric(&'static str),
    /// One of these words.
    Enum(&'static [&'static str]),
}

/// One property of a model.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name in a state.
    pub property: &'static str,
    /// Its description.
    pub shape: Shape,
    /// What it says before anything happened; properties that are never cached have [`Lit::Null`].
    pub at_rest: Lit,
}

/// What somebody or something does to a device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Does {
    /// A press: said once, never part of the cached state.
    Press,
    /// A state that lasts until it is ended.
    Turn,
    /// A measurement.
    Measure,
}

/// A word of a scenario and what it does to a model's property.
#[derive(Debug, Clone, Copy)]
pub struct Deed {
    /// The scenario's word.
    pub word: &'static str,
    /// How the word acts.
    pub does: Does,
    /// On which property.
    pub property: &'static str,
    /// The value it takes; measurements take the step's own.
    pub value: Lit,
    /// How the hub lists it, for devices whose words have neither a number nor a time: `vital/spo2` (a measurement's value
    /// follows), `observed/contact open`. Empty for all others.
    pub heard: &'static str,
}

impl Deed {
    /// The same, of a device whose words have neither a number nor a time.
    #[must_use]
    pub const fn heard(mut self, as_this: &'static str) -> Self {
        self.heard = as_this;
        self
    }
}

/// A kind of device.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// Its name in a home's file.
    pub word: &'static str,
    /// On which path it speaks.
    pub path: Path,
    /// Its maker, as the maker writes it.
    pub vendor: &'static str,
    /// The maker's model.
    pub model: &'static str,
    /// What it is, in words.
    pub description: &'static str,
    /// What it says: a state's properties; for JSON lines, `property` is the vocabulary's kind.
    pub fields: &'static [Field],
    /// What can be done to it.
    pub deeds: &'static [Deed],
}

impl Model {
    /// The model of this name.
    pub fn of(word: &str) -> Option<&'static Self> {
        crate::catalogue::models().find(|m| m.word == word)
    }

    /// What a scenario's word does to it.
    pub fn deed(&self, word: &str) -> Option<&'static Deed> {
        self.deeds.iter().find(|d| d.word == word)
    }

    /// The state before anything happened; what is never cached is not in it.
    pub fn at_rest(&self) -> Map<String, Value> {
        let cached = self.fields.iter().filter(|f| f.at_rest != Lit::Null);
        cached
            .map(|f| (f.property.to_owned(), f.at_rest.json()))
            .collect()
    }

    /// What `bridge/devices` says that it exposes. `n` is the one property that no real device of these has: the
    /// simulator counts by it.
    pub fn exposes(&self) -> Vec<Value> {
        let own = self.fields.iter().map(|field| match field.shape {
            Shape::Binary(on, off) => say::binary(field.property, on.json(), off.json()),
            Shape::Numeric(unit) => say::numeric(field.property, unit),
            Shape::Enum(values) => say::words(field.property, values),
        });
        let radio = say::numeric("linkquality", "lqi");
        own.chain([radio, say::numeric("n", "")]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::models;

    #[test]
    fn every_deed_names_a_property_of_its_model_and_a_value_that_the_property_can_have() {
        for model in models() {
            for deed in model.deeds {
                let field = model.fields.iter().find(|f| f.property == deed.property);
                let field = field.unwrap_or_else(|| panic!("{} {}", model.word, deed.word));
                let fits = match (field.shape, deed.value) {
                    (Shape::Binary(on, off), value) => value == on || value == off,
                    (Shape::Enum(words), Lit::Text(t)) => words.contains(&t),
                    (Shape::Numeric(_), Lit::Null) => deed.does == Does::Measure,
                    (Shape::Numeric(_), Lit::Num(_)) => true,
                    _ => false,
                };
                assert!(fits, "{} {}", model.word, deed.word);
            }
        }
    }

    #[test]
    fn model_names_are_given_once() {
        let mut words: Vec<_> = models().map(|m| m.word).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), models().count());
    }

    #[test]
    fn a_press_is_never_part_of_the_cached_state() {
        let sos = Model::of("sos_button").unwrap();
        assert!(!sos.at_rest().contains_key("action"));
        assert_eq!(sos.exposes()[0]["values"][0], "emergency");
    }
}
