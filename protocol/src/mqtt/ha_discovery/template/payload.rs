//! A payload's JSON as a template sees it: in its own order, and every look at a key that is not there, or holds null, is
//! noted. It is read once and never changed.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

/// Whether a template looked at what is not there.
#[derive(Debug, Clone, Default)]
pub(super) struct Missed(Arc<AtomicBool>);

impl Missed {
    /// It did.
    pub(super) fn note(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether it did since this was asked last.
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

/// [`Missed`] as a template's variable, for filters.
#[derive(Debug)]
pub(super) struct Shared(pub(super) Missed);

impl Object for Shared {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// Reads JSON; `None` when it is none.
pub(super) fn read(text: &str, missed: &Missed) -> Option<Value> {
    let mut json = serde_json::Deserializer::from_str(text);
    let value = Seen(missed).deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(value)
}

/// An object.
#[derive(Debug)]
struct Map {
    order: Vec<Box<str>>,
    by_key: BTreeMap<Box<str>, Value>,
    missed: Missed,
}

impl Object for Map {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let Some(key) = key.as_str() else {
            self.missed.note();
            return None;
        };
        self.get_value_by_str(key)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let value = self.by_key.get(key).cloned();
        if value.as_ref().is_none_or(Value::is_none) {
            self.missed.note();
        }
        value
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let keys = self.order.iter().map(|name| Value::from(&**name));
        Enumerator::Values(keys.collect())
    }

    fn enumerator_len(self: &Arc<Self>) -> Option<usize> {
        Some(self.order.len())
    }
}

/// A list.
#[derive(Debug)]
struct List {
    items: Vec<Value>,
    missed: Missed,
}

impl Object for List {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let value = key.as_usize().and_then(|at| self.items.get(at)).cloned();
        if value.as_ref().is_none_or(Value::is_none) {
            self.missed.note();
        }
        value
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.items.len())
    }
}

/// Reads any value.
struct Seen<'m>(&'m Missed);

impl<'de> DeserializeSeed<'de> for Seen<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seen<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::from(()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(i64::try_from(value).map_or_else(|_| Value::from(value), Value::from))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Seen(self.0))? {
            items.push(item);
        }
        let missed = self.0.clone();
        Ok(Value::from_object(List { items, missed }))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map {
            order: Vec::new(),
            by_key: BTreeMap::new(),
            missed: self.0.clone(),
        };
        while let Some(key) = map.next_key::<String>()? {
            let value = map.next_value_seed(Seen(self.0))?;
            // Of a key that comes twice Python has the last.
            if object.by_key.insert(key.as_str().into(), value).is_none() {
                object.order.push(key.into());
            }
        }
        Ok(Value::from_object(object))
    }
}
