//! An RFXtrx receiver that says anything at any time: no panic, no growth, no impossible humidity.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::rfxtrx::{LONGEST, RfxTrx};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Seen, What};
use tecs_protocol::vocabulary::ObservedKind;

fuzz_target!(|input: (bool, Vec<(Vec<u8>, u16)>)| {
    let (open, turns) = input;
    let mut wire = RfxTrx::new();
    let mut now = 0;
    if open {
        wire.opened(now);
    }
    for (bytes, pause) in turns {
        let mut heard = Heard::default();
        wire.read(&bytes, now, &mut heard);
        assert!(wire.held() < LONGEST);
        for signal in heard.messages.iter().flat_map(|m| &m.signals) {
            if let What::Observed {
                kind: ObservedKind::Humidity,
                seen: Seen::Value(value),
            } = signal.what
            {
                assert!((0.0..=100.0).contains(&value));
            }
        }
        now += u64::from(pause);
        wire.tick(now, &mut Heard::default());
    }
});
