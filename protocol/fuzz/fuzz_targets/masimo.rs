//! An oximeter that says anything at any time: no panic, no growth, no impossible saturation.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::masimo::{LONGEST, Masimo, Settings};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Measured, What};
use tecs_protocol::vocabulary::VitalKind;

fuzz_target!(|turns: Vec<Vec<u8>>| {
    let mut wire = Masimo::new(Settings {
        utc_offset_min: Some(60),
        ..Settings::default()
    });
    for bytes in turns {
        let mut heard = Heard::default();
        wire.read(&bytes, 0, &mut heard);
        assert!(wire.held() <= LONGEST);
        for signal in heard.messages.iter().flat_map(|m| &m.signals) {
            if let What::Vital {
                kind: VitalKind::Spo2,
                reading: Measured::Value { value, .. },
            } = signal.what
            {
                assert!((1.0..=100.0).contains(&value));
            }
        }
    }
    wire.ended(0, &mut Heard::default());
});
