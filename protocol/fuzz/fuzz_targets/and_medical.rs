//! A scale or a cuff that says anything at any time: no panic, no growth, nothing accepted without custody.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::and_medical::{ACCEPT, AndMedical, Settings};
use tecs_protocol::serial::{Heard, Wire};

fuzz_target!(|turns: Vec<(Vec<u8>, u16, bool)>| {
    let mut wire = AndMedical::new(Settings {
        by_serial: true,
        ..Settings::default()
    });
    let mut now = 0;
    let mut safe = false;
    wire.opened(now);
    for (bytes, pause, custody) in turns {
        let mut heard = Heard::default();
        wire.read(&bytes, now, &mut heard);
        // Only what was safe already is accepted at once.
        assert!(safe || !heard.send.windows(4).any(|four| four == ACCEPT));
        assert!(wire.held() <= 316);
        now += u64::from(pause);
        let mut ticked = Heard::default();
        wire.tick(now, &mut ticked);
        for ticket in heard.messages.iter().filter_map(|m| m.ticket) {
            if custody {
                wire.safe(ticket, now, &mut ticked);
                safe = true;
            }
        }
    }
});
