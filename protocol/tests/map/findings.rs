//! Tables that are wrong, and tables that read and deserve a word.

use serde_json::{Value, json};
use tecs_protocol::map::Map;

use super::{map, rule, text};

/// A table, the key that is wrong, and what is said of it.
type Wrong = (Value, &'static str, &'static str);

/// Of rules.
fn wrong_rules() -> Vec<Wrong> {
    vec![
        (json!({}), "rule", "there is no rule"),
        (
            json!({"map": {"source": "radio"}, "rule": []}),
            "map.source",
            "mqtt, lines",
        ),
        (
            rule(&json!({"topic": "a/#/b", "ignore": true})),
            "rule[0].topic",
            "stand last alone",
        ),
        (
            rule(&json!({"topic": "{gw}/{x...}/b/{y...}/c", "ignore": true})),
            "rule[0].topic",
            "stands once, or last",
        ),
        (
            rule(&json!({"topic": "{base}/x", "ignore": true})),
            "rule[0].topic",
            "names no base",
        ),
        (
            rule(&json!({"payload": "xml", "ignore": true})),
            "rule[0].payload",
            "json, text",
        ),
        (
            rule(&json!({"device": "{who}", "emit": [{"kind": "help"}]})),
            "rule[0].device",
            "no part of every topic",
        ),
        (
            rule(&json!({"device": "{key}", "emit": [{"kind": "help"}]})),
            "rule[0].emit[0].device",
            "there is none",
        ),
        (
            rule(&json!({"device": "", "emit": [{"kind": "help"}]})),
            "rule[0].device",
            "is missing",
        ),
        (
            rule(&json!({"emit": [{"at": "/v", "decode": "gatt:2a00"}]})),
            "rule[0].emit[0].decode",
            "allowed are gatt: and one of 2a35",
        ),
        (
            rule(&json!({"emit": [{"at": "/v", "decode": "gatt:2a35", "kind": "pulse"}]})),
            "rule[0].emit[0]",
            "may stand beside `decode`",
        ),
        (
            rule(&json!({"emit": [{"decode": "gatt:2a35"}]})),
            "rule[0].emit[0]",
            "no `at`",
        ),
        (
            rule(&json!({"emit": [{"at": "/v", "decode": "gatt:2a35", "zone": "here"}]})),
            "rule[0].emit[0].zone",
            "is no zone",
        ),
        (
            rule(&json!({"emit": [{"at": "/v", "kind": "pulse", "zone": "Z"}]})),
            "rule[0].emit[0].zone",
            "only `decode` reads",
        ),
        (rule(&json!({})), "rule[0]", "says nothing"),
    ]
}

/// Of rules, codes and tables as a whole.
fn wrong_tables() -> Vec<Wrong> {
    vec![
        (rule(&json!({"use": ["x"]})), "rule[0].use", "no [set.x]"),
        (
            rule(&json!({"each": "/a//b", "ignore": true})),
            "rule[0].each",
            "empty step",
        ),
        (
            rule(&json!({"when": {"/x": []}, "ignore": true})),
            "rule[0].when",
            "asks nothing",
        ),
        (
            rule(&json!({"time": [{"at": "/t", "format": "hh:mm"}], "ignore": true})),
            "rule[0].time[0]",
            "has no `YYYY`",
        ),
        (
            rule(&json!({"time": [{"at": "/t", "zone": "home"}], "ignore": true})),
            "rule[0].time[0]",
            "no zone",
        ),
        (
            rule(&json!({"dedupe": {"within_ms": 0}, "ignore": true})),
            "rule[0].dedupe.within_ms",
            "1 to 3600000",
        ),
        (
            json!({"codes": {"c": {"xyz": {"device": "d", "kind": "help"}}}, "rule": rule(&json!({"code": {"at": "/c", "as": "hex", "table": "c"}}))["rule"]}),
            "rule[0].codes.c.xyz",
            "not hexadecimal",
        ),
        (
            json!({"codes": {"c": {"1A": {"device": "d", "kind": "help"}, "0x1a": {"device": "e", "kind": "help"}}}, "rule": rule(&json!({"code": {"at": "/c", "as": "hex", "table": "c"}}))["rule"]}),
            "rule[0].codes.c.1A",
            "there twice",
        ),
        (
            json!({"map": {"source": "lines"}, "rule": [{"name": "a", "topic": "x", "ignore": true}]}),
            "rule[0].topic",
            "a line has no topic",
        ),
        (
            json!({"rule": [{"name": "a", "topic": "x", "ignore": true}, {"name": "a", "topic": "y", "ignore": true}]}),
            "rule[1].name",
            "given twice",
        ),
    ]
}

