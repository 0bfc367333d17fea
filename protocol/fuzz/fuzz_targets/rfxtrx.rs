//! An RFXtrx receiver that says anything at any time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::rfxtrx::{LONGEST, RfxTrx, packet};
use tecs_protocol_fuzz::line::{Line, play};

fuzz_target!(|input: &[u8]| {
    let line = Line {
        new: &RfxTrx::new,
        held: RfxTrx::held,
        holds: LONGEST - 1,
        // A chunk of whole packets ends what is half heard.
        cuts: |_| false,
        framed: packet,
    };
    play(&line, input, |_, _, _| {});
});
