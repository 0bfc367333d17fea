//! What the care hub says: what it holds, what it has taken, what it could not read, how far an alarm has come, and what
//! it asks for.

use std::collections::BTreeMap;

use tecs_protocol::event::encode_gap;
use tecs_protocol::hub::{PROTOCOL, v1};
use tecs_protocol::vocabulary::Lane;

use crate::effect::{Effect, Noteworthy};
use crate::gateway::{Gateway, at};
use crate::lane::Place;
use crate::link::Link;
use crate::ranges::Ranges;
use crate::sending::Stretch;
use crate::time::Mono;

impl Gateway {
    pub(crate) fn hub_says(&mut self, endpoint: usize, heard: v1::FromHub, now: Mono) {
        if self.links.get(endpoint).and_then(Link::up).is_none() {
            return;
        }
        match heard.says {
            Some(v1::from_hub::Says::Welcome(welcome)) => self.welcome(endpoint, &welcome, now),
            Some(v1::from_hub::Says::Receipt(receipt)) => self.receipt(endpoint, &receipt, now),
            Some(v1::from_hub::Says::Refused(refused)) => self.refused(endpoint, &refused, now),
            Some(v1::from_hub::Says::Pause(pause)) => self.pause(endpoint, pause, now),
            Some(v1::from_hub::Says::Stage(stage)) => {
                let shown = self.settings.limits.closed_shown_ms;
                self.staged(endpoint, &stage, now);
                self.home.stage(&stage, shown, now);
            }
            Some(v1::from_hub::Says::Ask(ask)) => self.ask(endpoint, &ask, now),
            // A word of a later version: nothing in it can be needed by this one.
            None => {}
        }
    }

    fn welcome(&mut self, endpoint: usize, welcome: &v1::Welcome, now: Mono) {
        if let Some(visited) = self.visited.get_mut(endpoint) {
            *visited = now;
        }
        let before = self.ledgers.insert(endpoint, welcome.ledger);
        if let Some(up) = self.links.get_mut(endpoint).and_then(Link::up_mut) {
            up.ledger = Some(welcome.ledger);
            if welcome.beat_every_ms > 0 {
                up.beat_every_ms = u64::from(welcome.beat_every_ms);
                up.beat_at = up.beat_at.min(now.plus(up.beat_every_ms));
            }
        }
        let mut held: BTreeMap<(i32, u64), Ranges> = BTreeMap::new();
        for part in &welcome.held {
            let ranges = held.entry((part.lane, part.epoch)).or_default();
            for range in &part.ranges {
                ranges.insert(range.from, range.to);
                self.accept(part.lane, part.epoch, range, welcome.ledger, now);
                if part.lane == Lane::Alarm.wire() {
                    self.home.greeted(part.epoch, range.from, range.to, now);
                }
            }
        }
        let before = before.filter(|b| *b != welcome.ledger);
        let gone = before.filter(|b| !self.ledgers.values().any(|l| l == b));
        self.offer_again(welcome.ledger, gone, &held);
    }

    /// A hub whose ledger has gone back, or is another one altogether, is offered the alarms of the last day again.
    fn offer_again(&mut self, ledger: u64, gone: Option<u64>, held: &BTreeMap<(i32, u64), Ranges>) {
        let Some(lane) = self.lanes.get_mut(at(Lane::Alarm)) else {
            return;
        };
        let nothing = Ranges::default();
        let missing: Vec<Place> = lane
            .accepted
            .iter()
            .filter(|(_, kept)| {
                let by = kept.accepted.map(|(by, _)| by);
                let has = held
                    .get(&(Lane::Alarm.wire(), kept.key.epoch))
                    .unwrap_or(&nothing);
                let answers = by == Some(ledger) || (by.is_some() && by == gone);
                answers && !has.covers(kept.key.first, kept.last)
            })
            .map(|(place, _)| *place)
            .collect();
        let has = held
            .get(&(Lane::Alarm.wire(), self.who.epoch))
            .unwrap_or(&nothing);
        for fresh in lane.fresh_mut() {
            let answers =
                fresh.accepted == Some(ledger) || fresh.accepted.is_some_and(|by| gone == Some(by));
            if answers && !has.covers(fresh.seq, fresh.last) {
                fresh.accepted = None;
                fresh.sent_on = 0;
                self.counters.offered_again += 1;
            }
        }
        for place in missing {
            if let Some(mut kept) = lane.accepted.remove(&place) {
                kept.offered_anew();
                self.counters.offered_again += kept.last - kept.key.first + 1;
                lane.pages.insert(place, kept);
            }
        }
    }

