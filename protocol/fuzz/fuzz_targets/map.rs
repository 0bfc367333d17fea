//! A bridge that publishes anything, read by a table that has something of everything: no more signals than the limit.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use tecs_protocol::map::{Map, MapDialect, SIGNALS_MOST};
use tecs_protocol_fuzz::broker::play;

/// Something of everything that the language has.
const TABLE: &str = r#"{
    "codes": {"c": {"1A*": {"device": "fob", "kind": "help"}}},
    "tlv": {"t": {"01 75": {"name": "battery", "bytes": 1}, "03 67": {"name": "t", "bytes": 2, "signed": true}, "FF09": {"bytes": 2}}},
    "rule": [
        {"name": "a", "topic": "t/{x}", "each": "/*", "when": {"/a": {"not": ["b", 1]}}, "device": "{x}/{./n|key}", "test": "t",
         "time": [{"at": "a"}, {"at": "b", "format": "DD.MM.YYYY hh:mm:ss", "zone": "Z"}], "dedupe": {"within_ms": 9, "by": ["/n"]},
         "emit": [{"kind": "smoke", "at": "*"}, {"kind": "button", "at": "a/*"}, {"kind": "temperature", "at": "b", "unit": "F", "unit_at": "/u"},
                  {"kind": "spo2", "at": "c", "missing": {"127": "sensor_off"}}, {"kind": "tamper", "at": "d", "mask": 6, "hex": true},
                  {"at": "e", "decode": "gatt:2a37"}, {"at": "f", "decode": "gatt:2a35:base64", "zone": "+01:00"}]},
        {"name": "u", "topic": "u", "device": "d", "unpack": {"at": "/d", "as": "hex", "table": "t"},
         "emit": [{"kind": "battery", "at": "/d/*/battery"}, {"kind": "temperature", "at": "/d/*/t", "scale": 0.1}]},
        {"name": "b", "topic": "t/{x}", "device": "d", "code": {"at": "{/a}{/b|/c}", "table": "c", "untaught": true}},
        {"name": "c", "topic": "t/{x}", "payload": "text", "device": "d", "emit": [{"kind": "path", "at": "", "values": {"on*": "restored"}}]}
    ]
}"#;

static MAP: LazyLock<Arc<Map>> = LazyLock::new(|| {
    let text = serde_json::from_str(TABLE).expect("the table is of the language");
    Arc::new(Map::compile(text).expect("the table reads"))
});

fuzz_target!(|input: &[u8]| {
    let mut dialect = MapDialect::new(Arc::clone(&MAP), 4096);
    play(&mut dialect, input, |_, message| {
        assert!(message.signals.len() <= SIGNALS_MOST);
    });
});
