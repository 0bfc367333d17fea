//! When a record really happened, told in the hub's clock, and whether it came late.
//! Pure: it repairs a home's wrong wall clock from pairs of clocks, and never rewrites the record.

use tecs_protocol::event::ClockPair;

use crate::store::Times;

/// How many boots of one home's machine are remembered: a backlog is rarely older.
const BOOTS_KEPT: usize = 8;

/// A device's own time is believed this far back, ms: 400 days, longer than any device's memory of readings.
const BELIEVED_BACK_MS: i64 = 400 * 24 * 3_600_000;

/// A device's own time is believed this far ahead, ms: clocks set by hand.
const BELIEVED_AHEAD_MS: i64 = 60_000;

/// A boot seems to begin this much elsewhere only when a clock was set, ms.
const STEPPED_MS: u64 = 600_000;

/// How far one pair of clocks may move a known boot later, ms: at a beat every 15 s far more than any quartz drifts.
const DRIFT_MS: i64 = 50;

/// When each boot of a home's machine began, in the hub's clock, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Boots(pub Vec<(u64, i64)>);

impl Boots {
    /// Learns from a pair of clocks that came at `received_ms`.
    pub fn learn(&mut self, pair: ClockPair, received_ms: i64) {
        if pair.boot_id == 0 {
            return;
        }
        let told = received_ms.saturating_sub_unsigned(pair.since_boot_ms);
        let known = self.0.iter().position(|(boot, _)| *boot == pair.boot_id);
        let began = match known.map(|at| self.0.remove(at)) {
            // The way here only ever adds delay, so the earliest is the best; drift is followed slowly.
            Some((_, began)) if told.abs_diff(began) < STEPPED_MS => told.min(began + DRIFT_MS),
            Some(_) | None => told,
        };
        if self.0.len() >= BOOTS_KEPT {
            self.0.remove(0);
        }
        self.0.push((pair.boot_id, began));
    }

    fn at(&self, pair: ClockPair) -> Option<i64> {
        let (_, began) = self.0.iter().find(|(boot, _)| *boot == pair.boot_id)?;
        Some(began.saturating_add_unsigned(pair.since_boot_ms))
    }
}

/// How a time was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// The home's wall clock was synchronised.
    Trusted,
    /// It was not; counted back from the moment of sending or from what was known of that boot.
    Repaired,
    /// It was not, and nothing else is known.
    Doubtful,
}

/// When the home heard it, in the hub's clock, and how that was found.
pub fn heard(
    heard: ClockPair,
    sent: Option<ClockPair>,
    received_ms: i64,
    boots: &Boots,
) -> (i64, Found) {
    if heard.trusted {
        return (heard.wall_ms.min(received_ms), Found::Trusted);
    }
    let counted = sent
        .filter(|sent| sent.boot_id == heard.boot_id && heard.boot_id != 0)
        .map(|sent| {
            let age_ms = sent.since_boot_ms.saturating_sub(heard.since_boot_ms);
            received_ms.saturating_sub_unsigned(age_ms)
        })
        .or_else(|| boots.at(heard));
    match counted {
        Some(at_ms) => (at_ms.min(received_ms), Found::Repaired),
        None if heard.wall_ms > received_ms - BELIEVED_BACK_MS => {
            (heard.wall_ms.min(received_ms), Found::Doubtful)
        }
        None => (received_ms, Found::Doubtful),
    }
}

/// The times of a record: the device's own where it is plausible, else as heard.
pub fn times(heard_ms: i64, device_ms: Option<i64>, received_ms: i64) -> Times {
    let plausible =
        |ms: &i64| (received_ms - BELIEVED_BACK_MS..=received_ms + BELIEVED_AHEAD_MS).contains(ms);
    Times {
        received_ms,
        heard_ms,
        happened_ms: device_ms
            .filter(plausible)
            .map_or(heard_ms, |ms| ms.min(received_ms)),
    }
}

/// True when it came longer after it happened than `limit_ms`.
pub const fn is_late(times: Times, limit_ms: i64) -> bool {
    times.received_ms.saturating_sub(times.happened_ms) > limit_ms
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_790_000_000_000;

    fn pair(boot_id: u64, since_boot_ms: u64, wall_ms: i64, trusted: bool) -> ClockPair {
        ClockPair {
            boot_id,
            since_boot_ms,
            wall_ms,
            trusted,
        }
    }

    #[test]
    fn a_home_that_booted_in_1970_is_repaired_from_the_moment_of_sending() {
        let (at, found) = heard(
            pair(7, 10_000, 5, false),
            Some(pair(7, 100_000, 90_005, false)),
            NOW,
            &Boots::default(),
        );
        assert_eq!((at, found), (NOW - 90_000, Found::Repaired));
    }

    #[test]
    fn a_record_of_an_earlier_boot_is_repaired_from_what_a_beat_of_that_boot_told() {
        let mut boots = Boots::default();
        boots.learn(pair(7, 1_000_000, 5, false), NOW - 60_000);
        let told = heard(
            pair(7, 1_030_000, 5, false),
            Some(pair(8, 100, 5, false)),
            NOW,
            &boots,
        );
        assert_eq!(told, (NOW - 30_000, Found::Repaired));
    }

    #[test]
    fn one_message_that_was_held_up_does_not_make_a_boot_seem_later() {
        let mut boots = Boots::default();
        boots.learn(pair(7, 1_000, 5, false), NOW);
        boots.learn(pair(7, 2_000, 5, false), NOW + 9_000);
        assert_eq!(boots.0, [(7, NOW - 1_000 + DRIFT_MS)]);
        boots.learn(pair(7, 3_000, 5, false), NOW + 86_400_000);
        assert_eq!(boots.0, [(7, NOW + 86_400_000 - 3_000)]);
    }

    #[test]
    fn a_trusted_wall_is_believed_and_never_lies_in_the_future() {
        let sent = Some(pair(7, 100_000, NOW, true));
        let at = |wall| heard(pair(7, 99_000, wall, true), sent, NOW, &Boots::default());
        assert_eq!(at(NOW - 70_000), (NOW - 70_000, Found::Trusted));
        assert_eq!(at(NOW + 70_000), (NOW, Found::Trusted));
    }

    #[test]
    fn an_untrusted_wall_that_nothing_repairs_is_doubtful() {
        let (at, found) = heard(pair(7, 10, 5, false), None, NOW, &Boots::default());
        assert_eq!((at, found), (NOW, Found::Doubtful));
    }

    #[test]
    fn a_reading_that_a_device_kept_overnight_is_late_though_heard_just_now() {
        let t = times(NOW - 100, Some(NOW - 8 * 3_600_000), NOW);
        assert!(is_late(t, 30_000));
        assert!(!is_late(times(NOW - 100, None, NOW), 30_000));
        let from_1970 = times(NOW - 100, Some(12_345), NOW);
        assert_eq!(from_1970.happened_ms, NOW - 100);
    }

    #[test]
    fn extreme_clocks_do_no_harm() {
        let wild = pair(7, u64::MAX, i64::MIN, false);
        let mut boots = Boots::default();
        boots.learn(wild, NOW);
        let (at, _) = heard(wild, Some(pair(7, 0, i64::MAX, false)), NOW, &boots);
        assert!(at <= NOW);
        let (at, _) = heard(pair(9, 1, i64::MIN, true), None, NOW, &boots);
        assert!(is_late(times(at, Some(i64::MIN), NOW), 30_000));
    }
}
