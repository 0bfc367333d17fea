//! What a name, a press and a number say, whichever dialect brings them. Pure functions; they keep nothing and know no topic.

use crate::alarm_names::{Named, called, named, named_in_a_place};
use crate::json::Value;
use crate::signal::{Refusal, What};
use crate::units::convert;
use crate::vocabulary::{AlarmKind, Condition, ObservedKind, State, is_within};

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
        // A button that says whether it is being pushed.
        (ObservedKind::Button, true) => State::Long,
        (_, true) => State::Active,
        (_, false) => State::Clear,
    }
}

/// What a press means.
pub(crate) fn pressed(action: &str, is_object: bool) -> What {
    if let Some(kind) = called(action) {
        return What::alarm(kind, Condition::Raised);
    }
    // A cube falls as well; its definition names what it does besides.
    if named(action) == Some(Named::Alarm(AlarmKind::Fall)) && !is_object {
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

/// A sensor's marks for no reading: all bits of a word of hundredths, with and without a sign.
const MARKS: &[f64] = &[327.67, -327.68, 655.35];

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
    // In any unit: as a temperature in °F the mark would be one of an oven.
    let is_climate = matches!(kind, ObservedKind::Temperature | ObservedKind::Humidity);
    if is_climate && MARKS.iter().any(|mark| (said - mark).abs() < 0.005) {
        return Err(bad("a reading, not a sensor's mark for none"));
    }
    let number = match (unit.filter(|u| !u.is_empty()), kind.unit()) {
        (Some(from), Some(unit)) => convert(said, from, unit).ok_or_else(|| Refusal::BadUnit {
            field: shown(key),
            unit: shown(from),
        })?,
        _ => said,
    };
    // What a room can have is less than what a kind can.
    let (range, due) = match kind {
        ObservedKind::Temperature => ((-100.0, 200.0), "a temperature from -100 to 200 Cel"),
        ObservedKind::Humidity => (kind.range(), "a humidity from 0 to 100 %"),
        ObservedKind::Illuminance => ((0.0, 200_000.0), "an illuminance from 0 to 200000 lx"),
        _ => (kind.range(), "a number below a thousand million"),
    };
    if is_within(number, range) {
        Ok(number)
    } else {
        Err(bad(due))
    }
}

/// What somebody calls by a press of an entity of one of these names: for help, or a fall that was seen.
pub(crate) fn call(names: &[&str]) -> Option<AlarmKind> {
    names.iter().find_map(|name| match named_in_a_place(name)? {
        call @ Named::Alarm(kind) if call.is_call() || kind == AlarmKind::Fall => Some(kind),
        Named::Alarm(_) | Named::Tamper | Named::Unsaid => None,
    })
}

/// True of what is measured elsewhere than in the room: rules about a cold home must not read it.
pub(crate) fn is_elsewhere(names: &[&str]) -> bool {
    const ELSEWHERE: &[&str] = &[
        "boiler",
        "chip",
        "cpu",
        "device",
        "dew",
        "esp",
        "esp32",
        "esp8266",
        "feels",
        "freezer",
        "fridge",
        "internal",
        "outdoor",
        "outside",
        "oven",
        "processor",
        "refrigerator",
        "setpoint",
        "soc",
        "soil",
        "target",
        "water",
    ];
    names
        .iter()
        .any(|name| plain(name).split('_').any(|part| ELSEWHERE.contains(&part)))
}

/// What a press says; `words` are all that its configuration and message call it. `None`: a button that comes up.
pub(crate) fn press(words: &[&str]) -> Option<What> {
    let words: Vec<String> = words.iter().map(|w| plain(w)).collect();
    for word in &words {
        let what = pressed(word, false);
        if matches!(what, What::Alarm { .. }) {
            return Some(what);
        }
    }
    let any = |part: &str| words.iter().any(|w| w.split('_').any(|p| p == part));
    if any("release") || any("released") {
        return None;
    }
    let state = words.iter().find_map(|word| {
        Some(match word.as_str() {
            "" | "action" | "click" | "press" | "event" | "button" => return None,
            "button_short_press" | "short_press" | "short" | "single" | "single_press"
            | "single_click" => State::Single,
            "button_double_press" | "double" | "double_press" | "double_click" => State::Double,
            "button_long_press" | "long" | "long_press" | "long_click" | "hold" => State::Long,
            other => State::Named(other.to_owned()),
        })
    });
    Some(What::state(
        ObservedKind::Button,
        state.unwrap_or(State::Single),
    ))
}

/// A name in small letters with `_` between its words.
pub(crate) fn plain(name: &str) -> String {
    let name = name.trim().chars().take(64);
    name.map(|c| match c {
        ' ' | '-' | '.' => '_',
        other => other.to_ascii_lowercase(),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_press_is_what_its_words_say_and_a_button_that_comes_up_says_nothing() {
        for (words, due) in [
            (&["action", "single"][..], "State(Single)"),
            (&["button_short_press", "button_1"], "State(Single)"),
            (&["button_double_press", "button_1"], "State(Double)"),
            (&["button_long_press", "turn_on"], "State(Long)"),
            (&["action", "1_single"], "Named(\"1_single\")"),
            (&["press"], "State(Single)"),
            (&["action", "emergency"], "kind: Help"),
            (&["button_short_press", "SOS"], "kind: Help"),
            (&["click", "panic"], "kind: Panic"),
            (&["fall"], "kind: Fall"),
        ] {
            let what = format!("{:?}", press(words).unwrap());
            assert!(what.contains(due), "{words:?}: {what}");
        }
        assert_eq!(press(&["button_long_release", "button_1"]), None);
        assert_eq!(press(&["action", "release"]), None);
    }
}
