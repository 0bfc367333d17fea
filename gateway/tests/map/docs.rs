//! Every example of docs/map.md: a table, then messages with what they should mean.

use std::sync::Arc;

use tecs_gateway::config::tables::{Asked, table};
use tecs_gateway::decode::Decode;
use tecs_gateway::map_test::{Outcome, test};
use tecs_protocol::family::Family;

const PAGE: &str = include_str!("../../docs/map.md");

/// The fenced blocks of the page: language and text.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let mut out = Vec::new();
    let mut rest = PAGE;
    while let Some((_, after)) = rest.split_once("\n```") {
        let (language, after) = after.split_once('\n').unwrap();
        let (text, after) = after.split_once("\n```\n").unwrap();
        out.push((language, text));
        rest = after;
    }
    out
}

#[test]
fn every_example_reads_and_means_what_the_page_says() {
    let blocks = blocks();
    let examples: Vec<_> = blocks.chunks(2).collect();
    assert_eq!(examples.len(), 10);
    for (n, example) in examples.iter().enumerate() {
        let [("toml", text), ("jsonl", lines)] = example else {
            panic!("example {}: a table and its messages are due", n + 1);
        };
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("map.toml");
        std::fs::write(&file, text).unwrap();
        let asked = Asked {
            family: Family::Map,
            file: Some(&file),
            base: "",
            line: false,
        };
        let table = table(asked).unwrap_or_else(|faults| panic!("{faults:#?}"));
        assert_eq!(table.advice, [], "example {}", n + 1);
        let reader = || Decode::by_table(Family::Map, Arc::clone(&table.map));
        let mut out = Vec::new();
        let outcome = test(&reader, Some(Family::Map), lines.as_bytes(), &mut out).unwrap();
        let good = lines.lines().count();
        let said = String::from_utf8(out).unwrap();
        assert_eq!(
            outcome,
            Outcome { good, bad: 0 },
            "example {}: {said}",
            n + 1
        );
    }
}
