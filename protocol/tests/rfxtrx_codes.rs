//! What an installer has taught of the codes that an RFXtrx hears, and what is told of the others.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod said;

use std::sync::Arc;

use said::{bytes, said};
use tecs_protocol::map::Map;
use tecs_protocol::serial::rfxtrx::RfxTrx;
use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::Message;

fn hears(wire: &mut RfxTrx, bytes: &[u8], now: u64) -> Vec<Message> {
    let mut heard = Heard::default();
    wire.read(bytes, now, &mut heard);
    heard.messages
}

/// A table of codes as an installer writes it, behind the rules that ask it.
fn taught() -> RfxTrx {
    let table = serde_json::json!({
        "map": {"source": "lines"},
        "codes": {
            "rfxtrx": {
                "22670E": {"device": "pendant", "kind": "help"},
                "226707": {"device": "hall", "kind": "motion"},
            },
            "rfxtrx_switches": {
                "118CDEA:2 on": {"device": "back door", "kind": "contact", "says": "open"},
                "0062 single": {"device": "bell", "kind": "button", "says": "single"},
            },
        },
        "rule": [
            {
                "name": "fixed code", "device": "fixed-code", "when": {"/code": {"exists": true}},
                "code": {"at": "/code", "as": "hex", "table": "rfxtrx", "untaught": true},
                "silent": ["/code"],
            },
            {
                "name": "switch", "device": "switch", "when": {"/switch": {"exists": true}},
                "code": {"at": "/switch", "table": "rfxtrx_switches"}, "silent": ["/switch"],
            },
        ],
    });
    let table = Map::compile(serde_json::from_value(table).unwrap()).unwrap();
    RfxTrx::with_codes(Some(Arc::new(table)))
}

#[test]
fn a_code_means_what_the_installer_has_taught_and_another_is_untaught() {
    let mut wire = taught();
    let mut of = |packet: &str, now: u64| {
        let message = hears(&mut wire, &bytes(packet), now).remove(0);
        let signals = message.signals.iter();
        let said: Vec<String> = signals
            .map(|s| format!("{} {}", s.device, said(s)))
            .collect();
        (said.join(", "), message.unmapped.join(", "))
    };
    let mut says = |packet: &str, now: u64| of(packet, now).0;
    assert_eq!(says("0913000022670E013970", 0), "pendant alarm help raised");
    assert_eq!(says("0913000122670E013970", 120), "", "the same press");
    assert_eq!(
        says("0913000222670E013970", 5_000),
        "pendant alarm help raised"
    );
    assert_eq!(
        says("09130000226707013970", 6_000),
        "hall observed motion active"
    );
    assert_eq!(
        says("0B1100100118CDEA02010F70", 7_000),
        "back door observed contact open"
    );
    // A switch that nobody taught is a button; the bell is, by its name.
    assert_eq!(
        says("0B1100100118CDEA03010F70", 8_000),
        "118CDEA:3 observed button on"
    );
    assert_eq!(
        says("0716000000620170", 9_000),
        "bell observed button single"
    );
    assert_eq!(
        says("08200300A109000670", 9_500),
        "A10900 alarm smoke raised"
    );
    let (untaught, unmapped) = of("09130000226701013970", 10_000);
    assert_eq!(untaught, "fixed-code/226701 health untaught raised");
    assert_eq!(unmapped, "code 226701");
}
