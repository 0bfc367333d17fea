//! What each family's reader costs alone, from bytes to signals: messages a second on one core, and allocations a message.
//! `cargo bench -p tecs-gateway --bench decoders`, on a quiet machine; `| python3 tests/bench_decoders.py` makes a table of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a bench fails as loudly as a test, and is read by nobody's program"
)]

mod broker;
mod home;
mod wires;

use std::fmt;

use divan::counter::{BytesCount, ItemsCount};
use divan::{AllocProfiler, Bencher};
use tecs_protocol::family::Family;

use home::Home;

#[global_allocator]
static ALLOC: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A family, and which of its formats where it has several.
#[derive(Debug, Clone, Copy)]
struct Spoken {
    family: Family,
    format: &'static str,
}

impl fmt::Display for Spoken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.format {
            "" => write!(f, "{}", self.family),
            format => write!(f, "{}:{format}", self.family),
        }
    }
}

/// Every family there is.
fn all() -> Vec<Spoken> {
    let spoken = Family::ALL.iter().flat_map(|family| {
        let formats = wires::formats(*family).iter();
        formats.map(|format| Spoken {
            family: *family,
            format,
        })
    });
    spoken.collect()
}

/// One message: a publish, a line, a frame, a turn of a conversation. The messages of a family come in rotation.
#[divan::bench(args = all(), sample_count = 100, sample_size = 1000)]
fn read(bencher: Bencher<'_, '_>, spoken: Spoken) {
    let mut home = home(spoken);
    let bytes = home.bytes_a_message();
    bencher
        .counter(ItemsCount::new(1u32))
        .counter(BytesCount::new(bytes))
        .bench_local(|| home.next());
}

/// A home whose devices speak this. No arm for the rest: a new family says here what it is measured by.
fn home(spoken: Spoken) -> Home {
    match spoken.family {
        Family::Zigbee2Mqtt => broker::zigbee2mqtt(),
        Family::HaDiscovery => broker::ha_discovery(),
        Family::Homie => broker::homie(),
        Family::Shelly => {
            broker::preset(Family::Shelly, include_str!("../../tests/map/shelly.jsonl"))
        }
        Family::Tasmota => broker::preset(
            Family::Tasmota,
            include_str!("../../tests/map/tasmota.jsonl"),
        ),
        Family::EspHome => broker::preset(
            Family::EspHome,
            include_str!("../../tests/map/esphome.jsonl"),
        ),
        Family::Theengs => broker::preset(
            Family::Theengs,
            include_str!("../../tests/map/theengs.jsonl"),
        ),
        Family::ChirpStack if spoken.format == "whole" => broker::chirpstack(),
        Family::ChirpStack => broker::preset(
            Family::ChirpStack,
            include_str!("../../tests/map/chirpstack.jsonl"),
        ),
        Family::Rtl433 => broker::preset(
            Family::Rtl433,
            include_str!("../../tests/map/rtl_433.jsonl"),
        ),
        Family::WmBus => broker::preset(Family::WmBus, include_str!("../../tests/map/wmbus.jsonl")),
        Family::WiSafe2Serial => broker::preset(
            Family::WiSafe2Serial,
            include_str!("../../tests/map/wisafe2_serial.jsonl"),
        ),
        Family::Map => broker::map(),
        Family::JsonLines => wires::jsonl(),
        Family::EnOceanEsp3 => wires::enocean(),
        Family::RfxTrx => wires::rfxtrx(),
        Family::Espa444 => wires::espa444(),
        Family::Nonin => wires::nonin(spoken.format),
        Family::Masimo => wires::masimo(),
        Family::Contec => wires::contec(spoken.format),
        Family::AndMedical => wires::and_medical(),
        Family::Gatt => wires::gatt(),
        Family::ModbusRtu => wires::modbus(),
    }
}
