//! The care hub: takes records from many homes into a durable ledger, and shows responders what needs them.
//! It knows the contract (`tecs-protocol`) and never the gateway's code.

pub mod config;
pub mod console;
pub mod desk;
pub mod homes;
mod ingest;
mod links;
pub mod reading;
mod running;
pub mod state;
pub mod store;
mod supervise;
pub mod times;

// Generated code is not ours to restyle.
#[allow(missing_docs, unreachable_pub, clippy::pedantic)]
#[rustfmt::skip]
mod stub;

pub use running::{Running, StartError, start};
