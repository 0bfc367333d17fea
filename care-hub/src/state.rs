//! What every part of the running hub shares: the ledger, the register, the broadcast of changes, the links.
//! It holds no decisions; ingest and the page meet here and nowhere else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::sync::broadcast;

use crate::homes::Homes;
use crate::links::{Link, Links, Mailbox};
use crate::store::{Ask, AskWhat, Change, Person, Store, StoreError};

pub use crate::links::{DepthTold, LinkStatus};

/// How many changes a slow listener may lag behind before it has to query again.
const CHANGES_KEPT: usize = 4_096;

/// The running hub.
pub struct Hub {
    /// The ledger.
    pub store: Arc<dyn Store>,
    /// The register.
    pub homes: Homes,
    /// Every durable change; `subscribe` to it.
    pub changes: broadcast::Sender<Change>,
    pub(crate) links: Links,
}

/// One open connection of a gateway; dropping it takes it off the list.
pub(crate) struct Connected {
    hub: Arc<Hub>,
    gateway: String,
    number: u64,
    /// What waits to be told to it.
    pub(crate) mailbox: Arc<Mailbox>,
}

impl Drop for Connected {
    fn drop(&mut self) {
        self.hub
            .told(&self.gateway, |link| link.disconnect(self.number));
    }
}

impl Hub {
    /// A hub over this ledger; `changes` is the sender that the ledger's engine was opened with.
    pub fn new(
        store: Arc<dyn Store>,
        homes: Homes,
        changes: broadcast::Sender<Change>,
    ) -> Arc<Self> {
        Arc::new(Self {
            store,
            homes,
            changes,
            links: Links::default(),
        })
    }

    /// A sender for [`Hub::new`] and the ledger's engine.
    pub fn changes() -> broadcast::Sender<Change> {
        broadcast::channel(CHANGES_KEPT).0
    }

    /// The hub's wall clock, ms since 1970: the one clock that everything in the ledger is told in.
    pub fn now_ms() -> i64 {
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    }

    /// What is known of a gateway's link; nothing heard yet if it never spoke to this run of the hub.
    pub fn link(&self, gateway: &str) -> LinkStatus {
        self.links
            .one(gateway, |link| link.status.clone())
            .unwrap_or_default()
    }

    /// Every gateway that is registered, supervised or was heard, with its link, in the order of their ids.
    pub fn links(&self) -> BTreeMap<String, LinkStatus> {
        let mut all: BTreeMap<String, LinkStatus> = self
            .homes
            .iter()
            .map(|home| (home.gateway.clone(), LinkStatus::default()))
            .collect();
        self.links.each(|gateway, link| {
            all.insert(gateway.to_owned(), link.status.clone());
        });
        all
    }

    /// Writes an ask down and sends it to every open connection of the home (one of them may be half dead, and a home
    /// answers an ask twice harmlessly); its id, and whether it could be sent now. An ask that could not be sent is not
    /// sent later. The home's answer is recorded when it comes ([`Store::asks`]).
    pub async fn ask(
        &self,
        gateway: &str,
        what: AskWhat,
        by: Person,
    ) -> Result<(u64, bool), StoreError> {
        let at_ms = Self::now_ms();
        let id = self
            .store
            .ask(gateway, what.clone(), by.clone(), at_ms)
            .await?;
        let ask = Ask {
            id,
            gateway: gateway.to_owned(),
            what,
            by,
            at_ms,
            answer: None,
        };
        let sent = self
            .links
            .tell(gateway, |inside| inside.asks.push_back(ask.clone()));
        Ok((id, sent > 0))
    }

    /// Takes a connection onto the list; the oldest is told to end when there are more than `limit`.
    pub(crate) fn connect(self: &Arc<Self>, gateway: &str, limit: usize) -> Connected {
        let (number, mailbox) = self.told(gateway, |link| link.connect(limit));
        Connected {
            hub: Arc::clone(self),
            gateway: gateway.to_owned(),
            number,
            mailbox,
        }
    }

    /// Changes what is known of a link, and says so.
    pub(crate) fn told<T>(&self, gateway: &str, change: impl FnOnce(&mut Link) -> T) -> T {
        let told = self.links.change(gateway, change);
        // No listener is no fault: a page is not always open.
        let _ = self.changes.send(Change::Link {
            gateway: gateway.to_owned(),
        });
        told
    }
}
