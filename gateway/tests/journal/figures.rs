//! Figures, not promises: `cargo test -p tecs-gateway --test journal figures -- --ignored --nocapture`, on a disk that
//! is one (TMPDIR).

use std::time::Instant;

use gateway_core::input::JournalSays;
use gateway_core::page::Page;
use tecs_gateway::journal::{JournalLimits, SledStore};
use tecs_protocol::vocabulary::Lane;

use crate::desk::{Desk, page};

#[test]
#[ignore = "measures; takes seconds and says something only on a quiet machine"]
fn what_a_commit_costs() {
    for together in [1, 16, 128] {
        let home = tempfile::tempdir().unwrap();
        let (_, mut desk) =
            Desk::try_open::<SledStore>(home.path(), JournalLimits::default()).unwrap();
        let mut took = Vec::new();
        let before = written();
        for commit in 0..200u64 {
            let pages: Vec<Page> = (0..together)
                .map(|n| page(Lane::Alarm, commit * together + n, 150))
                .collect();
            let began = Instant::now();
            desk.keep(Lane::Alarm, pages).unwrap();
            took.push(began.elapsed().as_micros());
        }
        took.sort_unstable();
        let each = (written() - before) / (200 * together);
        println!(
            "{together:4} pages of 150 B: p50 {} µs, p99 {} µs, {each} B written each",
            took[100], took[198]
        );
        desk.close();
    }
}

#[test]
#[ignore = "measures; takes seconds and says something only on a quiet machine"]
fn what_full_pages_cost() {
    for (name, disk) in [
        ("1 MiB", 1 << 20),
        ("16 MiB", 16 << 20),
        ("64 MiB", 64 << 20),
    ] {
        let home = tempfile::tempdir().unwrap();
        let limits = JournalLimits {
            disk: [disk; 3],
            ..JournalLimits::default()
        };
        let generation = limits.generation(Lane::Routine);
        let (_, mut desk) = Desk::try_open::<SledStore>(home.path(), limits).unwrap();
        let before = written();
        let (pages, mut used, mut generations) = (1500u64, 0, 0);
        let began = Instant::now();
        for n in 0..pages {
            let ticket = desk.ask_to_keep(
                Lane::Routine,
                vec![page(Lane::Routine, n, 16 * 1024)],
                vec![],
            );
            (generations, used) = desk.wait(|says| match says {
                JournalSays::Kept {
                    ticket: t,
                    generation,
                    used,
                } if *t == ticket => Some((*generation, *used)),
                JournalSays::Kept { .. } => None,
                other => panic!("{other:?}"),
            });
        }
        let took = began.elapsed().as_micros() / u128::from(pages);
        let bytes = written() - before;
        let kept = pages * 16 * 1024;
        println!(
            "budget {name}, generations of {generation}: {generations} of them, {took} µs a 16 KiB page, {:.2} B written \
             and {:.2} B on disk for each byte; of a 250 B event {} B written; RSS {} MiB",
            bytes as f64 / kept as f64,
            used as f64 / kept as f64,
            250 * bytes / kept,
            resident() >> 20,
        );
        desk.close();
        let began = Instant::now();
        let (found, desk) = Desk::open::<SledStore>(home.path());
        println!(
            "    opened with {} pages in {} ms",
            found.pages.len(),
            began.elapsed().as_millis()
        );
        desk.close();
    }
}

/// Bytes that this process has caused to be written to a disk (proc(5)).
fn written() -> u64 {
    field("/proc/self/io", "write_bytes:")
}

/// Bytes of memory.
fn resident() -> u64 {
    field("/proc/self/status", "VmRSS:") << 10
}

fn field(file: &str, name: &str) -> u64 {
    let words = std::fs::read_to_string(file).unwrap();
    let line = words.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
