//! The files that the binary carries with it, so that the demo needs nothing but itself.

/// The invented home.
pub const ROWAN_COTTAGE: &str = include_str!("../scenarios/rowan-cottage.toml");

/// The demo's story.
pub const DEMO: &str = include_str!("../scenarios/demo.toml");
