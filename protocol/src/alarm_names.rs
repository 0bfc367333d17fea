//! The one table of what alarms are called, for every dialect: a name, made plain, is an alarm of a kind, tamper, an alarm
//! that does not say of what, or none. Whole words only, never parts of them; it knows no device, no maker and no value.

mod subject;
mod words;

pub use subject::{Subject, subject};
pub use words::{Says, says, yes_or_no};

use crate::vocabulary::AlarmKind;
use AlarmKind as A;

/// What a name says that its field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Named {
    /// An alarm of this kind.
    Alarm(AlarmKind),
    /// A device that was opened or removed: health, no alarm of a person.
    Tamper,
    /// It says 'alarm' and not of what.
    Unsaid,
}

impl Named {
    /// True of a person's call, of which every word is news and which nothing that follows takes back.
    pub const fn is_call(self) -> bool {
        matches!(self, Self::Alarm(A::Help | A::Panic))
    }

    /// The alarm's kind; `None` for tamper.
    pub const fn kind(self) -> Option<AlarmKind> {
        match self {
            Self::Alarm(kind) => Some(kind),
            Self::Unsaid => Some(A::Unknown),
            Self::Tamper => None,
        }
    }
}

/// The longest name that is looked at, characters.
const LONGEST: usize = 64;

/// The most words of one name.
const WORDS_MOST: usize = 12;

/// Words that may stand before a name: `alarm_smoke`, `is_wet`, `active_water_leak`.
const BEFORE: &[&str] = &[
    "active", "alarm", "alert", "is", "sensor", "state", "status",
];

/// Words that say that something happened: `smoke_alarm`, `fall_detected`, `falling_information`.
const HAPPENED: &[&str] = &[
    "alarm",
    "alarms",
    "alert",
    "detect",
    "detected",
    "event",
    "info",
    "information",
    "occurred",
    "triggered",
    "warning",
];

/// Words for the thing that sees it: `smoke_detector`, `gas_sensor`.
const THING: &[&str] = &["detection", "detector", "sensor"];

/// Words that add nothing: `smoke_alarm_state`.
const STATE: &[&str] = &["condition", "flag", "report", "state", "status"];

/// Words of what somebody presses or pulls.
const PRESSED: &[&str] = &[
    "activated",
    "button",
    "call",
    "cord",
    "key",
    "press",
    "pressed",
    "pull",
    "request",
    "requested",
    "signal",
];

/// Words before a name that make something else of it: `test_smoke`, `no_leak`, `rain_fall`, `last_smoke_alarm`.
const SOMETHING_ELSE: &[&str] = &[
    "air",
    "anti",
    "arm",
    "armed",
    "auto",
    "battery",
    "clear",
    "count",
    "disable",
    "disabled",
    "enable",
    "enabled",
    "free",
    "hot",
    "hush",
    "last",
    "light",
    "low",
    "max",
    "min",
    "mute",
    "muted",
    "next",
    "night",
    "no",
    "non",
    "not",
    "plant",
    "pre",
    "previous",
    "prevent",
    "rain",
    "reset",
    "self",
    "set",
    "silence",
    "silenced",
    "silent",
    "simulate",
    "simulated",
    "snow",
    "soil",
    "stop",
    "test",
    "testing",
    "time",
    "without",
];

/// Rooms, floors and places of a home that may stand behind a name: `smoke_hallway`, `leak_under_sink`, `smoke_alarm_ground_floor`.
const PLACE: &[&str] = &[
    "attic",
    "basement",
    "bath",
    "bathroom",
    "bedroom",
    "bedside",
    "cellar",
    "corridor",
    "dishwasher",
    "downstairs",
    "entrance",
    "first",
    "floor",
    "garage",
    "ground",
    "guest",
    "hall",
    "hallway",
    "in",
    "kitchen",
    "landing",
    "laundry",
    "living",
    "livingroom",
    "loft",
    "lounge",
    "master",
    "office",
    "shower",
    "sink",
    "the",
    "toilet",
    "under",
    "upstairs",
    "utility",
    "wc",
];

