//! What messages say: values, readings, fields, frames and lines.

use std::sync::Arc;

use serde_json::{Value, json};
use tecs_protocol::family::Way;
use tecs_protocol::map::{MapDialect, MapLines};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Measured, Missing, Reading, Refusal, What};

use super::{hear, map, once, rule};

#[test]
fn a_pointer_into_a_list_says_so_and_a_star_enters_it() {
    let more = json!({"emit": [{"kind": "temperature", "at": "/list/0/t"}]});
    let message = once(&more, &json!({"list": [{"t": 20}]}));
    assert_eq!(message.signals, []);
    assert!(
        matches!(&message.refusals[..], [Refusal::BadValue { field, .. }] if field == "/list/0/t")
    );
    let more =
        json!({"device": "{gw}/{key}", "emit": [{"kind": "temperature", "at": "/list/*/t"}]});
    let message = once(&more, &json!({"list": [{"t": 20}, {"t": 21}]}));
    let devices: Vec<_> = message.signals.iter().map(|s| s.device.as_str()).collect();
    assert_eq!(devices, ["gw/0", "gw/1"]);
}

#[test]
fn a_vital_sign_says_its_value_or_why_there_is_none() {
    let more = json!({"emit": [{
        "kind": "weight", "at": "/w", "unit": "kg", "unit_at": "/unit", "range": [2, 300],
        "missing": {"511": "no_signal"}, "when": {"/mode": "person"},
    }]});
    let reading = |payload: Value| match once(&more, &payload).signals.first() {
        Some(signal) => match signal.what {
            What::Vital { reading, .. } => Some(reading),
            _ => panic!("{signal:?}"),
        },
        None => None,
    };
    let value = |value| Some(Measured::of(value));
    assert_eq!(
        reading(json!({"w": 131.7, "unit": "lb", "mode": "person"})),
        value(59.7381)
    );
    assert_eq!(
        reading(json!({"w": "61.75", "mode": "person"})),
        value(61.75)
    );
    assert_eq!(
        reading(json!({"w": 511, "mode": "person"})),
        Some(Measured::Missing(Missing::NoSignal))
    );
    assert_eq!(
        reading(json!({"w": 900, "mode": "person"})),
        Some(Measured::Beyond(900.0))
    );
    // An object's weight is no body's.
    assert_eq!(reading(json!({"w": 5.1, "mode": "object"})), None);
    assert_eq!(reading(json!({"w": null, "mode": "person"})), None);
    let message = once(&more, &json!({"w": 1, "unit": "furlong", "mode": "person"}));
    assert!(matches!(&message.refusals[..], [Refusal::BadUnit { unit, .. }] if unit == "furlong"));
}

#[test]
fn the_usual_reading_follows_from_what_can_be_said() {
    for (emit, due) in [
        (json!({"kind": "temperature", "at": "/v"}), Reading::Sample),
        (json!({"kind": "smoke", "at": "/v"}), Reading::Edge),
        (json!({"kind": "help", "at": "/v"}), Reading::Pulse),
        (json!({"kind": "button", "at": "/v"}), Reading::Pulse),
        (json!({"kind": "motion", "says": "active"}), Reading::Pulse),
        (
            json!({"kind": "motion", "at": "/v", "values": {"1": "active", "*": ""}}),
            Reading::Pulse,
        ),
        (
            json!({"kind": "motion", "at": "/v", "reading": "edge", "values": {"1": "active"}}),
            Reading::Edge,
        ),
    ] {
        let message = once(&json!({ "emit": [emit] }), &json!({"v": 1}));
        assert_eq!(message.signals[0].reading, due, "{emit}");
    }
}

#[test]
fn a_field_is_named_by_its_path_or_by_its_kind_where_one_value_says_several() {
    let more = json!({"emit": [
        {"kind": "contact", "at": "/event", "values": {"open": "open", "shut": "closed", "*": ""}},
        {"kind": "motion", "at": "/event", "values": {"moved": "active", "*": ""}},
        {"kind": "temperature", "at": "/a/t"},
    ]});
    let message = once(&more, &json!({"event": "open", "a": {"t": 1}}));
    let fields: Vec<_> = message.signals.iter().map(|s| s.field.as_str()).collect();
    assert_eq!(fields, ["contact", "a.t"]);
    assert_eq!(message.refusals, []);
}

#[test]
fn a_frames_own_name_tells_it_from_the_next() {
    let more = json!({
        "dedupe": {"within_ms": 60_000, "by": ["/id"], "by_alone": true},
        "emit": [{"kind": "help"}], "silent": ["/id", "/rssi"],
    });
    let mut dialect = MapDialect::new(map(&rule(&more)), 65536);
    let mut news = |id: u8, at| {
        hear(&mut dialect, &json!({"id": id, "rssi": at}), at)
            .signals
            .len()
    };
    assert_eq!(
        (news(1, 0), news(1, 10), news(2, 20), news(1, 30)),
        (1, 0, 1, 0)
    );
    let nameless = json!({"rssi": 1});
    for at in [40, 50] {
        assert_eq!(hear(&mut dialect, &nameless, at).signals.len(), 1, "{at}");
    }
}

