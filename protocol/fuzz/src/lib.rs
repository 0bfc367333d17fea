//! How fuzz targets read their input, and what must hold of every decoder whatever it hears. Knows no protocol.
//!
//! An input is bytes as a device would send them, cut into turns by `F7 flags pause`; `F7 F7` is the byte itself. What a
//! target makes of the flags stands in `line` and `broker`.

pub mod broker;
pub mod line;
pub mod presets;

use tecs_protocol::event::{ClockPair, Device, Entry, Event, decode};
use tecs_protocol::serial::Heard;
use tecs_protocol::signal::{HealthOf, Measured, Message, Seen, Signal, What};
use tecs_protocol::vocabulary::{ObservedKind, Urgency, VitalKind};

/// Ends a turn. No UTF-8 text holds it.
pub const MARK: u8 = 0xF7;

/// What is heard at once, and how long it is silent before.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Turn {
    /// What happens besides.
    pub flags: u8,
    /// The silence before it, ms.
    pub pause_ms: u64,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// The turns of an input.
pub fn turns(input: &[u8]) -> Vec<Turn> {
    let mut turns = vec![Turn::default()];
    let mut rest = input.iter().copied();
    while let Some(byte) = rest.next() {
        match (byte, byte == MARK) {
            (_, true) => match (rest.next(), turns.last_mut()) {
                (Some(MARK), Some(turn)) => turn.bytes.push(MARK),
                (Some(flags), _) => {
                    let pause = u64::from(rest.next().unwrap_or(0));
                    turns.push(Turn {
                        flags,
                        pause_ms: pause * pause,
                        bytes: Vec::new(),
                    });
                }
                (None, _) => {}
            },
            (_, false) => turns
                .last_mut()
                .into_iter()
                .for_each(|t| t.bytes.push(byte)),
        }
    }
    turns
}

/// A turn as it stands in an input.
pub fn written(turn: &Turn) -> Vec<u8> {
    let pause = u8::try_from(turn.pause_ms.isqrt()).unwrap_or(u8::MAX);
    let mut out = vec![MARK, turn.flags, pause];
    for byte in &turn.bytes {
        out.extend(std::iter::repeat_n(*byte, 1 + usize::from(*byte == MARK)));
    }
    out
}

/// What must hold of every message that was made of so many bytes.
pub fn holds(message: &Message, bytes: usize) {
    for signal in &message.signals {
        told(signal);
    }
    let told = message.unmapped.iter().map(String::len).sum::<usize>()
        + message
            .refusals
            .iter()
            .map(|refusal| refusal.to_string().len())
            .sum::<usize>();
    assert!(
        told <= 8 * bytes + 16_384,
        "{told} bytes are told of {bytes}"
    );
}

/// A signal has names, a value that can be, and is the same to whoever reads its record at the hub.
fn told(signal: &Signal) {
    assert!(!signal.device.is_empty(), "nobody says {signal:?}");
    assert!(!signal.field.is_empty(), "no name for {signal:?}");
    let (value, least, most) = match &signal.what {
        What::Vital {
            kind,
            reading: Measured::Value { value, .. },
        } => (*value, kind.range().0, kind.range().1),
        What::Observed {
            kind: ObservedKind::Humidity,
            seen: Seen::Value(value),
        } => (*value, 0.0, 100.0),
        What::Observed {
            seen: Seen::Value(value),
            ..
        } => (*value, f64::MIN, f64::MAX),
        What::Health {
            of: HealthOf::Value(value),
            ..
        } => (*value, 0.0, 100.0),
        _ => (0.0, 0.0, 0.0),
    };
    assert!((least..=most).contains(&value), "impossible: {signal:?}");
    let event = Event {
        device: Device {
            id: signal.device.clone(),
            kind: signal.model.clone(),
            room: String::new(),
        },
        happened_ms: signal.happened_ms,
        heard: ClockPair::default(),
        urgency: Urgency::Routine,
        what: signal.what.clone(),
        flags: Default::default(),
        raw: Vec::new(),
        folded: 1,
        last_heard: None,
    };
    let read = decode(&event.encode());
    assert_eq!(
        read,
        Ok(Entry::Event(Box::new(event))),
        "the hub reads another"
    );
}

/// An oximeter has another word for no saturation than 0 %.
pub fn no_saturation_of_zero(heard: &Heard) {
    for signal in heard.messages.iter().flat_map(|m| &m.signals) {
        if let What::Vital {
            kind: VitalKind::Spo2,
            reading: Measured::Value { value, .. },
        } = signal.what
        {
            assert!(value >= 1.0, "{signal:?}");
        }
    }
}
