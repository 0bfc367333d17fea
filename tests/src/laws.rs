//! The five laws as assertions over any run of a world. Each `assert` names its law and the world's seed.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use gateway_core::{Input, JournalFault, JournalSays};
use tecs_protocol::Bytes;
use tecs_protocol::event::{Entry, decode};
use tecs_protocol::hub::v1;
use tecs_protocol::signal::{HealthOf, What};
use tecs_protocol::vocabulary::{Condition, Lane};

use crate::world::{Spoken, World};

/// (epoch, lane, seq).
type Name = (u64, i32, u64);

/// What was seen of a run.
#[derive(Debug)]
pub struct Laws {
    seed: u64,
    spoken: BTreeMap<u64, Spoken>,
    /// Alarms by what was said: each says its own time.
    alarms: BTreeMap<Vec<u8>, u64>,
    acknowledged: BTreeSet<u64>,
    names: BTreeMap<Name, Bytes>,
    epochs: BTreeSet<u64>,
    carried: BTreeSet<u64>,
    /// Alarms that were read in this turn, for the first time.
    read_now: Vec<u64>,
    /// How many were read in this turn that came again.
    read_again: usize,
    /// When an alarm met a house without a link: somebody must be called within a second.
    call_by: Option<u64>,
    was_full: bool,
    gone_back: BTreeSet<u64>,
    gaps: Vec<(u64, i32, u64, u64)>,
    /// Alarms that another's record counts.
    folded: BTreeSet<u64>,
    /// When presses were read that are not older than a minute.
    presses: VecDeque<u64>,
    seen: BTreeMap<&'static str, u64>,
}

