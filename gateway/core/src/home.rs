//! What the home is told of its open alarms: safe, on its way, on a screen, claimed, done. Told again when it changes.

use std::collections::{BTreeMap, VecDeque};

use tecs_protocol::event::Event;
use tecs_protocol::home::{AlarmInHome, Stage, Summary};
use tecs_protocol::hub::v1;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{AlarmKind, Condition};

use crate::effect::Effect;
use crate::time::Mono;

/// The most open alarms that are told one by one; beyond it the summary alone counts them.
const OPEN_MOST: usize = 256;

/// After its Welcome a hub says again, within this long, how far each open alarm has come, ms.
const CONFIRM_WITHIN_MS: u64 = 30_000;

/// An open alarm's name in the home: (epoch, seq).
type Name = (u64, u64);

#[derive(Debug)]
struct Open {
    alarm: AlarmInHome,
    /// The home has not heard what `alarm` says now.
    news: bool,
    born: Mono,
    /// The hub has it, or it is on disk: the stage may be told.
    known: bool,
    /// When the hub said what it said last: two streams may carry its words out of order.
    said_at_ms: i64,
    /// The hub holds it and has greeted us: if it is still open there, its stage comes before then.
    confirm_by: Option<Mono>,
    /// When it is cleared, once closed.
    clear_at: Option<Mono>,
}

/// All open alarms.
#[derive(Debug, Default)]
pub(crate) struct Home {
    open: BTreeMap<Name, Open>,
    summary: Option<Summary>,
    /// Closed alarms whose mark may leave the journal.
    closed: Vec<ClosedAlarm>,
    /// Something may have to be told.
    stirred: bool,
    tell: VecDeque<Effect>,
}

/// A name as topics and notes write it.
pub(crate) fn name(epoch: u64, seq: u64) -> String {
    format!("{epoch:016x}-{seq}")
}

fn parse(name: &str) -> Option<Name> {
    let (epoch, seq) = name.split_once('-')?;
    Some((u64::from_str_radix(epoch, 16).ok()?, seq.parse().ok()?))
}

/// An alarm that was closed.
#[derive(Debug)]
pub(crate) struct ClosedAlarm {
    /// Its name.
    pub(crate) name: String,
    /// The device's id.
    pub(crate) device: String,
    /// What it was about; `None` of a kind that this version does not know.
    pub(crate) kind: Option<AlarmKind>,
}

impl Open {
    fn closed(&self, (epoch, seq): Name) -> ClosedAlarm {
        ClosedAlarm {
            name: name(epoch, seq),
            device: self.alarm.device.clone(),
            kind: AlarmKind::from_word(&self.alarm.kind),
        }
    }

    fn come_to(&mut self, stage: Stage) {
        self.news |= self.alarm.stage != stage;
        self.alarm.stage = stage;
    }
}

impl Home {
    /// An alarm was raised. Gives what its record's note remembers; `None` for what is no raised alarm.
    pub(crate) fn raised(
        &mut self,
        (epoch, seq): Name,
        event: &Event,
        storm: bool,
        now: Mono,
    ) -> Option<(String, String)> {
        let What::Alarm {
            kind,
            condition: Condition::Raised,
            ..
        } = &event.what
        else {
            return None;
        };
        // A storm leaves half the room to alarms of others.
        let room = if storm { OPEN_MOST / 2 } else { OPEN_MOST };
        if self.open.len() >= room {
            return None;
        }
        let alarm = AlarmInHome {
            kind: kind.word().to_owned(),
            device: event.device.id.clone(),
            room: event.device.room.clone(),
            stage: Stage::Kept,
            by: String::new(),
            test: event.flags.test,
        };
        let note = (name(epoch, seq), alarm.to_json());
        self.stirred = true;
        self.open.insert(
            (epoch, seq),
            Open {
                alarm,
                news: true,
                born: now,
                known: false,
                said_at_ms: i64::MIN,
                confirm_by: None,
                clear_at: None,
            },
        );
        Some(note)
    }

    /// An alarm that was open when the last run ended.
    /// Gives its device.
    pub(crate) fn recalled(&mut self, name: &str, alarm: &str, now: Mono) -> Option<String> {
        let (name, alarm) = (parse(name)?, AlarmInHome::from_json(alarm)?);
        let device = alarm.device.clone();
        {
            self.stirred = true;
            self.open.insert(
                name,
                Open {
                    alarm,
                    news: true,
                    born: now,
                    known: true,
                    said_at_ms: i64::MIN,
                    confirm_by: None,
                    clear_at: None,
                },
            );
        }
        Some(device)
    }

    /// It is on our disk.
    pub(crate) fn kept(&mut self, epoch: u64, first: u64, last: u64) {
        for (_, open) in self.open.range_mut((epoch, first)..=(epoch, last)) {
            open.known = true;
            self.stirred = true;
        }
    }

    /// The hub has it.
    pub(crate) fn accepted(&mut self, epoch: u64, first: u64, last: u64) {
        for (_, open) in self.open.range_mut((epoch, first)..=(epoch, last)) {
            open.known = true;
            open.come_to(open.alarm.stage.max(Stage::Accepted));
            self.stirred = true;
        }
    }

