//! A message as a tree of JSON that borrows its words from the payload: what has no escape in it is copied nowhere. It
//! refuses what `serde_json` does, and judges nothing.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use crate::json::{Key, KeySeed};

/// Room for the fields of most objects.
const FIELDS_USUAL: usize = 8;

/// One value.
#[derive(Debug, Clone, PartialEq, Hash)]
pub(super) enum Value<'m> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'m, str>),
    Array(Vec<Self>),
    Object(Object<'m>),
}

/// The fields of an object, by their names in order; of one that stands twice the last.
#[derive(Debug, Clone, PartialEq, Hash)]
pub(super) struct Object<'m>(Vec<(Name<'m>, Value<'m>)>);

/// A field's name. Names are compared far more often than anything else, mostly with others: their first eight bytes tell
/// them apart as one number, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Name<'m> {
    first: u64,
    text: Cow<'m, str>,
}

impl<'m> Name<'m> {
    pub(super) fn of(text: impl Into<Cow<'m, str>>) -> Self {
        let text = text.into();
        let mut first = [0; 8];
        for (to, from) in first.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        Self {
            first: u64::from_be_bytes(first),
            text,
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

impl Value<'_> {
    /// True of what says that there is no value.
    pub(super) const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

impl<'m> Object<'m> {
    /// Fields as they came.
    pub(super) fn of(mut fields: Vec<(Name<'m>, Value<'m>)>) -> Self {
        // Stable: of two of one name the later one stays behind the first, whose place it takes.
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        fields.dedup_by(|later, first| {
            let twice = later.0 == first.0;
            if twice {
                std::mem::swap(later, first);
            }
            twice
        });
        Self(fields)
    }

    fn find(&self, name: &Name<'_>) -> Option<usize> {
        self.0.binary_search_by(|(key, _)| key.cmp(name)).ok()
    }

    /// The field of this name.
    pub(super) fn get(&self, name: &Name<'_>) -> Option<&Value<'m>> {
        self.0.get(self.find(name)?).map(|(_, value)| value)
    }

    /// The field of this name, to be replaced.
    pub(super) fn get_mut(&mut self, name: &Name<'_>) -> Option<&mut Value<'m>> {
        let at = self.find(name)?;
        self.0.get_mut(at).map(|(_, value)| value)
    }

    /// Every field, by its name.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Name<'m>, &Value<'m>)> {
        self.0.iter().map(|(name, value)| (name, value))
    }
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reads)
    }
}

struct Reads;

impl<'de> Visitor<'de> for Reads {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value<'de>, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value<'de>, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value<'de>, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        let mut fields = Vec::with_capacity(FIELDS_USUAL);
        while let Some(Key(name)) = map.next_key_seed(KeySeed)? {
            fields.push((Name::of(name), map.next_value()?));
        }
        Ok(Value::Object(Object::of(fields)))
    }
}

#[cfg(test)]
impl From<serde_json::Value> for Value<'static> {
    fn from(value: serde_json::Value) -> Self {
        let text = Box::leak(value.to_string().into_boxed_str());
        serde_json::from_str(text).unwrap()
    }
}

/// As `serde_json`'s.
#[cfg(test)]
macro_rules! json {
    ($($json:tt)*) => { crate::map::tree::Value::from(serde_json::json!($($json)*)) };
}
#[cfg(test)]
pub(super) use json;

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a tree as `serde_json` has it.
    fn theirs(value: &Value<'_>) -> serde_json::Value {
        match value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(value) => value.clone().into(),
            Value::String(value) => (**value).into(),
            Value::Array(items) => items.iter().map(theirs).collect(),
            Value::Object(fields) => {
                let fields = fields.iter();
                fields
                    .map(|(name, value)| (name.text().to_owned(), theirs(value)))
                    .collect()
            }
        }
    }

    #[test]
    fn a_message_reads_as_serde_json_reads_it() {
        for text in [
            r#"{"b":1,"a":{"x":[1,-2,3.5,1e300],"":null},"c":"t\u00e9xt\n","d":true}"#,
            r#"{"a":1,"b":2,"a":3,"a":{"c":4},"b":null}"#,
            r#"{"a\u0062":1,"ab":2}"#,
            "[18446744073709551615,-9223372036854775808,18446744073709551616,-0,-0.0]",
            " null ",
            "\"text\"",
            "17 18",
            "1e999",
            "{\"a\":1",
            "[1,]",
            "{1:2}",
            "ON",
            "",
            &"[".repeat(127),
            &"[".repeat(129),
            &format!("{}{}", "[".repeat(127), "]".repeat(127)),
            &format!("{}{}", "[".repeat(128), "]".repeat(128)),
        ] {
            let ours = serde_json::from_str::<Value<'_>>(text);
            let ours = ours.map(|value| theirs(&value)).map_err(|e| e.to_string());
            let theirs = serde_json::from_str::<serde_json::Value>(text);
            assert_eq!(ours, theirs.map_err(|e| e.to_string()), "{text}");
        }
    }

    #[test]
    fn fields_are_found_and_come_by_their_names_and_words_are_borrowed() {
        let Ok(Value::Object(fields)) =
            serde_json::from_str(r#"{"b":"x","a":"\u0079","c":1,"identical":2,"identically":3}"#)
        else {
            panic!("an object is due");
        };
        let names: Vec<&str> = fields.iter().map(|(name, _)| name.text()).collect();
        assert_eq!(names, ["a", "b", "c", "identical", "identically"]);
        assert!(matches!(
            fields.get(&Name::of("b")),
            Some(Value::String(Cow::Borrowed("x")))
        ));
        assert!(
            matches!(fields.get(&Name::of("a")), Some(Value::String(Cow::Owned(y))) if y == "y")
        );
        assert_eq!(fields.get(&Name::of("d")), None);
    }
}