/// Of what is said.
fn wrong_emits() -> Vec<Wrong> {
    let emit = |emit: Value| rule(&json!({ "emit": [emit] }));
    vec![
        (
            emit(json!({"kind": "fire"})),
            "rule[0].emit[0].kind",
            "no kind of the vocabulary",
        ),
        (
            emit(json!({"kind": "smoke", "what": "vital"})),
            "rule[0].emit[0].what",
            "smoke is of alarm",
        ),
        (
            emit(json!({"kind": "contact"})),
            "rule[0].emit[0].says",
            "does not say what contact says",
        ),
        (
            emit(json!({"kind": "contact", "says": "ajar"})),
            "rule[0].emit[0].says",
            "open, closed",
        ),
        (
            emit(json!({"kind": "smoke", "at": "/s", "values": {"1": "on"}})),
            "rule[0].emit[0].values",
            "raised, restored",
        ),
        (
            emit(json!({"kind": "smoke", "values": {"1": "raised"}})),
            "rule[0].emit[0]",
            "no `at`",
        ),
        (
            emit(json!({"kind": "smoke", "at": "/s", "unit": "C"})),
            "rule[0].emit[0]",
            "says words",
        ),
        (
            emit(json!({"kind": "temperature"})),
            "rule[0].emit[0]",
            "has no `at`",
        ),
        (
            emit(json!({"kind": "temperature", "at": "/t", "unit": "furlong"})),
            "rule[0].emit[0].unit",
            "does not convert to Cel",
        ),
        (
            emit(json!({"kind": "consciousness", "at": "/c", "unit": "%"})),
            "rule[0].emit[0].unit",
            "no unit at all",
        ),
        (
            emit(json!({"kind": "temperature", "at": "/t", "range": [5, 1]})),
            "rule[0].emit[0]",
            "ends before it begins",
        ),
        (
            emit(json!({"kind": "temperature", "at": "/t", "says": "warm"})),
            "rule[0].emit[0]",
            "neither `says` nor `values`",
        ),
        (
            emit(json!({"kind": "temperature", "at": "/t", "missing": {"255": "no_signal"}})),
            "rule[0].emit[0].missing",
            "only a vital sign",
        ),
        (
            emit(json!({"kind": "pulse", "at": "/p", "missing": {"511": "asleep"}})),
            "rule[0].emit[0].missing",
            "no_signal",
        ),
        (
            emit(json!({"kind": "smoke", "at": "/s", "mask": 0})),
            "rule[0].emit[0].mask",
            "no bit",
        ),
        (
            emit(json!({"kind": "smoke", "at": "/s", "reading": "wave"})),
            "rule[0].emit[0].reading",
            "edge, pulse, sample",
        ),
    ]
}

#[test]
fn what_is_wrong_with_a_table_is_named_by_its_key() {
    let all = [wrong_rules(), wrong_tables(), wrong_emits()].concat();
    for (table, key, words) in all {
        let found = Map::compile(text(&table)).expect_err(&format!("{table}"));
        assert!(
            found
                .iter()
                .any(|f| f.error && f.key == key && f.what.contains(words)),
            "{key} {words}: {found:#?}"
        );
    }
}

