//! What alarms are called, dialect by dialect: definitions that turn an alarm round, words of makers, settings with an
//! alarm's name, beds, and contacts that are closed when they say true.

// Helpers of tests fail as loudly as the tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod announced;
mod zigbee;

use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::{HealthOf, Message, Seen, Signal, What};

fn said(signal: &Signal) -> String {
    match &signal.what {
        What::Alarm {
            kind, condition, ..
        } => format!("{kind} {condition}"),
        What::Observed {
            kind,
            seen: Seen::State(state),
        } => format!("{kind} {}", state.word()),
        What::Health {
            kind,
            of: HealthOf::Condition(condition),
            ..
        } => format!("{kind} {condition}"),
        other => format!("{other:?}"),
    }
}

fn hear(dialect: &mut dyn Dialect, topic: &str, payload: &str) -> Message {
    dialect.read(&Publish {
        topic,
        payload: payload.as_bytes(),
        retained: false,
        now_ms: 0,
    })
}

fn all(message: &Message) -> Vec<String> {
    message.signals.iter().map(said).collect()
}
