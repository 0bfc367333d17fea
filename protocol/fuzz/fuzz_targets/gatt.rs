//! A characteristic that holds anything, by any name and clock. The first byte says which, the second by what clock.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::gatt::{Characteristic, Sender, by_uuid, read};
use tecs_protocol_fuzz::holds;

fuzz_target!(|input: &[u8]| {
    let [which, clock, value @ ..] = input else {
        return;
    };
    let all = Characteristic::ALL;
    let Some((characteristic, bits)) = all.get(usize::from(*which)) else {
        let message = by_uuid(&String::from_utf8_lossy(value), value);
        return holds(&message, value.len());
    };
    let sender = Sender {
        device: "device",
        utc_offset_min: i16::from(*clock) * 8 - 720,
    };
    let message = read(*characteristic, value, sender);
    holds(&message, value.len());
    if *clock == 90 {
        assert_eq!(message, by_uuid(&format!("{bits:04x}"), value));
    }
});
