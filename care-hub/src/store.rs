//! The ledger as the rest of the hub sees it: what may be asked of it and told to it, whatever the engine.
//! It knows no wire, no page and no engine; an engine lives in a file below this one (`store/redb.rs`).

mod arrival;
mod case;
mod closing;
mod redb;
mod words;

pub use arrival::{
    Arrival, Ask, AskAnswer, AskWhat, Badges, Fate, GapTold, GatewayRow, Latest, Meaning, Name,
    Range, Sighting, StageRow, Stored, Times,
};
pub use case::{Case, CaseId, Device, Entry, EntryWhat, Kind, KindOf, Progress, Queue, Subject};
pub use closing::{Claim, Closed, Closing, Outcome, Person, Words};

pub use redb::RedbStore;

use futures_util::future::BoxFuture;
use tecs_protocol::vocabulary::Lane;

/// An answer of the store that may take a while: a write answers after it is durable. Writes take their place in the
/// order of the calls at once, not when the answer is first waited for.
pub type Later<T> = BoxFuture<'static, Result<T, StoreError>>;

/// Why the store gave no answer, by whose fault.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another process has the ledger open.
    #[error("the ledger {path} is open in another process{by}; stop that one first")]
    InUse {
        /// Which file.
        path: String,
        /// `" (process 1234)"` where it could be found out, else empty.
        by: String,
    },
    /// The engine could not do it: the disk, or the ledger's file.
    #[error("the ledger's engine: {0}")]
    Engine(String),
    /// A value in the ledger does not read: written by another version, or damaged.
    #[error("the ledger holds a {what} that does not read: {why}")]
    Unreadable {
        /// Which kind of value.
        what: &'static str,
        /// What its reader said.
        why: String,
    },
    /// The store is shutting down; nothing was written.
    #[error("the ledger is closed")]
    Closed,
}

/// Something changed; sent on the hub's broadcast after it is durable. A receiver that lags queries again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// A case was opened, folded into, claimed, noted, closed …
    Case {
        /// Which.
        id: CaseId,
        /// In whose home.
        gateway: String,
        /// In which queue it stands.
        queue: Queue,
        /// Its progress or claim changed, so that the home is told.
        moved: bool,
    },
    /// A home's newest vitals or observations changed.
    Latest {
        /// Whose.
        gateway: String,
    },
    /// A home's link came, went, beat, or its supervision changed.
    Link {
        /// Whose.
        gateway: String,
    },
    /// An ask was made or answered.
    Ask {
        /// Of whom.
        gateway: String,
    },
}

/// What a person may do to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// Take it; only one person has it at a time. Claiming again what one has renews it.
    Claim,
    /// Give it back.
    Release,
    /// Somebody is on the way or talking to the person; claims it as well where nobody has.
    Attend,
    /// Write into the timeline; anybody may, and it renews the writer's own claim.
    Note(Words),
    /// End it; claims it as well where nobody has.
    Close {
        /// How it ended.
        closing: Closing,
        /// [`Case::count`] as the person saw it: a repeat that came since is not closed unseen. `None` skips that.
        seen_count: Option<u64>,
    },
}

/// What became of an [`Act`].
#[derive(Debug, Clone, PartialEq)]
pub enum Acted {
    /// It is durable; the case as it now is.
    Done(Box<Case>),
    /// Somebody else has it.
    HeldBy(Claim),
    /// It was closed before.
    AlreadyClosed(Box<Case>),
    /// More of the same came since the person looked.
    Changed(Box<Case>),
    /// Release or the like by somebody who does not have it while nobody does.
    NotHeld,
    /// There is no such case.
    NotFound,
}

/// The ledger. All times are the hub's wall clock, milliseconds since 1970, passed in by the caller.
pub trait Store: Send + Sync + 'static {
    /// Drawn once when the ledger was made; never 0.
    fn ledger_id(&self) -> u64;

    /// How many records wait for the writer: the measure of overload.
    fn waiting(&self) -> usize;

    /// Stores a batch in one durable transaction and answers, in its order, which were new.
    fn append(&self, batch: Vec<Arrival>) -> Later<Vec<Fate>>;

    /// The sequence numbers of one lane that the ledger holds or has a Gap for: ascending, disjoint, joined.
    fn held(&self, gateway: &str, epoch: u64, lane: Lane) -> Later<Vec<Range>>;

    /// A record with its bytes as they came.
    fn record(&self, name: &Name) -> Later<Option<Stored>>;

    /// A home's records in the order of their names (epoch, lane, seq), those after `after`, `limit` at most.
    fn records(
        &self,
        gateway: &str,
        after: Option<&Name>,
        limit: usize,
    ) -> Later<Vec<(Name, Stored)>>;

    /// Open cases of one queue: the most urgent first, then the oldest.
    fn open(&self, queue: Queue) -> Later<Vec<Case>>;

    /// Closed cases of both queues, the last closed first, `limit` at most.
    fn closed(&self, limit: usize) -> Later<Vec<Case>>;

    /// One case with its whole timeline, in the order in which it was written.
    fn case(&self, id: CaseId) -> Later<Option<(Case, Vec<Entry>)>>;

    /// The newest of every vital, observation and battery of one home.
    fn latest(&self, gateway: &str) -> Later<Vec<Latest>>;

    /// Marks the cases that were not yet presented as presented: to be called once a page really shows them.
    fn present(&self, ids: Vec<CaseId>, at_ms: i64) -> Later<()>;

    /// Does what a person asked, by compare-and-set.
    fn act(&self, id: CaseId, by: Person, act: Act, at_ms: i64) -> Later<Acted>;

    /// Lets go of claims whose time is up; answers how many.
    fn lapse(&self, at_ms: i64) -> Later<usize>;

    /// The stage of every name in a home's open cases, or (open or not) of one case.
    fn stages(&self, gateway: &str, only: Option<CaseId>) -> Later<Vec<StageRow>>;

    /// What the ledger remembers of one gateway.
    fn gateway(&self, gateway: &str) -> Later<Option<GatewayRow>>;

    /// Every gateway that was ever heard or supervised.
    fn gateways(&self) -> Later<Vec<GatewayRow>>;

    /// Keeps what a Hello or a passing of time told of a gateway (never its `missing`).
    fn heard(&self, row: GatewayRow) -> Later<()>;

    /// Sets whether a gateway is missing: the technical event is raised or restored exactly when that changes;
    /// answers whether it did.
    fn supervise(&self, gateway: &str, missing: bool, detail: String, at_ms: i64) -> Later<bool>;

    /// Writes down an ask before it is sent; answers its id.
    fn ask(&self, gateway: &str, what: AskWhat, by: Person, at_ms: i64) -> Later<u64>;

    /// Writes down the answer to an ask; false where that gateway was never asked it.
    fn answered(&self, gateway: &str, ask_id: u64, answer: AskAnswer) -> Later<bool>;

    /// The asks of a home, the newest first, `limit` at most.
    fn asks(&self, gateway: &str, limit: usize) -> Later<Vec<Ask>>;
}
