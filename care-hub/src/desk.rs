//! How records and people change a case: folding, stages, claims, closing. Pure; every time is an argument.
//! An engine calls it inside its transaction and stores what it returns; it never drops a record or an entry.

use tecs_protocol::vocabulary::{Condition, HealthKind, Urgency};

use crate::store::{
    Act, Acted, Arrival, Badges, Case, CaseId, Claim, Closed, Closing, Device, Entry, EntryWhat,
    Kind, KindOf, Outcome, Person, Progress, Queue, Sighting, Subject,
};

/// How long a person may do nothing before others may take the case, ms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lapses {
    /// After a claim or a note.
    pub claimed_ms: i64,
    /// While somebody attends: a way to the home takes longer than a call.
    pub attending_ms: i64,
}

impl Default for Lapses {
    fn default() -> Self {
        Self {
            claimed_ms: 300_000,
            attending_ms: 3_600_000,
        }
    }
}

/// What tells whether two records fold; the device's words may change, its id may not.
pub fn fold_key(subject: &Subject) -> String {
    let Subject {
        gateway,
        device,
        kind,
        test,
    } = subject;
    // The unit separator cannot be in a gateway's id, and a device id that holds it only folds less.
    format!(
        "{gateway}\u{1f}{test}\u{1f}{:?}\u{1f}{}\u{1f}{}\u{1f}{}",
        kind.of, kind.word, kind.code, device.id
    )
}

/// A new case for its first record; [`sighted`] writes that record into it.
pub fn opened(id: CaseId, sighting: &Sighting, arrival: &Arrival) -> Case {
    Case {
        id,
        queue: sighting.queue,
        subject: sighting.subject.clone(),
        urgency: sighting.urgency,
        condition: sighting.condition,
        text: String::new(),
        count: 0,
        opened_ms: arrival.times.received_ms,
        happened_ms: arrival.times.happened_ms,
        last_ms: arrival.times.received_ms,
        badges: arrival.badges,
        presented_ms: None,
        progress: Progress::Accepted,
        progress_ms: arrival.times.received_ms,
        claim: None,
        closed: None,
        entries: 0,
    }
}

/// Tells a case of one more record. What people wrote stays; a technical case that is restored closes itself.
pub fn sighted(case: &mut Case, sighting: &Sighting, arrival: &Arrival) -> Vec<Entry> {
    let at_ms = arrival.times.received_ms;
    let raw = if arrival.refused.is_some() {
        arrival.bytes.as_ref()
    } else {
        sighting.raw.as_slice()
    };
    let mut written = vec![write(
        case,
        at_ms,
        EntryWhat::Record {
            name: arrival.name.clone(),
            text: sighting.text.clone(),
            condition: sighting.condition,
            urgency: sighting.urgency,
            happened_ms: arrival.times.happened_ms,
            badges: arrival.badges,
            folded: sighting.folded,
            last_ms: sighting.last_ms,
            raw_hex: hex(raw.get(..RAW_SHOWN).unwrap_or(raw)),
        },
    )];
    if case.closed.is_some() {
        // The end of an alarm that a person has closed already: told, and nothing else changes.
        return written;
    }
    case.condition = sighting.condition;
    case.text.clone_from(&sighting.text);
    case.subject.device = sighting.subject.device.clone();
    case.last_ms = at_ms;
    case.badges = case.badges.or(arrival.badges);
    if sighting.condition == Condition::Raised {
        case.count += u64::from(sighting.folded.max(1));
        case.urgency = case.urgency.max(sighting.urgency);
    } else if case.queue == Queue::Technical {
        written.extend(close_by_itself(case, at_ms));
    }
    written
}

/// The device's bytes shown in a timeline, at most.
const RAW_SHOWN: usize = 256;

/// A technical case ends by itself once what it tells of has ended.
pub fn close_by_itself(case: &mut Case, at_ms: i64) -> Vec<Entry> {
    let (Some(by), Some(closing)) = (
        Person::new("hub"),
        Closing::new(Outcome::Restored, None, None),
    ) else {
        return Vec::new();
    };
    vec![close(case, by, closing, at_ms)]
}

/// The hub's own word in a timeline.
pub fn hub_says(case: &mut Case, text: String, at_ms: i64) -> Entry {
    write(case, at_ms, EntryWhat::Hub { text })
}

/// A responder pressed the home's own alarm: whoever has the case is there.
pub fn arrived(case: &mut Case, at_ms: i64) -> Vec<Entry> {
    let text = "a responder confirmed their arrival in the home".to_owned();
    let mut written = vec![hub_says(case, text, at_ms)];
    if let (Progress::Claimed, Some(claim)) = (case.progress, case.claim.clone()) {
        go(case, Progress::Attending, at_ms);
        written.push(write(case, at_ms, EntryWhat::Attending { by: claim.by }));
    }
    written
}

/// Marks a case as shown; nothing when it was before.
pub fn presented(case: &mut Case, at_ms: i64) -> Option<Entry> {
    if case.presented_ms.is_some() {
        return None;
    }
    case.presented_ms = Some(at_ms);
    if case.progress == Progress::Accepted {
        go(case, Progress::Presented, at_ms);
    }
    Some(write(case, at_ms, EntryWhat::Presented))
}

/// Lets go of a claim whose time is up.
pub fn lapsed(case: &mut Case, at_ms: i64) -> Option<Entry> {
    let due = case
        .claim
        .as_ref()
        .is_some_and(|claim| claim.until_ms <= at_ms);
    if !due || case.closed.is_some() {
        return None;
    }
    let claim = case.claim.take()?;
    go(case, unclaimed(case), at_ms);
    Some(write(case, at_ms, EntryWhat::Lapsed { by: claim.by }))
}