    fn receipt(&mut self, endpoint: usize, receipt: &v1::Receipt, now: Mono) {
        for range in &receipt.ranges {
            self.landed(endpoint, receipt.lane, receipt.epoch, range, now);
            self.accept(receipt.lane, receipt.epoch, range, receipt.ledger, now);
        }
    }

    /// The hub could not read a record and has kept its bytes: that, too, is custody.
    fn refused(&mut self, endpoint: usize, refused: &v1::Refused, now: Mono) {
        let Some(name) = &refused.name else { return };
        let range = v1::Range {
            from: name.seq,
            to: name.seq,
        };
        self.counters.refused_by_hub += 1;
        self.effects
            .push_back(Effect::Note(Noteworthy::RefusedByHub {
                reason: refused.reason.clone(),
            }));
        self.landed(endpoint, name.lane, name.epoch, &range, now);
        self.accept(name.lane, name.epoch, &range, refused.ledger, now);
        self.watch_refusal(now);
    }

    fn landed(&mut self, endpoint: usize, lane: i32, epoch: u64, range: &v1::Range, now: Mono) {
        let limits = &self.settings.limits;
        if let Some(lane) = Lane::from_wire(lane)
            && let Some(up) = self.links.get_mut(endpoint).and_then(Link::up_mut)
        {
            up.landed(lane, epoch, range.from, range.to, limits, now);
        }
    }

    fn accept(&mut self, lane: i32, epoch: u64, range: &v1::Range, ledger: u64, now: Mono) {
        let Some(lane) = Lane::from_wire(lane) else {
            return;
        };
        let Some(lane_box) = self.lanes.get_mut(at(lane)) else {
            return;
        };
        let (owners, whole) = lane_box.taken(epoch, range.from, range.to, ledger);
        if let Some(test) = &mut self.test
            && lane == test.lane
            && epoch == self.who.epoch
            && (range.from..=range.to).contains(&test.seq)
        {
            test.accepted = true;
        }
        self.counters.accepted += range.to.saturating_sub(range.from).saturating_add(1);
        self.safe(&owners);
        self.let_go(lane, &whole, ledger, now);
        if lane == Lane::Alarm {
            self.home.accepted(epoch, range.from, range.to);
        }
    }

    fn pause(&mut self, endpoint: usize, pause: v1::Pause, now: Mono) {
        let Some(lane @ (Lane::Vital | Lane::Routine)) = Lane::from_wire(pause.lane) else {
            return;
        };
        if let Some(up) = self.links.get_mut(endpoint).and_then(Link::up_mut)
            && let Some(paused) = up.paused.get_mut(at(lane))
        {
            *paused = now.plus(u64::from(pause.for_ms));
        }
    }

    fn ask(&mut self, endpoint: usize, ask: &v1::Ask, now: Mono) {
        use v1::answer::Outcome;
        let (outcome, detail) = match &ask.what {
            Some(v1::ask::What::Resend(held)) => self.resend(endpoint, held, now),
            Some(v1::ask::What::TestCall(v1::TestCall {})) => {
                self.test_call("a test call that the care hub asked for", now);
                (Outcome::Done, String::new())
            }
            None => (
                Outcome::NotUnderstood,
                format!("protocol {PROTOCOL} has no such question"),
            ),
        };
        let answer = v1::Answer {
            ask_id: ask.id,
            outcome: outcome.into(),
            detail,
        };
        self.say(endpoint, true, v1::from_home::Says::Answer(answer));
    }

    /// Sends again what is still here; a Gap answers for what the home has let go of.
    fn resend(
        &mut self,
        endpoint: usize,
        held: &v1::Held,
        now: Mono,
    ) -> (v1::answer::Outcome, String) {
        use v1::answer::Outcome;
        let Some(lane) = Lane::from_wire(held.lane) else {
            return (Outcome::NotUnderstood, format!("lane {}", held.lane));
        };
        let mut gone = Vec::new();
        for range in &held.ranges {
            if let Some(lane_box) = self.lanes.get_mut(at(lane)) {
                gone.extend(lane_box.again(held.epoch, range.from, range.to));
            }
        }
        for (from, to) in &gone {
            let gap = v1::Gap {
                from: *from,
                to: *to,
                count: to - from + 1,
                why: v1::gap::Why::Released.into(),
            };
            let stretch = Stretch {
                first: *from,
                last: *to,
                records: vec![encode_gap(gap).into()],
                bytes: 0,
                attempt: 1,
            };
            self.parcel(endpoint, lane, held.epoch, stretch, now);
        }
        if gone.is_empty() {
            (Outcome::Done, String::new())
        } else {
            (
                Outcome::Partly,
                format!("{} stretches are gone", gone.len()),
            )
        }
    }
}
