//! Thousands of worlds, each from a seed, each with its own misfortunes; the laws hold in all of them.
//! `TECS_WORLDS` says how many (200 by default, CI sets 2,000), `TECS_SEED` replays one.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use tecs_protocol::vocabulary::Lane;
use tecs_tests::laws::check_the_end;
use tecs_tests::world::{Misfortune, World, settings};

fn from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn live_through(seed: u64) -> World {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let misfortune = Misfortune::drawn(&mut rng);
    let mut settings = settings(1 + usize::from(rng.random_bool(0.4)));
    if rng.random_bool(0.2) {
        settings.limits.disk = [1 << 20, 8 << 10, 16 << 10];
    }
    let busy = rng.random_range(1..40);
    let stormy = rng.random_bool(0.3);
    let mut world = World::new(seed, settings, misfortune);
    for _ in 0..rng.random_range(20..120) {
        for _ in 0..rng.random_range(0..busy) {
            let lane = match rng.random_range(0..10) {
                0 => Lane::Alarm,
                1..4 => Lane::Vital,
                _ => Lane::Routine,
            };
            world.speak(lane);
        }
        if stormy && rng.random_bool(0.05) {
            for _ in 0..rng.random_range(20..300) {
                world.speak(Lane::Alarm);
            }
        }
        world.pass(rng.random_range(1..1_500));
    }
    world.heal();
    check_the_end(&world);
    world
}

#[test]
fn acknowledged_is_never_lost_in_any_world() {
    if let Some(seed) = from_env("TECS_SEED") {
        live_through(seed);
        return;
    }
    let worlds = from_env("TECS_WORLDS").unwrap_or(200);
    let first = from_env("TECS_FIRST_SEED").unwrap_or(1);
    println!(
        "worlds {first}..{}; replay one with TECS_SEED=n",
        first + worlds
    );
    let mut seen: BTreeMap<&str, u64> = BTreeMap::new();
    let mut acknowledged = 0;
    for seed in first..first + worlds {
        let world = live_through(seed);
        acknowledged += world.laws.acknowledged_count();
        for (what, times) in world.laws.seen() {
            *seen.entry(what).or_default() += times;
        }
    }
    println!("{acknowledged} acknowledged, 0 lost; {seen:?}");
    for misfortune in [
        "crash",
        "stream broke under a message",
        "hub froze",
        "ledger went back",
        "a record was refused",
        "receipts jumbled",
        "disk failed",
        "disk full",
        "broker broke off",
        "a generation was evicted",
        "a gap was told",
        "a repeat was dropped by its name",
        "disk hung",
        "the journal was opened late",
        "a press of a storm was counted",
        "an alarm folded",
    ] {
        assert!(
            seen.contains_key(misfortune),
            "in {worlds} worlds it never happened: {misfortune}"
        );
    }
}
