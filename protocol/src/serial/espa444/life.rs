//! Whether the line lives: a line that says nothing valid for too long is dead, told once and restored once. It reads
//! nothing itself.

/// What was told last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Told {
    /// The line lives; before it was opened, too.
    #[default]
    Alive,
    /// Nothing since it was opened; before that, another run may have called it dead.
    Unknown,
    /// It is dead.
    Dead,
}

/// What its silence means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Habit {
    /// Not known yet: it is watched.
    #[default]
    Unknown,
    /// It sends blocks without a selection, and only when somebody calls.
    Bridge,
    /// It polls or selects, or is polled by us.
    Polls,
}

/// The life of one line.
#[derive(Debug, Default)]
pub(super) struct Life {
    open: bool,
    valid_ms: u64,
    told: Told,
    habit: Habit,
}

impl Life {
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    pub(super) fn opened(&mut self, now_ms: u64) {
        self.open = true;
        self.valid_ms = now_ms;
        if self.told == Told::Alive {
            self.told = Told::Unknown;
        }
    }

    pub(super) const fn closed(&mut self) {
        self.open = false;
    }

    /// A valid word. True when it is to be told that the line lives.
    pub(super) fn valid(&mut self, now_ms: u64) -> bool {
        self.valid_ms = now_ms;
        std::mem::replace(&mut self.told, Told::Alive) != Told::Alive
    }

    /// Somebody polls or selects.
    pub(super) const fn polled(&mut self) {
        self.habit = Habit::Polls;
    }

    /// A block came without a selection.
    pub(super) fn bridged(&mut self) {
        if self.habit == Habit::Unknown {
            self.habit = Habit::Bridge;
        }
    }

    /// When it is dead, if nothing valid comes before.
    pub(super) fn dead_ms(&self, after_ms: u64) -> Option<u64> {
        let watched = self.open && self.told != Told::Dead && self.habit != Habit::Bridge;
        (watched && after_ms > 0).then(|| self.valid_ms.saturating_add(after_ms))
    }

    /// It is dead.
    pub(super) const fn died(&mut self) {
        self.told = Told::Dead;
    }
}
