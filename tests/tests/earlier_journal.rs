//! What journals of earlier versions hold is taken over: the notes stand here byte for byte as those versions wrote them.

use gateway_core::{Gateway, Identity, Input, Mono, Recovered};
use tecs_protocol::vocabulary::Lane;
use tecs_tests::world::settings;

const X: &str = "0x00158d00000000aa";
const SMOKE: &str = r#"{"smoke":true}"#;
const CLEAR: &str = r#"{"smoke":false}"#;

/// The notes of a journal as the version before this one wrote them, byte for byte: a state under a friendly name, and its
/// alarm, which is open in the home.
#[test]
fn an_earlier_journal_with_an_open_alarm_is_taken_over_under_the_same_id() {
    let apart = "\u{1f}";
    let note = |key: &[&str], value: &str| {
        let key = key.join(apart).into_bytes();
        (Lane::Alarm, key, value.as_bytes().to_vec())
    };
    let open = r#"{"kind":"smoke","device":"zigbee/hall smoke","room":"","stage":"accepted","by":"","test":false}"#;
    let recovered = Recovered {
        notes: vec![
            note(&["state", "zigbee", "hall smoke", "smoke"], "smoke raised"),
            note(&["open", "00000000000000aa-1"], open),
        ],
        ..Recovered::default()
    };
    let who = Identity {
        epoch: 1,
        boot_id: 1,
    };
    let mut gateway = Gateway::new(settings(1), who, recovered, Mono(0));
    let mut at = 0;
    let mut hear = |gateway: &mut Gateway, topic: &str, payload: &str| {
        at += 1_000;
        let publish = Input::Publish {
            source: 0,
            topic: format!("zigbee2mqtt/{topic}"),
            payload: payload.to_owned().into(),
            retained: false,
            dup: false,
            packet: 0,
            token: None,
        };
        gateway.handle(publish, Mono(at));
        gateway.settle(Mono(at));
        gateway.status(Mono(at)).counters.raised
    };
    let list = |name: &str| {
        format!(r#"[{{"ieee_address":"{X}","friendly_name":"{name}","type":"EndDevice"}}]"#)
    };
    hear(&mut gateway, "bridge/devices", &list("hall smoke"));
    let before = hear(&mut gateway, "hall smoke", SMOKE);
    assert_eq!(before, 0, "it is known, and its alarm is open");
    hear(&mut gateway, "bridge/devices", &list("lounge smoke"));
    assert_eq!(hear(&mut gateway, "lounge smoke", SMOKE), 0);
    assert_eq!(hear(&mut gateway, "lounge smoke", CLEAR), 1);
    let seen = gateway.inventory(Mono(at + 1));
    let device = seen.devices.first().unwrap();
    assert_eq!(
        (
            device.id.as_str(),
            device.name.as_str(),
            device.burnt_in.as_str()
        ),
        ("zigbee/hall smoke", "lounge smoke", X)
    );
}
