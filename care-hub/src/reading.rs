//! What a record's bytes mean to the hub: which case, which newest value, or why they do not read.
//! Pure. Bytes that do not read are never thrown away here or anywhere: they become `alarm/unknown` or a technical case.

mod say;
mod unreadable;

use tecs_protocol::Bytes;
use tecs_protocol::event::{self, ClockPair, Entry, Event, RESPONDER_HERE, Unreadable};
use tecs_protocol::hub::v1;
use tecs_protocol::signal::{HealthOf, Seen, What};
use tecs_protocol::vocabulary::{Condition, HealthKind, Lane, ObservedKind, State};

use crate::store::{
    Arrival, Badges, Device, GapTold, Kind, KindOf, Meaning, Name, Queue, Range, Sighting, Subject,
    Times,
};
use crate::times::{self, Boots, Found};
use say::{latest, say};
use unreadable::of_unreadable;

/// How and when a record came.
pub struct Sent<'a> {
    /// Which sending it is, from 1.
    pub attempt: u32,
    /// The home's clocks when it was sent.
    pub sent_at: Option<ClockPair>,
    /// When the hub received it, ms since 1970.
    pub received_ms: i64,
    /// What is known of the boots of that home's machine.
    pub boots: &'a Boots,
    /// From which age on a record is late, ms.
    pub late_after_ms: i64,
}

/// Reads one record of a home; there is nothing that it does not make an [`Arrival`] of.
pub fn read(name: Name, bytes: Bytes, sent: &Sent<'_>) -> Arrival {
    match event::decode(&bytes) {
        Ok(Entry::Event(event)) => of_event(name, bytes, sent, &event),
        Ok(Entry::Gap(gap)) => of_gap(name, bytes, sent, &gap),
        Err(why) => of_unreadable(name, bytes, sent, &why),
    }
}

fn of_event(name: Name, bytes: Bytes, sent: &Sent<'_>, event: &Event) -> Arrival {
    let (times, mut badges) = when(sent, event.heard, event.happened_ms);
    badges.replayed = event.flags.replayed;
    badges.redelivered = event.flags.redelivered;
    badges.test = event.flags.test;
    badges.unlisted = event.flags.unlisted;
    let mut meaning = meaning(&name, event, times, badges);
    if let (Meaning::Case(sighting), Some(last)) = (&mut meaning, event.last_heard) {
        sighting.last_ms = Some(when(sent, last, None).0.happened_ms);
    }
    arrival(name, bytes, sent, times, badges, meaning, None)
}

fn meaning(name: &Name, event: &Event, times: Times, badges: Badges) -> Meaning {
    let case = |queue, of, word: &str, code: &str, condition| {
        let kind = Kind {
            of,
            word: word.to_owned(),
            code: code.to_owned(),
        };
        sighting(name, event, queue, kind, condition)
    };
    let (alarms, technical) = (Queue::Alarms, Queue::Technical);
    match &event.what {
        What::Alarm {
            kind,
            condition,
            raw_code,
        } => case(alarms, KindOf::Alarm, kind.word(), raw_code, *condition),
        What::Health {
            kind,
            of: HealthOf::Condition(condition),
            ..
        } if *kind != HealthKind::TestCall => {
            case(technical, KindOf::Health, kind.word(), "", *condition)
        }
        What::Observed {
            kind: ObservedKind::Button,
            seen: Seen::State(State::Named(action)),
        } if action == RESPONDER_HERE => Meaning::ResponderHere,
        // Nothing else belongs into the alarm lane; a gateway that puts it there means it.
        What::Vital { kind, .. } if name.lane == Lane::Alarm => {
            case(alarms, KindOf::Vital, kind.word(), "", Condition::Raised)
        }
        What::Observed { kind, .. } if name.lane == Lane::Alarm => {
            case(alarms, KindOf::Observed, kind.word(), "", Condition::Raised)
        }
        What::Vital { .. } | What::Observed { .. } | What::Health { .. } => {
            Meaning::Latest(Box::new(latest(name, event, times, badges)))
        }
    }
}

fn sighting(name: &Name, event: &Event, queue: Queue, kind: Kind, condition: Condition) -> Meaning {
    Meaning::Case(Box::new(Sighting {
        subject: Subject {
            gateway: name.gateway.clone(),
            device: device(&event.device),
            kind,
            test: event.flags.test,
        },
        queue,
        urgency: event.urgency,
        condition,
        text: say(&event.what),
        folded: event.folded,
        last_ms: None,
        raw: event.raw.clone(),
    }))
}

fn of_gap(name: Name, bytes: Bytes, sent: &Sent<'_>, gap: &v1::Gap) -> Arrival {
    let (times, badges) = now(sent);
    if gap.from == 0 || gap.to < gap.from || !(gap.from..=gap.to).contains(&name.seq) {
        let why = Unreadable::Contradiction("a gap whose numbers do not hold its own");
        return of_unreadable(name, bytes, sent, &why);
    }
    let told = GapTold {
        range: Range {
            from: gap.from,
            to: gap.to,
        },
        why: match v1::gap::Why::try_from(gap.why) {
            Ok(v1::gap::Why::Evicted) => "space ran out in the home",
            Ok(v1::gap::Why::Damaged) => "the home's journal was damaged",
            Ok(v1::gap::Why::Released) => "the home had let go of them",
            Ok(v1::gap::Why::Unspecified) | Err(_) => "the home did not say why",
        },
    };
    arrival(name, bytes, sent, times, badges, Meaning::Gap(told), None)
}

fn when(sent: &Sent<'_>, heard: ClockPair, happened_ms: Option<i64>) -> (Times, Badges) {
    let (heard_ms, found) = times::heard(heard, sent.sent_at, sent.received_ms, sent.boots);
    let times = times::times(heard_ms, happened_ms, sent.received_ms);
    let badges = Badges {
        late: times::is_late(times, sent.late_after_ms),
        resent: sent.attempt > 1,
        repaired: found == Found::Repaired,
        doubtful_time: found == Found::Doubtful,
        ..Badges::default()
    };
    (times, badges)
}

/// For what tells no time of its own.
fn now(sent: &Sent<'_>) -> (Times, Badges) {
    let times = Times {
        received_ms: sent.received_ms,
        heard_ms: sent.received_ms,
        happened_ms: sent.received_ms,
    };
    let badges = Badges {
        resent: sent.attempt > 1,
        ..Badges::default()
    };
    (times, badges)
}

fn arrival(
    name: Name,
    bytes: Bytes,
    sent: &Sent<'_>,
    times: Times,
    badges: Badges,
    meaning: Meaning,
    refused: Option<String>,
) -> Arrival {
    Arrival {
        name,
        bytes,
        attempt: sent.attempt,
        sent_at: sent.sent_at,
        times,
        badges,
        meaning,
        refused,
    }
}

fn device(d: &event::Device) -> Device {
    Device {
        id: d.id.clone(),
        kind: d.kind.clone(),
        room: d.room.clone(),
    }
}

#[cfg(test)]
mod tests;
