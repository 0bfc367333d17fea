//! The responders' page over a real ledger: what a responder sees, does and is refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of a test crate fail as a test does"
)]

mod browser;
mod cases;
mod door;
mod lists;
mod records;
mod room;
