//! What homes publish on a broker, and what the tables read. Messages of tables are those of their tests, so that each row of
//! a preset that says something is measured; of the others they are shaped as the bridges shape them.

use std::sync::Arc;

use serde_json::{Value, json};
use tecs_gateway::config::tables;
use tecs_protocol::family::{Family, Options};
use tecs_protocol::map::Map;
use tecs_protocol::mqtt::zigbee2mqtt::say as z2m;
use tecs_protocol::mqtt::{ha_discovery::say as ha, homie::say as h5};

use super::home::{Home, Reader, Said};

/// More than an hour, the longest time for which a table takes two messages for one.
const LONG_MS: u64 = 2 * 3_600_000;
const SECOND_MS: u64 = 1_000;

const ZIGBEE: &[(&str, &str)] = &[
    (
        "front-door",
        r#"{"battery":97,"battery_low":false,"contact":false,"device_temperature":23,"last_seen":"2026-01-05T10:00:00+00:00","linkquality":116,"power_outage_count":12,"tamper":false,"trigger_count":0,"voltage":3005}"#,
    ),
    (
        "front-door",
        r#"{"battery":97,"battery_low":false,"contact":true,"device_temperature":24,"last_seen":"2026-01-05T10:00:09+00:00","linkquality":120,"power_outage_count":12,"tamper":false,"trigger_count":0,"voltage":3005}"#,
    ),
    (
        "hall/motion",
        r#"{"battery":100,"illuminance":18,"last_seen":"2026-01-05T10:00:10+00:00","linkquality":87,"occupancy":true,"update":{"installed_version":16777241,"latest_version":16777241,"state":"idle"},"voltage":3015}"#,
    ),
    (
        "kitchen/smoke",
        r#"{"battery":91,"battery_low":false,"last_seen":"2026-01-05T10:00:11+00:00","linkquality":54,"smoke":true,"tamper":false,"test":false,"voltage":2900}"#,
    ),
    (
        "kitchen/smoke",
        r#"{"battery":91,"battery_low":false,"last_seen":"2026-01-05T10:01:11+00:00","linkquality":51,"smoke":false,"tamper":false,"test":false,"voltage":2900}"#,
    ),
    (
        "bedroom climate",
        r#"{"battery":"80.00","humidity":48.21,"last_seen":"2026-01-05T10:01:12+00:00","linkquality":133,"pressure":1008.4,"temperature":20.53,"update":{"installed_version":-1,"latest_version":-1,"state":null},"update_available":null,"voltage":2955}"#,
    ),
    (
        "pendant",
        r#"{"action":"emergency","battery":80,"last_seen":"2026-01-05T10:01:13+00:00","linkquality":96,"voltage":2900}"#,
    ),
    (
        "kettle",
        r#"{"current":8.71,"energy":112.53,"last_seen":"2026-01-05T10:01:14+00:00","linkquality":142,"power":2010,"state":"ON","update":{"installed_version":33816645,"latest_version":33816645,"state":"idle"},"voltage":231}"#,
    ),
    // As the load says it.
    (
        "hall-light-sensor",
        r#"{"illuminance":312,"power_outage_count":12345,"linkquality":116,"update":{"installed_version":16777241,"state":"idle","pad":"-----------------------"}}"#,
    ),
];

/// Devices that `bridge/devices` has taught, and one that nobody did.
pub(crate) fn zigbee2mqtt() -> Home {
    let battery = || z2m::numeric("battery", "%");
    let common = || {
        vec![
            battery(),
            z2m::numeric("voltage", "mV"),
            z2m::numeric("linkquality", "lqi"),
        ]
    };
    let device = |name, model, own: &[Value]| z2m::Device {
        ieee_address: "0x00158d0000000001",
        friendly_name: name,
        vendor: "Aqara",
        model,
        description: "A sensor",
        exposes: [own, &common()].concat(),
    };
    let low = || z2m::binary("battery_low", true, false);
    let tamper = || z2m::binary("tamper", true, false);
    let devices = [
        device(
            "front-door",
            "MCCGQ11LM",
            &[
                z2m::binary("contact", false, true),
                low(),
                tamper(),
                z2m::numeric("device_temperature", "°C"),
                z2m::numeric("power_outage_count", ""),
            ],
        ),
        device(
            "hall/motion",
            "RTCGQ11LM",
            &[
                z2m::binary("occupancy", true, false),
                z2m::numeric("illuminance", "lx"),
            ],
        ),
        device(
            "kitchen/smoke",
            "JTYJ-GD-01LM/BW",
            &[
                z2m::binary("smoke", true, false),
                z2m::binary("test", true, false),
                low(),
                tamper(),
            ],
        ),
        device(
            "bedroom climate",
            "WSDCGQ11LM",
            &[
                z2m::numeric("temperature", "°C"),
                z2m::numeric("humidity", "%"),
                z2m::numeric("pressure", "hPa"),
            ],
        ),
        device(
            "pendant",
            "TS0215A_sos",
            &[z2m::words("action", &["emergency"])],
        ),
        device(
            "kettle",
            "TS011F",
            &[
                z2m::specific("switch", &[z2m::binary("state", "ON", "OFF")]),
                z2m::numeric("power", "W"),
                z2m::numeric("current", "A"),
                z2m::numeric("energy", "kWh"),
            ],
        ),
    ];
    let lesson = Said::published(
        "zigbee2mqtt/bridge/devices",
        z2m::devices(&devices).to_string(),
    );
    let said = ZIGBEE
        .iter()
        .map(|(name, payload)| Said::published(format!("zigbee2mqtt/{name}"), *payload));
    home(Family::Zigbee2Mqtt, &[lesson], said.collect())
}

