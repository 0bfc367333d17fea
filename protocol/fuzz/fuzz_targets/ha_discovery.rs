//! Devices that tell anything of themselves on any topic: no wildcard that is asked for, nothing unbounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::mqtt::Dialect;
use tecs_protocol::mqtt::ha_discovery::{HaDiscovery, Limits};
use tecs_protocol_fuzz::broker::play;

/// The topics that are asked for before anything is known.
const OWN: usize = 2;

fuzz_target!(|input: &[u8]| {
    let limits = Limits {
        devices: 4,
        ..Limits::default()
    };
    let mut dialect = HaDiscovery::new("", limits);
    play(&mut dialect, input, |dialect, _| {
        let mut asked = dialect.topics().into_iter().skip(OWN);
        assert!(!asked.any(|topic| topic.contains(['+', '#']) || topic.starts_with('$')));
        assert!(dialect.waiting().0 <= 512);
        assert!(dialect.devices() <= limits.devices);
    });
});
