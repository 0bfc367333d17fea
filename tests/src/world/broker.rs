//! The home's broker: QoS 1, a window of 20, a session that lives over the gateway's death, redelivery with DUP.

use std::collections::{BTreeMap, VecDeque};

use gateway_core::Input;
use tecs_protocol::vocabulary::Lane;

/// The window: as mosquitto's default of messages in flight.
const WINDOW: usize = 20;

/// Message `n` carries this time of its own, so that it is found again wherever it goes.
pub(super) const EPOCH_MS: i64 = 1_700_000_000_000;

/// A device's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spoken {
    /// The device's own count.
    pub number: u64,
    /// The lane that it will go in.
    pub lane: Lane,
    /// Its payload.
    pub payload: String,
    /// Its topic.
    pub topic: &'static str,
}

/// The broker.
#[derive(Debug, Default)]
pub struct Broker {
    count: u64,
    queue: VecDeque<Spoken>,
    /// Delivered and not acknowledged, by packet id, in order.
    flying: BTreeMap<u16, (u64, Spoken, bool)>,
    next_packet: u16,
    order: u64,
    connection: u64,
    connected: bool,
    session: bool,
    redeliver: VecDeque<u16>,
}

impl Broker {
    /// A device says the next thing, of this lane.
    pub fn speak(&mut self, lane: Lane) -> Spoken {
        self.count += 1;
        let number = self.count;
        let at = EPOCH_MS + i64::try_from(number).unwrap() * 1_000;
        let (topic, payload) = match lane {
            Lane::Alarm => (
                "zigbee2mqtt/pendant",
                format!(r#"{{"action":"emergency","last_seen":{at}}}"#),
            ),
            Lane::Vital => (
                "zigbee2mqtt/bed",
                format!(
                    r#"{{"breathing_rate":{},"last_seen":{at}}}"#,
                    10 + number % 10
                ),
            ),
            Lane::Routine => (
                "zigbee2mqtt/climate",
                format!(r#"{{"temperature":{},"last_seen":{at}}}"#, 15 + number % 10),
            ),
        };
        let spoken = Spoken {
            number,
            lane,
            payload,
            topic,
        };
        self.queue.push_back(spoken.clone());
        spoken
    }

    /// The gateway connects; true when its session was still there.
    pub fn connect(&mut self) -> bool {
        let resumed = self.session;
        self.connected = true;
        self.session = true;
        self.connection += 1;
        let mut again: Vec<(u64, u16)> = self.flying.iter().map(|(p, f)| (f.0, *p)).collect();
        again.sort_unstable();
        self.redeliver = again.into_iter().map(|(_, p)| p).collect();
        resumed
    }

    /// The connection is gone; the session stays.
    pub fn break_off(&mut self) {
        self.connected = false;
        self.redeliver.clear();
    }

    /// The session is gone, and with it what was delivered and what waited.
    pub fn forget(&mut self) {
        self.session = false;
        self.flying.clear();
        self.queue.clear();
    }

    /// What the window allows now: redeliveries first, in their order.
    pub fn deliveries(&mut self) -> Vec<Input> {
        let mut out = Vec::new();
        if !self.connected {
            return out;
        }
        while let Some(packet) = self.redeliver.pop_front() {
            if let Some((_, spoken, _)) = self.flying.get(&packet) {
                out.push(self.publish(packet, &spoken.clone(), true));
            }
        }
        while self.flying.len() < WINDOW {
            let Some(spoken) = self.queue.pop_front() else {
                break;
            };
            self.next_packet = self.next_packet.checked_add(1).unwrap_or(1);
            self.order += 1;
            let packet = self.next_packet;
            out.push(self.publish(packet, &spoken, false));
            self.flying.insert(packet, (self.order, spoken, false));
        }
        out
    }

    fn publish(&self, packet: u16, spoken: &Spoken, dup: bool) -> Input {
        Input::Publish {
            source: 0,
            topic: spoken.topic.to_owned(),
            payload: spoken.payload.clone().into(),
            retained: false,
            dup,
            packet,
            token: Some(self.connection << 16 | u64::from(packet)),
        }
    }

    /// The gateway acknowledges. Acks of an older connection are dropped, as the edge drops them; order is asserted.
    pub fn acknowledge(&mut self, token: u64) -> Option<Spoken> {
        if token >> 16 != self.connection || !self.connected {
            return None;
        }
        let packet = u16::try_from(token & 0xffff).unwrap();
        let first = self.flying.iter().min_by_key(|(_, f)| f.0).map(|(p, _)| *p);
        assert_eq!(first, Some(packet), "an acknowledgement out of order");
        self.flying.remove(&packet).map(|f| f.1)
    }

    /// Messages that the broker still has.
    pub fn waiting(&self) -> usize {
        self.queue.len() + self.flying.len()
    }
}
