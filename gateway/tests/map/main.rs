//! Tables as they are shipped and explained: the presets on captured messages and on what the makers' sources say, and every
//! example of docs/map.md.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod captured;
mod docs;
mod presets;
