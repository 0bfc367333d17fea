//! A nurse call line that says anything at any time: no panic, no growth, no ACK without an enquiry or custody.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::espa444::{ACK, ENQ, Espa444, LONGEST, Role, Settings};
use tecs_protocol::serial::{Heard, Wire};

fuzz_target!(|input: (bool, Vec<(Vec<u8>, u16, bool)>)| {
    let (control, turns) = input;
    let mut settings = Settings::default();
    if control {
        settings.role = Role::control(vec![b'2', b'3']);
    }
    let mut wire = Espa444::new(settings, LONGEST);
    let mut now = 0;
    wire.opened(now);
    for (bytes, pause, custody) in turns {
        let mut heard = Heard::default();
        wire.read(&bytes, now, &mut heard);
        // An answer to an enquiry, or to a block that is safe already.
        let again = heard.messages.iter().any(|m| m.ignored.is_some());
        assert!(!heard.send.contains(&ACK) || bytes.contains(&ENQ) || again);
        assert!(wire.held() <= LONGEST);
        now += u64::from(pause);
        let mut ticked = Heard::default();
        if wire.due_ms().is_some_and(|due| due <= now) {
            wire.tick(now, &mut ticked);
        }
        for ticket in heard.messages.iter().filter_map(|m| m.ticket) {
            if custody {
                wire.safe(ticket, now, &mut ticked);
            }
        }
    }
    wire.ended(now, &mut Heard::default());
});