impl Laws {
    /// Nothing seen yet.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            spoken: BTreeMap::new(),
            alarms: BTreeMap::new(),
            acknowledged: BTreeSet::new(),
            names: BTreeMap::new(),
            epochs: BTreeSet::new(),
            carried: BTreeSet::new(),
            read_now: Vec::new(),
            read_again: 0,
            call_by: None,
            was_full: false,
            gone_back: BTreeSet::new(),
            gaps: Vec::new(),
            folded: BTreeSet::new(),
            presses: VecDeque::new(),
            seen: BTreeMap::new(),
        }
    }

    /// A misfortune really happened.
    pub fn sometimes(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// What really happened, by name.
    pub fn seen(&self) -> &BTreeMap<&'static str, u64> {
        &self.seen
    }

    /// How many messages were acknowledged.
    pub fn acknowledged_count(&self) -> usize {
        self.acknowledged.len()
    }

    /// A run began. Law 4: an epoch is one run.
    pub fn started(&mut self, epoch: u64) {
        assert!(
            self.epochs.insert(epoch),
            "law 4, seed {}: an epoch twice",
            self.seed
        );
        self.read_now.clear();
        self.presses.clear();
        self.call_by = None;
    }

    /// A device spoke.
    pub fn spoken(&mut self, spoken: &Spoken) {
        if spoken.lane == Lane::Alarm {
            let said = spoken.payload.clone().into_bytes();
            self.alarms.insert(said, spoken.number);
        }
        self.spoken.insert(spoken.number, spoken.clone());
    }

    /// The gateway is about to read this.
    pub fn delivered(&mut self, input: &Input) {
        if let Input::Publish { payload, dup, .. } = input
            && let Some(number) = self.alarms.get(&payload[..])
        {
            if *dup {
                self.read_again += 1;
            } else {
                self.read_now.push(*number);
            }
        }
    }

    /// A stream is being opened.
    pub fn connected(&mut self) {
        self.call_by = None;
    }

    /// A message left the gateway. Law 4: the same name is the same bytes for ever.
    pub fn sent(&mut self, says: &v1::FromHome) {
        let Some(v1::from_home::Says::Parcel(parcel)) = &says.says else {
            return;
        };
        for (n, bytes) in parcel.records.iter().enumerate() {
            let name = (parcel.epoch, parcel.lane, parcel.first_seq + n as u64);
            match decode(bytes) {
                Ok(Entry::Event(_)) => {
                    let before = self.names.entry(name).or_insert_with(|| bytes.clone());
                    assert_eq!(before, bytes, "law 4, seed {}: {name:?} twice", self.seed);
                    if let Some(number) = crate::world::number_of(bytes) {
                        self.carried.insert(number);
                    }
                }
                Ok(Entry::Gap(_)) => {}
                Err(wrong) => panic!("seed {}: we sent {wrong}", self.seed),
            }
        }
    }

    /// Law 3: with a link, an alarm leaves in the turn in which it was read; without one, somebody is called within a
    /// second, whatever the back-off. Of more presses than ten a minute a record says how many there were in a second.
    pub fn after_turn(&mut self, now: u64, up: bool, calling: bool) {
        for _ in 0..std::mem::take(&mut self.read_again) {
            self.presses.push_back(now);
        }
        for number in std::mem::take(&mut self.read_now) {
            self.presses.retain(|at| now - at < 60_000);
            self.presses.push_back(now);
            if self.presses.len() > 10 && !self.carried.contains(&number) {
                self.sometimes("a press of a storm was counted");
                continue;
            }
            if up {
                assert!(
                    self.carried.contains(&number),
                    "law 3, seed {}: alarm {number} read at {now} with a link and not sent",
                    self.seed
                );
                self.sometimes("an alarm left in its turn");
            } else {
                self.call_by.get_or_insert(now + 1_001);
            }
        }
        if up || calling {
            self.call_by = None;
        }
        if let Some(by) = self.call_by {
            assert!(
                now <= by,
                "law 3, seed {}: an alarm waits since {} and nobody is called at {now}",
                self.seed,
                by - 1_001
            );
        }
    }

    /// Law 1: acknowledged means on our disk or at the hub (or, for bulk, that a Gap says what became of it).
    /// An identical alarm may have folded into another's record while the disk was full: that record counts them.
    pub fn acknowledged(&mut self, spoken: &Spoken, safe: bool, gaps: u64, folded: u64) {
        let told = spoken.lane != Lane::Alarm && gaps > 0;
        if !safe && spoken.lane == Lane::Alarm && (self.folded.len() as u64) < folded {
            self.sometimes("an alarm folded");
            self.folded.insert(spoken.number);
            self.acknowledged.insert(spoken.number);
            return;
        }
        assert!(
            safe || told || self.gone_back.contains(&spoken.number),
            "law 1, seed {}: message {} ({}) acknowledged while neither disk nor hub has it; seen {:?}",
            self.seed,
            spoken.number,
            spoken.lane,
            self.seen
        );
        self.acknowledged.insert(spoken.number);
    }

    /// What the disk answered.
    pub fn disk_says(&mut self, says: &JournalSays) {
        match says {
            JournalSays::NotKept {
                why: JournalFault::Full,
                ..
            } => {
                self.was_full = true;
                self.sometimes("disk full");
            }
            JournalSays::NotKept { .. } => self.sometimes("disk failed"),
            JournalSays::Evicted { lane, .. } => {
                self.sometimes("a generation was evicted");
                assert_ne!(
                    *lane,
                    Lane::Alarm,
                    "law 2, seed {}: alarms evicted",
                    self.seed
                );
            }
            JournalSays::Opened(_) => self.sometimes("the journal was opened late"),
            JournalSays::Kept { .. }
            | JournalSays::Loaded { .. }
            | JournalSays::NotLoaded { .. }
            | JournalSays::NotEvicted { .. }
            | JournalSays::Mended { .. } => {}
        }
    }

    /// A Gap arrived. Law 2: never in the alarm lane unless the disk was damaged.
    pub fn gap(&mut self, parcel: &v1::Parcel, gap: &v1::Gap) {
        self.sometimes("a gap was told");
        assert_ne!(
            parcel.lane,
            Lane::Alarm.wire(),
            "law 2, seed {}: a gap of alarms",
            self.seed
        );
        self.gaps
            .push((parcel.epoch, parcel.lane, gap.from, gap.to));
    }

    /// Law 4: what a hub heard again under a name is what it heard before.
    pub fn same_name(&mut self, name: Name, before: &Bytes, again: &Bytes) {
        self.sometimes("a repeat was dropped by its name");
        assert_eq!(before, again, "law 4, seed {}: {name:?}", self.seed);
    }

    /// An alarm is at a hub.
    pub fn alarm_arrived(&mut self, number: u64) {
        self.carried.insert(number);
    }

    /// These are gone from a hub that was restored from a backup.
    pub fn ledger_went_back(&mut self, gone: &[u64]) {
        self.gone_back.extend(gone);
    }
}

