//! JSON objects read field by field as they come: nothing is built of what nobody asks for, and nothing is read beyond
//! its limits. Values compare by type and by text ("ON", true, 1, "80.00"). It knows no device.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::alarm_names::yes_or_no;
use crate::signal::Refusal;

/// The most fields of one message; the richest Zigbee device of the published definitions has some 300.
const FIELDS_MOST: usize = 1024;

/// One value of a payload.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Value<'a> {
    /// Nothing.
    Null,
    /// true or false.
    Bool(bool),
    /// A finite number.
    Number(f64),
    /// Text.
    Text(&'a str),
    /// A list, or an object that nobody asks for.
    Nested,
}

/// One of the two values of a binary property, in a form that compares by type and text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token<T> {
    /// true, "true", "ON", "yes", 1, "1.0".
    Yes,
    /// false, "false", "OFF", "no", 0.
    No,
    /// Any other word, compared without case.
    Word(T),
}

impl<'a> Value<'a> {
    /// The value as one of two; `None` for a number or shape that cannot be.
    pub(crate) fn token(self) -> Option<Token<&'a str>> {
        match self {
            Self::Bool(true) => Some(Token::Yes),
            Self::Bool(false) => Some(Token::No),
            Self::Number(n) if n.to_bits() == 1f64.to_bits() => Some(Token::Yes),
            Self::Number(n) if n.abs() < f64::MIN_POSITIVE => Some(Token::No),
            Self::Text(text) => Some(word_token(text)),
            Self::Number(_) | Self::Null | Self::Nested => None,
        }
    }

    /// The value as a finite number, from a number or from text that is one ("80.00").
    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Self::Number(n) => Some(n),
            Self::Text(text) => text.trim().parse().ok().filter(|n: &f64| n.is_finite()),
            Self::Null | Self::Bool(_) | Self::Nested => None,
        }
    }
}

/// A word as one of two.
pub(crate) fn word_token(text: &str) -> Token<&str> {
    let text = text.trim();
    match yes_or_no(text) {
        Some(true) => Token::Yes,
        Some(false) => Token::No,
        None => Token::Word(text),
    }
}

impl Token<&str> {
    /// The same, to be kept.
    pub(crate) fn owned(&self) -> Token<Box<str>> {
        match self {
            Self::Yes => Token::Yes,
            Self::No => Token::No,
            Self::Word(word) => Token::Word((*word).into()),
        }
    }
}

impl Token<Box<str>> {
    /// True when `said` is this value.
    pub(crate) fn is(&self, said: &Token<&str>) -> bool {
        match (self, said) {
            (Self::Yes, Token::Yes) | (Self::No, Token::No) => true,
            (Self::Word(named), Token::Word(said)) => named.eq_ignore_ascii_case(said),
            (Self::Yes | Self::No | Self::Word(_), _) => false,
        }
    }
}

/// What takes the fields of a payload.
pub(crate) trait Fields {
    /// True when the fields inside this object are wanted, as `key.inner`.
    fn enters(&self, key: &str) -> bool;

    /// Takes one field.
    fn field(&mut self, key: &str, value: Value<'_>);
}

/// Hands over every field of a JSON object. On a refusal what was handed over before it must be thrown away.
pub(crate) fn each_field(payload: &[u8], to: &mut dyn Fields) -> Result<(), Refusal> {
    let text = std::str::from_utf8(payload).map_err(|_| Refusal::NotText)?;
    let mut json = serde_json::Deserializer::from_str(text);
    let mut seen = Vec::new();
    Object {
        to,
        inside: None,
        seen: &mut seen,
    }
    .deserialize(&mut json)
    .and_then(|()| json.end())
    .map_err(|e| refusal(&e))
}

/// The error of `serde_json` without the content that it may quote.
pub(crate) fn refusal(error: &serde_json::Error) -> Refusal {
    match error.classify() {
        serde_json::error::Category::Data => match error.to_string() {
            why if why.starts_with(TWICE) || why.starts_with(TOO_MANY) => Refusal::NotJson {
                why: why.split(" at line").next().unwrap_or_default().to_owned(),
            },
            _ => Refusal::NotShape {
                due: "a JSON object",
            },
        },
        _ => Refusal::NotJson {
            why: error.to_string(),
        },
    }
}

const TWICE: &str = "one field twice";
const TOO_MANY: &str = "more fields than 1024";

/// An object whose fields are handed over.
struct Object<'s> {
    to: &'s mut dyn Fields,
    inside: Option<&'s str>,
    seen: &'s mut Vec<u64>,
}

