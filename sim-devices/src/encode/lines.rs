//! JSON lines of home-made sensors: what they say, in the vocabulary.

use serde_json::Value;
use tecs_protocol::serial::jsonl;
use tecs_protocol::signal::{Measured, Reading, Seen, Signal, What};
use tecs_protocol::vocabulary::{AlarmKind, Condition, ObservedKind, State, VitalKind};

use super::{Encoded, Told};
use crate::device::{Cannot, numbered};
use crate::words::Body;

/// A line.
pub(super) fn line(told: &Told<'_>) -> Result<Encoded, Cannot> {
    let kind = told.property();
    let (reading, what) = meaning(kind, told.said).ok_or_else(|| Cannot::Kind {
        device: told.spec.name.clone(),
        kind: kind.to_owned(),
    })?;
    let mut signal = Signal::new(&told.spec.name, kind, reading, what);
    signal.happened_ms = Some(told.now_ms);
    let line = numbered(told.number, jsonl::encode(&signal).trim_end());
    Ok(Encoded {
        body: Body::Bytes(format!("{line}\r\n").into_bytes()),
        happened_ms: signal.happened_ms,
        word: None,
    })
}

/// What a kind's word and a value say in the vocabulary.
fn meaning(kind: &str, said: &Value) -> Option<(Reading, What)> {
    let (word, number) = (said.as_str().unwrap_or_default(), said.as_f64());
    if let Some(kind) = AlarmKind::from_word(kind) {
        return Some((
            Reading::Pulse,
            What::alarm(kind, Condition::from_word(word)?),
        ));
    }
    if let Some(kind) = VitalKind::from_word(kind) {
        let reading = Measured::of(number?);
        return Some((Reading::Sample, What::Vital { kind, reading }));
    }
    let kind = ObservedKind::from_word(kind)?;
    let seen = match number {
        Some(value) => Seen::Value(value),
        None => Seen::State(State::of(kind, word)?),
    };
    Some((Reading::Sample, What::Observed { kind, seen }))
}
