//! An EnOcean receiver that says anything at any time: no panic, no growth, no impossible climate.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::enocean::{EnOcean, LONGEST, Settings};
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::{Seen, What};
use tecs_protocol::vocabulary::ObservedKind;

fuzz_target!(|input: (bool, Vec<(Vec<u8>, u16)>)| {
    let (by_hand, turns) = input;
    let mut wire = EnOcean::new(Settings::default());
    let mut now = 0;
    for (bytes, pause) in turns {
        let mut heard = Heard::default();
        if by_hand {
            wire.told("A5-04-01");
        }
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
        if by_hand {
            wire.ended(now, &mut Heard::default());
        }
    }
});
