//! A bridge that publishes anything on any topic, lessons included: no panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::mqtt::zigbee2mqtt::{Limits, Zigbee2Mqtt};
use tecs_protocol::mqtt::{Dialect, Publish};

fuzz_target!(|publishes: Vec<(u8, Vec<u8>, bool)>| {
    let mut dialect = Zigbee2Mqtt::new("", Limits::default());
    for (topic, payload, retained) in publishes {
        let topic = match topic % 4 {
            0 => "zigbee2mqtt/bridge/devices",
            1 => "zigbee2mqtt/bridge/state",
            2 => "zigbee2mqtt/hall/availability",
            _ => "zigbee2mqtt/hall",
        };
        dialect.read(&Publish {
            topic,
            payload: &payload,
            retained,
            now_ms: 0,
        });
    }
});
