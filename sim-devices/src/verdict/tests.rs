//! Verdicts over made-up evidence: what holds, what does not, and what is named.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use crate::models::Path;
use crate::words::{Body, Handed, Message};

const WALL: i64 = 1_000_000;

fn moment(ms: i64) -> Moment {
    let at = Instant::now() + Duration::from_millis(ms.unsigned_abs());
    Moment {
        at,
        wall_ms: WALL + ms,
    }
}

fn spoken(device: &str, number: u64, ms: i64) -> Spoken {
    Spoken {
        message: Message {
            device: device.into(),
            number,
            happened_ms: Some(WALL + ms),
            word: None,
            path: Path::JsonLines,
            body: Body::Bytes(Vec::new()),
            news: true,
        },
        deed: "press".into(),
        at: moment(ms).at,
        wall_ms: WALL + ms,
        handed: Handed::new(Taken::Yes),
    }
}

fn at_hub(device: &str, number: u64, lane: &str, after_ms: i64, marked: bool) -> AtHub {
    AtHub {
        epoch: "1".into(),
        lane: lane.into(),
        seq: number,
        device: device.into(),
        kind: "alarm/help".into(),
        condition: "raised".into(),
        says: "raised".into(),
        number: Some(number),
        happened_ms: None,
        received_ms: WALL + after_ms,
        late: marked,
        redelivered: false,
    }
}

fn judge(what: Expected, before: Option<&str>, spoken: &[Spoken], at_hub: &[AtHub]) -> Verdict {
    let played = Played {
        began: moment(0),
        marks: BTreeMap::from([("back".to_owned(), moment(5_000))]),
        in_vain: Vec::new(),
    };
    let evidence = Evidence {
        spoken,
        at_hub,
        told: &[],
        played: &played,
    };
    let expect = Expect {
        line: 1,
        name: None,
        since: None,
        before: before.map(str::to_owned),
        what,
    };
    evidence.judge(&[expect]).remove(0)
}

fn arrives(count: usize, within_s: f64, late: bool) -> Expected {
    Expected::Arrives {
        device: "cord".into(),
        kind: "alarm/help".into(),
        condition: Some("raised".into()),
        count: Some(count),
        within_s: Some(within_s),
        not_before_s: None,
        late: Some(late),
    }
}

#[test]
fn an_alarm_in_time_holds_and_one_too_late_too_often_or_marked_otherwise_does_not() {
    let said = [spoken("cord", 1, 100)];
    let there = [at_hub("cord", 1, "alarm", 400, false)];
    assert!(judge(arrives(1, 0.3, false), None, &said, &there).held);
    assert!(!judge(arrives(1, 0.2, false), None, &said, &there).held);
    assert!(!judge(arrives(2, 0.3, false), None, &said, &there).held);
    assert!(!judge(arrives(1, 0.3, true), None, &said, &there).held);
    assert_eq!(
        judge(arrives(1, 1.0, false), None, &said, &[]).found,
        "none arrived"
    );
}

#[test]
fn alarms_first_holds_only_when_something_waited_and_no_alarm_came_after_it() {
    let said = [spoken("cord", 1, 100), spoken("bed", 2, 200)];
    let alarm = |ms| at_hub("cord", 1, "alarm", ms, true);
    let other = |ms| at_hub("bed", 2, "routine", ms, false);
    let held = |records: &[AtHub]| judge(Expected::AlarmsFirst, Some("back"), &said, records).held;
    assert!(held(&[alarm(6_000), other(6_001)]));
    assert!(!held(&[alarm(6_002), other(6_001)]));
    assert!(
        !held(&[alarm(6_000), other(300)]),
        "the other one did not have to wait"
    );
}

#[test]
fn what_is_lost_is_named() {
    let verdict = judge(Expected::NothingLost, None, &[spoken("cord", 7, 0)], &[]);
    assert!(!verdict.held);
    assert_eq!(verdict.found, "0 of 1 are at the hub: cord 7");
}
