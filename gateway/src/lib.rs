//! The edges around the pure core: what reads and writes brokers, serial lines, the disk and the care hub's wire.
//! Decides nothing; decisions are `gateway_core`'s.

pub mod admin;
pub mod answer;
pub mod asked;
pub mod back_off;
pub mod care_hub;
pub mod check;
pub mod cli;
pub mod clock;
pub mod config;
pub mod decode;
pub mod devices;
pub mod diag;
pub mod doctor;
pub mod inputs;
pub mod journal;
pub mod log;
pub mod map_test;
pub mod metrics;
pub mod mqtt;
pub mod notes;
pub mod notify;
pub mod power;
pub mod progress;
pub mod queue;
pub mod record;
pub mod redact;
pub mod run;
pub mod serial;
pub mod status;
pub mod tap;
pub mod taps;

#[cfg(test)]
mod test_pki;