/// Entities as they are announced: device, component, class, unit, topic, field.
const ENTITIES: [[&str; 6]; 5] = [
    ["hall", "binary_sensor", "smoke", "", "home/hall/smoke", ""],
    [
        "door",
        "binary_sensor",
        "door",
        "",
        "home/door/state",
        "open",
    ],
    [
        "door",
        "sensor",
        "battery",
        "%",
        "home/door/state",
        "battery",
    ],
    [
        "bed",
        "sensor",
        "temperature",
        "°C",
        "home/bed/climate",
        "temperature",
    ],
    [
        "bed",
        "sensor",
        "humidity",
        "%",
        "home/bed/climate",
        "humidity",
    ],
];
const STATES: &[(&str, &str)] = &[
    ("home/hall/smoke", "ON"),
    ("home/hall/smoke", "OFF"),
    (
        "home/door/state",
        r#"{"battery":91,"open":"ON","rssi":-61,"uptime":86403}"#,
    ),
    (
        "home/door/state",
        r#"{"battery":90,"open":"OFF","rssi":-63,"uptime":86407}"#,
    ),
    (
        "home/bed/climate",
        r#"{"temperature":20.5,"humidity":48,"pressure":1008.4,"battery_mv":2955}"#,
    ),
    (
        "home/bed/climate",
        r#"{"temperature":20.6,"humidity":47.5,"pressure":1008.3,"battery_mv":2954}"#,
    ),
    ("home/fob/action", "press"),
];

/// Entities of one JSON, one with a plain payload, and a button.
pub(crate) fn ha_discovery() -> Home {
    let device = |id| ha::Device {
        id,
        name: id,
        maker: "Maker",
        model: "M1",
        availability: "",
    };
    let entity = |[_, component, class, unit, topic, field]: [&'static str; 6]| ha::Entity {
        component,
        object: class,
        class,
        unit,
        topic,
        field,
        more: Vec::new(),
    };
    let press = ha::Entity {
        object: "press",
        more: vec![
            ("automation_type", json!("trigger")),
            ("type", json!("button_short_press")),
            ("subtype", json!("button_1")),
        ],
        ..entity(["fob", "device_automation", "", "", "home/fob/action", ""])
    };
    let entities = ENTITIES.iter().map(|of| (of[0], entity(*of)));
    let lessons = entities.chain([("fob", press)]).map(|(id, entity)| {
        let (topic, config) = ha::config("homeassistant", &device(id), &entity);
        Said::published(topic, config.to_string())
    });
    home(
        Family::HaDiscovery,
        &lessons.collect::<Vec<_>>(),
        published(STATES),
    )
}

pub(crate) fn homie() -> Home {
    let property = |node, id, datatype, unit| h5::Property {
        node,
        id,
        datatype,
        unit,
        format: "",
        retained: true,
    };
    let properties = [
        property("smoke", "smoke", "boolean", ""),
        property("climate", "temperature", "float", "°C"),
        property("climate", "humidity", "float", "%"),
        h5::Property {
            format: "open,closed",
            ..property("door", "contact", "enum", "")
        },
        property("door", "battery", "integer", "%"),
    ];
    let lessons = [
        Said::published(
            "homie/5/house/$description",
            h5::description("House", &properties).to_string(),
        ),
        Said::published("homie/5/house/$state", "ready"),
    ];
    let said = [
        ("homie/5/house/smoke/smoke", "true"),
        ("homie/5/house/climate/temperature", "20.5"),
        ("homie/5/house/climate/humidity", "48.2"),
        ("homie/5/house/smoke/smoke", "false"),
        ("homie/5/house/climate/temperature", "20.6"),
        ("homie/5/house/door/contact", "open"),
        ("homie/5/house/door/battery", "91"),
        ("homie/5/house/door/contact", "closed"),
    ];
    home(Family::Homie, &lessons, published(&said))
}

