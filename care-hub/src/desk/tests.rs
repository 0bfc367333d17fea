//! The desk's stories, without an engine: folding, two claimers, lapsing, closing.

use tecs_protocol::Bytes;
use tecs_protocol::vocabulary::{AlarmKind, Lane};

use super::*;
use crate::store::{Meaning, Name, Times, Words};

const NOW: i64 = 1_790_000_000_000;

fn sighting(kind: AlarmKind, condition: Condition) -> Sighting {
    Sighting {
        subject: Subject {
            gateway: "elm-4".to_owned(),
            device: Device {
                id: "pendant".to_owned(),
                ..Device::default()
            },
            kind: Kind {
                of: KindOf::Alarm,
                word: kind.word().to_owned(),
                code: String::new(),
            },
            test: false,
        },
        queue: Queue::Alarms,
        urgency: Urgency::Urgent,
        condition,
        text: format!("{kind} {condition}"),
        folded: 1,
        last_ms: None,
        raw: vec![0xab; 300],
    }
}

fn arrival(seq: u64, at_ms: i64) -> Arrival {
    Arrival {
        name: Name {
            gateway: "elm-4".to_owned(),
            epoch: 1,
            lane: Lane::Alarm,
            seq,
        },
        bytes: Bytes::new(),
        attempt: 1,
        sent_at: None,
        times: Times {
            received_ms: at_ms,
            heard_ms: at_ms,
            happened_ms: at_ms,
        },
        badges: Badges::default(),
        meaning: Meaning::Kept,
        refused: None,
    }
}

fn help() -> Case {
    let pressed = sighting(AlarmKind::Help, Condition::Raised);
    let mut case = opened(CaseId(1), &pressed, &arrival(1, NOW));
    sighted(&mut case, &pressed, &arrival(1, NOW));
    case
}

fn person(name: &str) -> Person {
    Person::new(name).unwrap()
}

fn does(case: &mut Case, name: &str, what: Act, at_ms: i64) -> Result<Vec<Entry>, Acted> {
    act(case, &person(name), what, at_ms, Lapses::default())
}

fn close_as(outcome: Outcome, seen_count: Option<u64>) -> Act {
    let closing = Closing::new(outcome, None, Words::new("spoke to her son")).unwrap();
    Act::Close {
        closing,
        seen_count,
    }
}

#[test]
fn a_repeat_folds_and_neither_wipes_a_note_nor_a_claim() {
    let mut case = help();
    does(&mut case, "Ann", Act::Claim, NOW + 1).unwrap();
    let note = Words::new("she says she fell").unwrap();
    does(&mut case, "Ann", Act::Note(note), NOW + 2).unwrap();
    let again = Sighting {
        folded: 3,
        urgency: Urgency::Emergency,
        ..sighting(AlarmKind::Help, Condition::Raised)
    };
    sighted(&mut case, &again, &arrival(2, NOW + 3));
    assert_eq!((case.count, case.urgency), (4, Urgency::Emergency));
    assert_eq!(case.progress, Progress::Claimed);
    assert_eq!(case.claim.as_ref().unwrap().by, person("Ann"));
    assert_eq!(
        (case.entries, case.opened_ms, case.last_ms),
        (4, NOW, NOW + 3)
    );
}

#[test]
fn another_kind_another_device_another_home_and_a_test_never_fold() {
    let base = sighting(AlarmKind::Help, Condition::Raised).subject;
    let mut others = vec![sighting(AlarmKind::Fall, Condition::Raised).subject];
    let change = |f: &dyn Fn(&mut Subject)| {
        let mut other = base.clone();
        f(&mut other);
        other
    };
    others.push(change(&|s| s.device.id = "pull-cord".to_owned()));
    others.push(change(&|s| s.gateway = "oak-1".to_owned()));
    others.push(change(&|s| s.test = true));
    others.push(change(&|s| s.kind.code = "7".to_owned()));
    for other in others {
        assert_ne!(fold_key(&base), fold_key(&other), "{other:?}");
    }
    let renamed = change(&|s| s.device.room = "kitchen".to_owned());
    assert_eq!(fold_key(&base), fold_key(&renamed));
}

#[test]
fn the_second_claimer_is_told_who_has_it() {
    let mut case = help();
    does(&mut case, "Ann", Act::Claim, NOW).unwrap();
    let Err(Acted::HeldBy(claim)) = does(&mut case, "Ben", Act::Claim, NOW + 1) else {
        panic!("two people have it")
    };
    assert_eq!(claim.by, person("Ann"));
    for what in [Act::Attend, Act::Release, close_as(Outcome::Visited, None)] {
        assert!(matches!(
            does(&mut case, "Ben", what, NOW + 1),
            Err(Acted::HeldBy(_))
        ));
    }
    let note = Words::new("her neighbour called me").unwrap();
    assert!(does(&mut case, "Ben", Act::Note(note), NOW + 2).is_ok());
    does(&mut case, "Ann", Act::Release, NOW + 3).unwrap();
    assert!(does(&mut case, "Ben", Act::Claim, NOW + 4).is_ok());
}

