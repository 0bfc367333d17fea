//! How long to wait before something is tried again: twice as long each time, up to a limit, with jitter, so that many
//! homes that lost the same thing do not come back in step.

use std::time::Duration;

/// The pauses of one thing that is tried again and again.
#[derive(Debug, Clone)]
pub struct BackOff {
    shortest: Duration,
    longest: Duration,
    next: Duration,
}

impl BackOff {
    /// Pauses between these two.
    pub const fn new(shortest: Duration, longest: Duration) -> Self {
        Self {
            shortest,
            longest,
            next: shortest,
        }
    }

    /// It worked: the next pause is the shortest again.
    pub const fn reset(&mut self) {
        self.next = self.shortest;
    }

    /// The next pause, drawn between `shortest` and where the doubling stands; at first it is the shortest.
    pub fn pause(&mut self) -> Duration {
        let spread = self.next.saturating_sub(self.shortest);
        self.next = (self.next * 2).min(self.longest);
        // Without randomness the whole pause is taken: slower, never a spin.
        let part = getrandom::u32().map_or(1.0, |draw| f64::from(draw) / f64::from(u32::MAX));
        self.shortest + spread.mul_f64(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_stay_within_their_limits_and_start_over() {
        let (shortest, longest) = (Duration::from_millis(250), Duration::from_secs(5));
        let mut pauses = BackOff::new(shortest, longest);
        let drawn: Vec<Duration> = (0..100).map(|_| pauses.pause()).collect();
        assert_eq!(drawn[0], shortest);
        assert!(drawn.iter().all(|p| (shortest..=longest).contains(p)));
        assert!(drawn.iter().any(|p| *p > longest / 2), "{drawn:?}");
        pauses.reset();
        assert_eq!(pauses.pause(), shortest);
    }
}
