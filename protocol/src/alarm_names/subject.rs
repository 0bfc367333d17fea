//! What a device's model and description say that it is: the words of free text, read as whole words. It knows no maker's
//! list of models; where no word says it, nobody knows.

use crate::vocabulary::AlarmKind;

/// What a device is there for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An alarm of this kind.
    Alarm(AlarmKind),
    /// A detector of smoke and of carbon monoxide.
    SmokeOrCo,
    /// Somebody in bed.
    Bed,
    /// Doors and windows.
    Contact,
    /// People who move or are there.
    Motion,
    /// Vibration.
    Vibration,
    /// It makes a noise: its alarm is its own.
    Siren,
}

impl Subject {
    /// The kind of alarm that such a device is there to raise; the worse one of two.
    pub const fn alarm(self) -> Option<AlarmKind> {
        match self {
            Self::Alarm(kind) => Some(kind),
            Self::SmokeOrCo => Some(AlarmKind::Co),
            Self::Bed | Self::Contact | Self::Motion | Self::Vibration | Self::Siren => None,
        }
    }
}

/// What a text (a description, a model, a name) says that its device is there for; `None` when it does not say.
pub fn subject(text: &str) -> Option<Subject> {
    let text = text.to_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .take(64)
        .collect();
    let any = |of: &[&str]| words.iter().any(|word| of.contains(word));
    let pair = |a: &str, b: &[&str]| {
        words
            .windows(2)
            .any(|two| matches!(two, [x, y] if *x == a && b.contains(y)))
    };
    let sees = &["alarm", "alert", "detection", "detector", "sensor"];
    let smoke = any(&["smoke"]) || pair("fire", sees);
    let co = pair("carbon", &["monoxide"]) || any(&["co"]);
    Some(if smoke && co {
        Subject::SmokeOrCo
    } else if smoke {
        Subject::Alarm(AlarmKind::Smoke)
    } else if co {
        Subject::Alarm(AlarmKind::Co)
    } else if pair("heat", &["alarm", "detector"]) {
        Subject::Alarm(AlarmKind::Heat)
    } else if any(&["gas", "methane"]) && any(&["leak", "leakage", "alarm", "detector", "sensor"]) {
        Subject::Alarm(AlarmKind::Gas)
    } else if any(&["leak", "leakage", "leaks", "flood", "flooding"])
        || pair("water", &["alarm", "detector", "detection"])
    {
        Subject::Alarm(AlarmKind::Flood)
    } else if any(&["help", "sos"])
        || pair("pull", &["cord"])
        || pair("emergency", &["button", "call", "pendant", "remote"])
        || pair("alarm", &["pendant"])
    {
        Subject::Alarm(AlarmKind::Help)
    } else if any(&["panic"]) {
        Subject::Alarm(AlarmKind::Panic)
    } else if pair(
        "fall",
        &["alarm", "detection", "detector", "function", "sensor"],
    ) || any(&["falldetector"])
    {
        Subject::Alarm(AlarmKind::Fall)
    } else if any(&["siren", "sounder", "sirene"]) {
        Subject::Siren
    } else if any(&["bed", "mattress", "sleeping"]) {
        Subject::Bed
    } else if any(&["vibration"]) {
        Subject::Vibration
    } else if any(&["motion", "occupancy", "pir", "presence", "radar"]) {
        Subject::Motion
    } else if any(&["contact", "door", "magnet", "opening", "window"]) {
        Subject::Contact
    } else {
        return None;
    })
}
