//! A home-made sensor that writes anything.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::jsonl::JsonLines;
use tecs_protocol_fuzz::line::{Line, play};

/// Short, so that lines which are too long are met.
const LONGEST: usize = 256;

fuzz_target!(|input: &[u8]| {
    let line = Line {
        new: &|| JsonLines::new(LONGEST),
        held: JsonLines::held,
        holds: LONGEST + 1,
        cuts: |_| true,
        framed: |bytes| [bytes, b"\n"].concat(),
    };
    play(&line, input, |_, _, heard| assert!(heard.send.is_empty()));
});
