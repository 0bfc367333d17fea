//! What the templates show: a case and a home in the words of a responder, with every foreign text already safe.
//! It asks the ledger nothing and never touches an access note.

use tecs_protocol::vocabulary::{
    AlarmKind, Condition, HealthKind, ObservedKind, Urgency, VitalKind,
};

use super::clock::{UkTime, age};
use super::words::{self, NAME_LONGEST, shown};
use crate::homes::Homes;
use crate::store::{Badges, Case, CaseId, Claim, Device, Kind, KindOf, Progress, Queue};

/// A case as its row and the head of its page show it.
pub(crate) struct Row {
    pub(crate) id: CaseId,
    pub(crate) queue: Queue,
    pub(crate) urgency: Urgency,
    /// What fired.
    pub(crate) headline: String,
    /// The record's own words.
    pub(crate) text: String,
    /// Room and device.
    pub(crate) place: String,
    /// What tells unknown kinds apart; mostly empty.
    pub(crate) code: String,
    pub(crate) gateway: String,
    pub(crate) home: String,
    pub(crate) registered: bool,
    pub(crate) risks: Vec<String>,
    pub(crate) times: u64,
    pub(crate) since_ms: i64,
    pub(crate) last_ms: i64,
    pub(crate) badges: Vec<Badge>,
    pub(crate) standing: Standing,
    /// Changes whenever the case does.
    pub(crate) version: u64,
}

/// Who sees to a case.
pub(crate) enum Standing {
    /// Nobody yet.
    Waiting,
    /// A person.
    With {
        who: String,
        since_ms: i64,
        until_ms: i64,
        attending: bool,
    },
    /// It is over.
    Closed {
        who: String,
        at_ms: i64,
        outcome: &'static str,
    },
}

/// A word on a row that must not be overlooked; `loud` ones change what a responder does.
pub(crate) struct Badge {
    pub(crate) text: String,
    pub(crate) loud: bool,
}

impl Row {
    /// The row of a case at `now_ms`.
    pub(crate) fn of(case: &Case, homes: &Homes, now_ms: i64) -> Self {
        let gateway = &case.subject.gateway;
        let home = homes.get(gateway);
        Self {
            id: case.id,
            queue: case.queue,
            urgency: case.urgency,
            headline: headline(&case.subject.kind),
            text: shown(&case.text, 4 * NAME_LONGEST),
            place: place(&case.subject.device),
            code: shown(&case.subject.kind.code, NAME_LONGEST),
            gateway: gateway.clone(),
            home: shown(homes.label(gateway), NAME_LONGEST),
            registered: home.is_some(),
            risks: home.map_or_else(Vec::new, |h| {
                h.risks.iter().map(|r| shown(r, 2 * NAME_LONGEST)).collect()
            }),
            times: case.count,
            since_ms: case.opened_ms,
            last_ms: case.last_ms,
            badges: badges(case, now_ms),
            standing: Standing::of(case),
            version: case.entries,
        }
    }

    /// The row in one sentence, for the announcement and the title of its page.
    pub(crate) fn sentence(&self) -> String {
        format!("{}, {}", self.at_home(), self.home)
    }

    /// The same where the home is known already.
    pub(crate) fn at_home(&self) -> String {
        let test = if self.is_test() { "Test: " } else { "" };
        let urgency = words::look(self.urgency).word;
        format!("{test}{urgency}: {}, {}", self.headline, self.place)
    }

    /// True for a test, which is never dispatched to.
    pub(crate) fn is_test(&self) -> bool {
        self.badges.iter().any(|badge| badge.text == TEST)
    }
}

impl Standing {
    fn of(case: &Case) -> Self {
        match (&case.closed, &case.claim) {
            (Some(closed), _) => Self::Closed {
                who: name(closed.by.as_str()),
                at_ms: closed.at_ms,
                outcome: closed.closing.outcome().label(),
            },
            (
                None,
                Some(Claim {
                    by,
                    since_ms,
                    until_ms,
                }),
            ) => Self::With {
                who: name(by.as_str()),
                since_ms: *since_ms,
                until_ms: *until_ms,
                attending: case.progress == Progress::Attending,
            },
            (None, None) => Self::Waiting,
        }
    }
}

/// A person's name, safe to show.
pub(crate) fn name(name: &str) -> String {
    shown(name, NAME_LONGEST)
}

/// What fired or what is wrong.
pub(crate) fn headline(kind: &Kind) -> String {
    let word = kind.word.as_str();
    let known = match kind.of {
        KindOf::Alarm => AlarmKind::from_word(word).map(|k| words::alarm(k).to_owned()),
        KindOf::Vital => {
            VitalKind::from_word(word).map(|k| format!("Vital sign: {}", words::vital(k)))
        }
        KindOf::Observed => ObservedKind::from_word(word).map(|k| words::observed(k).to_owned()),
        KindOf::Health => HealthKind::from_word(word).map(|k| words::health(k).to_owned()),
    };
    known.unwrap_or_else(|| format!("Unknown: {}", shown(word, NAME_LONGEST)))
}

/// Where in the home, and by which device.
fn place(device: &Device) -> String {
    if device.kind == GATEWAY {
        return "The home’s gateway".to_owned();
    }
    let room = match shown(&device.room, NAME_LONGEST) {
        room if room.is_empty() => "Room not known".to_owned(),
        room => room,
    };
    let id = shown(&device.id, NAME_LONGEST);
    let kind = shown(&device.kind, NAME_LONGEST);
    match (kind.is_empty(), id.is_empty()) {
        (false, false) => format!("{room} – {kind} ({id})"),
        (false, true) => format!("{room} – {kind}"),
        (true, false) => format!("{room} – {id}"),
        (true, true) => format!("{room}, device not known"),
    }
}

/// What a gateway calls itself as a device.
const GATEWAY: &str = "gateway";

const TEST: &str = "TEST: send nobody";

fn badges(case: &Case, now_ms: i64) -> Vec<Badge> {
    let mut all = Vec::new();
    let mut put = |loud: bool, text: String| all.push(Badge { text, loud });
    if case.badges.test {
        put(true, TEST.to_owned());
    }
    match case.condition {
        Condition::Raised => {}
        Condition::Restored => put(false, "Ended at the device".to_owned()),
        Condition::Cancelled => put(false, "Taken back in the home".to_owned()),
    }
    if case.badges.late {
        let now = UkTime::of(now_ms);
        put(
            true,
            format!(
                "Late: happened {}, received {}",
                UkTime::of(case.happened_ms).near(now),
                UkTime::of(case.opened_ms).near(now)
            ),
        );
    }
    for word in quiet_badges(case.badges) {
        put(false, word.to_owned());
    }
    all
}

/// Badges that inform without changing what is done first.
pub(crate) fn quiet_badges(badges: Badges) -> Vec<&'static str> {
    [
        (badges.replayed, "Replayed: was already on when it was read"),
        (badges.redelivered, "Redelivered by its source"),
        (
            badges.unlisted,
            "Unlisted: nobody has named this device in the home",
        ),
        (badges.resent, "Sent again by the home"),
        (badges.repaired, "Time worked out by the hub"),
        (
            badges.doubtful_time,
            "Time doubtful: the home’s clock is not set",
        ),
    ]
    .into_iter()
    .filter_map(|(set, word)| set.then_some(word))
    .collect()
}

/// How long ago something was, for tables.
pub(crate) fn ago(at_ms: i64, now_ms: i64) -> String {
    format!("{} ago", age(now_ms - at_ms))
}
