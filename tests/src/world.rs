//! A home, a disk, a broker and care hubs around the pure core, on a hand-turned clock. Everything that can go wrong
//! is drawn from one seed; the same seed is the same world.

mod broker;
mod disk;
mod hub;
mod misfortune;

use std::collections::BTreeMap;

use gateway_core::settings::{Limits, Source};
use gateway_core::{Effect, Gateway, Identity, Input, JournalSays, LinkSays, Mono, Settings};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tecs_protocol::family::Family;
use tecs_protocol::vocabulary::Lane;

pub use broker::{Broker, Spoken};
pub use disk::{Disk, DiskPlan, number_of};
pub use hub::{Entered, Hub};
pub use misfortune::{HANG_MS, Misfortune};

use crate::laws::Laws;

/// Something that will happen.
#[derive(Debug)]
enum Due {
    Disk(u64),
    /// The journal of this run is open.
    Opened(u64),
    ToHub {
        endpoint: usize,
        stream: u64,
        says: tecs_protocol::hub::v1::FromHome,
    },
    FromHub {
        endpoint: usize,
        stream: u64,
        says: LinkSays,
    },
    Thaw(usize),
    Reconnect,
    Restart,
}

/// The world.
pub struct World {
    /// Its seed, for whoever has to see it again.
    pub seed: u64,
    /// Chance.
    pub rng: ChaCha8Rng,
    /// Now, ms.
    pub now: u64,
    gateway: Option<Gateway>,
    settings: Settings,
    /// The state folder.
    pub disk: Disk,
    /// The home's broker.
    pub broker: Broker,
    /// The care hubs, one an endpoint.
    pub hubs: Vec<Hub>,
    /// What may go wrong.
    pub misfortune: Misfortune,
    /// The laws, watching.
    pub laws: Laws,
    /// What the home is told now, by topic.
    pub told: BTreeMap<String, String>,
    agenda: BTreeMap<(u64, u64), Due>,
    ordered: u64,
    streams: Vec<Option<u64>>,
    up: Vec<bool>,
    next_stream: u64,
    /// What records counted that a hub lost with its ledger.
    counted: BTreeMap<(u64, i32, u64), u64>,
    /// Gateway runs so far.
    pub runs: u64,
    /// How long after its start a gateway's journal is open, ms; 0 is before.
    pub opens_after_ms: u64,
}

/// The settings of the world's home: one Zigbee2MQTT broker.
pub fn settings(endpoints: usize) -> Settings {
    Settings {
        gateway_id: "home-1".to_owned(),
        sources: vec![Source {
            name: "zigbee".to_owned(),
            speaks: Family::Zigbee2Mqtt,
            base: String::new(),
            map: None,
            window: 20,
        }],
        devices: Vec::new(),
        modbus: Vec::new(),
        espa444: Vec::new(),
        vitals: Vec::new(),
        endpoints: (0..endpoints).map(|n| format!("hub-{n}")).collect(),
        limits: Limits {
            path_check_ms: 60_000,
            ..Limits::default()
        },
        software: "world".to_owned(),
    }
}

