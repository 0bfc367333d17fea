//! `bridge/devices` as JSON: read leniently and within a budget, one device at a time. What has another type than is
//! due counts as absent, so that one odd definition does not cost the others. It knows no meaning.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::alarm_names::{Named, Says, says};
use crate::json::Skip;

/// The most exposes and features of one device that are read; the largest of the catalogue has some hundreds.
const EXPOSES_MOST: usize = 4096;

/// The arms of a visitor that takes anything else for nothing.
macro_rules! nothing_else {
    ($nothing:expr) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }
        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok($nothing)
        }
        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok($nothing)
        }
    };
}

/// A scalar of a definition; anything else is absent.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) enum Said<'a> {
    /// Null, a list, an object, or not there.
    #[default]
    Absent,
    /// true or false.
    Bool(bool),
    /// A number.
    Number(f64),
    /// Text.
    Text(Cow<'a, str>),
}

impl Said<'_> {
    /// The text; empty when it is none.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            Self::Absent | Self::Bool(_) | Self::Number(_) => "",
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Said<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(SaidVisitor(PhantomData))
    }
}

struct SaidVisitor<'a>(PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for SaidVisitor<'a> {
    type Value = Said<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Said<'a>, E> {
        Ok(Said::Absent)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Said<'a>, E> {
        Ok(Said::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Said<'a>, E> {
        Ok(Said::Number(value as f64))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Said<'a>, E> {
        Ok(Said::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Said<'a>, E> {
        Ok(Said::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Said<'a>, E> {
        Ok(Said::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Said<'a>, E> {
        Ok(Said::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Said<'a>, A::Error> {
        Skip.visit_seq(list).map(|()| Said::Absent)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Said<'a>, A::Error> {
        Skip.visit_map(map).map(|()| Said::Absent)
    }
}

/// An object of one shape; anything else is `None`.
#[derive(Debug)]
struct Maybe<T>(Option<T>);

impl<T> Default for Maybe<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Maybe<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(MaybeVisitor(PhantomData))
    }
}

struct MaybeVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MaybeVisitor<T> {
    type Value = Maybe<T>;

    nothing_else!(Maybe(None));

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Maybe<T>, A::Error> {
        Skip.visit_seq(list).map(|()| Maybe(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Maybe<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(|it| Maybe(Some(it)))
    }
}

/// One device of `bridge/devices`.
#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"), default)]
pub(super) struct Device<'a> {
    pub(super) ieee_address: Said<'a>,
    pub(super) friendly_name: Said<'a>,
    #[serde(rename = "type")]
    pub(super) kind: Said<'a>,
    pub(super) disabled: Said<'a>,
    definition: Maybe<Definition<'a>>,
}

impl<'a> Device<'a> {
    /// What it is, where Zigbee2MQTT knows.
    pub(super) fn definition(&self) -> Option<&Definition<'a>> {
        self.definition.0.as_ref()
    }
}

/// What a device is and can say.
#[derive(Debug, Default, Deserialize)]
#[serde(bound(deserialize = "'de: 'a"), default)]
pub(super) struct Definition<'a> {
    pub(super) vendor: Said<'a>,
    pub(super) model: Said<'a>,
    pub(super) description: Said<'a>,
    pub(super) exposes: Exposes<'a>,
}

/// Exposes or features, as many as the budget allows.
#[derive(Debug, Default)]
pub(super) struct Exposes<'a>(pub(super) Vec<Expose<'a>>);

/// One thing that a device says or can be told.
#[derive(Debug, Default)]
pub(super) struct Expose<'a> {
    pub(super) kind: Said<'a>,
    pub(super) name: Said<'a>,
    pub(super) property: Said<'a>,
    pub(super) access: Said<'a>,
    pub(super) unit: Said<'a>,
    pub(super) value_on: Said<'a>,
    pub(super) value_off: Said<'a>,
    pub(super) category: Said<'a>,
    /// What its values tell.
    pub(super) values: Values,
    /// Its description says that true is closed.
    pub(super) is_closed_when_true: bool,
    pub(super) features: Vec<Expose<'a>>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Exposes<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let left = Cell::new(EXPOSES_MOST);
        from.deserialize_any(ExposesSeed {
            left: &left,
            of: PhantomData,
        })
        .map(Exposes)
    }
}

