//! Whose turn it is to make room. It decides nothing about who may go.

use std::collections::BTreeSet;
use std::sync::Arc;

/// A device by its source and its source's name for it.
pub(crate) type Whose = (usize, Arc<str>);

/// Devices that may have to go, the lowest number first. Finding the next costs the logarithm of how many there are.
#[derive(Debug, Default)]
pub(super) struct Turns(BTreeSet<(u64, Whose)>);

impl Turns {
    pub(super) fn join(&mut self, turn: u64, whose: Whose) {
        self.0.insert((turn, whose));
    }

    pub(super) fn leave(&mut self, turn: u64, whose: &Whose) {
        self.0.remove(&(turn, whose.clone()));
    }

    pub(super) fn next(&mut self) -> Option<(u64, Whose)> {
        self.0.pop_first()
    }
}

#[cfg(test)]
impl Turns {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
