//! What is on the wire, and nothing else: device words in, [`signal::Signal`]s out; events in, hub bytes out.
//! Pure: no clock, no I/O, no knowledge of the gateway. Time, where a protocol needs it, is an argument.

pub mod alarm_names;
pub mod codes;
pub mod event;
pub mod family;
pub mod gatt;
pub mod home;
pub mod hub;
mod json;
pub mod map;
pub mod mqtt;
mod possible;
mod refusal;
pub mod serial;
pub mod signal;
mod turns;
pub mod units;
pub mod vocabulary;
pub mod when;

pub use prost;
pub use prost::bytes::Bytes;
