//! `[limits]`: every limit of the core by a name with its unit, its default (the core's own) and what is allowed.

use gateway_core::settings::Limits;
use serde::Deserialize;

use super::fault::{Fault, Stage};
use super::text::Places;

/// Makes the section, its defaults and its ranges in one place. A limit is read as a whole number.
macro_rules! limits {
    ($($key:ident : $low:literal ..= $high:literal = $of:expr, $to:expr;)+) => {
        /// `[limits]` as serde reads it.
        #[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub(super) struct LimitsSection { $(pub(super) $key: u64,)+ }

        impl Default for LimitsSection {
            fn default() -> Self {
                let core = Limits::default();
                Self { $($key: ($of)(&core),)+ }
            }
        }

        impl LimitsSection {
            /// The core's limits; a value outside its range is a fault and leaves the default.
            pub(super) fn judge(&self, places: &Places, faults: &mut Vec<Fault>) -> Limits {
                let mut core = Limits::default();
                $(
                    if ($low..=$high).contains(&self.$key) {
                        ($to)(&mut core, self.$key);
                    } else {
                        let key = concat!("limits.", stringify!($key));
                        let what = format!("is {}; allowed is {} to {}", self.$key, $low, $high);
                        let default = ($of)(&Limits::default());
                        let cure = format!("write a number in that range, or take the line out for {default}");
                        faults.push(places.fault(Stage::Values, key, what, cure));
                    }
                )+
                core
            }
        }
    };
}

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn count(n: u64) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

limits! {
    linger_ms: 0u64..=10_000u64 = |l: &Limits| l.linger_ms, |l: &mut Limits, n| l.linger_ms = n;
    raw_excerpt_bytes: 0u64..=4_096u64 = |l: &Limits| l.raw_excerpt as u64, |l: &mut Limits, n| l.raw_excerpt = size(n);
    message_bytes: 256u64..=1_048_576u64 = |l: &Limits| l.message as u64, |l: &mut Limits, n| l.message = size(n);
    lesson_bytes: 65_536u64..=67_108_864u64 = |l: &Limits| l.lesson as u64, |l: &mut Limits, n| l.lesson = size(n);
    devices: 1u64..=10_000u64 = |l: &Limits| l.devices as u64, |l: &mut Limits, n| l.devices = size(n);
    memory_bytes: 262_144u64..=268_435_456u64 = |l: &Limits| l.memory as u64, |l: &mut Limits, n| l.memory = size(n);
    unreceipted_bytes: 16_384u64..=4_194_304u64 = |l: &Limits| l.unreceipted as u64, |l: &mut Limits, n| l.unreceipted = size(n);
    slow_round_trip_ms: 10u64..=60_000u64 = |l: &Limits| l.slow_round_trip_ms, |l: &mut Limits, n| l.slow_round_trip_ms = n;
    escalate_after_ms: 100u64..=60_000u64 = |l: &Limits| l.escalate_after_ms, |l: &mut Limits, n| l.escalate_after_ms = n;
    back_off_first_ms: 10u64..=60_000u64 = |l: &Limits| l.back_off_ms.0, |l: &mut Limits, n| l.back_off_ms.0 = n;
    back_off_longest_ms: 10u64..=600_000u64 = |l: &Limits| l.back_off_ms.1, |l: &mut Limits, n| l.back_off_ms.1 = n;
    alarm_knock_ms: 100u64..=60_000u64 = |l: &Limits| l.alarm_knock_ms, |l: &mut Limits, n| l.alarm_knock_ms = n;
    keep_accepted_ms: 0u64..=604_800_000u64 = |l: &Limits| l.keep_accepted_ms, |l: &mut Limits, n| l.keep_accepted_ms = n;
    not_sent_after_ms: 100u64..=600_000u64 = |l: &Limits| l.not_sent_after_ms, |l: &mut Limits, n| l.not_sent_after_ms = n;
    closed_shown_ms: 0u64..=86_400_000u64 = |l: &Limits| l.closed_shown_ms, |l: &mut Limits, n| l.closed_shown_ms = n;
    disk_alarm_bytes: 1_048_576u64..=17_179_869_184u64 = |l: &Limits| l.disk[0], |l: &mut Limits, n| l.disk[0] = n;
    disk_vital_bytes: 1_048_576u64..=17_179_869_184u64 = |l: &Limits| l.disk[1], |l: &mut Limits, n| l.disk[1] = n;
    disk_routine_bytes: 1_048_576u64..=17_179_869_184u64 = |l: &Limits| l.disk[2], |l: &mut Limits, n| l.disk[2] = n;
    rate_per_s: 1u64..=1_000_000u64 = |l: &Limits| u64::from(l.rate.0), |l: &mut Limits, n| l.rate.0 = count(n);
    rate_burst: 1u64..=10_000_000u64 = |l: &Limits| u64::from(l.rate.1), |l: &mut Limits, n| l.rate.1 = count(n);
    path_grace_ms: 0u64..=3_600_000u64 = |l: &Limits| l.path_grace_ms, |l: &mut Limits, n| l.path_grace_ms = n;
    path_check_ms: 10_000u64..=86_400_000u64 = |l: &Limits| l.path_check_ms, |l: &mut Limits, n| l.path_check_ms = n;
    beat_every_ms: 1_000u64..=300_000u64 = |l: &Limits| l.beat_every_ms, |l: &mut Limits, n| l.beat_every_ms = n;
    journal_retry_ms: 10u64..=60_000u64 = |l: &Limits| l.journal_retry_ms, |l: &mut Limits, n| l.journal_retry_ms = n;
}