impl<'de> DeserializeSeed<'de> for Object<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Object<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key_seed(KeySeed)? {
            let whole = match self.inside {
                None => key,
                Some(outer) => Cow::Owned(format!("{outer}.{key}")),
            };
            let name = fingerprint(&whole);
            if self.seen.contains(&name) {
                return Err(A::Error::custom(TWICE));
            }
            if self.seen.len() == FIELDS_MOST {
                return Err(A::Error::custom(TOO_MANY));
            }
            self.seen.push(name);
            map.next_value_seed(Field {
                to: &mut *self.to,
                key: &whole,
                seen: &mut *self.seen,
                nested: self.inside.is_some(),
            })?;
        }
        Ok(())
    }
}

/// FNV-1a, 64 bits: enough to see a name twice among a thousand. Whoever forges a collision has their own message
/// refused.
fn fingerprint(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A key, borrowed from the payload unless it is escaped.
pub(crate) struct Key<'de>(pub(crate) Cow<'de, str>);

/// Reads a key.
pub(crate) struct KeySeed;

impl<'de> DeserializeSeed<'de> for KeySeed {
    type Value = Key<'de>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Key<'de>, D::Error> {
        from.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for KeySeed {
    type Value = Key<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, key: &'de str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Borrowed(key)))
    }

    fn visit_str<E>(self, key: &str) -> Result<Key<'de>, E> {
        Ok(Key(Cow::Owned(key.to_owned())))
    }
}

/// The value of one field.
struct Field<'s> {
    to: &'s mut dyn Fields,
    key: &'s str,
    seen: &'s mut Vec<u64>,
    nested: bool,
}

impl Field<'_> {
    fn is(self, value: Value<'_>) {
        self.to.field(self.key, value);
    }
}

impl<'de> DeserializeSeed<'de> for Field<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Field<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.is(Value::Null);
        Ok(())
    }

    fn visit_bool<E>(self, value: bool) -> Result<(), E> {
        self.is(Value::Bool(value));
        Ok(())
    }

    fn visit_i64<E>(self, value: i64) -> Result<(), E> {
        self.is(Value::Number(value as f64));
        Ok(())
    }

    fn visit_u64<E>(self, value: u64) -> Result<(), E> {
        self.is(Value::Number(value as f64));
        Ok(())
    }

    fn visit_f64<E>(self, value: f64) -> Result<(), E> {
        self.is(Value::Number(value));
        Ok(())
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        self.is(Value::Text(value));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Skip)?.is_some() {}
        self.is(Value::Nested);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        // Composite features are one level deep; what is deeper is nobody's.
        if !self.nested && self.to.enters(self.key) {
            return Object {
                to: self.to,
                inside: Some(self.key),
                seen: self.seen,
            }
            .visit_map(map);
        }
        Skip.visit_map(map)?;
        self.is(Value::Nested);
        Ok(())
    }
}

/// Reads past a value, with the same limits (128 levels, numbers in range) as one that is read.
pub(crate) struct Skip;

impl<'de> DeserializeSeed<'de> for Skip {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Skip {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Skip)?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_key_seed(Skip)?.is_some() {
            map.next_value_seed(Skip)?;
        }
        Ok(())
    }
}
