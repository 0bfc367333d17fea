//! The one rule for what says yes and no, and what the words of alarms say. Text by its words, never by parts of them.

use super::{Named, named, plain};
use crate::vocabulary::AlarmKind;

/// What a call's button, cord or pendant says when somebody asks for help.
const PRESSES: &[&str] = &[
    "call", "called", "calling", "press", "pressed", "pulled", "pushed",
];

/// What a word says of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Says {
    /// It is so.
    Raised,
    /// It is not so.
    Restored,
    /// The device does not know, warms up or tests itself: nothing begins and nothing ends.
    Neither,
}

/// Whether a text says yes or no in any of the usual ways: true, on, yes and 1 (1.0), false, off, no and 0 (0.0), letters
/// in any case. `None` for any other word or number.
pub fn yes_or_no(text: &str) -> Option<bool> {
    let text = text.trim();
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match text.as_bytes().first()? {
        b'0'..=b'9' | b'+' | b'-' | b'.' => {
            let number: f64 = text.parse().ok()?;
            if number.to_bits() == 1f64.to_bits() {
                Some(true)
            } else {
                (number.abs() < f64::MIN_POSITIVE).then_some(false)
            }
        }
        _ if is("true") || is("on") || is("yes") => Some(true),
        _ if is("false") || is("off") || is("no") => Some(false),
        _ => None,
    }
}

/// What a word says of an alarm of this name: yes and no in any of the usual ways, an alarm's own words (`alarm`,
/// `detected`, `normal`, `dry`), its name (`leak` of a flood, `falling` of a fall, any alarm's name of an alarm that does not
/// say of what) and that with `no` before it. `None` for a word that should not be there.
pub fn says(of: Named, word: &str) -> Option<Says> {
    let sure = |yes| if yes { Says::Raised } else { Says::Restored };
    if let Some(yes) = yes_or_no(word) {
        return Some(sure(yes));
    }
    let is_blank = word.trim().is_empty();
    let word = plain(word);
    // A number, or signs, are no word.
    if word.is_empty() && !is_blank {
        return None;
    }
    if let Some(known) = known(&word) {
        return Some(known);
    }
    if of.is_call() && matches!(word.as_str(), "released" | "unpressed") {
        return Some(Says::Restored);
    }
    // `water_leakage_yes`, `water_leakage_no`, `no_leak`, `not_detected`.
    if let Some(base) = word.strip_suffix("_yes") {
        return (raises(of, base)).then_some(Says::Raised);
    }
    let negated = word
        .strip_prefix("no_")
        .or_else(|| word.strip_prefix("not_"))
        .or_else(|| word.strip_suffix("_no"))
        .or_else(|| word.strip_prefix("no").filter(|rest| *rest == "leak"));
    match negated {
        Some(base) => raises(of, base).then_some(Says::Restored),
        None => raises(of, &word).then_some(Says::Raised),
    }
}

/// True of a word that says that the alarm is so.
fn raises(of: Named, word: &str) -> bool {
    // Of a gas detector a leak is one of gas.
    let gas = |said: Named| {
        of == Named::Alarm(AlarmKind::Gas)
            && said == Named::Alarm(AlarmKind::Flood)
            && word.starts_with("leak")
    };
    let same =
        |said: Named| said == of || gas(said) || of == Named::Unsaid && said != Named::Tamper;
    of.is_call() && PRESSES.contains(&word)
        || known(word) == Some(Says::Raised)
        || named(word).is_some_and(same)
}

/// The words that every alarm has.
fn known(word: &str) -> Option<Says> {
    Some(match word {
        "activated" | "active" | "alarm" | "alarmed" | "alarming" | "alert" | "critical"
        | "critical_alarm" | "danger" | "detected" | "raised" | "trigger" | "triggered"
        | "warning_alarm" => Says::Raised,
        "absent" | "clear" | "cleared" | "dry" | "fine" | "good" | "idle" | "inactive" | "none"
        | "normal" | "ok" | "okay" | "quiet" | "restored" | "safe" | "standby" | "stop"
        | "stopped" | "undetected" => Says::Restored,
        "" | "detecting" | "fault" | "initializing" | "muted" | "nan" | "null" | "pre_alarm"
        | "pre_warning" | "prealarm" | "preheating" | "self_test" | "silenced" | "test"
        | "testing" | "unavailable" | "undefined" | "unknown" | "warming_up" => Says::Neither,
        _ => return None,
    })
}