/// A name in small letters, its words joined by `_` and without numbers: `Water Leak-1`, `WaterLeak1` and `water_leak` are
/// one. At most 64 characters are looked at.
pub fn plain(name: &str) -> String {
    let mut made = String::with_capacity(name.len().min(LONGEST));
    let mut chars = name.trim().chars().take(LONGEST).peekable();
    let mut before = '_';
    let mut word = String::new();
    while let Some(c) = chars.next() {
        let follows = chars.peek().copied().unwrap_or('_');
        let begins = c.is_uppercase()
            && (before.is_lowercase() || (before.is_uppercase() && follows.is_lowercase()));
        if begins || !c.is_alphanumeric() {
            end(&mut word, &mut made);
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    end(&mut word, &mut made);
    made
}

/// Ends a word: a number is no word, and what is numbered loses its number. Carbon dioxide is not carbon monoxide.
fn end(word: &mut String, made: &mut String) {
    if !matches!(word.as_str(), "co2" | "pm25" | "ch4") {
        let bare = word.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        word.truncate(bare);
    }
    if !word.is_empty() {
        if !made.is_empty() {
            made.push('_');
        }
        made.push_str(word);
        word.clear();
    }
}

/// What exactly this name says that its field is; `None` when it is no alarm, or nobody can be sure.
pub fn named(name: &str) -> Option<Named> {
    of_plain(&plain(name))
}

/// What a name says that may have a place before it (`kitchen_smoke_alarm`, `Hall - Detector - co_alarm`) or a room of a home
/// behind it (`smoke_hallway`). A word before it that makes something else of it (`test_smoke`, `no_leak`, `rain_fall`) makes it
/// none.
pub fn named_in_a_place(name: &str) -> Option<Named> {
    let plain = plain(name);
    let mut begin = plain.as_str();
    while let Some((shorter, word)) = begin.rsplit_once('_')
        // A wet room and a panic room are rooms.
        && (PLACE.contains(&word) || word == "room" && shorter.contains('_'))
    {
        begin = shorter;
    }
    behind_a_place(&plain).or_else(|| {
        let shorter = behind_a_place(begin).filter(|_| begin.len() < plain.len());
        // 'Alarm in the hall': nobody knows of what.
        shorter.filter(|named| *named != Named::Unsaid)
    })
}

/// What a name says that may have a place before it.
fn behind_a_place(plain: &str) -> Option<Named> {
    let mut rest = plain;
    for _ in 0..WORDS_MOST {
        match of_plain(rest) {
            // 'Hall alarm': nobody knows of what, and an alarm system has such names as well.
            Some(Named::Unsaid) if rest.len() < plain.len() => return None,
            Some(found) => return Some(found),
            None => {}
        }
        let (word, after) = rest.split_once('_')?;
        if SOMETHING_ELSE.contains(&word) {
            return None;
        }
        rest = after;
    }
    None
}

/// What a name says that is plain already.
fn of_plain(name: &str) -> Option<Named> {
    if unsaid(name) {
        return Some(Named::Unsaid);
    }
    let mut begin = name;
    loop {
        let mut stem = begin;
        loop {
            if let Some(found) = row(stem)
                && found.wears(
                    name.get(..name.len() - begin.len()),
                    begin.get(stem.len()..),
                )
            {
                return Some(found.named);
            }
            match stem.rsplit_once('_') {
                Some((shorter, word)) if is_after(word) => stem = shorter,
                Some(_) | None => break,
            }
        }
        match begin.split_once('_') {
            Some((word, after)) if BEFORE.contains(&word) => begin = after,
            Some(_) | None => return None,
        }
    }
}

fn is_after(word: &str) -> bool {
    [HAPPENED, THING, STATE, PRESSED, &["active"]]
        .iter()
        .any(|words| words.contains(&word))
}

/// True of a name that says only that there is an alarm.
fn unsaid(name: &str) -> bool {
    let mut words = name.split('_');
    matches!(words.next(), Some("alarm"))
        && words.all(|word| {
            STATE.contains(&word) || matches!(word, "active" | "detected" | "triggered")
        })
}

/// A row of the table.
struct Row {
    named: Named,
    /// Alone it is a boiler's heating or a tap: it needs a word of what happened, or of what sees it.
    needs_more: bool,
}

impl Row {
    /// True when the words around a stem leave it what it is.
    fn wears(&self, before: Option<&str>, after: Option<&str>) -> bool {
        let words = |text: Option<&'_ str>| -> Vec<String> {
            let text = text.unwrap_or_default();
            let words = text.split('_').filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        let (before, after) = (words(before), words(after));
        let any = |of: &[&str]| after.iter().any(|word| of.contains(&word.as_str()));
        // `smoke_sensor_active` is a sensor that is switched on.
        let switched = any(THING) && after.iter().any(|word| word == "active");
        let presses = matches!(self.named, Named::Alarm(A::Help | A::Panic));
        let more = any(HAPPENED)
            || any(THING)
            || any(PRESSED)
            || before.iter().any(|word| word == "alarm" || word == "alert");
        !switched && (presses || !any(PRESSED)) && (more || !self.needs_more)
    }
}

/// The alarm that somebody calls by a press of this name: a word of it (`1_sos`, `emergency_press`, `panic`) is a call.
pub fn called(press: &str) -> Option<AlarmKind> {
    plain(press)
        .split('_')
        .find_map(|word| row(word).map(|row| row.named))
        .filter(|named| named.is_call())
        .and_then(Named::kind)
}

/// The table: a stem, in whole words, and what it is.
fn row(stem: &str) -> Option<Row> {
    let is = |named| {
        Some(Row {
            named,
            needs_more: false,
        })
    };
    let with_more = |named| {
        Some(Row {
            named,
            needs_more: true,
        })
    };
    match stem {
        "assistance" | "call_for_help" | "call_cord" | "call_help" | "call_nurse" | "distress"
        | "emergency" | "help" | "help_needed" | "need_help" | "nurse_call" | "pull_cord"
        | "pullcord" | "sos" => is(Named::Alarm(A::Help)),
        "medical" | "pendant" => with_more(Named::Alarm(A::Help)),
        "duress" | "hold_up" | "holdup" | "panic" => is(Named::Alarm(A::Panic)),
        "fall" | "fall_down" | "fallen" | "falling" | "fell" | "human_fall" | "man_down"
        | "maybe_fall" | "person_fall" | "person_fallen" => is(Named::Alarm(A::Fall)),
        "fire" | "fire_smoke" | "smoke" | "smoke_fire" => is(Named::Alarm(A::Smoke)),
        "heat" => with_more(Named::Alarm(A::Heat)),
        "carbon_monoxide" | "carbonmonoxide" | "co" | "co_gas" => is(Named::Alarm(A::Co)),
        "gas" | "gas_leak" | "gas_leakage" => is(Named::Alarm(A::Gas)),
        "ch4" | "combustible_gas" | "lpg" | "methane" | "natural_gas" | "propane" => {
            with_more(Named::Alarm(A::Gas))
        }
        "burst"
        | "burst_pipe"
        | "flood"
        | "flooded"
        | "flooding"
        | "leak"
        | "leakage"
        | "leaking"
        | "moisture"
        | "pipe_burst"
        | "water_leak"
        | "water_leak_both_zones"
        | "water_leak_wire"
        | "water_leak_zone"
        | "water_leakage"
        | "water_leaking"
        | "waterleak"
        | "waterleakage"
        | "wet" => is(Named::Alarm(A::Flood)),
        "water" => with_more(Named::Alarm(A::Flood)),
        "bed_wet" | "bed_wetting" | "enuresis" | "wet_bed" => is(Named::Alarm(A::Enuresis)),
        "seizure" => is(Named::Alarm(A::Seizure)),
        "dwell" | "inactivity" | "static_dwell" => with_more(Named::Alarm(A::Inactivity)),
        "anti_tamper" | "sabotage" | "tamper" | "tampered" | "tampering" => is(Named::Tamper),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
