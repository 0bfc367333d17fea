//! Single values judged: which of two a property has, what a press means, what a number is in the vocabulary's unit.
//! Pure functions over the table; they keep nothing.

use crate::json::{Token, Value};
use crate::signal::{Refusal, What};
use crate::units::convert;
use crate::vocabulary::{AlarmKind, Condition, ObservedKind, State};

use super::meanings::{self, Means, Shape, Usual};
use super::teach::Property;

/// A name as it may be shown: bounded, without control characters.
pub(super) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}

/// The state that on or off is, in the words of its kind.
pub(super) const fn state_of(kind: ObservedKind, on: bool) -> State {
    match (kind, on) {
        (ObservedKind::Contact | ObservedKind::Valve, true) => State::Open,
        (ObservedKind::Contact | ObservedKind::Valve, false) => State::Closed,
        (ObservedKind::Lock, true) => State::Locked,
        (ObservedKind::Lock, false) => State::Unlocked,
        (_, true) => State::Active,
        (_, false) => State::Clear,
    }
}

/// Which of its two values a property has; `None` when it has neither.
pub(super) fn is_on(means: Means, property: &Property, value: Value<'_>) -> Option<bool> {
    let said = value.token()?;
    // What says open or closed in so many words means it, whichever of the two its definition calls on.
    if let (Means::Seen(ObservedKind::Contact | ObservedKind::Valve), Token::Word(word)) =
        (means, &said)
    {
        let starts = |with: &str| {
            word.get(..with.len())
                .is_some_and(|w| w.eq_ignore_ascii_case(with))
        };
        if starts("open") {
            return Some(true);
        }
        if starts("clos") {
            return Some(false);
        }
    }
    if property.on.is(&said) {
        Some(true)
    } else if property.off.is(&said) {
        Some(false)
    } else {
        None
    }
}

/// The usual meaning of a property that no definition teaches, by its name and the value it has.
pub(super) fn untaught(key: &str, value: Value<'_>) -> Option<Property> {
    let by = |shape| meanings::usual(key, shape);
    let says_something = |u: &Usual| u.means != Means::Quiet;
    let binary = || by(Shape::Binary).filter(says_something);
    let words = || by(Shape::Words).filter(says_something);
    let numeric = || by(Shape::Numeric);
    let token = value.token();
    let found = match value {
        Value::Text(text) if key == "state" && is_lock_word(text) => {
            return Some(Property::lock_state());
        }
        Value::Null | Value::Nested => by(Shape::Binary).or_else(words).or_else(numeric),
        Value::Bool(_) => binary().or_else(|| by(Shape::Words)).or_else(numeric),
        Value::Number(_) if matches!(token, Some(Token::Yes | Token::No)) => {
            binary().or_else(numeric).or_else(words)
        }
        Value::Number(_) => numeric().or_else(binary).or_else(words),
        Value::Text(_) if matches!(token, Some(Token::Yes | Token::No)) => {
            binary().or_else(numeric).or_else(words)
        }
        Value::Text(_) if value.number().is_some() => numeric().or_else(words).or_else(binary),
        Value::Text(_) => words().or_else(binary).or_else(numeric),
    }?;
    Some(Property::usual(found))
}

fn is_lock_word(text: &str) -> bool {
    text.eq_ignore_ascii_case("lock") || text.eq_ignore_ascii_case("unlock")
}

/// What a press means.
pub(super) fn pressed(action: &str, is_object: bool) -> What {
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
pub(super) fn number_of(
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
