//! One property: what its description makes of its name, and what a value then says. It remembers no value.

use crate::alarm_names::{self, Named};
use crate::json::Value;
use crate::mqtt::reading::{call, is_elsewhere, number_of, plain, press, shown, state_of};
use crate::signal::{HealthOf, Measured, Missing, Reading, Refusal, Seen, What};
use crate::units::convert;
use crate::vocabulary::{Condition, HealthKind, ObservedKind, State, Unit};

use super::meaning::{self, Number, Two};

/// The most words of an enum that are looked at.
const WORDS_MOST: usize = 64;

/// Words that say no.
const CALM: &[&str] = &[
    "absent",
    "clear",
    "cleared",
    "close",
    "closed",
    "dry",
    "false",
    "idle",
    "inactive",
    "no",
    "none",
    "normal",
    "off",
    "ok",
    "safe",
    "shut",
    "unlocked",
    "unoccupied",
];
/// Words that say yes.
const ACTIVE: &[&str] = &[
    "active",
    "alarm",
    "detected",
    "locked",
    "low",
    "motion",
    "occupied",
    "on",
    "open",
    "opened",
    "present",
    "raised",
    "tampered",
    "triggered",
    "true",
    "wet",
    "yes",
];

/// A property as its description writes it.
#[derive(Debug)]
pub(super) struct Written<'w> {
    /// Its id, its node's id, its node's type.
    pub(super) names: [&'w str; 3],
    pub(super) datatype: &'w str,
    pub(super) unit: &'w str,
    pub(super) format: &'w str,
    pub(super) settable: bool,
    pub(super) retained: bool,
}

