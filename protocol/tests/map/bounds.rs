//! Whatever is said, it costs no more than the limits, and nothing panics.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};
use tecs_protocol::map::{Map, MapDialect, MapLines, SIGNALS_MOST, UNMAPPED_MOST, UNTAUGHT_MOST};
use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Message, Refusal, Seen, What};

use super::{hear, map, once, rule, text};

#[test]
fn what_a_message_may_lead_to_is_bounded() {
    let more = json!({"device": "{gw}/{key}", "emit": [{"kind": "smoke", "at": "/*"}, {"kind": "co", "at": "/*"}]});
    let many: serde_json::Map<String, Value> =
        (0..2000).map(|n| (format!("k{n}"), json!(1))).collect();
    let message = once(&more, &Value::Object(many));
    assert_eq!(message.signals.len(), SIGNALS_MOST);
    assert!(
        message
            .refusals
            .iter()
            .any(|r| matches!(r, Refusal::NotShape { .. }))
    );

    let mut dialect = MapDialect::new(
        map(&rule(&json!({"emit": [{"kind": "help", "at": "/h"}]}))),
        64,
    );
    let long = "x".repeat(100);
    let refused = hear(&mut dialect, &json!({ "h": long }), 0);
    assert!(matches!(
        refused.refusals[..],
        [Refusal::TooLarge { limit: 64, .. }]
    ));

    let other: serde_json::Map<String, Value> =
        (0..50).map(|n| (format!("k{n}"), json!(1))).collect();
    let more = json!({"emit": [{"kind": "help", "at": "/h"}]});
    assert_eq!(
        once(&more, &Value::Object(other)).unmapped.len(),
        UNMAPPED_MOST
    );
}

#[test]
fn any_number_of_names_costs_neither_an_alarm_nor_a_reading() {
    let more = json!({"device": "{/id}", "emit": [
        {"kind": "smoke", "at": "/s"}, {"kind": "temperature", "at": "/t"},
    ]});
    let mut dialect = MapDialect::new(map(&rule(&more)), 65536);
    for id in 0..10_000 {
        let message = hear(&mut dialect, &json!({"id": id, "s": id % 2, "t": 20}), id);
        assert_eq!(
            (message.signals.len(), message.refusals.len()),
            (2, 0),
            "{id}"
        );
    }
}

#[test]
fn codes_that_nobody_taught_do_not_grow_without_end() {
    let more = json!({"code": {"at": "/c", "table": "t", "untaught": true}});
    let mut dialect = MapDialect::new(map(&rule(&more)), 65536);
    let told: usize = (0..100)
        .map(|n| hear(&mut dialect, &json!({ "c": format!("code {n}") }), 0))
        .map(|message| {
            assert_eq!(message.unmapped.len(), 1);
            message.signals.len()
        })
        .sum();
    assert_eq!(told, UNTAUGHT_MOST);
}

/// A table with something of everything.
fn of_everything() -> Value {
    json!({
        "map": {"base": "t"},
        "default": {"topic": ["{base}/{gw}", "x/{rest...}"], "dedupe": {"within_ms": 100, "by": ["/n"]}},
        "set": {"s": {"emit": [{"kind": "battery_low", "at": "/b"}], "silent": ["/*/id"]}},
        "codes": {"c": {"1A*": {"device": "fob", "kind": "help"}}},
        "rule": [
            {"name": "a", "when": {"/a": {"not": ["b", 1]}, "{/b|/c}": {"exists": false}}, "each": "/*", "device": "{key}",
             "test": "t", "emit": [{"kind": "smoke", "at": "*"}, {"kind": "button", "at": "a/*"}, {"kind": "unknown", "at": "", "code": "{/*}"}]},
            {"name": "b", "when": {"/*/b": [1, "x*"]}, "device": "{/id|/*}[-{/a/*}]", "model": "{/a}", "use": ["s"],
             "time": [{"at": "/a"}, {"at": "/b", "format": "epoch_s"}, {"at": "/c", "format": "DD.MM.YYYY hh:mm:ss", "zone": "Z"}],
             "emit": [
                {"kind": "temperature", "at": "/*", "unit": "F", "unit_at": "/a", "range": [-5, 5], "ignore": ["*x"]},
                {"kind": "spo2", "at": "/**/b", "missing": {"127": "sensor_off"}},
                {"kind": "tamper", "at": "/c", "mask": 6, "hex": true},
                {"kind": "battery", "at": "/a", "scale": 1e300},
             ]},
            {"name": "c", "device": "d", "code": {"at": "{/a}{/b}", "table": "c", "untaught": true}},
            {"name": "d", "payload": "text", "device": "d", "emit": [{"kind": "path", "at": "", "values": {"on*": "restored"}}]},
        ],
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[abx*/~.01 \u{e9}]{0,8}",
        Just("2026-01-01T00:00:00Z".to_owned()),
        Just("on".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..130).prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 128, 12, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..12).prop_map(Value::from),
            prop::collection::hash_map("a|b|c|t|id|n|[*/~x]{0,3}", inner, 0..12)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn is_sane(message: &Message) -> Result<(), TestCaseError> {
    prop_assert!(message.signals.len() <= SIGNALS_MOST);
    prop_assert!(message.unmapped.len() <= 2 * UNMAPPED_MOST);
    let silent = message.signals.is_empty() && message.refusals.is_empty();
    prop_assert!(!silent || message.ignored.is_some());
    for signal in &message.signals {
        prop_assert!(!signal.device.is_empty() && signal.device.len() <= 256);
        prop_assert!(!signal.device.contains(char::is_control));
        if let What::Observed {
            seen: Seen::Value(value),
            ..
        } = signal.what
        {
            prop_assert!(value.is_finite());
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn any_json_is_read_within_bounds(payloads in prop::collection::vec(any_json(), 1..6), topic in "t/[a-z]|x/a/b|t") {
        let mut dialect = MapDialect::new(map(&of_everything()), 4096);
        for (now_ms, payload) in (0..).zip(&payloads) {
            let payload = payload.to_string();
            let message = dialect.read(&Publish { topic: &topic, payload: payload.as_bytes(), retained: false, now_ms });
            is_sane(&message)?;
        }
    }

    #[test]
    fn any_bytes_on_a_line_are_read_within_bounds(bytes in prop::collection::vec(any::<u8>(), 0..600), cut in 1_usize..50) {
        let lines = Arc::new(Map::compile(text(&of_everything()).as_lines()).unwrap());
        let mut wire = MapLines::new(lines, 100);
        let mut heard = Heard::default();
        for chunk in bytes.chunks(cut) {
            wire.read(chunk, 0, &mut heard);
            prop_assert!(wire.held() <= 101);
        }
        for message in &heard.messages {
            is_sane(message)?;
        }
    }

    #[test]
    fn any_pattern_is_read_or_refused(texts in prop::collection::vec("[a-c{}\\[\\]*/~.|+#key]{0,12}", 6)) {
        let more = json!({
            "topic": texts[0], "device": texts[1], "model": texts[2], "when": { &texts[3]: 1 },
            "emit": [{"kind": "smoke", "at": texts[4], "values": { &texts[5]: "raised" }}],
        });
        if let Ok(map) = Map::compile(text(&rule(&more))) {
            let _ = (map.lint(), map.filters());
            let message = MapDialect::new(Arc::new(map), 4096).read(&Publish {
                topic: "a/b", payload: br#"{"a":{"b":1},"c":[1]}"#, retained: false, now_ms: 0,
            });
            is_sane(&message)?;
        }
    }
}
