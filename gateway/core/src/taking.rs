//! From messages to records: each gets its place, its bytes, and the name of whoever waits for it.

use tecs_protocol::event::Event;
use tecs_protocol::mqtt::Publish;
use tecs_protocol::vocabulary::Lane;

use crate::custody::{Answer, Answered, Owner, print};
use crate::effect::{Effect, Note, Noteworthy};
use crate::gateway::{Gateway, at};
use crate::lane::Fresh;
use crate::memory;
use crate::normalise::{Care, Meaning};
use crate::press_rate::Press;
use crate::pressing::is_responder_here;
use crate::roster::Whose;
use crate::senses::Understood;
use crate::tap::Tapped;
use crate::time::Mono;

/// Said to whoever looks of a routine word that a babbling source may not say.
const THROTTLED: &str = "throttled: its source babbles";

/// How fast a source may speak in the routine lane: a bucket that fills at the rate and holds the burst.
#[derive(Debug, Default)]
pub(crate) struct Bucket {
    /// Thousandths of a message.
    level: u64,
    at: Option<Mono>,
    /// Routine words dropped since the source began to babble.
    pub(crate) dropped: u64,
    pub(crate) last_drop: Mono,
}

impl Bucket {
    /// True when one more routine word may pass.
    fn passes(&mut self, (rate, burst): (u32, u32), now: Mono) -> bool {
        let full = u64::from(burst) * 1000;
        let level = match self.at {
            Some(at) => self.level + now.since(at).saturating_mul(u64::from(rate)),
            None => full,
        };
        self.at = Some(now);
        self.level = level.min(full);
        if rate == 0 {
            return true;
        }
        if self.level < 1000 {
            self.dropped += 1;
            self.last_drop = now;
            return false;
        }
        self.level -= 1000;
        true
    }
}

/// An event that is to have its place.
pub(crate) struct Entering {
    pub(crate) lane: Lane,
    pub(crate) event: Event,
    /// What its page takes along.
    pub(crate) notes: Vec<Note>,
    /// It is one of many records of a storm.
    pub(crate) storm: bool,
    /// Whose word it is.
    pub(crate) by: Option<Whose>,
}

impl Gateway {
    /// One publish of a broker.
    pub(crate) fn publish(
        &mut self,
        index: usize,
        publish: &Publish<'_>,
        dup: bool,
        packet: u16,
        token: Option<u64>,
        now: Mono,
    ) {
        let Some(source) = self.sources.get_mut(index) else {
            return;
        };
        self.counters.messages += 1;
        let print = print(publish.topic.as_bytes(), publish.payload);
        let answer = token.map(Answer::Token);
        if let Some(answer) = answer
            && source.resumed
            && source.custody.rejoin(answer, print)
        {
            self.counters.rejoined += 1;
            return;
        }
        let again = dup && source.resumed;
        if let Some(answer) = answer
            && again
            && source.custody.answered_before(answer, packet, print)
        {
            self.counters.rejoined += 1;
            return;
        }
        let redelivered = again && source.presses.took_before(packet, print);
        let owner = answer.map(|answer| Owner {
            source: index,
            id: source.custody.took(answer, packet, print),
        });
        let mut understood = self.senses.publish(
            &self.settings,
            index,
            publish,
            (redelivered, Care::of(token.is_some())),
            now,
        );
        // A press or an alarm is called a repeat only when we know it (in doubt it is a new one); of a measurement or a
        // door the source's own word is enough.
        for meaning in &mut understood.meanings {
            meaning.event.flags.redelivered |= again && !meaning.must_be_known();
        }
        let press = token.is_some().then_some((packet, print));
        self.understood(index, understood, owner, press, now);
    }

    /// What a line said, and what it is to be told.
    pub(crate) fn line_said(
        &mut self,
        index: usize,
        understood: Vec<Understood>,
        write: Vec<u8>,
        now: Mono,
    ) {
        if !write.is_empty() {
            self.effects.push_back(Effect::Write {
                source: index,
                bytes: write,
            });
        }
        for message in understood {
            self.counters.messages += 1;
            let owner = message.ticket.and_then(|ticket| {
                let source = self.sources.get_mut(index)?;
                Some(Owner {
                    source: index,
                    id: source.custody.took(Answer::Ticket(ticket), 0, 0),
                })
            });
            self.understood(index, message, owner, None, now);
        }
    }

    fn understood(
        &mut self,
        index: usize,
        understood: Understood,
        owner: Option<Owner>,
        press: Option<(u16, u64)>,
        now: Mono,
    ) {
        for refusal in &understood.refusals {
            self.counters.refused += 1;
            self.effects.push_back(Effect::Note(Noteworthy::Refused {
                source: index,
                name: refusal.name(),
                what: refusal.to_string(),
                sample: understood.raw.clone(),
            }));
            self.tap(|| Tapped::Refused {
                source: index,
                name: refusal.name(),
                what: refusal.to_string(),
                raw: understood.raw.clone(),
            });
        }
        if let Some(lesson) = &understood.lesson
            && let Some(source) = self.settings.sources.get(index)
        {
            self.notes.push(memory::lesson(&source.name, lesson));
        }
        if let Some(why) = understood.ignored {
            self.tap(|| Tapped::Ignored {
                source: index,
                why,
                raw: understood.raw.clone(),
            });
        }
        self.watch_garble(index, now);
        if let Some(topics) = understood.topics {
            self.effects.push_back(Effect::Listen {
                source: index,
                topics,
            });
        }
        for field in understood.unmapped {
            self.counters.unmapped += 1;
            self.tap(|| Tapped::Unmapped {
                source: index,
                field: field.clone(),
            });
            self.effects.push_back(Effect::Note(Noteworthy::Unmapped {
                source: index,
                field,
            }));
        }
        self.notes.extend(understood.states);
        for meaning in understood.meanings {
            let press = Press { owner, word: press };
            if meaning.lane == Lane::Routine && !self.may_speak(index, now) {
                self.tap(|| Tapped::Ignored {
                    source: index,
                    why: THROTTLED,
                    raw: Vec::new(),
                });
                continue;
            }
            self.meant(index, meaning, press, now);
        }
    }

