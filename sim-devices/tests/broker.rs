//! The embedded broker with the client that the gateway uses: what the demo and the tests rely on it for.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test")]

use std::net::SocketAddr;
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Outgoing, Packet, Publish, QoS};
use tecs_sim::bridge::{Bridge, Broker};
use tecs_sim::home::Home;
use tecs_sim::toml_file::Text;
use tecs_sim::words::Taken;
use tecs_sim::{broker, bundled};

async fn start() -> SocketAddr {
    let at = broker::free_port(0).unwrap();
    std::thread::spawn(move || broker::run(at));
    broker::listening(at, Duration::from_secs(10))
        .await
        .unwrap();
    at
}

fn reader(at: SocketAddr) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new("reader", at.ip().to_string(), at.port());
    options.set_clean_session(false).set_manual_acks(true);
    options.set_max_packet_size(8 << 20, 8 << 20);
    AsyncClient::new(options, 100)
}

/// The next publish whose topic ends so; others on the way there are acknowledged, in their order.
async fn next(client: &AsyncClient, events: &mut EventLoop, ends: &str) -> Publish {
    let wait = async {
        loop {
            match events.poll().await.unwrap() {
                Event::Incoming(Packet::Publish(p)) if p.topic.ends_with(ends) => return p,
                Event::Incoming(Packet::Publish(p)) => client.ack(&p).await.unwrap(),
                _ => {}
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait)
        .await
        .unwrap()
}

async fn subscribed(client: &AsyncClient, events: &mut EventLoop) {
    client
        .subscribe("zigbee2mqtt/#", QoS::AtLeastOnce)
        .await
        .unwrap();
    while !matches!(
        events.poll().await.unwrap(),
        Event::Incoming(Packet::SubAck(_))
    ) {}
}

#[tokio::test]
async fn what_a_reader_did_not_acknowledge_comes_again_after_it_was_killed() {
    let at = start().await;
    let broker = Broker { at, login: None };
    let home = Home::read(&Text::new("rowan", bundled::ROWAN_COTTAGE)).unwrap();
    let mut bridge = Bridge::start(&broker, &home).await.unwrap();
    let (client, mut events) = reader(at);
    subscribed(&client, &mut events).await;

    assert_eq!(
        bridge.publish("zigbee2mqtt/it", b"1", false).await.unwrap(),
        Taken::Yes
    );
    let first = next(&client, &mut events, "/it").await;
    assert_eq!(&first.payload[..], b"1");
    client.ack(&first).await.unwrap();
    while !matches!(events.poll().await.unwrap(), Event::Outgoing(Outgoing::PubAck(id)) if id == first.pkid)
    {
    }
    assert_eq!(
        bridge.publish("zigbee2mqtt/it", b"2", false).await.unwrap(),
        Taken::Yes
    );
    assert_eq!(next(&client, &mut events, "/it").await.payload, "2");
    // Killed: no good-bye, the second not acknowledged. While it is away a third is said. The pause is for rumqttd:
    // it mistakes a client that is back within milliseconds for the one that went.
    drop((client, events));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(
        bridge.publish("zigbee2mqtt/it", b"3", false).await.unwrap(),
        Taken::Yes
    );

    let (client, mut events) = reader(at);
    let again = next(&client, &mut events, "/it").await;
    assert_eq!(
        (&again.payload[..], again.dup),
        (&b"2"[..], false),
        "rumqttd repeats without saying so"
    );
    assert_eq!(next(&client, &mut events, "/it").await.payload, "3");
    drop(client);
}

#[tokio::test]
async fn a_newcomer_is_told_the_bridge_its_devices_and_their_availability() {
    let at = start().await;
    let home = Home::read(&Text::new("rowan", bundled::ROWAN_COTTAGE)).unwrap();
    let bridge = Bridge::start(&Broker { at, login: None }, &home)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    let (client, mut events) = reader(at);
    subscribed(&client, &mut events).await;
    let devices = next(&client, &mut events, "bridge/devices").await;
    // Out of its turn an acknowledgement would end the connection.
    client.ack(&devices).await.unwrap();
    assert!(devices.retain);
    let devices: serde_json::Value = serde_json::from_slice(&devices.payload).unwrap();
    assert!(devices.as_array().unwrap().len() > 5);
    drop(bridge);
    // Its will; what the broker had kept comes in any order.
    loop {
        let state = next(&client, &mut events, "bridge/state").await;
        if state.payload == r#"{"state":"offline"}"# {
            break;
        }
        client.ack(&state).await.unwrap();
    }
}

#[test]
fn the_broker_without_passwords_listens_on_loopback_alone() {
    let why = broker::run("0.0.0.0:1883".parse().unwrap()).unwrap_err();
    assert!(why.to_string().contains("loopback"), "{why}");
}

#[test]
fn a_free_port_lies_below_those_that_the_kernel_gives_and_is_given_once() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = listener.local_addr().unwrap();
    let mut given: Vec<u16> = (0..100)
        .map(|_| broker::free_port(taken.port()).unwrap().port())
        .collect();
    given.sort_unstable();
    given.dedup();
    assert_eq!(given.len(), 100);
    assert!(given.iter().all(|port| (10_000..20_000).contains(port)));
    let wanted = given[0];
    assert_eq!(broker::free_port(wanted).unwrap().port(), wanted);
}
