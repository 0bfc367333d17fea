//! An EnOcean receiver that says anything at any time, of senders of every profile.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::enocean::{EnOcean, LONGEST, Profile, Settings, packet};
use tecs_protocol_fuzz::line::{Line, play};

/// The senders from 00000000 on, each with one of the profiles that are read.
static SENDERS: LazyLock<Settings> = LazyLock::new(|| {
    let mut settings = Settings::default();
    let numbers = 0..=0x3F_FFFF_u32;
    let profiles = numbers
        .map(|n| {
            let rorg = [0xF6, 0xD5, 0xA5, 0xD2][(n >> 16) as usize % 4];
            let [_, _, func, kind] = n.to_be_bytes();
            Profile::new(rorg, func, kind)
        })
        .filter(|profile| profile.is_read());
    for (sender, profile) in profiles.enumerate().take(0x100) {
        settings.name(&format!("{sender:08X}"), &profile.to_string());
    }
    settings
});

fuzz_target!(|input: &[u8]| {
    let line = Line {
        new: &|| EnOcean::new(SENDERS.clone()),
        held: EnOcean::held,
        holds: LONGEST - 1,
        cuts: |_| true,
        framed,
    };
    play(&line, input, |_, _, _| {});
});

/// A packet of the type that the first byte names, where it is one; a telegram else.
fn framed(bytes: &[u8]) -> Vec<u8> {
    match bytes {
        [kind @ 0..0x12, data @ ..] => packet(*kind, data, &[]),
        data => packet(1, data, &[0; 7]),
    }
}