#[test]
fn a_claim_lapses_after_5_minutes_and_any_act_renews_it() {
    let mut case = help();
    does(&mut case, "Ann", Act::Claim, NOW).unwrap();
    assert!(lapsed(&mut case, NOW + 299_999).is_none());
    let note = Words::new("calling").unwrap();
    does(&mut case, "Ann", Act::Note(note), NOW + 200_000).unwrap();
    assert!(lapsed(&mut case, NOW + 400_000).is_none());
    assert!(lapsed(&mut case, NOW + 500_000).is_some());
    assert_eq!((case.progress, &case.claim), (Progress::Accepted, &None));

    // Even where nobody has looked yet, a claim whose time is up stands in nobody's way.
    does(&mut case, "Ann", Act::Claim, NOW + 500_001).unwrap();
    let written = does(&mut case, "Ben", Act::Claim, NOW + 900_000).unwrap();
    assert!(
        matches!(written[0].what, EntryWhat::Lapsed { .. }),
        "{written:?}"
    );
    assert_eq!(case.claim.unwrap().by, person("Ben"));
}

#[test]
fn whoever_attends_is_given_the_time_of_a_journey() {
    let mut case = help();
    does(&mut case, "Ann", Act::Attend, NOW).unwrap();
    assert_eq!(case.progress, Progress::Attending);
    assert!(lapsed(&mut case, NOW + 3_599_999).is_none());
    assert!(lapsed(&mut case, NOW + 3_600_000).is_some());
}

#[test]
fn presenting_counts_once_and_never_takes_a_claim_back() {
    let mut case = help();
    assert!(presented(&mut case, NOW + 1).is_some());
    assert_eq!(case.progress, Progress::Presented);
    assert!(presented(&mut case, NOW + 2).is_none());
    assert_eq!(case.presented_ms, Some(NOW + 1));
    let mut claimed = help();
    does(&mut claimed, "Ann", Act::Claim, NOW).unwrap();
    assert!(presented(&mut claimed, NOW + 1).is_some());
    assert_eq!(claimed.progress, Progress::Claimed);
    does(&mut claimed, "Ann", Act::Release, NOW + 2).unwrap();
    assert_eq!(claimed.progress, Progress::Presented);
}

#[test]
fn a_repeat_that_came_since_is_not_closed_unseen() {
    let mut case = help();
    let again = sighting(AlarmKind::Help, Condition::Raised);
    sighted(&mut case, &again, &arrival(2, NOW + 1));
    let closing = close_as(Outcome::FalseAlarm, Some(1));
    assert!(matches!(
        does(&mut case, "Ann", closing, NOW + 2),
        Err(Acted::Changed(_))
    ));
    let closing = close_as(Outcome::FalseAlarm, Some(2));
    does(&mut case, "Ann", closing, NOW + 3).unwrap();
    let twice = does(&mut case, "Ben", Act::Claim, NOW + 4);
    assert!(matches!(twice, Err(Acted::AlreadyClosed(_))));
    let note = Words::new("her daughter rang back").unwrap();
    assert!(does(&mut case, "Ben", Act::Note(note), NOW + 5).is_ok());
}

#[test]
fn nobody_stays_away_without_a_reason() {
    assert!(Closing::new(Outcome::NoVisitNeeded, Words::new("x"), None).is_none());
    assert!(Closing::new(Outcome::NoVisitNeeded, None, Words::new("x")).is_some());
    assert_eq!(Outcome::from_word("restored"), None);
}

#[test]
fn an_alarm_that_ended_by_itself_stays_until_a_person_closes_it_and_a_technical_one_goes() {
    let mut alarm = help();
    let over = sighting(AlarmKind::Help, Condition::Restored);
    sighted(&mut alarm, &over, &arrival(2, NOW + 1));
    assert_eq!((alarm.condition, alarm.count), (Condition::Restored, 1));
    assert!(alarm.closed.is_none());
    let mut technical = help();
    technical.queue = Queue::Technical;
    let written = sighted(&mut technical, &over, &arrival(2, NOW + 1));
    assert_eq!(written.len(), 2);
    assert_eq!(
        technical.closed.unwrap().closing.outcome(),
        Outcome::Restored
    );
}

#[test]
fn a_responder_who_confirms_arrival_attends() {
    let mut case = help();
    arrived(&mut case, NOW + 1);
    assert_eq!(case.progress, Progress::Accepted, "nobody has it yet");
    does(&mut case, "Ann", Act::Claim, NOW + 2).unwrap();
    arrived(&mut case, NOW + 3);
    assert_eq!(case.progress, Progress::Attending);
}

#[test]
fn entries_are_numbered_without_a_hole() {
    let mut case = help();
    let mut numbers = vec![1];
    for (at, what) in [Act::Claim, Act::Attend, Act::Release]
        .into_iter()
        .enumerate()
    {
        let written = does(&mut case, "Ann", what, NOW + i64::try_from(at).unwrap());
        numbers.extend(written.unwrap().iter().map(|entry| entry.number));
    }
    assert_eq!(numbers, [1, 2, 3, 4]);
    assert_eq!(case.entries, 4);
}
