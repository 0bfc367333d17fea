//! A bridge that publishes anything on any topic, lessons included: nothing unbounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::mqtt::zigbee2mqtt::{Limits, Zigbee2Mqtt};
use tecs_protocol_fuzz::broker::play;

fuzz_target!(|input: &[u8]| {
    let limits = Limits {
        devices: 4,
        ..Limits::default()
    };
    let mut dialect = Zigbee2Mqtt::new("", limits);
    play(&mut dialect, input, |dialect, _| {
        assert!(dialect.taught() <= limits.devices);
    });
});
