//! What is said of the journal: that it cannot, that it hangs, that it keeps again. Each once, to the hub, the home and the
//! log.

use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{Condition, HealthKind};

use crate::effect::{Effect, Noteworthy};
use crate::gateway::{Gateway, Stopping};
use crate::input::JournalFault;
use crate::journal::Health;
use crate::time::Mono;

impl Gateway {
    /// Nothing may be ordered now: the journal is not open, hangs, was refused a moment ago, or is closed.
    pub(crate) fn may_not_order(&self, now: Mono) -> bool {
        self.journal.is_opening()
            || self.journal.stalled
            || self.journal.retry_at > now
            || self.stopping == Stopping::Closed
    }

    /// Sources are read without the journal.
    pub(crate) fn not_open_in_time(&mut self, now: Mono) {
        self.journal_is(
            Health::Opening,
            "the journal is not open yet: the disk hangs or is slow; what it holds is sent as soon as it is",
        );
        self.say_unwell("the journal is not open yet", now);
    }

    /// A journal that owes an answer for too long hangs.
    pub(crate) fn watch_journal(&mut self, now: Mono) {
        if !self.journal.looked_at(now) || self.journal.health == Health::Hangs {
            return;
        }
        self.journal_is(
            Health::Hangs,
            "the journal has not answered for 2 s: the disk hangs or is slow; look at the kernel's log",
        );
        self.say_unwell("the journal has not answered for 2 s", now);
    }

    fn journal_is(&mut self, health: Health, what: &str) {
        self.counters.journal_faults += 1;
        self.journal.health = health;
        self.effects.push_back(Effect::Note(Noteworthy::Journal {
            what: what.to_owned(),
        }));
    }

    fn say_unwell(&mut self, detail: &str, now: Mono) {
        let raised = What::health(HealthKind::Journal, Condition::Raised, detail);
        self.journal.said_well = false;
        self.own("journal", raised, now);
    }

    /// When something is to be said of the journal, or asked of it again.
    pub(crate) fn journal_due(&self) -> Option<Mono> {
        let hangs = self.journal.hangs_at().filter(|_| !self.journal.stalled);
        hangs.into_iter().chain(self.journal.load_again).min()
    }

    pub(crate) fn journal_failed(&mut self, why: &JournalFault, now: Mono) {
        let (health, what) = match why {
            JournalFault::Full => (Health::Full, "the disk is full"),
            JournalFault::Broken(what) => (Health::Broken, what.as_str()),
        };
        self.counters.journal_faults += 1;
        if self.journal.health != health {
            self.journal.health = health;
            self.effects.push_back(Effect::Note(Noteworthy::Journal {
                what: what.to_owned(),
            }));
        }
        self.journal.retry_at = now.plus(self.settings.limits.journal_retry_ms);
        let detail = match why {
            JournalFault::Full => "the disk is full",
            JournalFault::Broken(_) => "the journal cannot keep",
        };
        self.say_unwell(detail, now);
    }

    pub(crate) fn journal_is_well(&mut self, now: Mono) {
        if self.journal.health != Health::Fine {
            self.journal.health = Health::Fine;
            self.effects.push_back(Effect::Note(Noteworthy::Journal {
                what: "the journal keeps again".to_owned(),
            }));
        }
        if !self.journal.said_well {
            self.journal.said_well = true;
            let keeps = What::health(
                HealthKind::Journal,
                Condition::Restored,
                "the journal keeps",
            );
            self.own("journal", keeps, now);
        }
    }

    /// A store would not open and was set aside when the daemon started.
    pub(crate) fn journal_damaged(&mut self, what: &str, now: Mono) {
        self.effects.push_back(Effect::Note(Noteworthy::Journal {
            what: what.to_owned(),
        }));
        self.say_unwell("a damaged store was set aside", now);
    }
}
