//! Where `tap` listens: what the core shows goes to everybody who looks, and nobody who looks slowly holds the loop up.
//! Whoever falls behind misses the oldest and is told how many.

use std::sync::Arc;

use gateway_core::Tapped;
use tokio::sync::broadcast;

/// What waits for the slowest tap, at most; beyond it the oldest is dropped and counted.
const WAITING: usize = 1_024;
/// Taps at one time.
const TAPS: usize = 4;

/// The loop's end.
#[derive(Debug)]
pub struct Taps(broadcast::Sender<Arc<Tapped>>);

/// One tap's end.
pub type Tap = broadcast::Receiver<Arc<Tapped>>;

impl Default for Taps {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl Taps {
    /// True while somebody looks.
    pub fn are_open(&self) -> bool {
        self.0.receiver_count() > 0
    }

    /// Opens one more; `None` when there are as many as may be.
    pub fn open(&self) -> Option<Tap> {
        (self.0.receiver_count() < TAPS).then(|| self.0.subscribe())
    }

    /// Shows this to everybody who looks. Never waits.
    pub fn show(&self, tapped: Tapped) {
        // Nobody looks any more: nothing is lost.
        let _ = self.0.send(Arc::new(tapped));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast::error::RecvError;

    #[tokio::test]
    async fn a_tap_that_falls_behind_is_told_how_much_it_missed_and_the_others_miss_nothing() {
        let taps = Taps::default();
        let mut slow = taps.open().unwrap();
        let mut quick = taps.open().unwrap();
        for n in 0..2_000 {
            taps.show(Tapped::Dropped(n));
            assert_eq!(*quick.recv().await.unwrap(), Tapped::Dropped(n));
        }
        let missed = 2_000 - WAITING as u64;
        assert_eq!(slow.recv().await, Err(RecvError::Lagged(missed)));
        assert_eq!(*slow.recv().await.unwrap(), Tapped::Dropped(missed));
    }

    #[test]
    fn there_are_only_so_many_taps_and_nobody_looks_once_they_are_gone() {
        let taps = Taps::default();
        let open: Vec<_> = (0..TAPS).map(|_| taps.open().unwrap()).collect();
        assert!(taps.open().is_none() && taps.are_open());
        drop(open);
        assert!(!taps.are_open() && taps.open().is_some());
    }
}