    fn may_speak(&mut self, index: usize, now: Mono) -> bool {
        let rate = self.settings.limits.rate;
        let passes = self
            .sources
            .get_mut(index)
            .is_some_and(|s| s.bucket.passes(rate, now));
        if !passes {
            self.counters.throttled += 1;
        }
        passes
    }

    /// An event is a record of its own.
    pub(crate) fn raise(&mut self, meaning: Meaning, press: Press, now: Mono) {
        let Meaning {
            event,
            lane,
            state,
            by,
            ..
        } = meaning;
        self.counters.raised += 1;
        if let Some(by) = &by {
            let owed = press.owner.map(|owner| owner.id);
            self.senses.roster.told(by, owed, &event);
        }
        self.depends(press.owner);
        let mut notes = Vec::new();
        if lane == Lane::Alarm {
            self.effects.push_back(Effect::Note(Noteworthy::Raised {
                lane,
                urgency: event.urgency,
            }));
            notes.extend(state);
        } else {
            self.notes.extend(state);
        }
        let entering = Entering {
            lane,
            event,
            notes,
            storm: false,
            by,
        };
        self.enter(entering, &[press], now);
    }

    /// Gives an event its place, the number of which is told unless an equal one had its place already. From here on
    /// nothing is forgotten but by a receipt or a Gap. Whoever waits for it is counted in custody before.
    pub(crate) fn enter(
        &mut self,
        entering: Entering,
        presses: &[Press],
        now: Mono,
    ) -> Option<u64> {
        let Entering {
            lane,
            event,
            mut notes,
            storm,
            by,
        } = entering;
        let owners: Vec<Owner> = presses.iter().filter_map(|press| press.owner).collect();
        notes.extend(self.remember_presses(lane, presses));
        if lane == Lane::Alarm && self.fold(&event, &owners) {
            self.notes.append(&mut notes);
            self.tap(|| Tapped::Folded {
                event: Box::new(event),
            });
            return None;
        }
        let epoch = self.who.epoch;
        let seq = self.lanes.get_mut(at(lane))?.give(1);
        self.tap(|| Tapped::Event {
            lane,
            seq,
            event: Box::new(event.clone()),
        });
        if let Some((name, alarm)) = self.home.raised((epoch, seq), &event, storm, now) {
            notes.push(memory::open(&name, Some(&alarm)));
            if let Some(by) = &by {
                self.senses.roster.opened(by, &event.device.id);
            }
            self.knock(now);
        } else if !storm {
            self.not_followed(by.as_ref(), &event.what, now);
        }
        let folds = lane == Lane::Alarm && self.journal.is_full() && !is_responder_here(&event);
        let fold = folds.then(|| Box::new(event.clone()));
        let bytes = event.into_bytes().into();
        self.lanes.get_mut(at(lane))?.push(Fresh {
            seq,
            last: seq,
            gap: false,
            bytes,
            born: now,
            owners,
            notes,
            sent_on: 0,
            attempts: 0,
            keeping: false,
            accepted: None,
            done: false,
            fold,
        });
        Some(seq)
    }

    /// Alarms alone fill the disk: one that is identical to one that only memory has folds into it.
    fn fold(&mut self, event: &Event, owners: &[Owner]) -> bool {
        if !self.journal.is_full() || owners.is_empty() || is_responder_here(event) {
            return false;
        }
        let lane = self.lanes.get_mut(at(Lane::Alarm));
        if !lane.is_some_and(|lane| lane.fold(event, owners)) {
            return false;
        }
        self.counters.folded += u64::from(event.folded);
        true
    }

    /// These records are safe: whoever waited for them may be answered.
    pub(crate) fn safe(&mut self, owners: &[Owner]) {
        for owner in owners {
            if let Some(source) = self.sources.get_mut(owner.source) {
                source.custody.safe(owner.id);
            }
        }
    }

    /// Answers leave, per source in arrival order.
    pub(crate) fn answer_sources(&mut self, now: Mono) {
        self.forget_presses(now);
        for index in 0..self.sources.len() {
            self.answer_source(index, now);
            if let Some(source) = self.sources.get(index) {
                let before = source.custody.answered_before_this();
                self.senses.roster.answered(index, before);
            }
        }
    }

    fn answer_source(&mut self, index: usize, now: Mono) {
        while let Some(Answered { answer, remembered }) = self
            .sources
            .get_mut(index)
            .and_then(|source| source.custody.answer())
        {
            match answer {
                Answer::Token(token) => self.acknowledge(index, token, remembered, now),
                Answer::Ticket(ticket) => {
                    let (more, write) = self.senses.safe(&self.settings, index, ticket, now);
                    self.line_said(index, more, write, now);
                }
            }
        }
    }

    fn acknowledge(&mut self, index: usize, token: u64, remembered: Option<u64>, now: Mono) {
        self.counters.acknowledged += 1;
        self.effects.push_back(Effect::Acknowledge {
            source: index,
            token,
        });
        if let Some(number) = remembered
            && let Some(source) = self.sources.get_mut(index)
        {
            source.presses.answered(number, now);
        }
    }
}