/// A table that is built in, by the messages of its tests.
pub(crate) fn preset(family: Family, tests: &str) -> Home {
    by_table(family, &tables::preset(family).unwrap(), tests)
}

/// Uplinks as ChirpStack sends them, a kilobyte each: those of the tests are cut to what matters.
pub(crate) fn chirpstack() -> Home {
    let uplink = |count: u32, object: &str| {
        format!(
            r#"{{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9{count:04}","time":"2026-01-05T09:34:15.775023242+00:00","deviceInfo":{{"tenantId":"52f14cd4-c6f1-4fbd-8f87-4025e1d49242","tenantName":"Care","applicationId":"17c82e96-be03-4f38-aef3-f83d48582d97","applicationName":"Homes","deviceProfileId":"14855bf7-d10d-4aee-b618-ebfcb64dc7ad","deviceProfileName":"EM300-TH","deviceName":"Bedroom","devEui":"24e124136d000001","deviceClassEnabled":"CLASS_A","tags":{{"home":"17"}}}},"devAddr":"00189440","adr":true,"dr":5,"fCnt":{count},"fPort":85,"confirmed":false,"data":"AXVkA2cRAQRoYA==","object":{object},"rxInfo":[{{"gatewayId":"0016c001f153a14c","uplinkId":4217106255,"nsTime":"2026-01-05T09:34:15.7+00:00","rssi":-36,"snr":10.5,"channel":2,"location":{{"latitude":50.1,"longitude":8.6}},"context":"E3OWOQ==","metadata":{{"region_name":"eu868","region_common_name":"EU868"}},"crcStatus":"CRC_OK"}}],"txInfo":{{"frequency":867100000,"modulation":{{"lora":{{"bandwidth":125000,"spreadingFactor":7,"codeRate":"CR_4_5"}}}}}}}}"#
        )
    };
    let topic = "application/17c82e96-be03-4f38-aef3-f83d48582d97/device/24e124136d000001/event/up";
    let objects = [
        r#"{"battery":100,"humidity":48,"temperature":27.3}"#,
        r#"{"battery":99,"humidity":47.5,"temperature":27.4}"#,
    ];
    let said = (1..).zip(objects);
    let said = said.map(|(count, object)| Said::published(topic, uplink(count, object)));
    let map = tables::preset(Family::ChirpStack).unwrap();
    table(Family::ChirpStack, &map, said.collect()).speaking()
}

/// The first example of the tables' page.
pub(crate) fn map() -> Home {
    let page = include_str!("../../docs/map.md");
    let block = |language: &str| {
        let (_, after) = page.split_once(&format!("\n```{language}\n")).unwrap();
        after.split_once("\n```").unwrap().0
    };
    let table = Map::compile(toml::from_str(block("toml")).unwrap()).unwrap();
    by_table(Family::Map, &Arc::new(table), block("jsonl"))
}

/// The messages of these tests that say something: each to a table that is to say something every time.
fn by_table(family: Family, map: &Arc<Map>, tests: &str) -> Home {
    let home = |said| table(family, map, said);
    let mut said: Vec<Said> = tests
        .lines()
        .filter_map(|line| message(family, line))
        .collect();
    said.retain(|one| home(vec![one.clone()]).next() > 0);
    assert!(!said.is_empty(), "{family}");
    home(said).speaking()
}

fn table(family: Family, map: &Arc<Map>, said: Vec<Said>) -> Home {
    let options = Options {
        map: Some(Arc::clone(map)),
        ..Options::default()
    };
    Home::new(Reader::of(family, &options), &[], said, LONG_MS)
}

/// The message of a test; none where the bytes are a radio's own.
fn message(family: Family, line: &str) -> Option<Said> {
    let line: Value = serde_json::from_str(line).unwrap();
    let topic = line["topic"]
        .as_str()
        .map_or_else(|| family.usual_topic(""), str::to_owned);
    let mut payload = match line.get("payload")? {
        Value::String(text) => text.clone(),
        json => json.to_string(),
    };
    if family == Family::WiSafe2Serial {
        payload.push('\n');
    }
    Some(Said::published(topic, payload))
}

fn published(said: &[(&str, &str)]) -> Vec<Said> {
    said.iter()
        .map(|(topic, payload)| Said::published(*topic, *payload))
        .collect()
}

fn home(family: Family, lessons: &[Said], said: Vec<Said>) -> Home {
    Home::new(
        Reader::of(family, &Options::default()),
        lessons,
        said,
        SECOND_MS,
    )
    .speaking()
}
