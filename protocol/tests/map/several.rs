//! Words side by side, what is not there, and repeats: what a table says when a value is not one word at one time.

use serde_json::{Value, json};
use tecs_protocol::map::MapDialect;
use tecs_protocol::signal::{HealthOf, Message, Reading, What};

use super::{hear, map, once, rule};

fn said(message: &Message) -> Vec<&'static str> {
    let conditions = message.signals.iter().map(|signal| match &signal.what {
        What::Alarm { condition, .. }
        | What::Health {
            of: HealthOf::Condition(condition),
            ..
        } => condition.word(),
        What::Observed { .. } | What::Vital { .. } | What::Health { .. } => "another",
    });
    conditions.collect()
}

#[test]
fn a_word_that_raises_counts_before_all_others_and_restores_where_every_word_does() {
    let more = json!({"emit": [{
        "kind": "flood", "at": "/s", "words": true,
        "values": {"LEAK*": "raised", "OK": "restored", "DRY": "restored", "LEAK_DATE": "", "RESET": ""},
    }]});
    for (status, due) in [
        ("LEAK", &["raised"][..]),
        ("DRY LEAK", &["raised"]),
        ("leak_flow_low,dry", &["raised"]),
        (" LEAK_DATE;LEAK_NOW ", &["raised"]),
        ("OK", &["restored"]),
        ("OK DRY", &["restored"]),
        ("OK RESET", &[]),
        ("OK SOMETHING", &[]),
        ("LEAK_DATE", &[]),
        ("", &[]),
        (" , ", &[]),
    ] {
        let message = once(&more, &json!({ "s": status }));
        assert_eq!(said(&message), due, "{status}");
        let named = status == " , ";
        assert_eq!(message.refusals.is_empty(), !named, "{status}");
    }
    let unknown = once(&more, &json!({"s": "SOMETHING ELSE"}));
    assert!(said(&unknown).is_empty() && !unknown.refusals.is_empty());
    let list = once(&more, &json!({"s": ["LEAK"]}));
    assert!(said(&list).is_empty() && !list.refusals.is_empty());
}

#[test]
fn what_is_absent_says_so_only_where_the_table_says_that_it_does() {
    let whole = json!({"emit": [{
        "kind": "fault", "at": "/errors/*", "values": {"*": "raised"}, "absent": "restored",
        "when": {"/whole": true},
    }]});
    for (payload, due) in [
        (
            json!({"whole": true, "errors": ["a", "b"]}),
            &["raised", "raised"][..],
        ),
        (json!({"whole": true, "errors": []}), &["restored"]),
        (json!({"whole": true, "errors": null}), &["restored"]),
        (json!({"whole": true}), &["restored"]),
        (json!({"errors": []}), &[]),
        (json!({}), &[]),
    ] {
        let message = once(&whole, &payload);
        assert_eq!(said(&message), due, "{payload}");
        assert!(message.signals.iter().all(|s| s.reading == Reading::Edge));
    }
}

#[test]
fn a_null_is_told_from_what_is_not_there() {
    let more = json!({"emit": [
        {"kind": "fault", "says": "restored", "when": {"/e": {"null": true}}, "field": "null"},
        {"kind": "fault", "says": "raised", "when": {"/e": {"null": false}}, "field": "not null"},
    ]});
    for (payload, due) in [
        (json!({"e": null}), "restored"),
        (json!({}), "raised"),
        (json!({"e": []}), "raised"),
        (json!({"e": 0}), "raised"),
        (json!({"f": null}), "raised"),
    ] {
        assert_eq!(said(&once(&more, &payload)), [due], "{payload}");
    }
}

#[test]
fn two_parts_of_one_device_are_two_states_by_a_field_that_is_made() {
    let more = json!({
        "each": "/*", "emit": [
            {"kind": "fault", "at": "errors/*", "values": {"*": "raised"}, "field": "{each} errors"},
            {"kind": "temperature", "at": "t", "device": "{device}/{each}", "field": "t"},
        ],
    });
    let payload =
        json!({"flood:0": {"errors": ["cable"]}, "probe:1": {"errors": ["read"], "t": 4}});
    let message = once(&more, &payload);
    let names: Vec<_> = message
        .signals
        .iter()
        .map(|s| (s.device.as_str(), s.field.as_str()))
        .collect();
    assert_eq!(
        names,
        [
            ("gw", "flood:0 errors"),
            ("gw", "probe:1 errors"),
            ("gw/probe:1", "t")
        ]
    );
}

