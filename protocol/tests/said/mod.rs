//! How tests show what was said, and those of serial lines write bytes.

use tecs_protocol::signal::{HealthOf, Measured, Seen, Signal, What};

/// The bytes of hexadecimal digits, which spaces may group.
#[allow(dead_code, reason = "only tests of serial lines write bytes")]
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: String = hex.split_whitespace().collect();
    (0..digits.len() / 2)
        .map(|n| u8::from_str_radix(&digits[2 * n..2 * n + 2], 16).unwrap())
        .collect()
}

/// `what kind word`.
pub(crate) fn said(signal: &Signal) -> String {
    match &signal.what {
        What::Alarm {
            kind, condition, ..
        } => format!("alarm {kind} {condition}"),
        What::Vital { kind, reading } => match reading {
            Measured::Value { value, .. } => format!("vital {kind} {value}"),
            Measured::Beyond(said) => format!("vital {kind} beyond {said}"),
            Measured::Missing(why) => format!("vital {kind} {}", why.quality()),
        },
        What::Observed { kind, seen } => match seen {
            Seen::State(state) => format!("observed {kind} {}", state.word()),
            Seen::Value(value) => format!("observed {kind} {value}"),
        },
        What::Health { kind, of, .. } => match of {
            HealthOf::Condition(condition) => format!("health {kind} {condition}"),
            HealthOf::Value(value) => format!("health {kind} {value}"),
        },
    }
}