impl World {
    /// A world from a seed, its gateway started, nothing connected yet.
    pub fn new(seed: u64, settings: Settings, misfortune: Misfortune) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let hubs = settings.endpoints.iter().map(|_| Hub::new(rng.next_u64()));
        let hubs: Vec<Hub> = hubs.collect();
        let streams = vec![None; hubs.len()];
        let up = vec![false; hubs.len()];
        let mut world = Self {
            seed,
            rng,
            now: 1_000,
            gateway: None,
            settings,
            disk: Disk::new(misfortune.disk_bytes),
            broker: Broker::default(),
            hubs,
            misfortune,
            laws: Laws::new(seed),
            told: BTreeMap::new(),
            agenda: BTreeMap::new(),
            ordered: 0,
            streams,
            up,
            next_stream: 1,
            counted: BTreeMap::new(),
            runs: 0,
            opens_after_ms: 0,
        };
        world.start();
        world
    }

    /// A pure-core gateway that is up right now.
    pub fn gateway(&self) -> Option<&Gateway> {
        self.gateway.as_ref()
    }

    fn plan(&mut self, after: u64, due: Due) {
        self.ordered += 1;
        self.agenda.insert((self.now + after, self.ordered), due);
    }

    fn chance(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.rng.random_range(0..1000) < per_mille
    }

    /// The daemon starts: a new epoch over what the disk has kept.
    pub fn start(&mut self) {
        let mut opens_after = self.opens_after_ms;
        if self.chance(self.misfortune.opens_late) {
            opens_after = self.rng.random_range(1..HANG_MS);
        }
        let who = Identity {
            epoch: self.rng.next_u64(),
            boot_id: 7,
        };
        self.runs += 1;
        self.laws.started(who.epoch);
        let (settings, now) = (self.settings.clone(), Mono(self.now));
        self.gateway = Some(if opens_after == 0 {
            Gateway::new(settings, who, self.disk.open(), now)
        } else {
            self.plan(opens_after, Due::Opened(self.runs));
            Gateway::without_journal(settings, who, now)
        });
        let wall_ms = 1_790_000_000_000 + i64::try_from(self.now).unwrap();
        self.input(Input::Clock {
            wall_ms,
            trusted: true,
        });
        self.plan(1, Due::Reconnect);
    }

    /// kill -9: what the disk had not finished is lost, or was finished without anybody hearing.
    pub fn crash(&mut self) {
        if self.gateway.take().is_none() {
            return;
        }
        self.laws.sometimes("crash");
        let finish = self.rng.random_bool(0.5);
        self.disk.crash(finish);
        self.broker.break_off();
        for endpoint in 0..self.hubs.len() {
            self.streams[endpoint] = None;
            self.up[endpoint] = false;
            self.hubs[endpoint].stream_gone();
        }
        let down = self.rng.random_range(1..2_000);
        self.plan(down, Due::Restart);
    }

    /// One input, its effects carried out.
    pub fn input(&mut self, input: Input) {
        self.inputs([input]);
    }

    /// A batch of inputs, then their effects.
    pub fn inputs(&mut self, inputs: impl IntoIterator<Item = Input>) {
        let Some(mut gateway) = self.gateway.take() else {
            return;
        };
        let now = Mono(self.now);
        for input in inputs {
            gateway.handle(input, now);
        }
        gateway.settle(now);
        let mut effects = Vec::new();
        while let Some(effect) = gateway.poll_effect() {
            effects.push(effect);
        }
        if let Some((due, _)) = gateway.poll_timeout() {
            assert!(
                due.0 + 60_000 > self.now,
                "seed {}: a deadline long past at {}: {due:?}",
                self.seed,
                self.now
            );
        }
        self.gateway = Some(gateway);
        for effect in effects {
            self.carry_out(effect);
        }
        let up = self.up.iter().any(|up| *up);
        let calling = self.streams.iter().any(Option::is_some);
        self.laws.after_turn(self.now, up, calling);
    }

    fn carry_out(&mut self, effect: Effect) {
        match effect {
            Effect::Acknowledge { token, .. } => {
                if let Some(spoken) = self.broker.acknowledge(token) {
                    let safe = self.disk.has(spoken.number)
                        || self.hubs.iter().any(|h| h.has_number(spoken.number));
                    let gaps = self.disk.gaps() + self.gaps();
                    let folded = if safe { 0 } else { self.folded() };
                    self.laws.acknowledged(&spoken, safe, gaps, folded);
                }
            }
            Effect::Journal(order) => {
                let slow = self.misfortune.disk_slow_ms;
                let mut after = self.rng.random_range(1..=slow.max(1));
                if self.chance(self.misfortune.disk_hangs) {
                    self.laws.sometimes("disk hung");
                    after = self.rng.random_range(2_000..HANG_MS);
                }
                let fails = self.chance(self.misfortune.disk_fails);
                let ticket = self.disk.order(order, fails);
                let after = self.disk.after_the_others(self.now + after) - self.now;
                self.plan(after, Due::Disk(ticket));
            }
            Effect::Connect { endpoint } => {
                let stream = self.next_stream;
                self.next_stream += 1;
                let after = self.wire();
                let opens = self.hubs[endpoint].is_reachable();
                let says = if opens {
                    self.streams[endpoint] = Some(stream);
                    LinkSays::Opened
                } else {
                    self.streams[endpoint] = Some(stream);
                    LinkSays::Closed {
                        why: "refused".to_owned(),
                    }
                };
                self.laws.connected();
                self.plan(
                    after,
                    Due::FromHub {
                        endpoint,
                        stream,
                        says,
                    },
                );
            }
            Effect::Disconnect { endpoint } => {
                self.up[endpoint] = false;
                if let Some(stream) = self.streams[endpoint] {
                    self.close(endpoint, stream, "given up");
                }
            }
            Effect::Send { endpoint, says, .. } => {
                self.laws.sent(&says);
                let Some(stream) = self.streams[endpoint] else {
                    return;
                };
                if self.chance(self.misfortune.stream_breaks) {
                    self.laws.sometimes("stream broke under a message");
                    self.close(endpoint, stream, "reset");
                    return;
                }
                let arrival = self.now + self.wire_ms();
                let after = self.hubs[endpoint].in_order(arrival) - self.now;
                self.plan(
                    after,
                    Due::ToHub {
                        endpoint,
                        stream,
                        says,
                    },
                );
            }
            Effect::Tell { topic, payload } => {
                if payload.is_empty() {
                    self.told.remove(&topic);
                } else {
                    self.told.insert(topic, payload);
                }
            }
            Effect::Stopped => self.gateway = None,
            Effect::Write { .. } | Effect::Listen { .. } | Effect::Note(_) => {}
        }
    }

    fn wire_ms(&mut self) -> u64 {
        let slow = self.misfortune.wire_slow_ms.max(1);
        self.rng.random_range(1..=slow)
    }

    fn wire(&mut self) -> u64 {
        self.wire_ms()
    }

    /// The stream breaks; the gateway hears of it a little later.
    fn close(&mut self, endpoint: usize, stream: u64, why: &str) {
        self.hubs[endpoint].stream_gone();
        let after = self.wire();
        self.plan(
            after,
            Due::FromHub {
                endpoint,
                stream,
                says: LinkSays::Closed {
                    why: why.to_owned(),
                },
            },
        );
    }

    /// Gaps that hubs hold in place of records.
    pub fn gaps(&self) -> u64 {
        self.hubs.iter().map(Hub::gap_numbers).sum()
    }

    /// Presses that are counted in another press's record, on the disk or at a hub, or that were before its ledger went
    /// back.
    pub fn folded(&self) -> u64 {
        self.counted_in_others().values().sum()
    }

    fn counted_in_others(&self) -> BTreeMap<(u64, i32, u64), u64> {
        let mut counts = self.counted.clone();
        counts.extend(self.disk.folded());
        for hub in &self.hubs {
            for (name, entered) in hub.entries() {
                if let Entered::Record(bytes) = entered {
                    counts.insert(*name, disk::folded_in(bytes));
                }
            }
        }
        counts.retain(|_, count| *count > 0);
        counts
    }

    /// Presses that records at the hubs count.
    pub fn presses_counted(&self) -> u64 {
        let entries = self.hubs.iter().flat_map(|hub| hub.entries().values());
        let counts = entries.map(|entered| match entered {
            Entered::Record(bytes) => disk::presses_in(bytes),
            Entered::Gap => 0,
        });
        counts.sum()
    }

    /// A device speaks at QoS 1; the broker has it from now on.
    pub fn speak(&mut self, lane: Lane) -> u64 {
        let spoken = self.broker.speak(lane);
        self.laws.spoken(&spoken);
        let number = spoken.number;
        self.deliver();
        number
    }

    /// The broker delivers what its window allows.
    fn deliver(&mut self) {
        if self.gateway.is_none() {
            return;
        }
        for input in self.broker.deliveries() {
            self.laws.delivered(&input);
            self.input(input);
        }
    }

    /// Lets a span of time pass, with everything that is due in it.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        loop {
            let next = self.agenda.keys().next().map(|(at, _)| *at);
            let timer = self
                .gateway
                .as_ref()
                .and_then(Gateway::poll_timeout)
                .map(|(at, _)| at.0.max(self.now + 1));
            let at = match (next, timer) {
                (Some(a), Some(b)) => a.min(b),
                (Some(a), None) => a,
                (None, Some(b)) => b,
                (None, None) => until + 1,
            };
            if at > until {
                break;
            }
            self.now = self.now.max(at);
            let key = self.agenda.keys().next().copied();
            match key.filter(|(due, _)| *due <= self.now) {
                Some(key) => {
                    let due = self.agenda.remove(&key).unwrap();
                    self.happen(due);
                }
                None => self.input(Input::Tick),
            }
            self.deliver();
        }
        self.now = until;
        self.mischief();
    }

    fn happen(&mut self, due: Due) {
        match due {
            Due::Disk(ticket) => {
                for says in self.disk.finish(ticket) {
                    self.laws.disk_says(&says);
                    self.input(Input::Journal(says));
                }
            }
            Due::Opened(run) => {
                if run == self.runs && self.gateway.is_some() {
                    let says = JournalSays::Opened(self.disk.open());
                    self.laws.disk_says(&says);
                    self.input(Input::Journal(says));
                }
            }
            Due::ToHub {
                endpoint,
                stream,
                says,
            } => self.hub_hears(endpoint, stream, says),
            Due::FromHub {
                endpoint,
                stream,
                says,
            } => self.hub_said(endpoint, stream, says),
            Due::Thaw(endpoint) => self.hubs[endpoint].thaw(),
            Due::Reconnect => {
                if self.gateway.is_some() {
                    let resumed = self.broker.connect();
                    self.input(Input::SourceUp { source: 0, resumed });
                    self.deliver();
                }
            }
            Due::Restart => self.start(),
        }
    }

    fn hub_hears(&mut self, endpoint: usize, stream: u64, says: tecs_protocol::hub::v1::FromHome) {
        if self.streams[endpoint] != Some(stream) {
            return;
        }
        if !self.hubs[endpoint].is_reachable() {
            // Frozen: it will hear it once it thaws, if the stream still stands.
            self.plan(
                500,
                Due::ToHub {
                    endpoint,
                    stream,
                    says,
                },
            );
            return;
        }
        let refuses = self.misfortune.refusals;
        let jumbled = self.chance(self.misfortune.receipts_jumbled);
        let rng = &mut self.rng;
        let mut refuse = || refuses > 0 && rng.random_range(0..1000) < refuses;
        let mut answers = self.hubs[endpoint].hear(&says, &mut refuse, &mut self.laws);
        if jumbled {
            self.laws.sometimes("receipts jumbled");
            answers.reverse();
            if let Some(first) = answers.first().cloned() {
                answers.push(first);
            }
        }
        for answer in answers {
            let after = self.wire();
            self.plan(
                after,
                Due::FromHub {
                    endpoint,
                    stream,
                    says: LinkSays::Heard(answer),
                },
            );
        }
    }

    fn hub_said(&mut self, endpoint: usize, stream: u64, says: LinkSays) {
        if self.streams[endpoint] != Some(stream) {
            return;
        }
        match says {
            LinkSays::Closed { .. } => {
                self.streams[endpoint] = None;
                self.up[endpoint] = false;
            }
            LinkSays::Opened => {
                self.up[endpoint] = true;
                self.hubs[endpoint].stream_open();
            }
            LinkSays::Heard(_) => {}
        }
        self.input(Input::Link { endpoint, says });
    }

    /// What goes wrong, once a `pass`.
    fn mischief(&mut self) {
        if self.chance(self.misfortune.crash) {
            self.crash();
        }
        if self.chance(self.misfortune.broker_breaks) && self.gateway.is_some() {
            self.laws.sometimes("broker broke off");
            let forget = self.chance(self.misfortune.session_lost);
            self.break_broker(forget);
        }
        for endpoint in 0..self.hubs.len() {
            if self.chance(self.misfortune.hub_freezes) {
                self.laws.sometimes("hub froze");
                let long = self.rng.random_range(100..8_000);
                self.freeze(endpoint, long);
            }
            if self.chance(self.misfortune.ledger_goes_back) {
                self.restore_older_ledger(endpoint);
            }
        }
    }

    /// The disk carries out nothing more for so long.
    pub fn hang_disk(&mut self, ms: u64) {
        self.disk.after_the_others(self.now + ms);
    }

    /// The machine sleeps: time passes and nothing happens.
    pub fn suspend(&mut self, ms: u64) {
        let agenda = std::mem::take(&mut self.agenda);
        self.agenda = agenda
            .into_iter()
            .map(|((at, n), due)| ((at + ms, n), due))
            .collect();
        self.now += ms;
    }

    /// The broker breaks the connection, and may forget the session.
    pub fn break_broker(&mut self, forget: bool) {
        self.broker.break_off();
        if forget {
            self.laws.sometimes("session forgotten");
            self.broker.forget();
        }
        self.input(Input::SourceDown {
            source: 0,
            why: "broker gone".to_owned(),
        });
        self.plan(300, Due::Reconnect);
    }

    /// A hub stops answering for this long; its stream stands until a keepalive ends it.
    pub fn freeze(&mut self, endpoint: usize, ms: u64) {
        self.hubs[endpoint].freeze();
        self.plan(ms, Due::Thaw(endpoint));
        if let Some(stream) = self.streams[endpoint]
            && ms > 9_000
        {
            let says = LinkSays::Closed {
                why: "keepalive".to_owned(),
            };
            self.plan(
                9_000,
                Due::FromHub {
                    endpoint,
                    stream,
                    says,
                },
            );
        }
    }

    /// A hub is restarted from a backup of its ledger.
    pub fn restore_older_ledger(&mut self, endpoint: usize) {
        self.laws.sometimes("ledger went back");
        self.counted = self.counted_in_others();
        let lost = self.hubs[endpoint].restore();
        self.laws.ledger_went_back(&lost);
        if let Some(stream) = self.streams[endpoint] {
            self.close(endpoint, stream, "hub restarted");
        }
    }

    /// Nothing goes wrong any more, and enough time passes for everything to arrive.
    pub fn heal(&mut self) {
        self.misfortune = Misfortune {
            disk_bytes: 0,
            ..Misfortune::none()
        };
        self.disk.heal();
        for hub in &mut self.hubs {
            hub.thaw();
        }
        for _ in 0..240 {
            self.pass(1_000);
        }
    }
}