#[test]
fn rules_that_cannot_fit_or_fight_are_named() {
    let contact = |open: &str, closed: &str| json!([{"kind": "contact", "at": "/c", "values": {"1": open, "0": closed}}]);
    let two = |first: Value, second: Value| {
        let mut rules = vec![first, second];
        for (n, rule) in rules.iter_mut().enumerate() {
            rule["name"] = json!(format!("r{n}"));
            rule["device"] = json!("d");
        }
        json!({ "rule": rules })
    };
    let (open, shut) = (contact("open", "closed"), contact("closed", "open"));
    let never = "can never fit: `r0` before it";
    let fight = "fights with `r0`";
    for (table, words) in [
        (
            two(
                json!({"topic": "a/+", "emit": open}),
                json!({"topic": "a/b", "emit": shut}),
            ),
            Some(never),
        ),
        (
            two(
                json!({"topic": "a/b", "emit": open}),
                json!({"topic": "a/+", "emit": shut}),
            ),
            Some(fight),
        ),
        (
            two(
                json!({"topic": "a/b", "emit": open}),
                json!({"topic": "a/+", "emit": open}),
            ),
            None,
        ),
        (
            two(
                json!({"topic": "a/b", "emit": open}),
                json!({"topic": "a/c", "emit": shut}),
            ),
            None,
        ),
        (
            two(
                json!({"topic": "a", "when": {"/m": ["X*", "Y"]}, "emit": open}),
                json!({"topic": "a", "when": {"/m": "X1", "/n": 2}, "emit": shut}),
            ),
            Some(never),
        ),
        (
            two(
                json!({"topic": "a", "when": {"/m": "X"}, "emit": open}),
                json!({"topic": "a", "when": {"/m": "Y"}, "emit": shut}),
            ),
            None,
        ),
        (
            two(
                json!({"topic": "a", "when": {"/m": {"exists": true}}, "emit": open}),
                json!({"topic": "a", "when": {"/m": {"not": "Y"}}, "emit": shut}),
            ),
            Some(never),
        ),
        (
            two(
                json!({"topic": "a", "when": {"/m": 1}, "emit": open}),
                json!({"topic": "a", "when": {"/n": 1}, "emit": shut}),
            ),
            Some(fight),
        ),
        (
            two(
                json!({"topic": "a", "payload": "text", "ignore": true}),
                json!({"topic": "a", "emit": open}),
            ),
            Some(never),
        ),
    ] {
        let found = map(&table).lint();
        match words {
            Some(words) => assert!(
                found
                    .iter()
                    .any(|f| !f.error && f.rule == "r1" && f.what.contains(words)),
                "{words}: {table} {found:#?}"
            ),
            None => assert_eq!(found, [], "{table}"),
        }
    }
}

#[test]
fn what_may_move_and_what_nobody_asks_is_named() {
    let table = json!({
        "set": {"spare": {"emit": [{"kind": "help"}]}},
        "codes": {"spare": {}},
        "rule": [{
            "name": "r", "topic": "t", "device": "d",
            "time": [{"at": "/when", "format": "YYYY-MM-DD hh:mm:ss"}],
            "emit": [
                {"kind": "temperature", "at": "/list/0/t"},
                {"kind": "smoke", "at": "/s"},
                {"kind": "smoke", "at": "/s", "values": {"1": "restored", "0": "raised"}},
            ],
        }],
    });
    let found = map(&table).lint();
    for (key, words) in [
        ("rule[0]", "may point into a list"),
        ("rule[0].time[0]", "never used"),
        ("rule[0].emit[2]", "said twice"),
        ("codes.spare", "no rule asks"),
        ("set.spare", "no rule uses"),
    ] {
        assert!(
            found.iter().any(|f| f.key == key && f.what.contains(words)),
            "{key} {words}: {found:#?}"
        );
    }
}

#[test]
fn a_filter_brings_each_message_once() {
    let rules = ["a/+", "a/b", "a/{x}", "c/{rest...}", "c/d/e", "f"]
        .map(|topic| json!({"name": topic, "topic": [topic], "ignore": true}));
    assert_eq!(
        map(&json!({ "rule": rules })).filters(),
        ["a/+", "c/#", "f"]
    );
}

#[test]
fn a_table_that_was_recorded_is_the_same_table() {
    let table = rule(&json!({
        "when": {"/m": "x", "/n": [1, true, "y*"], "/o": {"not": 3}},
        "dedupe": {"within_ms": 5}, "use": [],
        "emit": [{"kind": "temperature", "at": "/t", "range": [0, 1.5], "ignore": [327.67]}],
    }));
    let first = map(&table);
    let again = serde_json::to_string(first.text()).unwrap();
    let again = Map::compile(serde_json::from_str(&again).unwrap()).unwrap();
    assert_eq!(*first, again);
}