/// A property.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Property {
    says: Says,
    retained: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Says {
    /// `true` or `false`; the first says what `true` is.
    Bool(Two, bool),
    /// Words of a list.
    Words(Two),
    Number(Number, Box<str>),
    /// A press; `true`: a boolean.
    Press {
        call: Option<crate::vocabulary::AlarmKind>,
        boolean: bool,
    },
    Quiet,
    /// Nobody knows; why.
    Unmapped(&'static str),
}

impl Property {
    /// What a description makes of it.
    pub(super) fn of(written: &Written<'_>) -> Self {
        Self {
            says: says(written),
            retained: written.retained,
        }
    }

    /// True of one that is read or known.
    pub(super) fn is_read(&self) -> bool {
        !matches!(self.says, Says::Unmapped(_))
    }

    /// True of one that may raise an alarm, itself or by what the installer says of it.
    pub(super) fn can_alarm(&self) -> bool {
        match &self.says {
            Says::Bool(two, _) | Says::Words(two) => matches!(two, Two::Alarm(_)),
            Says::Press { .. } => true,
            Says::Number(..) | Says::Quiet | Says::Unmapped(_) => false,
        }
    }

    /// Its name and why it is not read.
    pub(super) fn why_not(&self, device: &str, name: &str) -> Option<String> {
        let Says::Unmapped(why) = self.says else {
            return None;
        };
        Some(format!("{}: {why}", shown(&format!("{device}/{name}"))))
    }

    /// What a value says; `None`: nothing.
    pub(super) fn read(&self, name: &str, text: &str) -> Result<Option<(What, Reading)>, Refusal> {
        let bad = |due| Refusal::BadValue {
            field: shown(name),
            due,
        };
        let edge = if self.retained {
            Reading::Edge
        } else {
            Reading::Pulse
        };
        let text = text.trim();
        match &self.says {
            Says::Quiet | Says::Unmapped(_) => Ok(None),
            Says::Bool(two, true_is) => {
                let yes = boolean(text).ok_or(bad("true or false"))?;
                Ok(Some((said(*two, yes == *true_is), edge)))
            }
            Says::Words(two) => {
                let word = plain(text);
                let on = on_of(*two, &word).ok_or(bad("a word that says yes or no"))?;
                Ok(Some((said(*two, on), edge)))
            }
            Says::Number(number, unit) => {
                let what = measured(*number, unit, name, text)?;
                Ok(Some((what, Reading::Sample)))
            }
            Says::Press {
                call,
                boolean: true,
            } => {
                let yes = boolean(text).ok_or(bad("true or false"))?;
                let what = match call {
                    Some(kind) => What::alarm(*kind, Condition::Raised),
                    None => What::state(ObservedKind::Button, State::Single),
                };
                Ok(yes.then_some((what, Reading::Pulse)))
            }
            Says::Press {
                call,
                boolean: false,
            } => {
                if text.is_empty() || text.len() > 64 || text.contains(char::is_control) {
                    return Err(bad("the name of a press, at most 64 bytes"));
                }
                // `SHORT_PRESSED` is a short press.
                let word = plain(text).replace("pressed", "press");
                let what = press(&[&word]).map(|what| match call {
                    Some(kind) => What::alarm(*kind, Condition::Raised),
                    None => what,
                });
                Ok(what.map(|what| (what, Reading::Pulse)))
            }
        }
    }
}

fn says(written: &Written<'_>) -> Says {
    let [id, node, kind] = written.names.map(plain);
    // `smoke/alarm` is about smoke; `alarm` alone is about nothing.
    let names: Vec<&str> = if meaning::says_only_that(&id) {
        vec![&node, &kind]
    } else {
        vec![&id]
    };
    let pressed = meaning::is_button(&id)
        || (!written.retained && (meaning::is_button(&node) || meaning::is_button(&kind)));
    if meaning::is_quiet(&id) {
        return Says::Quiet;
    }
    match written.datatype {
        "boolean" | "enum" if pressed || (!written.retained && call(&names).is_some()) => {
            Says::Press {
                call: call(&[&id, &node]),
                boolean: written.datatype == "boolean",
            }
        }
        "boolean" => of_bool(written, &names),
        "enum" | "string" => of_words(written, &names),
        "integer" | "float" => of_number(written, &names, &id),
        "color" | "datetime" | "duration" | "json" => Says::Quiet,
        _ => Says::Unmapped("no datatype of the convention"),
    }
}

fn of_bool(written: &Written<'_>, names: &[&str]) -> Says {
    let labels: Vec<String> = written.format.split(',').map(plain).collect();
    let found = names.iter().find_map(|name| meaning::two(name));
    if let [no, yes] = labels.as_slice() {
        // Its format says which of the two is which.
        let two = found.or_else(|| names.iter().find_map(|name| meaning::of_words(name)));
        return match two {
            None => unknown(written),
            Some(two) if is_setting(written, two) => Says::Quiet,
            Some(two) => match (on_of(two, no), on_of(two, yes)) {
                (Some(false), _) | (None, Some(true)) => Says::Bool(two, true),
                (Some(true), Some(false)) => Says::Bool(two, false),
                _ if found.is_some() => Says::Bool(two, true),
                _ => Says::Unmapped("its format does not say which is open"),
            },
        };
    }
    match found {
        Some(two) if is_setting(written, two) => Says::Quiet,
        Some(two) => Says::Bool(two, true),
        None if names.iter().any(|name| meaning::of_words(name).is_some()) => {
            Says::Unmapped("nobody can tell whether true is open")
        }
        None => unknown(written),
    }
}

fn of_words(written: &Written<'_>, names: &[&str]) -> Says {
    let Some(two) = names.iter().find_map(|name| meaning::of_words(name)) else {
        return unknown(written);
    };
    if is_setting(written, two) {
        return Says::Quiet;
    }
    let words = written.format.split(',').take(WORDS_MOST).map(plain);
    let listed = written.datatype == "enum";
    let knows = words.into_iter().any(|word| on_of(two, &word).is_some());
    if listed && !knows {
        return Says::Unmapped("none of its words says yes or no");
    }
    Says::Words(two)
}

fn of_number(written: &Written<'_>, names: &[&str], id: &str) -> Says {
    let Some(number) = names.iter().find_map(|name| meaning::number(name)) else {
        return unknown(written);
    };
    let room = Number::Observed(ObservedKind::Temperature);
    if written.settable || (number == room && is_elsewhere(&written.names)) {
        return Says::Quiet;
    }
    let unit: Option<Unit> = match number {
        Number::Observed(kind) => kind.unit(),
        Number::Vital(kind) => kind.unit(),
        Number::Charge => Some(Unit::Percent),
    };
    let converts = unit.is_some_and(|unit| convert(1.0, written.unit, unit).is_some());
    let usual = written.unit.is_empty() && unit == Some(Unit::Percent) && id != "level";
    if converts || usual {
        Says::Number(number, written.unit.into())
    } else {
        Says::Unmapped("its unit does not convert")
    }
}

fn unknown(written: &Written<'_>) -> Says {
    if written.settable {
        Says::Quiet
    } else {
        Says::Unmapped("nobody knows what it means")
    }
}

/// True of what can be told, unless that is how a lock, a valve or a door is opened.
fn is_setting(written: &Written<'_>, two: Two) -> bool {
    let moves = matches!(
        two,
        Two::Seen(ObservedKind::Lock | ObservedKind::Valve | ObservedKind::Contact)
    );
    written.settable && !moves
}

/// Whether a word is the kind's yes or no.
fn on_of(two: Two, word: &str) -> Option<bool> {
    if let Two::Alarm(kind) = two {
        return match alarm_names::says(Named::Alarm(kind), word)? {
            alarm_names::Says::Raised => Some(true),
            alarm_names::Says::Restored => Some(false),
            alarm_names::Says::Neither => None,
        };
    }
    let is_lock = two == Two::Seen(ObservedKind::Lock);
    match word {
        "locked" | "unlocked" if !is_lock => None,
        "open" | "opened" | "close" | "closed" | "shut" if is_lock => None,
        _ if ACTIVE.contains(&word) => Some(true),
        _ if CALM.contains(&word) => Some(false),
        _ => None,
    }
}

fn boolean(text: &str) -> Option<bool> {
    match Value::Text(text).token()? {
        crate::json::Token::Yes => Some(true),
        crate::json::Token::No => Some(false),
        crate::json::Token::Word(_) => None,
    }
}

fn said(two: Two, on: bool) -> What {
    let condition = if on {
        Condition::Raised
    } else {
        Condition::Restored
    };
    match two {
        Two::Alarm(kind) => What::alarm(kind, condition),
        Two::Seen(kind) => What::state(kind, state_of(kind, on)),
        Two::Health(kind, detail) => What::health(kind, condition, detail),
    }
}

fn measured(number: Number, unit: &str, name: &str, text: &str) -> Result<What, Refusal> {
    let bad = |due| Refusal::BadValue {
        field: shown(name),
        due,
    };
    match number {
        Number::Observed(kind) => {
            let value = number_of(kind, Value::Text(text), Some(unit), name)?;
            let seen = Seen::Value(value);
            Ok(What::Observed { kind, seen })
        }
        Number::Charge => {
            let charge = Value::Text(text).number();
            let charge = charge.filter(|n| (0.0..=100.0).contains(n));
            Ok(What::Health {
                kind: HealthKind::Battery,
                of: HealthOf::Value(charge.ok_or(bad("0 to 100"))?),
                detail: String::new(),
            })
        }
        Number::Vital(kind) => {
            let value = Value::Text(text).number().ok_or(bad("a number"))?;
            let value = match (unit, kind.unit()) {
                ("", _) | (_, None) => value,
                (from, Some(to)) => convert(value, from, to).ok_or(bad("its unit"))?,
            };
            Ok(What::Vital {
                kind,
                reading: or_none(value),
            })
        }
    }
}

/// 0 is a device's mark for no reading.
fn or_none(value: f64) -> Measured {
    if value.abs() < f64::MIN_POSITIVE {
        Measured::Missing(Missing::NoSignal)
    } else {
        Measured::of(value)
    }
}
