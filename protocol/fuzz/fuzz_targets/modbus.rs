//! A Modbus line that says anything at any time: what is heard is not answered, questions wait for their turn.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tecs_protocol::serial::modbus::{LONGEST, Modbus, Settings, SettingsText, frame};
use tecs_protocol_fuzz::line::{Line, play};

const REGISTERS: &str = r#"{"registers":[
    {"device":"hall","unit":1,"function":4,"address":16,"kind":"temperature","format":"f32"},
    {"device":"hall","unit":1,"function":3,"address":1,"kind":"humidity","scale":0.1,"none":32767},
    {"device":"bath","unit":1,"function":3,"address":2,"kind":"power","format":"i32","low_word_first":true},
    {"device":"bed","unit":2,"function":1,"address":9,"kind":"bed","invert":true},
    {"device":"door","unit":2,"function":2,"address":3,"kind":"contact"},
    {"device":"cellar","unit":3,"function":3,"address":0,"kind":"flood","bit":15}]}"#;

fuzz_target!(|input: &[u8]| {
    let text: SettingsText = serde_json::from_str(REGISTERS).expect("the registers are JSON");
    let settings = Settings::compile(text).expect("the registers read");
    let line = Line {
        new: &|| Modbus::new(settings.clone()),
        held: Modbus::held,
        holds: LONGEST,
        cuts: |_| true,
        framed: frame,
    };
    play(&line, input, |_, _, heard| assert!(heard.send.is_empty()));
});