#[test]
fn lines_come_in_any_chunks_and_a_long_one_costs_itself() {
    let table = json!({
        "map": {"source": "lines"}, "default": {"device": "{/d}"},
        "rule": [{"name": "t", "emit": [{"kind": "temperature", "at": "/t"}]}],
    });
    let map = map(&table);
    assert_eq!(map.way(), Way::Line);
    let whole = b"{\"d\":\"a\",\"t\":1}\r\n\n  noise\n{\"d\":\"b\",\"t\":2}\n".to_vec();
    for chunk in [1, 2, 7, 1000] {
        let mut wire = MapLines::new(Arc::clone(&map), 64);
        let mut heard = Heard::default();
        for bytes in whole.chunks(chunk) {
            wire.read(bytes, 0, &mut heard);
        }
        let signals: Vec<_> = heard.messages.iter().map(|m| m.signals.len()).collect();
        assert_eq!(signals, [1, 0, 1], "{chunk}");
        assert!(matches!(
            heard.messages[1].refusals[..],
            [Refusal::NotJson { .. }]
        ));
    }
    let mut wire = MapLines::new(map, 64);
    let mut heard = Heard::default();
    wire.read(&[b'x'; 10_000], 0, &mut heard);
    assert_eq!((wire.held(), heard.messages.len()), (0, 1));
    wire.read(b"yz\n{\"d\":\"a\",\"t\":1}\n", 0, &mut heard);
    assert_eq!(heard.messages[1].signals.len(), 1);
}

#[test]
fn a_value_that_has_no_name_is_a_state_of_its_kind() {
    let text = json!({"payload": "text", "emit": [
        {"kind": "flood", "at": "", "values": {"\"wet\"": "raised", "\"dry\"": "restored"}},
    ]});
    let keyless = json!({"emit": [{"kind": "flood", "at": "/*", "values": {"wet": "raised", "dry": "restored"}}]});
    for message in [
        once(&text, &json!("wet")),
        once(&keyless, &json!({"": "wet"})),
    ] {
        let fields: Vec<_> = message.signals.iter().map(|s| s.field.as_str()).collect();
        assert_eq!(fields, ["flood"], "{message:?}");
    }
}

#[test]
fn a_line_that_was_half_said_when_the_port_closed_does_not_hide_the_next_one() {
    let table = json!({
        "map": {"source": "lines"},
        "rule": [{"name": "r", "device": "{/d}", "emit": [{"kind": "help", "at": "/help"}]}],
    });
    let map = map(&table);
    let long = [b'x'; 100];
    for before in [&b"{\"d\": \"co"[..], &long] {
        let mut wire = MapLines::new(Arc::clone(&map), 64);
        wire.read(before, 0, &mut Heard::default());
        wire.closed(1);
        assert_eq!(wire.held(), 0);
        let mut heard = Heard::default();
        wire.read(b"{\"d\": \"cord\", \"help\": true}\n", 2, &mut heard);
        assert_eq!(heard.messages[0].signals.len(), 1, "{heard:?}");
    }
}

#[test]
fn no_table_widens_what_a_percentage_can_be() {
    for emit in [
        json!({"kind": "humidity", "at": "/v"}),
        json!({"kind": "humidity", "at": "/v", "range": [-60, 400]}),
    ] {
        let more = json!({"emit": [emit]});
        assert_eq!(once(&more, &json!({"v": 100})).signals.len(), 1);
        let message = once(&more, &json!({"v": 101}));
        assert_eq!(message.signals, []);
        assert!(matches!(&message.refusals[..], [Refusal::BadValue { .. }]));
    }
}

/// What a table of alarms and lines of text says of a line.
fn of_a_line(line: &str) -> Vec<String> {
    let table = json!({
        "map": {"source": "lines"}, "default": {"device": "{/d}"},
        "rule": [
            {"name": "boot", "payload": "text", "when": {"": "boot*"}, "ignore": true},
            {"name": "smoke", "when": {"/e": "FIRE"}, "emit": [{"kind": "smoke", "says": "raised"}], "silent": ["/e"]},
            {"name": "test", "when": {"/e": "TEST"}, "emit": [{"kind": "test_call", "says": "raised"}], "silent": ["/e"]},
        ],
    });
    let mut wire = MapLines::new(map(&table), 4096);
    let mut heard = Heard::default();
    wire.read(format!("{line}\n").as_bytes(), 0, &mut heard);
    let signals = heard.messages.into_iter().flat_map(|m| m.signals);
    signals
        .map(|s| format!("{} {}", s.device, s.field))
        .collect()
}

#[test]
fn a_table_reads_every_object_of_a_line() {
    let (fire, test) = (r#"{"d":"hall","e":"FIRE"}"#, r#"{"d":"den","e":"TEST"}"#);
    for line in [
        format!("{fire}{test}"),
        format!("[{fire},{test}]"),
        format!("{fire} OK {test}"),
        format!("> {fire}{test}\0"),
        format!("{{\"d\":\"x\",{fire}, {test}"),
        format!("boot {fire}{test}"),
    ] {
        assert_eq!(of_a_line(&line), ["hall smoke", "den test_call"], "{line}");
    }
    assert_eq!(of_a_line("boot {\"rssi\":-70}{}"), [""; 0]);
}

#[test]
fn a_table_waits_for_no_end_of_a_whole_object() {
    let table = json!({
        "map": {"source": "lines"},
        "rule": [{"name": "r", "device": "{/d}", "emit": [{"kind": "help", "at": "/help"}]}],
    });
    let mut wire = MapLines::new(map(&table), 64);
    let mut heard = Heard::default();
    wire.read(b"{\"d\": \"cord\", \"help\": true}", 100, &mut heard);
    wire.tick(wire.due_ms().unwrap(), &mut heard);
    assert_eq!(heard.messages[0].signals.len(), 1, "{heard:?}");
}
