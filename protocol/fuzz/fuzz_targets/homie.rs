//! Devices that describe themselves anyhow and say anything: nothing unbounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::mqtt::homie::{Homie, Limits};
use tecs_protocol_fuzz::broker::play;

fuzz_target!(|input: &[u8]| {
    let limits = Limits {
        devices: 4,
        ..Limits::default()
    };
    let mut dialect = Homie::new("", limits);
    play(&mut dialect, input, |dialect, _| {
        assert!(dialect.devices() <= limits.devices && dialect.waiting().0 <= 512);
    });
});
