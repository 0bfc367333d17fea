//! Numbers out of many: percentiles, what a process has used as the kernel counts it, the clock that all of it shares.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

/// Ticks of the kernel's CPU accounting a second, for programs of users (proc(5), time(7)).
const TICKS: f64 = 100.0;

/// µs since 1970: every process of a run is on this machine and reads the same clock.
pub(super) fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    u64::try_from(since.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

/// Waits, in µs.
#[derive(Debug, Clone, Default)]
pub(super) struct Waits(Vec<u64>);

impl FromIterator<u64> for Waits {
    fn from_iter<I: IntoIterator<Item = u64>>(all: I) -> Self {
        let mut all: Vec<u64> = all.into_iter().collect();
        all.sort_unstable();
        Self(all)
    }
}

impl Waits {
    /// The smallest of them that at least this share, in thousandths, does not exceed; 0 of none.
    pub(super) fn at(&self, thousandths: usize) -> u64 {
        let rank = (self.0.len() * thousandths).div_ceil(1_000).max(1) - 1;
        self.0.get(rank).copied().unwrap_or_default()
    }

    /// p50, p99 and the longest in ms, and how many there were.
    pub(super) fn told(&self) -> Value {
        let ms = |us: u64| round(us as f64 / 1_000.0);
        json!({
            "p50_ms": ms(self.at(500)),
            "p99_ms": ms(self.at(990)),
            "max_ms": ms(self.at(1_000)),
            "count": self.0.len(),
        })
    }
}

/// Three digits behind the point are what a figure here is good for.
pub(super) fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// So many of something for each so many of another; 0 where there was none.
pub(super) fn per(what: f64, of: u64, each: f64) -> f64 {
    if of == 0 {
        0.0
    } else {
        round(what * each / of as f64)
    }
}

/// What a process has used so far.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Used {
    /// CPU, user and system, s.
    pub(super) cpu_s: f64,
    /// Memory, KiB.
    pub(super) rss_kib: u64,
    /// The most it ever had, KiB.
    pub(super) peak_kib: u64,
    /// Bytes that it caused to be written to a disk.
    pub(super) written: u64,
}

impl Used {
    /// Of a process that runs; zeros of one that does not.
    pub(super) fn by(pid: i32) -> Self {
        let read =
            |file: &str| std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let (status, io) = (read("status"), read("io"));
        Self {
            cpu_s: ticks(&read("stat")) as f64 / TICKS,
            rss_kib: field(&status, "VmRSS:"),
            peak_kib: field(&status, "VmHWM:"),
            written: field(&io, "write_bytes:"),
        }
    }
}

/// Forgets the most memory that a process ever had: the next phase's own counts from now on (proc(5), `clear_refs`).
/// Where the system does not let us, the peak is that of the whole run.
pub(super) fn forget_peak(pid: i32) {
    let _ = std::fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// `utime` and `stime` of /proc/PID/stat: fields 14 and 15, counted behind the name's closing bracket.
fn ticks(stat: &str) -> u64 {
    let behind = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let fields = behind.split_whitespace().skip(11).take(2);
    fields.filter_map(|f| f.parse::<u64>().ok()).sum()
}

fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let word = line.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|w| w.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_waits_and_exceeded_by_no_more_than_it_says() {
        let waits: Waits = (1..=200).rev().collect();
        assert_eq!(
            (waits.at(500), waits.at(990), waits.at(1_000)),
            (100, 198, 200)
        );
        assert_eq!(Waits::default().at(990), 0);
        assert_eq!([7].into_iter().collect::<Waits>().at(500), 7);
    }

    #[test]
    fn cpu_is_read_behind_a_name_that_holds_brackets_and_spaces() {
        let stat = "42 (a) b) S 1 1 1 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 4 0 1 1";
        assert_eq!(ticks(stat), 300);
        assert_eq!(field("VmRSS:\t  1024 kB\n", "VmRSS:"), 1024);
    }

    #[test]
    fn this_process_has_used_memory() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(Used::by(own).rss_kib > 0);
    }
}
