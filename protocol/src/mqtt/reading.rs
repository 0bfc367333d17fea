//! What a name, a press and a number say, whichever dialect brings them. Pure functions; they keep nothing and know no topic.

use crate::json::Value;
use crate::signal::{Refusal, What};
use crate::units::convert;
use crate::vocabulary::{AlarmKind, Condition, ObservedKind, State};

/// A name as it may be shown: bounded, without control characters.
pub(crate) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// The state that on or off is, in the words of its kind.
pub(crate) const fn state_of(kind: ObservedKind, on: bool) -> State {
    match (kind, on) {
        (ObservedKind::Contact | ObservedKind::Valve, true) => State::Open,
        (ObservedKind::Contact | ObservedKind::Valve, false) => State::Closed,
        (ObservedKind::Lock, true) => State::Locked,
        (ObservedKind::Lock, false) => State::Unlocked,
        (_, true) => State::Active,
        (_, false) => State::Clear,
    }
}

/// What a press means.
pub(crate) fn pressed(action: &str, is_object: bool) -> What {
    let mut parts = action.split('_');
    let has = |word: &str| {
        action
            .split('_')
            .any(|part| part.eq_ignore_ascii_case(word))
    };
    if has("sos") || has("emergency") || has("help") {
        return What::alarm(AlarmKind::Help, Condition::Raised);
    }
    if has("panic") {
        return What::alarm(AlarmKind::Panic, Condition::Raised);
    }
    // A cube falls as well; its definition names what it does besides.
    if parts.next() == Some("fall") && parts.next().is_none() && !is_object {
        return What::alarm(AlarmKind::Fall, Condition::Raised);
    }
    let state = match action {
        "single" | "single_press" | "single_click" | "click" => State::Single,
        "double" | "double_press" | "double_click" => State::Double,
        "hold" | "long" | "long_press" | "long_click" => State::Long,
        other => State::Named(other.to_owned()),
    };
    What::state(ObservedKind::Button, state)
}

/// A measurement in the vocabulary's unit, when it can be one.
pub(crate) fn number_of(
    kind: ObservedKind,
    value: Value<'_>,
    unit: Option<&str>,
    key: &str,
) -> Result<f64, Refusal> {
    let bad = |due| Refusal::BadValue {
        field: shown(key),
        due,
    };
    let said = value.number().ok_or(bad("a number"))?;
    let number = match (unit.filter(|u| !u.is_empty()), kind.unit()) {
        (Some(from), Some(unit)) => convert(said, from, unit).ok_or_else(|| Refusal::BadUnit {
            field: shown(key),
            unit: shown(from),
        })?,
        _ => said,
    };
    // 327.67, −327.68 and 655.35 are a sensor's marks for no reading.
    let (range, due) = match kind {
        ObservedKind::Temperature => (-100.0..=200.0, "a temperature from -100 to 200 Cel"),
        ObservedKind::Humidity => (0.0..=100.0, "a humidity from 0 to 100 %"),
        ObservedKind::Illuminance => (0.0..=200_000.0, "an illuminance from 0 to 200000 lx"),
        _ => (-1e9..=1e9, "a number below a thousand million"),
    };
    if range.contains(&number) {
        Ok(number)
    } else {
        Err(bad(due))
    }
}
