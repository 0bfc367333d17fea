//! Devices that tell anything of themselves on any topic: no panic, no wildcard that is asked for, nothing unbounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::mqtt::ha_discovery::{HaDiscovery, Limits};
use tecs_protocol::mqtt::{Dialect, Publish};

fuzz_target!(|publishes: Vec<(u8, Vec<u8>, bool, u16)>| {
    let mut dialect = HaDiscovery::new("", Limits::default());
    let mut now_ms = 0;
    for (topic, payload, retained, later) in publishes {
        now_ms += u64::from(later);
        let topics = dialect.topics();
        let of_a_state = topics.get(2 + usize::from(topic >> 3) % topics.len());
        let topic = match topic % 8 {
            0 => "homeassistant/binary_sensor/a/config",
            1 => "homeassistant/sensor/a/b/config",
            2 => "homeassistant/device/a/config",
            3 => "homeassistant/device_automation/a/config",
            4 => "homeassistant/event/a/config",
            _ => of_a_state.map_or("a", String::as_str),
        };
        dialect.read(&Publish {
            topic,
            payload: &payload,
            retained,
            now_ms,
        });
        let mut asked = dialect.topics().into_iter().skip(2);
        assert!(!asked.any(|topic| topic.contains(['+', '#', '$'])));
        assert!(dialect.waiting().0 <= 512);
    }
});
