//! Reading scenarios: the bundled ones, and every way to write one wrongly.

use tecs_protocol::family::Family;

use super::{Act, Expected, Scenario, keys};
use crate::bundled::{DEMO, ROWAN_COTTAGE};
use crate::home::Home;
use crate::toml_file::{Mistake, Text};

fn home() -> Home {
    Home::read(&Text::new("rowan-cottage.toml", ROWAN_COTTAGE)).unwrap()
}

fn read(text: &str) -> Result<Scenario, Mistake> {
    Scenario::read(&Text::new("s.toml", text), &home())
}

const HEAD: &str = "[scenario]\nname = \"x\"\nseed = 1\nhome = \"rowan-cottage.toml\"\n";

/// Reads `body` from line 5 on.
fn mistake(body: &str) -> String {
    read(&format!("{HEAD}{body}")).unwrap_err().to_string()
}

#[test]
fn the_demo_reads_and_expects_something_of_every_law() {
    let demo = read(DEMO).unwrap();
    assert!(demo.steps.len() > 20 && demo.expects.len() > 8);
    let first_fall = demo
        .steps
        .iter()
        .find(|s| s.mark.as_deref() == Some("fall"))
        .unwrap();
    let fall = Act::Does {
        device: "fall-hall".into(),
        deed: "fall".into(),
        value: None,
        times: 1,
    };
    assert_eq!(first_fall.act, fall);
}

#[test]
fn the_scenario_of_every_mischief_reads() {
    assert!(
        read(include_str!("../../scenarios/mischief.toml"))
            .unwrap()
            .steps
            .len()
            > 30
    );
}

#[test]
fn the_scenario_of_wires_reads_and_only_a_call_point_has_a_middle() {
    let home = Text::new(
        "elm-court.toml",
        include_str!("../../scenarios/elm-court.toml"),
    );
    let home = Home::read(&home).unwrap();
    let wires = include_str!("../../scenarios/wires.toml");
    let read = |text: &str| Scenario::read(&Text::new("wires.toml", text), &home);
    let steps = read(wires).unwrap().steps;
    let during = |s: &&super::Step| matches!(s.act, Act::KillDuring { .. });
    assert_eq!(steps.iter().filter(during).count(), 4);
    let why = mistake("[[at]]\ndo = \"gateway_kill_during\"\ndevice = \"larder\"\n");
    assert!(
        why.starts_with("s.toml:7: the device must be a call point"),
        "{why}"
    );
}

/// Bluetooth values have no source of their own: a table reads them.
#[test]
fn the_scenario_of_every_family_reads_and_expects_something_of_each() {
    let home = Text::new(
        "home.toml",
        include_str!("../../scenarios/babel-house.toml"),
    );
    let home = Home::read(&home).unwrap();
    let text = include_str!("../../scenarios/every-family.toml");
    let scenario = Scenario::read(&Text::new("every-family.toml", text), &home).unwrap();
    let expected = |id: &str| {
        let of = |what: &Expected| matches!(what, Expected::Arrives { device, .. } if device == id);
        scenario.expects.iter().any(|e| of(&e.what))
    };
    for family in Family::ALL {
        let family = if *family == Family::Gatt {
            Family::Map
        } else {
            *family
        };
        let mut own = home.devices.iter();
        let said = own.any(|d| d.model.path.row().family == family && expected(&d.id));
        assert!(said, "nothing is expected of {family}");
    }
    for spec in &home.devices {
        assert!(expected(&spec.id), "nothing is expected of {}", spec.id);
    }
}

#[test]
fn an_unknown_key_is_told_with_its_line_and_the_keys_that_there_are() {
    let why = mistake("[[at]]\ndo = \"fall\"\ndevice = \"fall-hall\"\nspeeed = 3\n");
    assert!(why.starts_with("s.toml:8: `speeed` is no key"), "{why}");
    assert!(why.contains("after_s"), "{why}");
    let why = mistake("[[expect]]\nthat = \"nothing_lost\"\nlate = true\n");
    assert!(why.starts_with("s.toml:7: `late`"), "{why}");
    let why = mistake("[at]\n");
    assert!(why.starts_with("s.toml:5: "), "{why}");
}

#[test]
fn an_unknown_action_is_told_with_its_line_and_the_actions_that_there_are() {
    let why = mistake("[[at]]\ns = 1\n\ndo = \"explode\"\n");
    assert!(why.starts_with("s.toml:8: no action `explode`"), "{why}");
    assert!(why.contains("gateway_kill"), "{why}");
    let why = mistake("[[at]]\ndo = \"fall\"\ndevice = \"door-front\"\n");
    assert!(why.contains("open"), "{why}");
}

#[test]
fn a_missing_key_a_wrong_type_and_a_wrong_word_are_told_with_their_line() {
    for (body, due) in [
        ("[[at]]\nsay = \"x\"\n", "s.toml:5: `do` is missing"),
        ("[[at]]\ndo = 3\n", "s.toml:6: `do` must be a text"),
        (
            "[[at]]\ndo = \"fall\"\ndevice = \"fall\"\n",
            "s.toml:7: no device `fall`",
        ),
        (
            "[[at]]\ndo = \"tell\"\nsay = \"x\"\ns = -1\n",
            "s.toml:8: `s` must be 0 to",
        ),
        (
            "[[at]]\ndo = \"hub_offline\"\nhow = \"gone\"\n",
            "s.toml:7: `gone`: there are killed",
        ),
        (
            "[[at]]\ndo = \"reading\"\ndevice = \"larder\"\n",
            "s.toml:5: a reading has a value",
        ),
        (
            "[[expect]]\nthat = \"nothing_lost\"\nsince = \"x\"\n",
            "s.toml:7: no step has the mark `x`",
        ),
        (
            "[[expect]]\nthat = \"alarms_first\"\n",
            "s.toml:6: alarms_first needs `before`",
        ),
    ] {
        let why = mistake(body);
        assert!(why.starts_with(due), "{body}: {why}");
    }
}

#[test]
fn a_home_that_tells_no_times_cannot_be_counted() {
    let silent = ROWAN_COTTAGE.replace("last_seen = \"ISO_8601\"", "");
    let home = Home::read(&Text::new("home.toml", silent)).unwrap();
    let text = format!("{HEAD}[[expect]]\nthat = \"nothing_lost\"\n");
    let why = Scenario::read(&Text::new("s.toml", text), &home).unwrap_err();
    assert_eq!(why.line, 6, "{why}");
    assert!(why.what.contains("last_seen"), "{why}");
}

#[test]
fn the_second_of_two_steps_is_blamed_for_its_own_line() {
    let why =
        mistake("[[at]]\ndo = \"fall\"\ndevice = \"fall-hall\"\n\n[[at]]\n# words\ndo = \"fal\"\n");
    assert!(why.starts_with("s.toml:11: no action `fal`"), "{why}");
}

#[test]
fn no_word_is_an_action_and_a_deed_of_a_device() {
    for model in crate::catalogue::models() {
        for deed in model.deeds {
            assert!(
                !keys::ACTIONS.iter().any(|a| a.word == deed.word),
                "{}",
                deed.word
            );
        }
    }
}