/// A list of exposes within a budget.
#[derive(Clone, Copy)]
struct ExposesSeed<'c, 'a> {
    left: &'c Cell<usize>,
    of: PhantomData<&'a ()>,
}

/// One expose within a budget.
#[derive(Clone, Copy)]
struct ExposeSeed<'c, 'a>(ExposesSeed<'c, 'a>);

impl<'de: 'a, 'a> DeserializeSeed<'de> for ExposesSeed<'_, 'a> {
    type Value = Vec<Expose<'a>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for ExposesSeed<'_, 'a> {
    type Value = Vec<Expose<'a>>;

    nothing_else!(Vec::new());

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Skip.visit_map(map).map(|()| Vec::new())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut exposes = Vec::new();
        while self.left.get() > 0 {
            match list.next_element_seed(ExposeSeed(self))? {
                Some(Some(expose)) => exposes.push(expose),
                Some(None) => {}
                None => return Ok(exposes),
            }
        }
        Skip.visit_seq(list)?;
        Ok(exposes)
    }
}

impl<'de: 'a, 'a> DeserializeSeed<'de> for ExposeSeed<'_, 'a> {
    type Value = Option<Expose<'a>>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de: 'a, 'a> Visitor<'de> for ExposeSeed<'_, 'a> {
    type Value = Option<Expose<'a>>;

    nothing_else!(None);

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        Skip.visit_seq(list).map(|()| None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        self.0.left.set(self.0.left.get().saturating_sub(1));
        let mut expose = Expose::default();
        while let Some(Said::Text(key)) = map.next_key()? {
            match key.as_ref() {
                "type" => expose.kind = map.next_value()?,
                "name" => expose.name = map.next_value()?,
                "property" => expose.property = map.next_value()?,
                "access" => expose.access = map.next_value()?,
                "unit" => expose.unit = map.next_value()?,
                "value_on" => expose.value_on = map.next_value()?,
                "value_off" => expose.value_off = map.next_value()?,
                "category" => expose.category = map.next_value()?,
                "values" => expose.values = map.next_value_seed(ValuesSeed)?,
                "description" => {
                    let text: Said<'_> = map.next_value()?;
                    expose.is_closed_when_true = text.text().contains("closed (= true)");
                }
                "features" => expose.features = map.next_value_seed(self.0)?,
                _ => map.next_value_seed(Skip)?,
            }
        }
        Ok(Some(expose))
    }
}

/// What a list of values tells of its expose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Values {
    /// There is a list.
    pub(super) are_listed: bool,
    /// One of them is a throw or flip: it is a thing that falls, not a person.
    pub(super) of_an_object: bool,
    /// One of them says that an alarm is so.
    pub(super) raises: bool,
}

/// Reads a list of values.
struct ValuesSeed;

impl<'de> DeserializeSeed<'de> for ValuesSeed {
    type Value = Values;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Values, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ValuesSeed {
    type Value = Values;

    nothing_else!(Values::default());

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Values, A::Error> {
        Skip.visit_map(map).map(|()| Values::default())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Values, A::Error> {
        let mut found = Values::default();
        while let Some(value) = list.next_element::<Said<'de>>()? {
            let word = value.text();
            found.are_listed = true;
            found.of_an_object |= matches!(word, "flip90" | "flip180" | "throw");
            found.raises |= says(Named::Unsaid, word) == Some(Says::Raised);
        }
        Ok(found)
    }
}

/// Reads one element of a list; `None` when it is no object.
pub(super) fn one<'de, T: Deserialize<'de>>(
    json: &'de str,
) -> Result<Option<T>, serde_json::Error> {
    serde_json::from_str::<Maybe<T>>(json).map(|Maybe(one)| one)
}
