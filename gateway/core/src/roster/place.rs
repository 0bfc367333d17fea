//! One device's place: why it has it, and what keeps it there.

use std::sync::Arc;

use crate::known::Known;

/// Why a device is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// The installer has named it, or it is the gateway's own: it never goes.
    Listed,
    /// It speaks, and has never raised an alarm.
    Quiet,
    /// It has once raised an alarm.
    Alarmed,
}

/// What keeps a device although its turn to go has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stays {
    /// An alarm or a fault of it stands, or it is listed.
    Stands,
    /// The message with this number has no answer yet.
    Owed(u64),
}

/// A device with its place.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) name: Arc<str>,
    pub(super) known: Known,
    pub(super) standing: Standing,
    /// When it spoke last, or, once alarmed, when its last alarm was raised or closed: a number that counts up.
    pub(super) turn: u64,
    /// The number under which it waits for its turn; `None` while it does not.
    pub(super) waits: Option<u64>,
    /// Its last message that wants an answer.
    pub(super) owed: Option<u64>,
    /// Its alarms that are open in the home.
    pub(super) open: u32,
    /// The journal remembers states of it.
    pub(super) noted: bool,
}

impl Place {
    pub(super) fn new(name: &str, known: Known, standing: Standing, turn: u64) -> Self {
        Self {
            name: name.into(),
            known,
            standing,
            turn,
            waits: None,
            owed: None,
            open: 0,
            noted: false,
        }
    }

    /// What keeps it, given that every message before `answered` has its answer.
    pub(super) fn stays(&self, answered: u64) -> Option<Stays> {
        let stands = self.open > 0 || self.known.stands();
        match self.owed {
            _ if stands || self.standing == Standing::Listed => Some(Stays::Stands),
            Some(owed) if owed >= answered => Some(Stays::Owed(owed)),
            Some(_) | None => None,
        }
    }
}
