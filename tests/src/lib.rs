//! What tests share: a world with a hand-turned clock around the pure core. Real processes are `tests/house`.

// All of this is test code: what is not as it should be panics, and says where.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc
)]

pub mod house;
pub mod laws;
pub mod world;
