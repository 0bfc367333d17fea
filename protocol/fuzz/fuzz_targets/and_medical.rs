//! A scale or a cuff that says anything at any time: nothing is accepted that is not safe.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::and_medical::{ACCEPT, AndMedical, Settings};
use tecs_protocol_fuzz::line::{Line, play};

fuzz_target!(|input: &[u8]| {
    let line = Line {
        new: &|| {
            AndMedical::new(Settings {
                by_serial: true,
                ..Settings::default()
            })
        },
        held: AndMedical::held,
        holds: 316,
        cuts: |_| true,
        framed: <[u8]>::to_vec,
    };
    let mut safe = false;
    play(&line, input, |_, safe_now, heard| {
        safe |= safe_now;
        assert!(safe || !heard.send.windows(4).any(|four| four == ACCEPT));
    });
});
