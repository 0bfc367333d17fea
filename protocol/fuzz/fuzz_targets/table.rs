//! A table that an installer may have written, and messages that it reads: JSON up to the first turn is the table.
#![no_main]

use std::sync::Arc;

use libfuzzer_sys::fuzz_target;
use tecs_protocol::family::Way;
use tecs_protocol::map::{Map, MapDialect, MapLines, MapText};
use tecs_protocol_fuzz::line::Line;
use tecs_protocol_fuzz::{MARK, broker, line};

const LONGEST: usize = 1024;

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|b| *b == MARK);
    let (text, input) = input.split_at(end.unwrap_or(input.len()));
    let Ok(text) = serde_json::from_slice::<MapText>(text) else {
        return;
    };
    let Ok(map) = Map::compile(text).map(Arc::new) else {
        return;
    };
    map.lint();
    // A recording carries the text, and is read again.
    let again = serde_json::to_string(map.text()).expect("a table is JSON");
    let again = serde_json::from_str(&again).expect("what was written is a table");
    assert_eq!(Map::compile(again).as_ref(), Ok(&*map));
    if map.way() == Way::Mqtt {
        let mut dialect = MapDialect::new(map, LONGEST);
        return broker::play(&mut dialect, input, |_, _| {});
    }
    let line = Line {
        new: &|| MapLines::new(Arc::clone(&map), LONGEST),
        held: MapLines::held,
        holds: LONGEST + 1,
        cuts: |_| true,
        framed: |bytes| [bytes, b"\n"].concat(),
    };
    line::play(&line, input, |_, _, _| {});
});
