//! Devices that describe themselves anyhow and say anything: no panic, nothing unbounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::mqtt::homie::{Homie, Limits};
use tecs_protocol::mqtt::{Dialect, Publish};

fuzz_target!(|publishes: Vec<(u8, Vec<u8>, bool, u16)>| {
    let limits = Limits::default();
    let mut dialect = Homie::new("", limits);
    let mut now_ms = 0;
    for (topic, payload, retained, later) in publishes {
        now_ms += u64::from(later);
        let topic = match topic % 6 {
            0 => "homie/5/d/$description",
            1 => "homie/5/d/$state",
            2 => "homie/5/d/$alert/a",
            3 => "homie/d/$state",
            4 => "homie/5/d/n/smoke",
            _ => "homie/5/d/n/temperature",
        };
        dialect.read(&Publish {
            topic,
            payload: &payload,
            retained,
            now_ms,
        });
        assert!(dialect.devices() <= limits.devices && dialect.waiting().0 <= 512);
    }
});