    /// A hub that holds these has greeted us; what is open there it says again. What it is silent about was closed
    /// while nobody was listening.
    pub(crate) fn greeted(&mut self, epoch: u64, first: u64, last: u64, now: Mono) {
        for (_, open) in self.open.range_mut((epoch, first)..=(epoch, last)) {
            open.confirm_by = Some(now.plus(CONFIRM_WITHIN_MS));
        }
    }

    /// Whose open alarm this is, and whether it is a test.
    pub(crate) fn of(&self, epoch: u64, seq: u64) -> Option<(&str, bool)> {
        let open = self.open.get(&(epoch, seq))?;
        Some((&open.alarm.device, open.alarm.test))
    }

    /// The hub says how far it has come.
    pub(crate) fn stage(&mut self, stage: &v1::Stage, closed_shown_ms: u64, now: Mono) {
        let Some(name) = &stage.name else { return };
        let Some(open) = self.open.get_mut(&(name.epoch, name.seq)) else {
            return;
        };
        if stage.at_ms < open.said_at_ms {
            return;
        }
        open.said_at_ms = stage.at_ms;
        let progress = match stage.progress() {
            v1::stage::Progress::Unspecified => return,
            v1::stage::Progress::Accepted => Stage::Accepted,
            v1::stage::Progress::Presented => Stage::Presented,
            v1::stage::Progress::Claimed => Stage::Claimed,
            v1::stage::Progress::Attending => Stage::Attending,
            v1::stage::Progress::Closed => Stage::Closed,
        };
        open.known = true;
        open.confirm_by = None;
        open.news |= open.alarm.by != stage.by;
        open.alarm.by.clone_from(&stage.by);
        open.come_to(progress);
        self.stirred = true;
        if progress != Stage::Closed {
            // It was only thought closed: the hub was slow to say that it is not.
            open.clear_at = None;
        } else if open.clear_at.is_none() {
            open.clear_at = Some(now.plus(closed_shown_ms));
            self.closed.push(open.closed((name.epoch, name.seq)));
        }
    }

    /// Alarms that were closed: their marks may leave the journal.
    pub(crate) fn take_closed(&mut self) -> Vec<ClosedAlarm> {
        std::mem::take(&mut self.closed)
    }

    /// An alarm of this kind of this device is open.
    pub(crate) fn is_open(&self, device: &str, kind: AlarmKind) -> bool {
        let open = self.open.values().filter(|o| o.clear_at.is_none());
        open.map(|o| &o.alarm)
            .any(|alarm| alarm.device == device && alarm.kind == kind.word())
    }

    /// Tells what changed.
    pub(crate) fn settle(
        &mut self,
        (hub, journal, devices): (bool, bool, bool),
        (not_sent_after_ms, closed_shown_ms): (u64, u64),
        now: Mono,
    ) {
        let as_before = self
            .summary
            .as_ref()
            .is_some_and(|s| (s.hub, s.journal, s.devices) == (hub, journal, devices));
        let due = self.due(not_sent_after_ms).is_some_and(|due| due <= now);
        if as_before && !due && !std::mem::take(&mut self.stirred) {
            return;
        }
        let mut cleared = Vec::new();
        for (key, open) in &mut self.open {
            if open.clear_at.is_none() && open.confirm_by.is_some_and(|by| by <= now) {
                open.come_to(Stage::Closed);
                open.clear_at = Some(now.plus(closed_shown_ms));
                self.closed.push(open.closed(*key));
            }
            if open.clear_at.is_some_and(|at| at <= now) {
                cleared.push(*key);
                continue;
            }
            if open.alarm.stage <= Stage::Kept {
                let late = now.since(open.born) >= not_sent_after_ms;
                open.come_to(if late { Stage::NotSentYet } else { Stage::Kept });
                open.known |= late;
            }
            if open.known && std::mem::take(&mut open.news) {
                self.tell.push_back(Effect::Tell {
                    topic: format!("alarm/{}", name(key.0, key.1)),
                    payload: open.alarm.to_json(),
                });
            }
        }
        for key in cleared {
            self.open.remove(&key);
            self.tell.push_back(Effect::Tell {
                topic: format!("alarm/{}", name(key.0, key.1)),
                payload: String::new(),
            });
        }
        let waiting = self.open.values().filter(|o| o.clear_at.is_none());
        let summary = Summary {
            open: waiting.clone().count(),
            stage: waiting.map(|o| o.alarm.stage).min(),
            hub,
            journal,
            devices,
        };
        if self.summary.as_ref() != Some(&summary) {
            self.tell.push_back(Effect::Tell {
                topic: "summary".to_owned(),
                payload: summary.to_json(),
            });
            self.summary = Some(summary);
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Effect> {
        self.tell.pop_front()
    }

    /// When something is to be told without anything happening.
    pub(crate) fn due(&self, not_sent_after_ms: u64) -> Option<Mono> {
        let open = self.open.values().filter_map(|o| {
            if o.clear_at.is_some() {
                o.clear_at
            } else if o.confirm_by.is_some() {
                o.confirm_by
            } else if o.alarm.stage == Stage::Kept {
                Some(o.born.plus(not_sent_after_ms))
            } else {
                None
            }
        });
        open.min()
    }

    /// How many alarms are open.
    pub(crate) fn open(&self) -> usize {
        self.open.values().filter(|o| o.clear_at.is_none()).count()
    }
}
