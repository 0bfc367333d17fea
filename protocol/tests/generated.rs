//! The committed code is what the contract generates: message types here, stubs in the gateway, the care hub and the
//! simulator.
//! `TECS_REGENERATE=1 cargo test -p tecs-protocol --test generated` writes them anew after a change of the contract.

// Helpers of tests fail as loudly as the tests.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

use std::path::{Path, PathBuf};

const CONTRACT: [&str; 3] = [
    "tecs/hub/v1/vocabulary.proto",
    "tecs/hub/v1/record.proto",
    "tecs/hub/v1/care_hub.proto",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn messages(out: &Path) {
    let contract = protox::compile(CONTRACT, [root().join("protocol/proto")]).unwrap();
    prost_build::Config::new()
        .bytes(["."])
        .out_dir(out)
        .compile_fds(contract)
        .unwrap();
}

fn stubs(out: &Path, client: bool, server: bool) {
    let contract = protox::compile(CONTRACT, [root().join("protocol/proto")]).unwrap();
    tonic_prost_build::configure()
        .build_client(client)
        .build_server(server)
        .build_transport(false)
        .extern_path(".tecs.hub.v1", "::tecs_protocol::hub::v1")
        .out_dir(out)
        .compile_fds(contract)
        .unwrap();
}

fn check(committed: &str, generate: impl Fn(&Path)) {
    let out = tempfile::tempdir().unwrap();
    generate(out.path());
    let fresh = std::fs::read_to_string(out.path().join("tecs.hub.v1.rs")).unwrap();
    let committed = root().join(committed);
    if std::env::var_os("TECS_REGENERATE").is_some() {
        std::fs::write(&committed, &fresh).unwrap();
    }
    assert!(
        std::fs::read_to_string(&committed).unwrap() == fresh,
        "{} is not what the contract generates; run TECS_REGENERATE=1 cargo test -p tecs-protocol --test generated",
        committed.display()
    );
}

#[test]
fn the_committed_message_types_are_what_the_contract_generates() {
    check("protocol/src/hub/v1.rs", messages);
}

#[test]
fn the_committed_client_stub_is_what_the_contract_generates() {
    check("gateway/src/care_hub/stub.rs", |out| {
        stubs(out, true, false);
    });
}

#[test]
fn the_committed_server_stub_is_what_the_contract_generates() {
    check("care-hub/src/stub.rs", |out| stubs(out, false, true));
}

#[test]
fn the_committed_stubs_of_the_simulator_are_what_the_contract_generates() {
    check("sim-devices/src/load/stub.rs", |out| {
        stubs(out, true, true);
    });
}
