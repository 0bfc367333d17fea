//! A Modbus line that says anything at any time: no panic, no growth, and every question waits for its turn.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::modbus::{LONGEST, Modbus, Settings, SettingsText};
use tecs_protocol::serial::{Heard, Wire};

const REGISTERS: &str = r#"{"registers":[
    {"device":"hall","unit":1,"function":4,"address":16,"kind":"temperature","format":"f32"},
    {"device":"door","unit":2,"function":2,"address":3,"kind":"contact"}]}"#;

fuzz_target!(|input: (bool, Vec<(Vec<u8>, u16)>)| {
    let (open, turns) = input;
    let Ok(text) = serde_json::from_str::<SettingsText>(REGISTERS) else {
        return;
    };
    let Ok(settings) = Settings::compile(text) else {
        return;
    };
    let mut wire = Modbus::new(settings);
    let mut now = 0;
    if open {
        wire.opened(now);
    }
    for (bytes, pause) in turns {
        wire.read(&bytes, now, &mut Heard::default());
        assert!(wire.held() <= LONGEST);
        now += u64::from(pause);
        let mut heard = Heard::default();
        wire.tick(now, &mut heard);
        assert!(open || heard.send.is_empty());
        assert!(heard.send.len() <= 8);
    }
});
