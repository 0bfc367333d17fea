//! The one state machine: `handle` takes what happened, `settle` closes a batch, `poll_effect` says what to do.
//! This file is the switchboard; what is decided stands in `taking` (messages to records), `keeping` (journal),
//! `sending` (care hub), `watching` (silence) and `home`.

use std::collections::{BTreeMap, VecDeque};

use tecs_protocol::mqtt::Publish;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{Condition, HealthKind, Lane};

use crate::custody::Custody;
use crate::effect::{Effect, JournalOrder, Note};
use crate::home::Home;
use crate::input::{Input, Order, Recovered};
use crate::journal::Journal;
use crate::lane::LaneBox;
use crate::link::Link;
use crate::memory;
use crate::normalise::raised;
use crate::press_rate::PressRate;
use crate::presses::Presses;
use crate::roster::Whose;
use crate::senses::Senses;
use crate::settings::Settings;
use crate::status::{Counters, TestCall};
use crate::taking::Bucket;
use crate::tap::Taps;
use crate::time::Mono;
use crate::watching::Watch;

/// After the word to end, what is not safe is waited for so long, ms: its source keeps what was not acknowledged.
const ENDS_AFTER_MS: u64 = 2_000;

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
    /// Presses that are remembered in the journal until they are answered.
    pub(crate) presses: Presses,
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
    /// What is forgotten with the next page of each lane.
    pub(crate) forgotten: [Vec<Note>; 3],
    /// How fast each device presses.
    pub(crate) press_rate: PressRate,
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
    /// Everything unsafe is on its way to the disk, and is waited for until then.
    Asked {
        by: Mono,
    },
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
        let mut gateway = Self::with(settings, who, Journal::default(), now);
        gateway.recall(recovered, now);
        gateway
    }

    /// A gateway that has just started and whose journal is not open yet: sources are read and alarms are sent, and what
    /// the journal finds comes as `JournalSays::Opened`.
    pub fn without_journal(settings: Settings, who: Identity, now: Mono) -> Self {
        let mut gateway = Self::with(settings, who, Journal::opening(), now);
        gateway.not_open_in_time(now);
        gateway
    }

    fn with(settings: Settings, who: Identity, journal: Journal, now: Mono) -> Self {
        Self {
            senses: Senses::new(&settings, who.boot_id, now),
            sources: settings.sources.iter().map(|_| Source::default()).collect(),
            lanes: [Lane::Alarm, Lane::Vital, Lane::Routine]
                .map(|lane| LaneBox::new(lane, who.epoch)),
            journal,
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
            forgotten: Default::default(),
            press_rate: PressRate::default(),
            effects: VecDeque::new(),
            power: (None, None),
            last_knock: Mono(0),
            stopping: Stopping::No,
            began: now,
            test: None,
            taps: Taps::default(),
            settings,
            who,
        }
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
            Input::Stop => self.stopping = self.stopping.asked(now),
        }
    }

    /// Ends a batch of inputs: what they led to is put into pages and parcels. A recording marks where this was called.
    pub fn settle(&mut self, now: Mono) {
        self.tick_lines(now);
        self.tick_watches(now);
        self.end_closed();
        self.notes.extend(self.senses.roster.take_notes());
        self.end_seconds(now);
        self.keep(now);
        self.send(now);
        self.answer_sources(now);
        let hub = self.links.iter().any(|l| l.up().is_some());
        let limits = &self.settings.limits;
        let shown = (limits.not_sent_after_ms, limits.closed_shown_ms);
        let well = (hub, self.journal.is_fine(), !self.is_crowded());
        self.home.settle(well, shown, now);
        self.end(now);
    }

    /// Alarms that were closed leave the journal. A device that goes on to say that one stands will be heard again.
    fn end_closed(&mut self) {
        for closed in self.home.take_closed() {
            self.notes.push(memory::open(&closed.name, None));
            self.senses.roster.no_longer_open(&closed.device);
            if let Some(kind) = closed.kind
                && !self.home.is_open(&closed.device, kind)
            {
                self.senses.roster.closed(&closed.device, kind, None);
            }
        }
    }

    /// An alarm that the home has no room to follow: nobody will hear of its end, so it is told again while its device
    /// says so.
    pub(crate) fn not_followed(&mut self, by: Option<&Whose>, what: &What, now: Mono) {
        if let Some(kind) = raised(what)
            && let Some(known) = by.and_then(|by| self.senses.roster.known_mut(by))
        {
            known.closed(kind, Some(now));
        }
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
            self.press_rate.due().map(|at| (at, "storm")),
            self.watch_due().map(|at| (at, "watch")),
            self.senses.due().map(|(at, _)| (at, "line")),
            self.home
                .due(limits.not_sent_after_ms)
                .map(|at| (at, "home")),
            self.stopping.ends_at().map(|at| (at, "end")),
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

    pub(crate) fn powered(&mut self, mains: Option<bool>, battery_percent: Option<f64>, now: Mono) {
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

    /// The end: when nothing is left that could be lost, or was waited for long enough, the journal is closed and the
    /// daemon may go.
    fn end(&mut self, now: Mono) {
        let Some(by) = self.stopping.ends_at() else {
            return;
        };
        if self.is_at_rest() || by <= now {
            self.effects.push_back(Effect::Journal(JournalOrder::Close));
            self.effects.push_back(Effect::Stopped);
            self.stopping = Stopping::Closed;
        }
    }

    /// Nothing would be lost if the daemon ended now.
    pub fn is_at_rest(&self) -> bool {
        let taken = |l: &LaneBox| l.fresh().all(|f| f.accepted.is_some());
        self.lanes.iter().all(taken) && self.journal.is_idle() && !self.journal.is_opening()
    }
}

impl Stopping {
    fn asked(self, now: Mono) -> Self {
        match self {
            Self::No => Self::Asked {
                by: now.plus(ENDS_AFTER_MS),
            },
            Self::Asked { .. } | Self::Closed => self,
        }
    }

    /// Everything unsafe is on its way to the disk.
    pub(crate) fn is_asked(self) -> bool {
        self.ends_at().is_some()
    }

    fn ends_at(self) -> Option<Mono> {
        match self {
            Self::Asked { by } => Some(by),
            Self::No | Self::Closed => None,
        }
    }
}
