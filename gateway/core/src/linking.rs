//! Which links stand: opened in the order of preference, tried again after a pause, given up when the hub is mute, joined
//! by the next endpoint when an alarm has waited long enough.

use tecs_protocol::hub::{PROTOCOL, v1};
use tecs_protocol::vocabulary::Lane;

use crate::effect::{Effect, Noteworthy};
use crate::gateway::{Gateway, Stopping, at};
use crate::input::LinkSays;
use crate::lane::LaneBox;
use crate::link::{Link, RECEIPT_WITHIN_MS, SPARE_FOR_MS, Up, WELCOME_WITHIN_MS, back_off};
use crate::time::Mono;

/// While an alarm that the hub has not is younger than this, a link is tried this often, ms. Only homes with such an alarm
/// do so, and a try that finds nobody costs a packet; a hub that comes back finds them waiting.
const ALARM_YOUNG_MS: u64 = 60_000;
const ALARM_YOUNG_BACK_OFF_MS: u64 = 200;

/// While any alarm waits, a link is tried at least this often, ms.
const ALARM_BACK_OFF_MS: u64 = 5_000;

impl Gateway {
    /// The link that carries bulk: the first, in the order of preference, that has said Welcome.
    pub(crate) fn main_link(&self) -> Option<usize> {
        let ready = |l: &Link| l.up().is_some_and(|up| up.ledger.is_some());
        self.links.iter().position(ready)
    }

    /// Records of this lane leave at once: there is a link, no pause, and no backlog before them.
    pub(crate) fn flows(&self, lane: Lane, now: Mono) -> bool {
        let open = self
            .main_link()
            .and_then(|n| self.links.get(n)?.up())
            .is_some_and(|up| up.is_open(lane, now));
        open && self.lanes.get(at(lane)).is_some_and(|l| l.pages.is_empty())
    }

    /// How long the oldest alarm that the hub has not has waited.
    fn oldest_alarm(&self) -> Option<Mono> {
        let lane = self.lanes.get(at(Lane::Alarm))?;
        let fresh = lane
            .fresh()
            .filter(|f| f.accepted.is_none())
            .map(|f| f.born);
        fresh.chain(lane.pages.values().map(|k| k.since)).min()
    }

    /// An alarm does not wait for a back-off: the youngest that the hub has not says how long one may be.
    fn longest_pause(&self, now: Mono) -> u64 {
        let Some(lane) = self.lanes.get(at(Lane::Alarm)) else {
            return u64::MAX;
        };
        let fresh = lane
            .fresh()
            .filter(|f| f.accepted.is_none())
            .map(|f| f.born);
        match fresh.chain(lane.pages.values().map(|k| k.since)).max() {
            Some(born) if now.since(born) < ALARM_YOUNG_MS => ALARM_YOUNG_BACK_OFF_MS,
            Some(_) => ALARM_BACK_OFF_MS,
            None => u64::MAX,
        }
    }

    /// An endpoint is wanted when all before it are down, or when an alarm has waited long enough for it as well.
    fn is_wanted(&self, endpoint: usize, now: Mono) -> bool {
        if self.stopping == Stopping::Closed {
            return false;
        }
        let failed = |l: &Link| match l {
            Link::Down { attempt, .. } | Link::Closing { attempt } => *attempt > 0,
            Link::Opening { .. } | Link::Up(_) => false,
        };
        let before = self.links.get(..endpoint).unwrap_or_default();
        let alone = before.iter().all(failed);
        let due = |at: Option<Mono>| at.is_some_and(|at| at <= now);
        alone || due(self.escalates_at(endpoint)) || due(self.visit_at(endpoint))
    }

    /// When a spare endpoint's path is to be proven again.
    fn visit_at(&self, endpoint: usize) -> Option<Mono> {
        let every = self.settings.limits.path_check_ms;
        self.visited.get(endpoint).map(|at| at.plus(every))
    }

    /// When the oldest alarm goes to this endpoint as well.
    fn escalates_at(&self, endpoint: usize) -> Option<Mono> {
        let wait = self.settings.limits.escalate_after_ms;
        let wait = wait.saturating_mul(endpoint as u64);
        self.oldest_alarm().map(|born| born.plus(wait))
    }

    /// Opens what is wanted, gives up what is stuck or no longer needed.
    pub(crate) fn tend(&mut self, endpoint: usize, now: Mono) {
        let wanted = self.is_wanted(endpoint, now);
        let Some(link) = self.links.get_mut(endpoint) else {
            return;
        };
        match link {
            Link::Down { retry_at, attempt } if wanted && *retry_at <= now => {
                let attempt = *attempt;
                *link = Link::Opening { attempt };
                self.effects.push_back(Effect::Connect { endpoint });
            }
            Link::Down { .. } | Link::Opening { .. } | Link::Closing { .. } => {}
            Link::Up(up) => {
                up.resume(now);
                if wanted {
                    up.needed = now;
                }
                let mute = up.ledger.is_none() && now.since(up.since) >= WELCOME_WITHIN_MS;
                let lost = up
                    .oldest_flight()
                    .is_some_and(|f| now.since(f) >= RECEIPT_WITHIN_MS);
                let spare = now.since(up.needed) >= SPARE_FOR_MS;
                if mute || lost || spare {
                    let attempt = u32::from(mute || lost);
                    self.give_up(endpoint, attempt);
                }
            }
        }
    }

