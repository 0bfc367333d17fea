//! Records that do not read, or hold a word this version does not know: kept, shown at high urgency, never dropped.

use tecs_protocol::Bytes;
use tecs_protocol::event::Unreadable;
use tecs_protocol::hub::v1;
use tecs_protocol::prost::Message as _;
use tecs_protocol::vocabulary::{AlarmKind, Condition, Lane, Urgency};

use super::{Sent, arrival, now, when};
use crate::store::{Arrival, Device, Kind, KindOf, Meaning, Name, Queue, Sighting, Subject};

/// An unknown word is stored and shown at high urgency; anything else is refused as well. Both keep the bytes.
pub(super) fn of_unreadable(
    name: Name,
    bytes: Bytes,
    sent: &Sent<'_>,
    why: &Unreadable,
) -> Arrival {
    let told = match v1::Record::decode(bytes.clone()).map(|record| record.entry) {
        Ok(Some(v1::record::Entry::Event(event))) => Some(event),
        Ok(_) | Err(_) => None,
    };
    let (times, mut badges) = match &told {
        Some(v1::Event { heard: Some(h), .. }) => {
            when(sent, (*h).into(), told.as_ref().and_then(|e| e.happened_ms))
        }
        Some(_) | None => now(sent),
    };
    let mut subject = unknown(&name);
    let mut sighting = (Urgency::Urgent, Condition::Raised, 1, Vec::new());
    let mut alarm = name.lane == Lane::Alarm;
    if let Some(event) = told {
        (badges.replayed, badges.redelivered) = (event.replayed, event.redelivered);
        badges.test = event.test;
        badges.unlisted = event.unlisted;
        subject.test = event.test;
        subject.kind.code = code_of(&event, why);
        if let Some(d) = event.device {
            (subject.device.id, subject.device.kind) = (d.id, d.kind);
            subject.device.room = d.room;
        }
        let told_urgency = Urgency::from_wire(event.urgency).unwrap_or(Urgency::Urgent);
        sighting.0 = told_urgency.max(Urgency::Urgent);
        sighting.2 = event.folded.max(1);
        sighting.3 = event.raw.to_vec();
        alarm |= matches!(event.what, Some(v1::event::What::Alarm(_)));
        sighting.1 = condition_of(event.what.as_ref());
    }
    let (urgency, condition, folded, raw) = sighting;
    let meaning = Meaning::Case(Box::new(Sighting {
        subject,
        queue: if alarm {
            Queue::Alarms
        } else {
            Queue::Technical
        },
        urgency,
        condition,
        text: format!("unknown: {why}"),
        folded,
        last_ms: None,
        raw,
    }));
    let refused = (!matches!(why, Unreadable::UnknownWord { .. })).then(|| why.to_string());
    arrival(name, bytes, sent, times, badges, meaning, refused)
}

/// An alarm of which nothing is known but its name.
fn unknown(name: &Name) -> Subject {
    Subject {
        gateway: name.gateway.clone(),
        device: Device::default(),
        kind: Kind {
            of: KindOf::Alarm,
            word: AlarmKind::Unknown.word().to_owned(),
            // Bytes of which nothing reads are nobody's repeat.
            code: format!("{:016x}/{}/{}", name.epoch, name.lane, name.seq),
        },
        test: false,
    }
}

/// What tells one unknown thing of a device from another.
fn code_of(event: &v1::Event, why: &Unreadable) -> String {
    let number = match &event.what {
        Some(v1::event::What::Alarm(a)) => format!("alarm {} {}", a.kind, a.raw_code),
        Some(v1::event::What::Vital(v)) => format!("vital {}", v.kind),
        Some(v1::event::What::Observed(o)) => format!("observed {}", o.kind),
        Some(v1::event::What::Health(h)) => format!("health {}", h.kind),
        None => String::new(),
    };
    format!("{number} {why}").trim().to_owned()
}

/// An unknown alarm that says it ended is told to its case; whatever else is unknown counts as raised.
fn condition_of(what: Option<&v1::event::What>) -> Condition {
    match what {
        Some(v1::event::What::Alarm(a)) => Condition::from_wire(a.condition),
        Some(v1::event::What::Health(h)) => Condition::from_wire(h.condition),
        Some(v1::event::What::Vital(_) | v1::event::What::Observed(_)) | None => None,
    }
    .unwrap_or(Condition::Raised)
}
