//! A home with one broker, a journal that keeps when it is told to, and a hub, on a hand-turned clock.

use gateway_core::settings::{Device, Source};
use gateway_core::{
    Effect, Gateway, Identity, Input, JournalFault, JournalOrder, JournalSays, LinkSays, Mono,
    Note, Recovered, Settings,
};
use tecs_protocol::event::{Entry, Event, decode};
use tecs_protocol::family::Family;
use tecs_protocol::hub::v1;
use tecs_protocol::vocabulary::Lane;

pub(crate) const PRESS: &str = r#"{"action":"emergency"}"#;
pub(crate) const HELD: &str = r#"{"sos":true}"#;
pub(crate) const CLEARED: &str = r#"{"sos":false}"#;

fn settings(window: usize) -> Settings {
    Settings {
        gateway_id: "home".to_owned(),
        sources: vec![Source {
            name: "zigbee".to_owned(),
            speaks: Family::Zigbee2Mqtt,
            base: String::new(),
            map: None,
            window,
        }],
        devices: vec![Device {
            source: 0,
            name: "at the door".to_owned(),
            id: "door-button".to_owned(),
            responder_here: true,
            ..Device::default()
        }],
        endpoints: vec!["hub".to_owned()],
        ..Settings::default()
    }
}

/// A gateway, its journal that keeps when it is told to, and what they said.
pub(crate) struct Home {
    pub(crate) gateway: Gateway,
    pub(crate) now: u64,
    pub(crate) packet: u16,
    pub(crate) keeping: Vec<(u64, Vec<Note>)>,
    pub(crate) full: bool,
    pub(crate) kept: Vec<Note>,
    pub(crate) records: Vec<(u64, Event)>,
    pub(crate) acknowledged: Vec<u64>,
    pub(crate) up: bool,
}

impl Home {
    pub(crate) fn new(epoch: u64, window: usize, found: Vec<Note>) -> Self {
        let who = Identity { epoch, boot_id: 2 };
        let notes = found.into_iter();
        let recovered = Recovered {
            notes: notes
                .filter_map(|note| Some((Lane::Alarm, note.key, note.value?)))
                .collect(),
            ..Recovered::default()
        };
        let mut home = Self {
            gateway: Gateway::new(settings(window), who, recovered, Mono(0)),
            now: 0,
            packet: 0,
            keeping: Vec::new(),
            full: false,
            kept: Vec::new(),
            records: Vec::new(),
            acknowledged: Vec::new(),
            up: false,
        };
        home.input(Input::SourceUp {
            source: 0,
            resumed: true,
        });
        home
    }

    pub(crate) fn input(&mut self, input: Input) {
        self.inputs(vec![input]);
    }

    pub(crate) fn inputs(&mut self, inputs: Vec<Input>) {
        let now = Mono(self.now);
        for input in inputs {
            self.gateway.handle(input, now);
        }
        self.gateway.settle(now);
        while let Some(effect) = self.gateway.poll_effect() {
            match effect {
                Effect::Acknowledge { token, .. } => self.acknowledged.push(token),
                Effect::Journal(JournalOrder::Keep {
                    ticket,
                    lane,
                    pages,
                    notes,
                }) => {
                    self.keeping.push((ticket, notes));
                    if lane == Lane::Alarm && !self.full {
                        for page in pages {
                            self.read(page.key.first, &page.records().unwrap());
                        }
                    }
                }
                Effect::Send { says, .. } => {
                    if let Some(v1::from_home::Says::Parcel(parcel)) = says.says
                        && parcel.lane == Lane::Alarm.wire()
                    {
                        self.read(parcel.first_seq, &parcel.records);
                    }
                }
                _ => {}
            }
        }
    }

    pub(crate) fn read(&mut self, first: u64, records: &[tecs_protocol::Bytes]) {
        for (seq, bytes) in (first..).zip(records) {
            let Ok(Entry::Event(event)) = decode(bytes) else {
                panic!("no event");
            };
            let known = self.records.iter().any(|(n, _)| *n == seq);
            if !known && !event.device.id.starts_with("gateway/") {
                self.records.push((seq, *event));
            }
        }
    }

    /// The disk has everything, or no room for it.
    pub(crate) fn disk(&mut self) {
        for (ticket, notes) in std::mem::take(&mut self.keeping) {
            let says = if self.full {
                let why = JournalFault::Full;
                JournalSays::NotKept { ticket, why }
            } else {
                for note in notes {
                    self.kept.retain(|n| n.key != note.key);
                    self.kept.push(note);
                }
                JournalSays::Kept {
                    ticket,
                    generation: 1,
                    used: 0,
                }
            };
            self.input(Input::Journal(says));
        }
    }

    pub(crate) fn publish(&mut self, device: &str, payload: &str) -> Input {
        self.packet = self.packet.checked_add(1).unwrap_or(1);
        Self::again(device, payload, self.packet, false)
    }

    pub(crate) fn again(device: &str, payload: &str, packet: u16, dup: bool) -> Input {
        Input::Publish {
            source: 0,
            topic: format!("zigbee2mqtt/{device}"),
            payload: payload.to_owned().into(),
            retained: false,
            dup,
            packet,
            token: Some(u64::from(packet)),
        }
    }

    /// So many presses in one turn.
    pub(crate) fn press(&mut self, device: &str, times: usize) {
        self.say(device, PRESS, times);
    }

    pub(crate) fn say(&mut self, device: &str, payload: &str, times: usize) {
        let presses = (0..times).map(|_| self.publish(device, payload)).collect();
        self.inputs(presses);
    }

    /// Time passes: the core is called when it asks to be.
    pub(crate) fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some((at, _)) = self.gateway.poll_timeout()
            && at.0 <= until
        {
            self.now = self.now.max(at.0).max(self.now + 1);
            self.input(Input::Tick);
            self.disk();
        }
        self.now = until.max(self.now);
    }

    pub(crate) fn counts(&self, device: &str) -> Vec<u32> {
        let of = self.records.iter().filter(|(_, e)| e.device.id == device);
        of.map(|(_, event)| event.folded).collect()
    }

    pub(crate) fn stage(&mut self, seq: u64, progress: v1::stage::Progress) {
        if !self.up {
            self.up = true;
            for says in [
                LinkSays::Opened,
                heard(v1::from_hub::Says::Welcome(v1::Welcome::default())),
            ] {
                self.input(Input::Link { endpoint: 0, says });
            }
        }
        let stage = v1::Stage {
            name: Some(v1::Name {
                epoch: 1,
                lane: Lane::Alarm.wire(),
                seq,
            }),
            progress: progress.into(),
            by: "anna".to_owned(),
            at_ms: i64::try_from(self.now).unwrap(),
        };
        let says = heard(v1::from_hub::Says::Stage(stage));
        self.input(Input::Link { endpoint: 0, says });
    }
}

fn heard(says: v1::from_hub::Says) -> LinkSays {
    LinkSays::Heard(v1::FromHub { says: Some(says) })
}
