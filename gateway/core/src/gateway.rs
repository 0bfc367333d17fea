//! The one state machine: `handle` takes what happened, `settle` closes a batch, `poll_effect` says what to do.
//! This file is the switchboard; what is decided stands in `taking` (messages to records), `keeping` (journal),
//! `sending` (care hub), `watching` (silence) and `home`.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use tecs_protocol::mqtt::Publish;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{Condition, HealthKind, Lane};

use crate::custody::Custody;
use crate::effect::{Effect, JournalOrder, Note};
use crate::home::Home;
use crate::input::{Input, Order, Recovered};
use crate::keeping::Journal;
use crate::lane::LaneBox;
use crate::link::Link;
use crate::memory::{self, Remembered};
use crate::senses::Senses;
use crate::settings::Settings;
use crate::status::{Counters, TestCall};
use crate::taking::{Bucket, FORGET_AFTER_MS};
use crate::tap::Taps;
use crate::time::Mono;
use crate::watching::Watch;

/// What the edge draws once at start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity {
    /// 64 random bits: names this run of the daemon for ever.
    pub epoch: u64,
    /// Names this boot of the machine.
    pub boot_id: u64,
}

/// What the core keeps for one source.
#[derive(Debug, Default)]
pub(crate) struct Source {
    pub(crate) up: bool,
    /// Why not, in plain words.
    pub(crate) why: String,
    pub(crate) custody: Custody,
    /// The broker kept our session: what it sends again may be what we took before a kill.
    pub(crate) resumed: bool,
    /// Presses taken by an earlier run whose messages had no answer: packet id and print.
    pub(crate) unanswered: BTreeSet<(u16, u64)>,
    /// Presses of this run that are remembered in the journal until answered: print to packet id.
    pub(crate) remembered: BTreeMap<u64, u16>,
    /// Presses that may leave the journal, and from when on.
    pub(crate) forget: VecDeque<(Mono, Note)>,
    pub(crate) bucket: Bucket,
}

/// The gateway's decisions.
pub struct Gateway {
    pub(crate) settings: Settings,
    pub(crate) who: Identity,
    pub(crate) senses: Senses,
    pub(crate) sources: Vec<Source>,
    pub(crate) lanes: [LaneBox; 3],
    pub(crate) journal: Journal,
    pub(crate) links: Vec<Link>,
    /// When each endpoint was last linked to.
    pub(crate) visited: Vec<Mono>,
    /// The ledger that each endpoint named last.
    pub(crate) ledgers: BTreeMap<usize, u64>,
    pub(crate) home: Home,
    pub(crate) watches: Vec<Watch>,
    /// When the hub last could not read a record.
    pub(crate) hub_refused: Option<Mono>,
    pub(crate) counters: Counters,
    /// Notes that ride with the next page of the alarm lane.
    pub(crate) notes: Vec<Note>,
    pub(crate) effects: VecDeque<Effect>,
    pub(crate) power: (Option<bool>, Option<f64>),
    pub(crate) last_knock: Mono,
    pub(crate) stopping: Stopping,
    pub(crate) began: Mono,
    /// The last test call.
    pub(crate) test: Option<TestCall>,
    pub(crate) taps: Taps,
}

/// How far the end has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopping {
    No,
    /// Everything unsafe is on its way to the disk.
    Asked,
    /// The journal was told to close.
    Closed,
}

/// A lane's index.
pub(crate) const fn at(lane: Lane) -> usize {
    lane as usize - 1
}

impl Gateway {
    /// A gateway that has just started with what its journal found.
    pub fn new(settings: Settings, who: Identity, recovered: Recovered, now: Mono) -> Self {
        let mut gateway = Self {
            senses: Senses::new(&settings, who.boot_id, now),
            sources: settings.sources.iter().map(|_| Source::default()).collect(),
            lanes: [Lane::Alarm, Lane::Vital, Lane::Routine]
                .map(|lane| LaneBox::new(lane, who.epoch)),
            journal: Journal::default(),
            links: settings
                .endpoints
                .iter()
                .map(|_| Link::Down {
                    retry_at: now,
                    attempt: 0,
                })
                .collect(),
            visited: vec![now; settings.endpoints.len()],
            ledgers: BTreeMap::new(),
            home: Home::default(),
            watches: Watch::all(&settings, now),
            hub_refused: None,
            counters: Counters::default(),
            notes: Vec::new(),
            effects: VecDeque::new(),
            power: (None, None),
            last_knock: Mono(0),
            stopping: Stopping::No,
            began: now,
            test: None,
            taps: Taps::default(),
            settings,
            who,
        };
        gateway.recall(recovered, now);
        gateway
    }

    /// Takes in one thing that happened. Time never goes back.
    pub fn handle(&mut self, input: Input, now: Mono) {
        match input {
            Input::Clock { wall_ms, trusted } => {
                self.senses.clock.read(wall_ms, trusted, now);
                self.watch_clock(trusted, now);
            }
            Input::SourceUp { source, resumed } => self.source_up(source, resumed, now),
            Input::SourceDown { source, why } => self.source_down(source, &why, now),
            Input::Publish {
                source,
                topic,
                payload,
                retained,
                dup,
                packet,
                token,
            } => {
                let publish = Publish {
                    topic: &topic,
                    payload: &payload,
                    retained,
                    now_ms: now.0,
                };
                self.publish(source, &publish, dup, packet, token, now);
            }
            Input::Bytes { source, bytes } => {
                let (understood, write) = self.senses.bytes(&self.settings, source, &bytes, now);
                self.line_said(source, understood, write, now);
            }
            Input::Journal(says) => self.journal_says(says, now),
            Input::Link { endpoint, says } => self.link_says(endpoint, says, now),
            Input::Order(order) => self.order(order, now),
            Input::Power {
                mains,
                battery_percent,
            } => self.powered(mains, battery_percent, now),
            Input::Tick => {}
            Input::Stop => self.stopping = self.stopping.max_asked(),
        }
    }

