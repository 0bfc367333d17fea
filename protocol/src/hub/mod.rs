//! `tecs.hub.v1`: the messages between a home and the care hub, and what a valid one is.
//! `v1.rs` is generated from `proto/` and committed; `tests/generated.rs` keeps it true.

// Generated code is not ours to restyle.
#[allow(missing_docs, clippy::pedantic, clippy::large_enum_variant)]
#[rustfmt::skip]
pub mod v1;

mod check;

pub use check::{GATEWAY_ID_LONGEST, MESSAGE_LIMIT, Wrong, check_parcel, gateway_id_is_valid};

/// The version of the contract that this crate speaks, said in `Hello.protocol`.
pub const PROTOCOL: u32 = 1;

/// The path of the gRPC service and method, as the stubs call it.
pub const LINK_PATH: &str = "/tecs.hub.v1.CareHub/Link";
