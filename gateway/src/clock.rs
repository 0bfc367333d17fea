//! The clocks, and the only place that reads them: `CLOCK_BOOTTIME` for everything that is decided, the wall clock for
//! what people read. Whether the wall can be believed is taken from files and figures, never set.

use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use gateway_core::{Input, Mono};
use rustix::time::{ClockId, clock_gettime};

/// The wall clock is read and told to the core this often, ms.
pub const TOLD_EVERY_MS: u64 = 10_000;
/// A wall clock that moved against the boot clock by more than this has been set, ms.
const JUMP_MS: u64 = 2_000;
/// systemd-timesyncd makes this file when the clock was synchronised (systemd-timesyncd.service(8), FILES).
const TIMESYNC_DONE: &str = "/run/systemd/timesync/synchronized";
/// chronyd keeps its tracking state's pid here while it runs (Debian's chrony package); ntpd likewise.
const OTHER_DAEMONS: &[&str] = &["/run/chrony/chronyd.pid", "/run/ntpd.pid"];
/// No build of this version is older than this: 2026-01-01T00:00:00Z, ms since 1970. A wall before it is wrong.
const FLOOR_MS: i64 = 1_767_225_600_000;

/// `[clock] trust`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trust {
    /// Believed once timesyncd has synchronised it, or while another time daemon runs; never before the build's floor.
    #[default]
    Auto,
    /// Believed always: the machine has a clock of its own that is looked after.
    Always,
    /// Believed never: the hub repairs every time.
    Never,
}

/// Reads the clocks of this machine.
#[derive(Debug)]
pub struct Clock {
    trust: Trust,
    /// Wall minus boot when the wall was last told, ms.
    offset_ms: Option<i64>,
}

impl Clock {
    /// A clock that is believed as configured.
    pub const fn new(trust: Trust) -> Self {
        Self {
            trust,
            offset_ms: None,
        }
    }

    /// Milliseconds since boot, suspend included.
    pub fn now() -> Mono {
        let t = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(t.tv_sec).unwrap_or(0);
        let ms = u64::try_from(t.tv_nsec / 1_000_000).unwrap_or(0);
        Mono(seconds.saturating_mul(1_000).saturating_add(ms))
    }

    /// The wall clock as the core is told, read now.
    pub fn tell(&mut self) -> Input {
        let wall_ms = wall_ms();
        self.offset_ms = Some(offset(wall_ms, Self::now()));
        Input::Clock {
            wall_ms,
            trusted: self.believes(wall_ms),
        }
    }

    /// True when the wall was set since it was last told.
    pub fn jumped(&self) -> bool {
        let now = offset(wall_ms(), Self::now());
        self.offset_ms
            .is_some_and(|then| now.abs_diff(then) > JUMP_MS)
    }

    fn believes(&self, wall_ms: i64) -> bool {
        match self.trust {
            Trust::Always => true,
            Trust::Never => false,
            Trust::Auto => {
                let kept = Path::new(TIMESYNC_DONE).exists()
                    || OTHER_DAEMONS.iter().any(|pid| Path::new(pid).exists());
                kept && wall_ms >= FLOOR_MS
            }
        }
    }
}

fn offset(wall_ms: i64, boot: Mono) -> i64 {
    wall_ms.saturating_sub(i64::try_from(boot.0).unwrap_or(i64::MAX))
}

fn wall_ms() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
    }
}

/// The first 64 bits of the kernel's name for this boot (`/proc/sys/kernel/random/boot_id`, random(4)).
pub fn boot_id() -> std::io::Result<u64> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
    let hex: String = text
        .chars()
        .filter(char::is_ascii_hexdigit)
        .take(16)
        .collect();
    u64::from_str_radix(&hex, 16).map_err(|_| {
        std::io::Error::new(
            std::io::ErrorKind::InvalidData,
            "/proc/sys/kernel/random/boot_id holds no UUID",
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_since_boot_goes_forward_and_agrees_with_the_kernel() {
        let before = Clock::now();
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let seconds: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let after = Clock::now();
        assert!(before <= after);
        let kernel = seconds * 1000.0;
        assert!(before.0 as f64 <= kernel + 20.0 && after.0 as f64 >= kernel - 20.0);
    }

    #[test]
    fn one_boot_has_one_name() {
        assert_eq!(boot_id().unwrap(), boot_id().unwrap());
        assert_ne!(boot_id().unwrap(), 0);
    }

    #[test]
    fn trust_is_as_configured() {
        let trusted = |trust| match Clock::new(trust).tell() {
            Input::Clock { trusted, .. } => trusted,
            other => panic!("{other:?}"),
        };
        assert!(trusted(Trust::Always));
        assert!(!trusted(Trust::Never));
    }

    #[test]
    fn a_wall_that_keeps_step_has_not_jumped_and_one_that_was_set_has() {
        let mut clock = Clock::new(Trust::Auto);
        assert!(!clock.jumped(), "nothing was told yet");
        clock.tell();
        assert!(!clock.jumped());
        clock.offset_ms = clock.offset_ms.map(|ms| ms - 86_400_000);
        assert!(clock.jumped());
        assert!(
            !Clock::new(Trust::Auto).believes(0),
            "1970 is before the build"
        );
    }
}
