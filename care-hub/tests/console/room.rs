//! A control room over a real ledger: homes that speak, and a browser that asks. Nothing in it is a stand-in.

use std::sync::Arc;

use axum::Router;
use tecs_hub::console;
use tecs_hub::desk::Lapses;
use tecs_hub::homes::Homes;
use tecs_hub::reading::{Sent, read};
use tecs_hub::state::Hub;
use tecs_hub::store::{CaseId, Fate, Name, RedbStore};
use tecs_hub::times::Boots;
use tecs_protocol::event::{ClockPair, Device, Event, Flags};
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{AlarmKind, Condition, Lane, Urgency};
use tempfile::TempDir;

/// What nobody may see without asking.
pub(crate) const ACCESS_NOTE: &str = "Key safe left of the door, code 4711";

const REGISTER: &str = r#"
[[home]]
gateway = "elm-4"
label = "4 Elm Row"
phone = "01632 960 004"
address = "4 Elm Row, Exeter EX4 0AA"
access_note = "Key safe left of the door, code 4711"
risks = ["Oxygen in use", "Dog"]

[[home]]
gateway = "oak-1"
label = "1 Oak Lane"
phone = "01632 960 001"
"#;

/// A hub with its page and its ledger.
pub(crate) struct Room {
    pub(crate) hub: Arc<Hub>,
    pub(crate) router: Router,
    seq: u64,
    _folder: TempDir,
}

impl Room {
    /// An empty ledger, two registered homes.
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let changes = Hub::changes();
        let path = folder.path().join("ledger.redb");
        let store = RedbStore::open(&path, Lapses::default(), changes.clone()).unwrap();
        let hub = Hub::new(Arc::new(store), Homes::read(REGISTER).unwrap(), changes);
        Self {
            router: console::router(Arc::clone(&hub)),
            hub,
            seq: 0,
            _folder: folder,
        }
    }

    /// A home's event becomes durable, as if it had come over the wire `ago_ms` ago; its case, if it is one.
    pub(crate) async fn hears(
        &mut self,
        gateway: &str,
        event: &Event,
        ago_ms: i64,
    ) -> Option<CaseId> {
        let bytes = event.encode().into();
        self.hears_bytes(gateway, event.lane(true), bytes, ago_ms)
            .await
    }

    /// As [`Room::hears`], of bytes that may be anything.
    pub(crate) async fn hears_bytes(
        &mut self,
        gateway: &str,
        lane: Lane,
        bytes: tecs_protocol::Bytes,
        ago_ms: i64,
    ) -> Option<CaseId> {
        self.seq += 1;
        let name = Name {
            gateway: gateway.to_owned(),
            epoch: 7,
            lane,
            seq: self.seq,
        };
        let sent = Sent {
            attempt: 1,
            sent_at: None,
            received_ms: Hub::now_ms() - ago_ms,
            boots: &Boots::default(),
            late_after_ms: 60_000,
        };
        let fates = self.hub.store.append(vec![read(name, bytes, &sent)]).await;
        match fates.unwrap().pop() {
            Some(Fate::New(case)) => case.map(|(id, _)| id),
            Some(Fate::Repeat) | None => panic!("a new name was taken for a repeat"),
        }
    }
}

/// An alarm that was raised `ago_ms` ago.
pub(crate) fn alarm(
    kind: AlarmKind,
    urgency: Urgency,
    device: &str,
    room: &str,
    ago_ms: i64,
) -> Event {
    said(
        What::alarm(kind, Condition::Raised),
        urgency,
        device,
        room,
        ago_ms,
    )
}

/// A word of a device, heard `ago_ms` ago.
pub(crate) fn said(what: What, urgency: Urgency, device: &str, room: &str, ago_ms: i64) -> Event {
    Event {
        device: Device {
            id: device.to_owned(),
            kind: "Sensor".to_owned(),
            room: room.to_owned(),
        },
        happened_ms: None,
        heard: ClockPair {
            boot_id: 1,
            since_boot_ms: 1_000,
            wall_ms: Hub::now_ms() - ago_ms,
            trusted: true,
        },
        urgency,
        what,
        flags: Flags::default(),
        raw: br#"{"occupancy":true}"#.to_vec(),
        folded: 1,
        last_heard: None,
    }
}
