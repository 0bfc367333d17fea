//! A characteristic that holds anything: no panic, no value that cannot be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::gatt::{Characteristic, by_uuid};
use tecs_protocol::signal::{Measured, What};
use tecs_protocol::vocabulary::VitalKind;

fuzz_target!(|input: (usize, String, Vec<u8>)| {
    let (of, uuid, value) = input;
    by_uuid(&uuid, &value);
    let Some((_, bits)) = Characteristic::ALL.get(of % Characteristic::ALL.len()) else {
        return;
    };
    let message = by_uuid(&format!("{bits:04x}"), &value);
    for signal in &message.signals {
        if let What::Vital {
            kind,
            reading: Measured::Value { value, .. },
        } = signal.what
        {
            assert!(value.is_finite() && value > 0.0);
            assert!(kind != VitalKind::Spo2 || value <= 100.0);
        }
    }
});