fn radio(by: &[&str]) -> MapDialect {
    let more = json!({
        "device": "{/id}", "dedupe": {"within_ms": 1000, "by": by},
        "emit": [
            {"kind": "help", "at": "/press", "values": {"1": "raised", "0": ""}, "field": "press"},
            {"kind": "button", "at": "/key", "field": "key"},
            {"kind": "contact", "at": "/open", "values": {"1": "open", "0": "closed"}, "field": "open"},
            {"kind": "battery", "at": "/battery", "field": "battery"},
        ],
        "silent": ["/*"],
    });
    MapDialect::new(map(&rule(&more)), 65536)
}

fn news(dialect: &mut MapDialect, frames: &[(u64, Value)]) -> Vec<usize> {
    frames
        .iter()
        .map(|(at, payload)| hear(dialect, payload, *at).signals.len())
        .collect()
}

#[test]
fn a_repeat_is_told_from_the_last_word_of_its_field() {
    let open = |n: u8| json!({"id": "a", "open": n});
    let frames = [0, 1, 1, 0, 0, 1, 0].map(open);
    let frames: Vec<_> = (0..).step_by(150).zip(frames).collect();
    assert_eq!(news(&mut radio(&[]), &frames), [1, 1, 0, 1, 0, 1, 1]);
    // Another device's words between them are none of its business.
    let other = [
        (0, json!({"id": "a", "press": 1})),
        (100, json!({"id": "b", "press": 1})),
        (200, json!({"id": "a", "press": 1})),
        (300, json!({"id": "b", "press": 1})),
    ];
    assert_eq!(news(&mut radio(&[]), &other), [1, 1, 0, 0]);
}

#[test]
fn a_press_is_no_second_one_because_the_battery_sagged_between_two_frames() {
    let frames = [
        (0, json!({"id": "a", "press": 1, "battery": 80})),
        (150, json!({"id": "a", "press": 1, "battery": 79})),
        (300, json!({"id": "a", "press": 1, "battery": 79})),
    ];
    assert_eq!(news(&mut radio(&[]), &frames), [2, 1, 0]);
}

#[test]
fn a_frame_with_a_number_is_the_same_wherever_it_comes_and_another_number_is_another() {
    let frames = [
        (0, json!({"id": "a", "n": 1, "open": 1})),
        (100, json!({"id": "a", "n": 2, "open": 0})),
        (200, json!({"id": "a", "n": 1, "open": 1})),
        (300, json!({"id": "a", "n": 3, "open": 1})),
    ];
    assert_eq!(news(&mut radio(&["/n"]), &frames), [1, 1, 0, 1]);
}

#[test]
fn two_presses_in_one_message_are_two_and_the_message_again_is_none() {
    let more = json!({
        "each": "/events/*", "dedupe": {"within_ms": 1000},
        "emit": [{"kind": "button", "at": "key", "field": "key"}], "silent": ["/*"],
    });
    let mut dialect = MapDialect::new(map(&rule(&more)), 65536);
    let two = json!({"events": [{"key": "single"}, {"key": "single"}]});
    let frames = [(0, two.clone()), (100, two)];
    assert_eq!(news(&mut dialect, &frames), [2, 0]);
}

#[test]
fn what_was_refused_in_a_repeat_is_refused_again_and_not_called_a_repeat() {
    let bad = json!({"id": "a", "open": "ajar"});
    let mut dialect = radio(&[]);
    for at in [0, 100] {
        let message = hear(&mut dialect, &bad, at);
        assert_eq!((message.refusals.len(), message.ignored), (1, None), "{at}");
    }
}

#[test]
fn what_is_wrong_with_words_with_absent_and_with_a_field_is_named() {
    for (emit, key) in [
        (
            json!({"kind": "fault", "at": "/e", "absent": "gone"}),
            "absent",
        ),
        (json!({"kind": "fault", "absent": "restored"}), "absent"),
        (
            json!({"kind": "temperature", "at": "/t", "absent": "restored"}),
            "absent",
        ),
        (
            json!({"kind": "flood", "at": "/s", "words": true}),
            "emit[0]",
        ),
        (
            json!({"kind": "fault", "at": "/e", "field": "{nothing} errors"}),
            "field",
        ),
    ] {
        let found = tecs_protocol::map::Map::compile(super::text(&rule(&json!({"emit": [emit]}))));
        let found = found.unwrap_err();
        assert!(
            found.iter().any(|f| f.key.ends_with(key)),
            "{key}: {found:#?}"
        );
    }
}
