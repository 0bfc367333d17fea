//! What is said of serial lines: speeds, profiles of senders, registers.

use tecs_protocol::serial::espa444;

use super::*;

const SPEAKS: &str = "speaks = \"zigbee2mqtt\"\n[source.mqtt]\n";

const LINE: &str = "[source.serial]\npath = \"/dev/x\"\n";

fn with(speaks: &str, more: &str) -> String {
    let source = format!("speaks = \"{speaks}\"\n{LINE}{more}");
    GOOD.replacen(SPEAKS, &source, 1)
}

fn wrong(speaks: &str, more: &str) -> String {
    let found = faults(&with(speaks, more));
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0].to_string()
}

#[test]
fn a_line_needs_no_speed_where_the_family_has_one() {
    for (speaks, baud) in [("enocean_esp3", 57_600), ("rfxtrx", 38_400)] {
        let config = read(Path::new("/etc/g.toml"), &with(speaks, ""), &[]).unwrap();
        let ReachedBy::Serial(line) = &config.reached_by[0] else {
            panic!("{speaks} is a line");
        };
        assert_eq!(line.baud.get(), baud);
    }
    let said = wrong("modbus_rtu", "");
    assert!(said.contains("source[0].serial.baud"), "{said}");
    let said = wrong("jsonl", "");
    assert!(said.contains("is missing"), "{said}");
}

#[test]
fn a_profile_is_one_that_is_read_and_of_a_senders_address() {
    let device = |name: &str, profile: &str| {
        format!("[[device]]\nsource = \"zigbee\"\nname = \"{name}\"\nprofile = \"{profile}\"\n")
    };
    let good = with("enocean_esp3", &device("01F60502", "F6-05-02"));
    let config = read(Path::new("/etc/g.toml"), &good, &[]).unwrap();
    assert_eq!(config.settings.devices[0].profile, "F6-05-02");
    assert_ne!(config.settings.enocean(0), config.settings.enocean(1));
    let said = wrong("enocean_esp3", &device("01F60502", "A5-20-01"));
    assert!(said.contains("device[0].profile: `A5-20-01`"), "{said}");
    let said = wrong("enocean_esp3", &device("pendant", "F6-05-02"));
    assert!(said.contains("device[0].name: `pendant`"), "{said}");
    let said = wrong("rfxtrx", &device("01F60502", "F6-05-02"));
    assert!(said.contains("is of no use"), "{said}");
}

#[test]
fn registers_are_judged_one_by_one_and_belong_to_modbus_alone() {
    let register = |unit: u8| {
        format!(
            "baud = 9600\n[source.modbus]\npoll_ms = 5000\nregisters = [\n  {{ device = \"hall\", unit = {unit}, function = 4, address = 16, kind = \"temperature\", format = \"i16\", scale = 0.1 }},\n]\n"
        )
    };
    let good = with("modbus_rtu", &register(1));
    let config = read(Path::new("/etc/g.toml"), &good, &[]).unwrap();
    assert_eq!(config.settings.modbus(0).text().registers[0].device, "hall");
    assert_eq!(config.settings.modbus(0).text().poll_ms, 5_000);
    let said = wrong("modbus_rtu", &register(0));
    assert!(
        said.contains("source[0].modbus.registers[0].unit: is not 1 to 247"),
        "{said}"
    );
    let said = wrong("jsonl", &register(1));
    assert!(said.contains("is of no use"), "{said}");
    let unknown = register(1).replace("scale", "scales");
    let said = wrong("modbus_rtu", &unknown);
    assert!(said.contains("unknown key"), "{said}");
}

#[test]
fn a_nurse_call_line_is_judged_key_by_key_and_its_rows_one_by_one() {
    let line = |text: &str| format!("baud = 9600\n[source.espa444]\n{text}\n");
    let good = line(
        "role = \"control\"\nstations = [\"2\", \"3\"]\nclears = \"when_sent\"\n\
         call_types = { 5 = \"nothing\" }\ncalls = [{ address = \"100-199\", text = \"ROOM *\", device = \"room-{1}\" }]",
    );
    let config = read(Path::new("/etc/g.toml"), &with("espa444", &good), &[]).unwrap();
    let settings = config.settings.espa444(0);
    assert_eq!(settings.role, espa444::Role::control(vec![b'2', b'3']));
    assert_eq!(settings.call_type(5), espa444::CallType::Nothing);
    assert_eq!(settings.table.len(), 1);
    for (text, word) in [
        (
            "role = \"master\"",
            "espa444.role: is `master`; allowed are station, control",
        ),
        ("role = \"control\"", "espa444.stations: has 0 stations"),
        ("stations = [\"3\"]", "espa444.stations: is of no use"),
        ("address = \"22\"", "espa444.address: is `22`"),
        (
            "text = \"utf16\"",
            "espa444.text: is `utf16`; allowed are latin1",
        ),
        (
            "call_types = { reset = \"restored\" }",
            "espa444.call_types.reset",
        ),
        ("ack_within_ms = 5", "100 to 60000"),
        (
            "calls = [{ address = \"9-1\" }]",
            "calls[0].address: is `9-1`",
        ),
        (
            "calls = [{ kind = \"fire\" }]",
            "calls[0].kind: is `fire`; allowed are help",
        ),
    ] {
        let said = wrong("espa444", &line(text));
        assert!(said.contains(word), "{text}: {said}");
    }
    let said = wrong("jsonl", &line("clears = \"on_reset\""));
    assert!(said.contains("is of no use"), "{said}");
}