    /// Ends a batch of inputs: what they led to is put into pages and parcels. A recording marks where this was called.
    pub fn settle(&mut self, now: Mono) {
        self.tick_lines(now);
        self.tick_watches(now);
        self.keep(now);
        self.send(now);
        self.answer_sources(now);
        let hub = self.links.iter().any(|l| l.up().is_some());
        let limits = &self.settings.limits;
        let shown = (limits.not_sent_after_ms, limits.closed_shown_ms);
        self.home.settle(hub, self.journal.is_fine(), shown, now);
        for name in self.home.take_closed() {
            self.notes.push(memory::open(&name, None));
        }
        self.end();
    }

    /// The next thing to do.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front().or_else(|| self.home.poll())
    }

    /// When `Input::Tick` is due next, and for what.
    pub fn poll_timeout(&self) -> Option<(Mono, &'static str)> {
        let limits = &self.settings.limits;
        let dues = [
            self.keep_due().map(|at| (at, "linger")),
            self.send_due().map(|at| (at, "link")),
            self.watch_due().map(|at| (at, "watch")),
            self.senses.due().map(|(at, _)| (at, "line")),
            self.home
                .due(limits.not_sent_after_ms)
                .map(|at| (at, "home")),
        ];
        dues.into_iter().flatten().min()
    }

    fn order(&mut self, order: Order, now: Mono) {
        match order {
            Order::TestAlarm => self.test_alarm(now),
            Order::ResponderHere => self.responder_here(now),
            Order::TestCall => self.test_call("a test call of the installer's", now),
        }
    }

    fn powered(&mut self, mains: Option<bool>, battery_percent: Option<f64>, now: Mono) {
        self.power = (mains, battery_percent);
        if let Some(mains) = mains {
            let condition = if mains {
                Condition::Restored
            } else {
                Condition::Raised
            };
            let what = What::health(HealthKind::Mains, condition, "the hub's own mains power");
            self.own("mains", what, now);
        }
    }

    /// What the journal held when it was opened: pages that wait, states, presses, open alarms.
    fn recall(&mut self, recovered: Recovered, now: Mono) {
        for (lane, used) in self.lanes.iter_mut().zip(recovered.used) {
            lane.used = used;
        }
        for found in recovered.pages {
            if let Some(lane) = self.lanes.get_mut(at(found.key.lane)) {
                lane.found(found, now);
            }
        }
        for lane in &mut self.lanes {
            let finished = lane.finish_evictions();
            self.journal.release(finished);
        }
        for (lane, key, value) in recovered.notes {
            // A routine state may have changed since without touching the disk: in doubt it is new (decision 004).
            let whole = recovered.clean || lane == Lane::Alarm;
            if let Some(remembered) = memory::read(&key, &value)
                && whole
            {
                self.remember(remembered, now);
            }
        }
        for set_aside in recovered.set_aside {
            self.journal_damaged(&set_aside, now);
        }
    }

    fn remember(&mut self, remembered: Remembered, now: Mono) {
        match remembered {
            Remembered::State {
                source,
                device,
                field,
                word,
            } => {
                let index = self.source_named(&source);
                let prefix = if source.is_empty() {
                    "gateway"
                } else {
                    source.as_str()
                };
                if let Some(index) = index
                    && let Some(known) = self.senses.roster.meet(index, prefix, &device, "", now)
                {
                    known.learn(&field, &word);
                }
            }
            Remembered::Pulse {
                source,
                packet,
                print,
            } => {
                let index = self.source_named(&source);
                if let Some(known) = index.and_then(|n| self.sources.get_mut(n)) {
                    known.unanswered.insert((packet, print));
                    let forget = memory::pulse(&source, packet, print, false);
                    known.forget.push_back((now.plus(FORGET_AFTER_MS), forget));
                }
            }
            Remembered::Open { name, alarm } => self.home.recalled(&name, &alarm, now),
            Remembered::Lesson {
                source,
                device,
                says,
            } => {
                if let Some(index) = self.source_named(&source) {
                    self.senses.recall(index, &device, &says);
                }
            }
        }
    }

    fn source_named(&self, name: &str) -> Option<usize> {
        if name.is_empty() {
            return Some(crate::roster::OWN);
        }
        self.settings.sources.iter().position(|s| s.name == name)
    }

    /// The end: when nothing is left that could be lost, the journal is closed and the daemon may go.
    fn end(&mut self) {
        if self.stopping != Stopping::Asked {
            return;
        }
        let at_rest = self
            .lanes
            .iter()
            .all(|l| l.fresh().all(|f| f.accepted.is_some()));
        if at_rest && self.journal.is_idle() {
            self.effects.push_back(Effect::Journal(JournalOrder::Close));
            self.effects.push_back(Effect::Stopped);
            self.stopping = Stopping::Closed;
        }
    }
}

impl Stopping {
    fn max_asked(self) -> Self {
        match self {
            Self::No | Self::Asked => Self::Asked,
            Self::Closed => Self::Closed,
        }
    }
}
