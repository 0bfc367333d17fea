//! An oximeter of either kind that says anything at any time: no panic, no growth, no impossible saturation.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::contec::{Contec, Settings};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Measured, What};
use tecs_protocol::vocabulary::VitalKind;

fuzz_target!(|input: (bool, Vec<(Vec<u8>, u16)>)| {
    let (open, turns) = input;
    let mut wire = Contec::new(Settings::default());
    let mut now = 0;
    if open {
        wire.opened(now);
    }
    for (bytes, pause) in turns {
        let mut heard = Heard::default();
        wire.read(&bytes, now, &mut heard);
        assert!(wire.held() <= 9);
        for signal in heard.messages.iter().flat_map(|m| &m.signals) {
            if let What::Vital {
                kind: VitalKind::Spo2,
                reading: Measured::Value { value, .. },
            } = signal.what
            {
                assert!((1.0..=100.0).contains(&value));
            }
        }
        now += u64::from(pause);
        wire.tick(now, &mut Heard::default());
    }
});
