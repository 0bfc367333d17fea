//! The open links of the homes: who is connected, what was last heard, and what waits to be told to each connection.
//! It is memory only; what must survive is in the ledger.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::store::{Ask, CaseId};

/// What is known of a gateway's link now; not kept over a restart.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LinkStatus {
    /// Open connections.
    pub connections: usize,
    /// When it was last heard, ms since 1970; after a restart of the hub as far as the ledger was told.
    pub heard_ms: Option<i64>,
    /// Its supervision says that it is missing.
    pub missing: bool,
    /// What it says of its software.
    pub software: String,
    /// What still waits in the home.
    pub depths: Vec<DepthTold>,
    /// On mains, where it can tell.
    pub on_mains: Option<bool>,
    /// Its own battery, %, where it can tell.
    pub battery_percent: Option<f64>,
}

/// What waits in one lane of a home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DepthTold {
    /// The lane's word.
    pub lane: &'static str,
    /// How many records.
    pub records: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How old the oldest is, ms.
    pub oldest_age_ms: u64,
}

/// What waits to be told to one connection: bounded by the cases there are, because a case stands in it once.
#[derive(Default)]
pub(crate) struct Mailbox {
    inside: Mutex<Inside>,
    more: Notify,
}

/// The content of a [`Mailbox`].
#[derive(Default)]
pub(crate) struct Inside {
    /// Cases that moved.
    pub(crate) cases: BTreeSet<CaseId>,
    /// Changes were missed: everything open is told again.
    pub(crate) all: bool,
    /// Newer connections took its place.
    pub(crate) replaced: bool,
    /// What is asked of the home.
    pub(crate) asks: VecDeque<Ask>,
}

impl Mailbox {
    /// Everything that waits, as soon as there is something.
    pub(crate) async fn take(&self) -> Inside {
        loop {
            let inside = std::mem::take(&mut *lock(&self.inside));
            if inside.replaced || inside.all || !inside.cases.is_empty() || !inside.asks.is_empty()
            {
                return inside;
            }
            self.more.notified().await;
        }
    }

    fn put(&self, put: impl FnOnce(&mut Inside)) {
        put(&mut lock(&self.inside));
        self.more.notify_one();
    }
}

/// One gateway's link.
#[derive(Default)]
pub(crate) struct Link {
    /// What people see of it.
    pub(crate) status: LinkStatus,
    /// When it was last heard, by the clock that does not jump.
    pub(crate) heard_at: Option<Instant>,
    next: u64,
    boxes: Vec<(u64, Arc<Mailbox>)>,
}

/// All links, by gateway.
#[derive(Default)]
pub(crate) struct Links(Mutex<BTreeMap<String, Link>>);

impl Links {
    /// Changes what is known of a link, made if need be.
    pub(crate) fn change<T>(&self, gateway: &str, change: impl FnOnce(&mut Link) -> T) -> T {
        let mut links = lock(&self.0);
        if let Some(link) = links.get_mut(gateway) {
            return change(link);
        }
        change(links.entry(gateway.to_owned()).or_default())
    }

    /// Looks at all of them.
    pub(crate) fn each(&self, mut look: impl FnMut(&str, &Link)) {
        for (gateway, link) in lock(&self.0).iter() {
            look(gateway, link);
        }
    }

    /// Looks at one.
    pub(crate) fn one<T>(&self, gateway: &str, look: impl FnOnce(&Link) -> T) -> Option<T> {
        lock(&self.0).get(gateway).map(look)
    }

    /// Puts into every connection's mailbox of one gateway; how many there were.
    pub(crate) fn tell(&self, gateway: &str, put: impl Fn(&mut Inside)) -> usize {
        self.one(gateway, |link| link.tell(put)).unwrap_or(0)
    }

    /// Puts into every mailbox there is.
    pub(crate) fn tell_all(&self, put: impl Fn(&mut Inside)) {
        self.each(|_, link| {
            link.tell(&put);
        });
    }
}

impl Link {
    /// A further connection and its mailbox. Beyond `limit` the oldest makes room: it may be half dead, and the newest
    /// is the one that an alarm just came by.
    pub(crate) fn connect(&mut self, limit: usize) -> (u64, Arc<Mailbox>) {
        while self.boxes.len() >= limit.max(1) {
            let (_, oldest) = self.boxes.remove(0);
            oldest.put(|inside| inside.replaced = true);
        }
        self.next += 1;
        let new = (self.next, Arc::new(Mailbox::default()));
        self.boxes.push(new.clone());
        self.status.connections = self.boxes.len();
        new
    }

    /// A connection has ended.
    pub(crate) fn disconnect(&mut self, number: u64) {
        self.boxes.retain(|(n, _)| *n != number);
        self.status.connections = self.boxes.len();
    }

    fn tell(&self, put: impl Fn(&mut Inside)) -> usize {
        for (_, mailbox) in &self.boxes {
            mailbox.put(&put);
        }
        self.boxes.len()
    }
}

/// A panic elsewhere leaves a list itself whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
