//! A bridge that publishes anything, or a line that says it, read by each of the tables that are built in. The first byte
//! says by which, and whether on a line.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use tecs_protocol::family::Way;
use tecs_protocol::map::{Map, MapDialect, MapLines, SIGNALS_MOST};
use tecs_protocol_fuzz::line::Line;
use tecs_protocol_fuzz::{broker, line, presets};

/// Short, so that lines which are too long are met.
const LONGEST: usize = 1024;

static MAPS: LazyLock<Vec<Arc<Map>>> = LazyLock::new(|| {
    let texts = || presets::ALL.iter().map(|preset| preset.text());
    let maps = texts().map(|text| Map::compile(text).expect("a preset reads"));
    // One that tells devices by topics is none for a line.
    let lines = texts().filter_map(|text| Map::compile(text.as_lines()).ok());
    maps.chain(lines).map(Arc::new).collect()
});

fuzz_target!(|input: &[u8]| {
    let (which, input) = input.split_first().unwrap_or((&0, input));
    let Some(map) = MAPS.get(usize::from(*which)) else {
        return;
    };
    if map.way() == Way::Mqtt {
        let mut dialect = MapDialect::new(Arc::clone(map), LONGEST);
        return broker::play(&mut dialect, input, |_, message| {
            assert!(message.signals.len() <= SIGNALS_MOST);
        });
    }
    let line = Line {
        new: &|| MapLines::new(Arc::clone(map), LONGEST),
        held: MapLines::held,
        holds: LONGEST + 1,
        cuts: |_| true,
        framed: |bytes| [bytes, b"\n"].concat(),
    };
    line::play(&line, input, |_, _, heard| assert!(heard.send.is_empty()));
});
