//! An oximeter that says anything at any time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::masimo::{LONGEST, Masimo, Settings};
use tecs_protocol_fuzz::line::{Line, play};
use tecs_protocol_fuzz::no_saturation_of_zero;

fuzz_target!(|input: &[u8]| {
    let line = Line {
        new: &|| {
            Masimo::new(Settings {
                utc_offset_min: Some(60),
                ..Settings::default()
            })
        },
        held: Masimo::held,
        holds: LONGEST,
        cuts: |_| true,
        framed: |bytes| [bytes, b"\r\n"].concat(),
    };
    play(&line, input, |_, _, heard| no_saturation_of_zero(heard));
});
