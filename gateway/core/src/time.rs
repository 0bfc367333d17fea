//! Time as an argument: milliseconds since this boot, our own integer, so that no clock can be read by mistake.

/// Milliseconds since the machine booted (`CLOCK_BOOTTIME`); never goes back, survives suspend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mono(pub u64);

impl Mono {
    /// This much later; the far end of time where it would overflow.
    #[must_use]
    pub const fn plus(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }

    /// How long it has been since `earlier`, in ms; 0 if that is not earlier.
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
