//! An oximeter that says anything at any time, in each of its formats.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::nonin::{Format, Nonin, Settings};
use tecs_protocol_fuzz::line::{Line, play};

fuzz_target!(|input: &[u8]| {
    let (which, input) = input.split_first().unwrap_or((&0, input));
    let formats = [Format::Df2, Format::Df7, Format::Df8, Format::Df13];
    let line = Line {
        new: &|| {
            Nonin::new(Settings {
                format: formats[usize::from(which % 4)],
                ask_serial: which & 4 != 0,
                ..Settings::default()
            })
        },
        held: Nonin::held,
        holds: 72,
        cuts: |bytes| !bytes.windows(10).any(is_seven),
        framed,
    };
    play(&line, input, |_, _, _| {});
});

/// Where a reading begins with two good frames of format 7 it is taken for that format.
fn is_seven(ten: &[u8]) -> bool {
    ten.chunks(5).all(|five| {
        let (said, data) = five.split_last().expect("five bytes");
        five[0] >= 0x80 && sum(data) == *said
    })
}

fn sum(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, b| sum.wrapping_add(*b))
}

/// A spot check (data format 13) with its check where the first byte is 0; else frames of five, each with its check.
fn framed(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [0, data @ ..] => {
            let len = u8::try_from(data.len()).unwrap_or(u8::MAX);
            [&[0, 2, 0, 0x0D, 0, len], data, &[sum(data), 3]].concat()
        }
        bytes => {
            let frames = bytes.chunks(4);
            frames
                .flat_map(|four| [four, &[sum(four)]].concat())
                .collect()
        }
    }
}