    fn give_up(&mut self, endpoint: usize, attempt: u32) {
        if let Some(link) = self.links.get_mut(endpoint) {
            *link = Link::Closing { attempt };
        }
        for lane in &mut self.lanes {
            lane.unsent(endpoint);
        }
        self.effects.push_back(Effect::Disconnect { endpoint });
    }

    /// What we hold has changed under a stream that stands: another Hello says so, and its Welcome says what the hub has of
    /// it and how far each alarm has come.
    pub(crate) fn greet_again(&mut self) {
        for endpoint in 0..self.links.len() {
            if self.links.get(endpoint).and_then(Link::up).is_some() {
                self.give_up(endpoint, 0);
            }
        }
    }

    /// A new alarm ends every pause, at most once in a while.
    pub(crate) fn knock(&mut self, now: Mono) {
        let every = self.settings.limits.alarm_knock_ms;
        let soonest = now.max(Mono(self.last_knock.0.saturating_add(every)));
        for link in &mut self.links {
            if let Link::Down { retry_at, .. } = link
                && *retry_at > soonest
            {
                *retry_at = soonest;
                self.last_knock = soonest;
            }
        }
    }

    /// What happened on a link.
    pub(crate) fn link_says(&mut self, endpoint: usize, says: LinkSays, now: Mono) {
        match says {
            LinkSays::Opened => self.opened(endpoint, now),
            LinkSays::Heard(heard) => self.hub_says(endpoint, heard, now),
            LinkSays::Closed { why } => self.closed(endpoint, &why, now),
        }
    }

    fn opened(&mut self, endpoint: usize, now: Mono) {
        let up = Up::new(&self.settings.limits, now);
        match self.links.get_mut(endpoint) {
            Some(link @ Link::Opening { .. }) => *link = Link::Up(Box::new(up)),
            _ => return,
        }
        let held = self.lanes.iter().flat_map(LaneBox::spans).collect();
        let hello = v1::Hello {
            gateway_id: self.settings.gateway_id.clone(),
            held,
            software: self.settings.software.clone(),
            protocol: PROTOCOL,
            clock: Some(self.senses.clock.pair(now).into()),
        };
        self.say(endpoint, true, v1::from_home::Says::Hello(hello));
        self.watch_endpoint_up(endpoint, now);
    }

    fn closed(&mut self, endpoint: usize, why: &str, now: Mono) {
        let most = self.longest_pause(now);
        let Some(link) = self.links.get_mut(endpoint) else {
            return;
        };
        let attempt = match link {
            Link::Down { .. } => return,
            Link::Closing { attempt } => *attempt,
            Link::Opening { attempt } => attempt.saturating_add(1),
            Link::Up(_) => 1,
        };
        // Nothing failed: it was given up to be greeted anew, or is not wanted.
        let pause = if attempt == 0 {
            0
        } else {
            back_off(&self.settings.limits, attempt, self.who.epoch).min(most)
        };
        *link = Link::Down {
            retry_at: now.plus(pause),
            attempt,
        };
        for lane in &mut self.lanes {
            lane.unsent(endpoint);
        }
        self.effects.push_back(Effect::Note(Noteworthy::Link {
            endpoint,
            what: why.to_owned(),
        }));
        self.watch_endpoint_down(endpoint, now);
    }

    /// When a link is to be tended without anything happening.
    pub(crate) fn send_due(&self) -> Option<Mono> {
        let endpoints = self.links.iter().enumerate();
        endpoints
            .filter_map(|(endpoint, link)| match link {
                Link::Down { retry_at, .. } => {
                    // Not wanted yet: an alarm's wait may want it before anything else happens.
                    if self.is_wanted(endpoint, *retry_at) {
                        Some(*retry_at)
                    } else {
                        let due = [self.escalates_at(endpoint), self.visit_at(endpoint)];
                        due.into_iter().flatten().min().map(|at| at.max(*retry_at))
                    }
                }
                Link::Opening { .. } | Link::Closing { .. } => None,
                Link::Up(up) => {
                    let welcome = up
                        .ledger
                        .is_none()
                        .then(|| up.since.plus(WELCOME_WITHIN_MS));
                    let receipt = up.oldest_flight().map(|f| f.plus(RECEIPT_WITHIN_MS));
                    let spare = (endpoint > 0).then(|| up.needed.plus(SPARE_FOR_MS));
                    [Some(up.beat_at), welcome, receipt, spare, up.resumes()]
                        .into_iter()
                        .flatten()
                        .min()
                }
            })
            .min()
    }
}
