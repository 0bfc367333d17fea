//! An RFXtrx receiver that says anything at any time, with the table that its codes are looked up in.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use tecs_protocol::map::Map;
use tecs_protocol::serial::rfxtrx::{LONGEST, RfxTrx, packet};
use tecs_protocol_fuzz::line::{Line, play};

static CODES: LazyLock<Arc<Map>> = LazyLock::new(|| {
    let text = include_str!("../../../gateway/presets/codes/rfxtrx.toml");
    let text = toml::from_str(text).expect("the table is one");
    Arc::new(Map::compile(text).expect("the table reads"))
});

fuzz_target!(|input: &[u8]| {
    let line = Line {
        new: &|| RfxTrx::with_codes(Some(Arc::clone(&CODES))),
        held: RfxTrx::held,
        holds: LONGEST - 1,
        // A chunk of whole packets ends what is half heard.
        cuts: |_| false,
        framed: packet,
    };
    play(&line, input, |_, _, _| {});
});
