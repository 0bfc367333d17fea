//! Single values judged: which of two a property has, and what one means that no definition teaches. Pure functions over
//! the table; they keep nothing.

use crate::json::{Token, Value};
use crate::vocabulary::ObservedKind;

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
