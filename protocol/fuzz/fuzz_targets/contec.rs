//! An oximeter of either kind that says anything at any time.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::contec::{Contec, Format, Settings};
use tecs_protocol_fuzz::line::{Line, play};
use tecs_protocol_fuzz::no_saturation_of_zero;

fuzz_target!(|input: &[u8]| {
    let (old, input) = input.split_first().unwrap_or((&0, input));
    let format = if old % 2 == 0 {
        Format::New
    } else {
        Format::Old
    };
    let line = Line {
        new: &|| {
            Contec::new(Settings {
                format,
                ..Settings::default()
            })
        },
        held: Contec::held,
        holds: 9,
        cuts: |_| true,
        framed,
    };
    play(&line, input, |_, _, heard| no_saturation_of_zero(heard));
});

/// Frames of five bytes, of which the first alone has bit 7.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let place = bytes.iter().enumerate();
    place
        .map(|(n, byte)| if n % 5 == 0 { byte | 0x80 } else { byte & 0x7f })
        .collect()
}
