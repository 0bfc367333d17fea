//! How often and with which luck: `TECS_ROUNDS` scales the tests that repeat themselves, `TECS_SEED` repeats a run.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

use rand::SeedableRng as _;
use rand_chacha::ChaCha8Rng;

/// How many rounds, and the luck of them; both are printed.
pub fn rounds(test: &str, usual: u32) -> (u32, ChaCha8Rng) {
    let rounds = number("TECS_ROUNDS").map_or(usual, |n| u32::try_from(n).expect("TECS_ROUNDS"));
    let seed = number("TECS_SEED").unwrap_or_else(drawn);
    println!("{test}: {rounds} rounds, TECS_SEED={seed}");
    (rounds, ChaCha8Rng::seed_from_u64(seed))
}

/// What the standard library draws for its hash maps.
fn drawn() -> u64 {
    RandomState::new().build_hasher().finish()
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{variable}: {text} is no number")),
    )
}
