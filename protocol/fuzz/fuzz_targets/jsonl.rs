//! A home-made sensor that writes anything: no panic, no growth, and the same signals in one chunk as in two.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::jsonl::JsonLines;
use tecs_protocol::serial::{Heard, Wire};

const LONGEST: usize = 1024;

fuzz_target!(|input: (Vec<u8>, u16)| {
    let (bytes, cut) = input;
    let mut whole = Heard::default();
    JsonLines::new(LONGEST).read(&bytes, 0, &mut whole);
    let (first, second) = bytes.split_at(usize::from(cut).min(bytes.len()));
    let mut parts = Heard::default();
    let mut wire = JsonLines::new(LONGEST);
    wire.read(first, 0, &mut parts);
    assert!(wire.held() <= LONGEST + 1);
    wire.read(second, 0, &mut parts);
    let signals = |heard: Heard| -> Vec<_> {
        let messages = heard.messages.into_iter();
        messages.flat_map(|m| m.signals).collect()
    };
    assert_eq!(signals(whole), signals(parts));
});