/// Does what a person asked, or says why not; a claim whose time is up stands in nobody's way.
pub fn act(
    case: &mut Case,
    by: &Person,
    act: Act,
    at_ms: i64,
    lapses: Lapses,
) -> Result<Vec<Entry>, Acted> {
    if case.closed.is_some() && !matches!(act, Act::Note(_)) {
        return Err(Acted::AlreadyClosed(Box::new(case.clone())));
    }
    let mut written: Vec<Entry> = lapsed(case, at_ms).into_iter().collect();
    if let Some(claim) = &case.claim
        && claim.by != *by
        && !matches!(act, Act::Note(_))
    {
        return Err(Acted::HeldBy(claim.clone()));
    }
    written.extend(match act {
        Act::Claim => claim(case, by, at_ms, lapses),
        Act::Release => vec![release(case, by, at_ms)?],
        Act::Attend => attend(case, by, at_ms, lapses),
        Act::Note(text) => vec![note(case, by, text, at_ms, lapses)],
        Act::Close {
            closing,
            seen_count,
        } => {
            if seen_count.is_some_and(|seen| seen < case.count) {
                return Err(Acted::Changed(Box::new(case.clone())));
            }
            vec![close(case, by.clone(), closing, at_ms)]
        }
    });
    Ok(written)
}

fn claim(case: &mut Case, by: &Person, at_ms: i64, lapses: Lapses) -> Vec<Entry> {
    if renew(case, by, at_ms, lapses) {
        return Vec::new();
    }
    case.claim = Some(Claim {
        by: by.clone(),
        since_ms: at_ms,
        until_ms: at_ms + lapses.claimed_ms,
    });
    go(case, Progress::Claimed, at_ms);
    vec![write(case, at_ms, EntryWhat::Claimed { by: by.clone() })]
}

fn release(case: &mut Case, by: &Person, at_ms: i64) -> Result<Entry, Acted> {
    if case.claim.take().is_none() {
        return Err(Acted::NotHeld);
    }
    go(case, unclaimed(case), at_ms);
    Ok(write(case, at_ms, EntryWhat::Released { by: by.clone() }))
}

fn attend(case: &mut Case, by: &Person, at_ms: i64, lapses: Lapses) -> Vec<Entry> {
    let mut written = claim(case, by, at_ms, lapses);
    if case.progress != Progress::Attending {
        go(case, Progress::Attending, at_ms);
        written.push(write(case, at_ms, EntryWhat::Attending { by: by.clone() }));
    }
    renew(case, by, at_ms, lapses);
    written
}

fn note(
    case: &mut Case,
    by: &Person,
    text: crate::store::Words,
    at_ms: i64,
    lapses: Lapses,
) -> Entry {
    renew(case, by, at_ms, lapses);
    let by = by.clone();
    write(case, at_ms, EntryWhat::Note { by, text })
}

fn close(case: &mut Case, by: Person, closing: Closing, at_ms: i64) -> Entry {
    case.claim = None;
    go(case, Progress::Closed, at_ms);
    case.closed = Some(Closed {
        by: by.clone(),
        at_ms,
        closing: closing.clone(),
    });
    write(case, at_ms, EntryWhat::Closed { by, closing })
}

/// Prolongs the person's own claim; false where they have none.
fn renew(case: &mut Case, by: &Person, at_ms: i64, lapses: Lapses) -> bool {
    let for_ms = if case.progress == Progress::Attending {
        lapses.attending_ms
    } else {
        lapses.claimed_ms
    };
    match &mut case.claim {
        Some(claim) if claim.by == *by => {
            claim.until_ms = at_ms + for_ms;
            true
        }
        Some(_) | None => false,
    }
}

/// How far a case has come that nobody has.
const fn unclaimed(case: &Case) -> Progress {
    if case.presented_ms.is_some() {
        Progress::Presented
    } else {
        Progress::Accepted
    }
}

fn go(case: &mut Case, progress: Progress, at_ms: i64) {
    case.progress = progress;
    case.progress_ms = at_ms;
}

fn write(case: &mut Case, at_ms: i64, what: EntryWhat) -> Entry {
    case.entries += 1;
    Entry {
        number: case.entries,
        at_ms,
        what,
    }
}

/// Bytes as people read them.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut out, byte| {
        // Writing into a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A technical case of the hub's own, without a record: a gateway that fell silent.
pub fn opened_by_hub(id: CaseId, gateway: &str, text: String, at_ms: i64) -> (Case, Entry) {
    let mut case = Case {
        id,
        queue: Queue::Technical,
        subject: silent_gateway(gateway),
        urgency: Urgency::Urgent,
        condition: Condition::Raised,
        text: text.clone(),
        count: 1,
        opened_ms: at_ms,
        happened_ms: at_ms,
        last_ms: at_ms,
        badges: Badges::default(),
        presented_ms: None,
        progress: Progress::Accepted,
        progress_ms: at_ms,
        claim: None,
        closed: None,
        entries: 0,
    };
    let entry = hub_says(&mut case, text, at_ms);
    (case, entry)
}

/// What a gateway's own silence is filed under.
pub fn silent_gateway(gateway: &str) -> Subject {
    Subject {
        gateway: gateway.to_owned(),
        device: Device {
            id: "gateway".to_owned(),
            kind: "gateway".to_owned(),
            room: String::new(),
        },
        kind: Kind {
            of: KindOf::Health,
            word: HealthKind::Missing.word().to_owned(),
            // Apart from a device that the home itself calls "gateway".
            code: "hub".to_owned(),
        },
        test: false,
    }
}

#[cfg(test)]
mod tests;
