//! Bytes inside a message: what they say, where they stop, what is wrong with a table of tags, and that nothing panics.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Value, json};
use tecs_protocol::map::Map;
use tecs_protocol::signal::{Message, Refusal, Seen, What};

use super::{map, rule, text};

fn table(form: &str) -> Value {
    let mut table = rule(&json!({
        "unpack": {"at": "/in/data", "as": form, "table": ["mine", "common"]},
        "emit": [
            {"kind": "button", "at": "/in/data/*/press", "values": {"1": "single", "2": "long"}, "field": "press"},
            {"kind": "temperature", "at": "/in/data/*/t", "scale": 0.1, "field": "t"},
        ],
    }));
    table["tlv"] = json!({
        "mine": {"ff 2e": {"name": "press", "bytes": 1}},
        "common": {
            "FF2E": {"name": "not this", "bytes": 3},
            "03 67": {"name": "t", "bytes": 2, "signed": true},
            "ff 09": {"bytes": 2},
            "20 ce": {"bytes": 9},
        },
    });
    table
}

fn read(hex: &str) -> Message {
    let mut dialect = tecs_protocol::map::MapDialect::new(map(&table("hex")), 65536);
    super::hear(&mut dialect, &json!({"in": {"data": hex}}), 0)
}

fn said(message: &Message) -> Vec<String> {
    let signals = message.signals.iter();
    signals
        .map(|signal| match &signal.what {
            What::Observed {
                seen: Seen::Value(value),
                ..
            } => value.to_string(),
            What::Observed {
                seen: Seen::State(state),
                ..
            } => state.word().to_owned(),
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn every_part_of_a_frame_is_a_reading_of_its_own() {
    let message = read("0367 1601 ff09 0110 ff2e 01 FF2E02 0367 0cff");
    assert_eq!(said(&message), ["single", "long", "27.8", "-24.4"]);
    assert_eq!((message.refusals, message.unmapped), (vec![], vec![]));
    let fields: Vec<_> = message.signals.iter().map(|s| s.field.as_str()).collect();
    assert_eq!(fields, ["press", "press", "t", "t"]);
}

#[test]
fn base64_is_read_as_well() {
    let mut dialect = tecs_protocol::map::MapDialect::new(map(&table("")), 65536);
    let message = super::hear(&mut dialect, &json!({"in": {"data": "/y4B"}}), 0);
    assert_eq!(said(&message), ["single"]);
}

#[test]
fn what_came_before_an_unknown_tag_is_said_and_the_tag_is_named() {
    let message = read("ff2e01 0500 01 ff2e02");
    assert_eq!(said(&message), ["single"]);
    let [Refusal::UnknownFrame { kind }] = &message.refusals[..] else {
        panic!("{:?}", message.refusals);
    };
    assert!(
        kind.contains("05 00") && kind.contains("/in/data"),
        "{kind}"
    );
}

#[test]
fn a_frame_that_ends_too_soon_is_refused_by_its_length() {
    let message = read("ff2e01 0367 01");
    assert_eq!(said(&message), ["single"]);
    assert_eq!(message.refusals, [Refusal::Length { due: 2, found: 1 }]);
    let message = read("ff");
    assert!(matches!(
        message.refusals[..],
        [Refusal::UnknownFrame { .. }]
    ));
    let message = read("f");
    assert!(matches!(message.refusals[..], [Refusal::BadValue { .. }]));
    assert_eq!(read("").refusals, []);
}

#[test]
fn a_part_that_no_emit_reads_is_named_as_unmapped() {
    let mut table = table("hex");
    table["rule"][0]["emit"] = json!([{"kind": "temperature", "at": "/in/data/*/t"}]);
    let mut dialect = tecs_protocol::map::MapDialect::new(map(&table), 65536);
    let message = super::hear(&mut dialect, &json!({"in": {"data": "ff2e01"}}), 0);
    assert_eq!(message.unmapped, ["in.data.*.press"]);
}

#[test]
fn what_is_wrong_with_a_table_of_tags_is_named() {
    for (more, tlv, key, words) in [
        (
            json!({"at": "/d/*", "table": "a"}),
            json!({}),
            "unpack.at",
            "one value from the root",
        ),
        (
            json!({"at": "d", "table": "a"}),
            json!({}),
            "unpack.at",
            "one value from the root",
        ),
        (
            json!({"at": "/d", "table": "b"}),
            json!({}),
            "unpack.table",
            "no [tlv.b]",
        ),
        (
            json!({"at": "/d", "table": "a", "as": "text"}),
            json!({}),
            "unpack.as",
            "base64, hex",
        ),
        (
            json!({"at": "/d", "table": "a"}),
            json!({"1": {"bytes": 1}}),
            "tlv.a.1",
            "hexadecimal",
        ),
        (
            json!({"at": "/d", "table": "a"}),
            json!({"0102": {"bytes": 1}}),
            "unpack.table",
            "several lengths",
        ),
        (
            json!({"at": "/d", "table": "a"}),
            json!({"02": {"name": "x", "bytes": 7}}),
            "tlv.a.02.bytes",
            "1 to 6",
        ),
        (
            json!({"at": "/d", "table": "a"}),
            json!({"02": {"bytes": 65}}),
            "tlv.a.02.bytes",
            "1 to 64",
        ),
    ] {
        let mut table =
            rule(&json!({ "unpack": more, "emit": [{"kind": "help", "at": "/d/*/x"}] }));
        table["tlv"] = json!({"a": {"01": {"name": "x", "bytes": 1}}});
        for (tag, part) in tlv.as_object().unwrap() {
            table["tlv"]["a"][tag] = part.clone();
        }
        let found = Map::compile(text(&table)).unwrap_err();
        assert!(
            found
                .iter()
                .any(|f| f.key.ends_with(key) && f.what.contains(words)),
            "{key} {words}: {found:#?}"
        );
    }
}

#[test]
fn a_table_of_tags_that_nobody_asks_is_named() {
    let mut table = rule(&json!({"emit": [{"kind": "help"}]}));
    table["tlv"] = json!({"spare": {"01": {"bytes": 1}}});
    let found = map(&table).lint();
    assert!(found.iter().any(|f| f.key == "tlv.spare"), "{found:#?}");
}

#[test]
fn a_message_that_is_refused_by_name_says_why_and_nothing_else() {
    let table = rule(
        &json!({"refuse": "encrypted; the bridge has no key", "when": {"/encr": {"exists": true}}}),
    );
    let mut dialect = tecs_protocol::map::MapDialect::new(map(&table), 65536);
    let message = super::hear(&mut dialect, &json!({"encr": 2}), 0);
    assert_eq!(message.signals, []);
    let said = message.refusals[0].to_string();
    assert!(said.contains("encrypted; the bridge has no key"), "{said}");
}

proptest! {
    #[test]
    fn any_bytes_give_readings_or_a_name_and_never_more_than_they_hold(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut hex = String::new();
        for b in &bytes {
            write!(hex, "{b:02x}").unwrap();
        }
        let message = read(&hex);
        prop_assert!(message.signals.len() * 3 <= bytes.len());
        prop_assert!(message.refusals.len() <= 1 + message.signals.len() + bytes.len() / 3);
    }
}

#[test]
fn a_number_may_be_a_part_of_the_value_of_its_tag() {
    let mut table = table("hex");
    table["tlv"]["mine"]["07 b0"] = json!({"name": "press", "bytes": 8, "of": [0, 1]});
    table["tlv"]["mine"]["06 fb"] = json!({"name": "press", "bytes": 5, "of": [2, 1]});
    let mut dialect = tecs_protocol::map::MapDialect::new(map(&table), 65536);
    let hex = "07b0 01 ffffffffffffff 06fb 0000 02 0100 ff2e01";
    let message = super::hear(&mut dialect, &json!({"in": {"data": hex}}), 0);
    assert_eq!(said(&message), ["single", "long", "single"]);
    for of in [json!([0, 0]), json!([7, 2]), json!([0, 7]), json!([9, 1])] {
        table["tlv"]["mine"]["07 b0"]["of"] = of.clone();
        let found = Map::compile(text(&table)).unwrap_err();
        assert!(
            found.iter().any(|f| f.key.ends_with("07 b0.of")),
            "{of}: {found:#?}"
        );
    }
}
