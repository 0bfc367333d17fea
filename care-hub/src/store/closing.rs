//! Who has a case and how it may end: people, what they write, and the closed list of outcomes.
//! A value of these types is valid; there is no other way to hold one.

use serde::{Deserialize, Serialize};

/// A responder or technician, as the home may be told: 1 to 64 characters, none of them a control character.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Person(String);

impl Person {
    /// The longest name, in characters.
    pub const LONGEST: usize = 64;

    /// A person of this name; `None` when it is empty, too long or holds control characters.
    pub fn new(name: &str) -> Option<Self> {
        let name = name.trim();
        let fits = (1..=Self::LONGEST).contains(&name.chars().count());
        (fits && !name.chars().any(char::is_control)).then(|| Self(name.to_owned()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a person wrote: 1 to 4,000 characters. It may hold any character; whoever shows it escapes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(String);

impl Words {
    /// The longest text, in characters.
    pub const LONGEST: usize = 4_000;

    /// The text without outer blanks; `None` when nothing is left or it is too long.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        (1..=Self::LONGEST)
            .contains(&text.chars().count())
            .then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How a case may end: a closed list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Somebody went there.
    Visited,
    /// Settled by talking.
    ResolvedByPhone,
    /// Ambulance, fire brigade or police took over.
    EmergencyServices,
    /// Nothing was wrong.
    FalseAlarm,
    /// Nobody went, and the reason says why.
    NoVisitNeeded,
    /// A test that came through.
    Test,
    /// A technician put it right.
    Repaired,
    /// It ended by itself: only the hub says so, of technical cases.
    Restored,
}

impl Outcome {
    /// Those that a person may choose, in the order in which they are offered.
    pub const CHOICES: [Self; 7] = [
        Self::Visited,
        Self::ResolvedByPhone,
        Self::EmergencyServices,
        Self::FalseAlarm,
        Self::NoVisitNeeded,
        Self::Test,
        Self::Repaired,
    ];

    /// The word in forms and in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Visited => "visited",
            Self::ResolvedByPhone => "resolved_by_phone",
            Self::EmergencyServices => "emergency_services",
            Self::FalseAlarm => "false_alarm",
            Self::NoVisitNeeded => "no_visit_needed",
            Self::Test => "test",
            Self::Repaired => "repaired",
            Self::Restored => "restored",
        }
    }

    /// What a person reads.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Visited => "visited",
            Self::ResolvedByPhone => "resolved by phone",
            Self::EmergencyServices => "emergency services",
            Self::FalseAlarm => "false alarm",
            Self::NoVisitNeeded => "no visit needed",
            Self::Test => "test",
            Self::Repaired => "repaired",
            Self::Restored => "restored by itself",
        }
    }

    /// The choice with this word; `None` for what a person may not choose.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|o| o.word() == word)
    }
}

/// An outcome with what it needs; there is no other way to hold one than [`Closing::new`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    outcome: Outcome,
    note: Option<Words>,
    reason: Option<Words>,
}

impl Closing {
    /// `None` when nobody visits and no reason is given.
    pub fn new(outcome: Outcome, note: Option<Words>, reason: Option<Words>) -> Option<Self> {
        let complete = outcome != Outcome::NoVisitNeeded || reason.is_some();
        complete.then_some(Self {
            outcome,
            note,
            reason,
        })
    }

    /// How it ended.
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// What the person wrote.
    pub const fn note(&self) -> Option<&Words> {
        self.note.as_ref()
    }

    /// Why nobody visited.
    pub const fn reason(&self) -> Option<&Words> {
        self.reason.as_ref()
    }
}

/// Who has a case, and until when without another action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// Who.
    pub by: Person,
    /// Since when, ms since 1970.
    pub since_ms: i64,
    /// When it lapses, ms since 1970.
    pub until_ms: i64,
}

/// How and by whom a case was ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Who; "hub" where it ended by itself.
    pub by: Person,
    /// When, ms since 1970.
    pub at_ms: i64,
    /// How.
    #[serde(flatten)]
    pub closing: Closing,
}
