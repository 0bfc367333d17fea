//! The map under test: what is wrong with a table is named, what a message says is bounded, and nothing panics.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

mod bounds;
mod findings;
mod reading;
mod several;
mod unpack;

use std::sync::Arc;

use serde_json::{Value, json};
use tecs_protocol::map::{Map, MapDialect, MapText};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::Message;

pub(crate) fn text(table: &Value) -> MapText {
    serde_json::from_value(table.clone()).unwrap_or_else(|e| panic!("{e}: {table}"))
}

pub(crate) fn map(table: &Value) -> Arc<Map> {
    Arc::new(Map::compile(text(table)).unwrap_or_else(|found| panic!("{found:#?}")))
}

/// A table of one rule on `t/{gw}`, with this in it.
pub(crate) fn rule(more: &Value) -> Value {
    let mut rule = json!({ "name": "r", "topic": "t/{gw}", "device": "{gw}" });
    for (key, value) in more.as_object().unwrap() {
        rule[key] = value.clone();
    }
    json!({ "rule": [rule] })
}

pub(crate) fn hear(dialect: &mut MapDialect, payload: &Value, now_ms: u64) -> Message {
    dialect.read(&Publish {
        topic: "t/gw",
        payload: payload.to_string().as_bytes(),
        retained: false,
        now_ms,
    })
}

/// What one message says by a table of one rule.
pub(crate) fn once(more: &Value, payload: &Value) -> Message {
    hear(&mut MapDialect::new(map(&rule(more)), 65536), payload, 0)
}
