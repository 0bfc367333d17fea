//! A care hub: a ledger of names, receipts only for what it holds, refusals that keep the bytes, backups.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use tecs_protocol::Bytes;
use tecs_protocol::event;
use tecs_protocol::hub::v1;
use tecs_protocol::vocabulary::Lane;

use super::disk::number_of;
use crate::laws::Laws;

/// (epoch, lane, seq).
type Name = (u64, i32, u64);

/// What stands at a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entered {
    /// A record's bytes.
    Record(Bytes),
    /// A Gap stands for it.
    Gap,
}

/// One care hub.
#[derive(Debug)]
pub struct Hub {
    ledger: u64,
    entries: BTreeMap<Name, Entered>,
    /// Names in the order in which they came, and how many of them the last backup has.
    order: Vec<Name>,
    backup: usize,
    numbers: BTreeMap<u64, u32>,
    frozen: bool,
    open: bool,
    last_arrival: u64,
    heard: u64,
}

impl Hub {
    /// A hub with an empty ledger of this id.
    pub fn new(ledger: u64) -> Self {
        Self {
            ledger,
            entries: BTreeMap::new(),
            order: Vec::new(),
            backup: 0,
            numbers: BTreeMap::new(),
            frozen: false,
            open: false,
            last_arrival: 0,
            heard: 0,
        }
    }

    /// False while it answers nothing.
    pub fn is_reachable(&self) -> bool {
        !self.frozen
    }

    /// It answers nothing.
    pub fn freeze(&mut self) {
        self.frozen = true;
    }

    /// It answers again.
    pub fn thaw(&mut self) {
        self.frozen = false;
    }

    /// A stream stands.
    pub fn stream_open(&mut self) {
        self.open = true;
    }

    /// The stream is gone.
    pub fn stream_gone(&mut self) {
        self.open = false;
    }

    /// A stream keeps its order: nothing arrives before what was sent before.
    pub fn in_order(&mut self, at: u64) -> u64 {
        self.last_arrival = self.last_arrival.max(at);
        self.last_arrival
    }

    /// True when a record with the device's own count is here.
    pub fn has_number(&self, number: u64) -> bool {
        self.numbers.contains_key(&number)
    }

    /// Everything here.
    pub fn entries(&self) -> &BTreeMap<Name, Entered> {
        &self.entries
    }

    /// Numbers that Gaps stand for.
    pub fn gap_numbers(&self) -> u64 {
        let gaps = self.entries.values().filter(|e| **e == Entered::Gap);
        gaps.count() as u64
    }

    /// Back to the backup; gives the device counts that are gone with it.
    pub fn restore(&mut self) -> Vec<u64> {
        let mut gone = Vec::new();
        for name in self.order.split_off(self.backup) {
            if let Some(Entered::Record(bytes)) = self.entries.remove(&name)
                && let Some(number) = number_of(&bytes)
            {
                gone.push(number);
                if let Some(times) = self.numbers.get_mut(&number) {
                    *times -= 1;
                }
            }
        }
        self.numbers.retain(|_, times| *times > 0);
        gone
    }

    /// Hears one message; answers after it is stored.
    pub fn hear(
        &mut self,
        says: &v1::FromHome,
        refuse: &mut dyn FnMut() -> bool,
        laws: &mut Laws,
    ) -> Vec<v1::FromHub> {
        self.heard += 1;
        if self.heard.is_multiple_of(40) {
            self.backup = self.order.len();
        }
        let mut answers = Vec::new();
        match &says.says {
            Some(v1::from_home::Says::Hello(hello)) => {
                answers.push(v1::from_hub::Says::Welcome(self.welcome(hello)));
            }
            Some(v1::from_home::Says::Parcel(parcel)) => {
                self.parcel(parcel, refuse, laws, &mut answers);
            }
            Some(v1::from_home::Says::Beat(_) | v1::from_home::Says::Answer(_)) | None => {}
        }
        let wrap = |says| v1::FromHub { says: Some(says) };
        answers.into_iter().map(wrap).collect()
    }

    fn welcome(&self, hello: &v1::Hello) -> v1::Welcome {
        let held = hello.held.iter().map(|span| {
            let from = (span.epoch, span.lane, span.oldest);
            let to = (span.epoch, span.lane, span.newest);
            let here = self.entries.range(from..=to);
            v1::Held {
                epoch: span.epoch,
                lane: span.lane,
                ranges: here
                    .map(|((_, _, seq), _)| v1::Range {
                        from: *seq,
                        to: *seq,
                    })
                    .collect(),
            }
        });
        v1::Welcome {
            ledger: self.ledger,
            held: held.collect(),
            limits: None,
            beat_every_ms: 15_000,
            hub_time_ms: 0,
        }
    }

    fn parcel(
        &mut self,
        parcel: &v1::Parcel,
        refuse: &mut dyn FnMut() -> bool,
        laws: &mut Laws,
        answers: &mut Vec<v1::from_hub::Says>,
    ) {
        let mut ranges = Vec::new();
        for (n, bytes) in parcel.records.iter().enumerate() {
            let seq = parcel.first_seq + n as u64;
            let name = (parcel.epoch, parcel.lane, seq);
            if let Ok(event::Entry::Gap(gap)) = event::decode(bytes) {
                assert_eq!(parcel.records.len(), 1, "a Gap travels alone");
                for seq in gap.from..=gap.to {
                    let name = (parcel.epoch, parcel.lane, seq);
                    if let Entry::Vacant(place) = self.entries.entry(name) {
                        place.insert(Entered::Gap);
                        self.order.push(name);
                    }
                }
                laws.gap(parcel, &gap);
                ranges.push(v1::Range {
                    from: gap.from,
                    to: gap.to,
                });
                continue;
            }
            self.enter(name, bytes, laws);
            if refuse() {
                laws.sometimes("a record was refused");
                answers.push(v1::from_hub::Says::Refused(v1::Refused {
                    ledger: self.ledger,
                    name: Some(v1::Name {
                        epoch: parcel.epoch,
                        lane: parcel.lane,
                        seq,
                    }),
                    reason: "unreadable".to_owned(),
                }));
            } else {
                ranges.push(v1::Range { from: seq, to: seq });
            }
        }
        answers.push(v1::from_hub::Says::Receipt(v1::Receipt {
            ledger: self.ledger,
            epoch: parcel.epoch,
            lane: parcel.lane,
            ranges,
        }));
    }

    fn enter(&mut self, name: Name, bytes: &Bytes, laws: &mut Laws) {
        match self.entries.get(&name) {
            Some(Entered::Record(before)) => laws.same_name(name, before, bytes),
            // The record was thought lost and came after all: the Gap had only accounted for it.
            Some(Entered::Gap) => {}
            None => {
                self.entries.insert(name, Entered::Record(bytes.clone()));
                self.order.push(name);
                if let Some(number) = number_of(bytes) {
                    *self.numbers.entry(number).or_default() += 1;
                    if name.1 == Lane::Alarm.wire() {
                        laws.alarm_arrived(number);
                    }
                }
            }
        }
    }

    /// How often a device's message is here, under different names.
    pub fn times(&self, number: u64) -> u32 {
        self.numbers.get(&number).copied().unwrap_or_default()
    }
}
