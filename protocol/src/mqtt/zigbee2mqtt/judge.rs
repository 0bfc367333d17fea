//! Single values judged: which of two a property has, and what one means that no definition teaches. Pure functions over
//! the table; they keep nothing.

use crate::alarm_names::{Named, Says, says};
use crate::json::{Token, Value};
use crate::vocabulary::{AlarmKind, ObservedKind};

use super::meanings::{self, Means, Shape, Usual};
use super::teach::Property;

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
    if let Means::Alarm(kind) = means {
        return alarms(kind, property, &said);
    }
    if property.on.is(&said) {
        Some(true)
    } else if property.off.is(&said) {
        Some(false)
    } else {
        None
    }
}

/// Whether an alarm is so. What says yes raises it, whatever its definition says: an alarm that is read the wrong way round
/// is silent when it matters. A definition may add words; it takes none away.
fn alarms(kind: AlarmKind, property: &Property, said: &Token<&str>) -> Option<bool> {
    let word = match said {
        Token::Yes => return Some(true),
        Token::No => return Some(false),
        Token::Word(word) => word,
    };
    let named = match kind {
        AlarmKind::Unknown => Named::Unsaid,
        kind => Named::Alarm(kind),
    };
    match says(named, word) {
        Some(Says::Raised) => Some(true),
        Some(Says::Restored) => Some(false),
        Some(Says::Neither) | None if property.on.is(said) => Some(true),
        Some(Says::Neither) | None if property.off.is(said) => Some(false),
        Some(Says::Neither) | None => None,
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
        // What is known as a measurement is one: 1 ppm is no alarm.
        Value::Number(_) if matches!(token, Some(Token::Yes | Token::No)) => {
            let measured = by(Shape::Numeric).filter(|_| is_ambiguous(key));
            measured.or_else(binary).or_else(numeric).or_else(words)
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

/// True of a name that is a measurement with a number and an alarm with true and false.
fn is_ambiguous(key: &str) -> bool {
    matches!(key, "co" | "gas")
}

fn is_lock_word(text: &str) -> bool {
    text.eq_ignore_ascii_case("lock") || text.eq_ignore_ascii_case("unlock")
}