/// The oracle, once everything has healed: acknowledged is at the hub, each name once, nothing lost in silence.
pub fn check_the_end(world: &World) {
    let laws = &world.laws;
    let seed = laws.seed;
    let at_some_hub = |n: u64| world.hubs.iter().any(|h| h.has_number(n));
    for number in &laws.acknowledged {
        let spoken = &laws.spoken[number];
        if at_some_hub(*number) || laws.folded.contains(number) {
            continue;
        }
        let alarm = spoken.lane == Lane::Alarm;
        // A hub that lost its ledger lost bulk that the home had let go of; alarms are offered again, unless the disk
        // could not hold them for their day.
        let went_back = laws.gone_back.contains(number)
            && (!alarm || laws.was_full || laws.seen.contains_key("disk failed"));
        let told = !alarm && world.gaps() > 0;
        assert!(
            went_back || told,
            "law 2, seed {seed}: acknowledged message {number} ({}) is nowhere; went back {}; on disk {}; seen {:?}; {:?}",
            spoken.lane,
            laws.gone_back.contains(number),
            world.disk.has(*number),
            laws.seen,
            world
                .gateway()
                .map(|g| g.status(gateway_core::Mono(world.now)))
        );
    }
    assert!(
        laws.folded.len() as u64 <= world.folded(),
        "law 2, seed {seed}: {} alarms folded, {} counted",
        laws.folded.len(),
        world.folded()
    );
    if let Some(gateway) = world.gateway() {
        let counters = gateway.status(gateway_core::Mono(world.now)).counters;
        assert_eq!(
            counters.damaged, 0,
            "seed {seed}: this disk damages nothing"
        );
    }
    assert_eq!(
        world.broker.waiting(),
        0,
        "law 1, seed {seed}: the broker still waits for answers; {:?}; seen {:?}",
        world
            .gateway()
            .map(|g| g.status(gateway_core::Mono(world.now))),
        laws.seen
    );
    if laws.seen.contains_key("crash") {
        return;
    }
    every_press_is_counted_once(world);
    for number in &laws.acknowledged {
        for hub in &world.hubs {
            assert!(
                hub.times(*number) <= 1,
                "law 4, seed {seed}: {number} twice"
            );
        }
    }
    if world.hubs.len() == 1 && laws.gone_back.is_empty() && world.gaps() == 0 {
        raised_once_restored_once(world);
    }
}

/// Where no kill and no lost session makes a press come twice: what the hub's records count is what was acknowledged.
fn every_press_is_counted_once(world: &World) {
    let laws = &world.laws;
    if laws.seen.contains_key("session forgotten")
        || world.hubs.len() > 1
        || !laws.gone_back.is_empty()
    {
        return;
    }
    let presses = |n: &&u64| laws.spoken[n].lane == Lane::Alarm;
    assert_eq!(
        world.presses_counted(),
        laws.acknowledged.iter().filter(presses).count() as u64,
        "law 1, seed {}: presses counted and acknowledged; seen {:?}",
        world.seed,
        laws.seen
    );
}

/// Law 5, where nothing else hides it: each of the gateway's own conditions is raised, then restored, by turns.
fn raised_once_restored_once(world: &World) {
    let mut told: BTreeMap<String, Vec<(u64, u64, Condition)>> = BTreeMap::new();
    for ((_, _, seq), entered) in world.hubs[0].entries() {
        let crate::world::Entered::Record(bytes) = entered else {
            continue;
        };
        if let Ok(Entry::Event(event)) = decode(bytes)
            && let What::Health {
                of: HealthOf::Condition(condition),
                ..
            } = event.what
            && event.device.id.starts_with("gateway/")
        {
            let at = event.heard.since_boot_ms;
            let of_device = told.entry(event.device.id).or_default();
            of_device.push((at, *seq, condition));
        }
    }
    for (device, mut conditions) in told {
        conditions.sort_by_key(|(at, seq, _)| (*at, *seq));
        for (n, (_, _, condition)) in conditions.iter().enumerate() {
            let due = if n % 2 == 0 {
                Condition::Raised
            } else {
                Condition::Restored
            };
            assert_eq!(
                *condition, due,
                "law 5, seed {}: {device} says {conditions:?}",
                world.seed
            );
        }
    }
}
