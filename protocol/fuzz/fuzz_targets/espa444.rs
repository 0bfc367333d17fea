//! A nurse call line that says anything at any time: no ACK without an enquiry or custody.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::espa444::{
    ACK, Addresses, Alone, Clears, ENQ, ETX, Espa444, LONGEST, Pattern, Role, Rule, SOH, Settings,
    Text, bcc,
};
use tecs_protocol::vocabulary::{AlarmKind, Condition};
use tecs_protocol_fuzz::line::{Line, play};

fuzz_target!(|input: &[u8]| {
    let (which, input) = input.split_first().unwrap_or((&0, input));
    let line = Line {
        new: &|| Espa444::new(settings(*which), LONGEST),
        held: Espa444::held,
        holds: LONGEST,
        cuts: |_| true,
        framed,
    };
    play(&line, input, |bytes, _, heard| {
        // An answer to an enquiry, or to a block that is safe already.
        let again = heard.messages.iter().any(|m| m.ignored.is_some());
        assert!(!heard.send.contains(&ACK) || bytes.contains(&ENQ) || again);
    });
});

/// Of every setting both ways.
fn settings(which: u8) -> Settings {
    let bit = |n: u8| which >> n & 1 == 1;
    let role = match (bit(0), bit(1)) {
        (true, _) => Role::control(b"23".to_vec()),
        (false, on) => Role::Station {
            address: b'2',
            alone: if on { Alone::Selection } else { Alone::Poll },
        },
    };
    let rule = Rule {
        addresses: Addresses::parse("100-199"),
        text: Pattern::parse("*FIRE*"),
        device: "{address}/{text}/{1}".to_owned(),
        kind: AlarmKind::Smoke,
        condition: bit(5).then_some(Condition::Restored),
    };
    Settings {
        role,
        text: match (bit(2), bit(6)) {
            (true, _) => Text::German,
            (false, true) => Text::Utf8,
            (false, false) => Text::Latin1,
        },
        clears: if bit(3) {
            Clears::WhenSent
        } else {
            Clears::OnReset
        },
        table: if bit(4) { vec![rule] } else { Vec::new() },
        ..Settings::default()
    }
}

/// The bytes between SOH and ETX, with their check.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let checked = [bytes, &[ETX]].concat();
    [&[SOH], checked.as_slice(), &[bcc(&checked)]].concat()
}
