//! The MQTT edge against a real mosquitto: custody, sessions, restarts, oversize, a slow loop.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of these tests fail the test"
)]

mod edge {
    pub(crate) mod broker;
    pub(crate) mod heard;
}

use std::time::Duration;

use edge::broker::{Broker, filters, id};
use edge::heard::{Heard, Said};
use tecs_gateway::mqtt::config::MqttSource;
use tecs_gateway::mqtt::{self, MqttHandle};

/// Long enough for a word that should not come.
const A_WHILE: Duration = Duration::from_millis(400);

fn listen(config: MqttSource, heard: &mut Heard) -> MqttHandle {
    mqtt::spawn(config, id(), filters(&["home/#"]), 0, heard.edge())
}

fn text(said: &Said) -> &str {
    std::str::from_utf8(&said.payload).unwrap()
}

#[tokio::test]
async fn acknowledgements_leave_only_when_told_and_in_the_order_told() {
    let Some(broker) = Broker::open() else { return };
    let mut heard = Heard::default();
    let handle = listen(broker.source(), &mut heard);
    assert!(!heard.up().await);
    let mut tokens = Vec::new();
    for n in 0..5 {
        broker.publish("home/x", n.to_string().as_bytes(), &[]);
        let said = heard.said().await;
        assert_eq!((text(&said), said.dup), (n.to_string().as_str(), false));
        tokens.push(said.token.unwrap());
    }
    tokio::time::sleep(A_WHILE).await;
    assert!(broker.acknowledged("gateway").is_empty());
    for token in &tokens[..3] {
        handle.acknowledge(*token);
    }
    let packets: Vec<u16> = tokens
        .iter()
        .map(|t| u16::try_from(t & 0xffff).unwrap())
        .collect();
    broker
        .logged(&format!("PUBACK from gateway (Mid: {},", packets[2]))
        .await;
    assert_eq!(broker.acknowledged("gateway"), packets[..3]);
}

#[tokio::test]
async fn at_the_end_every_acknowledgement_that_was_given_has_left_before_the_edge_goes() {
    let Some(broker) = Broker::open() else { return };
    let mut heard = Heard::default();
    let handle = listen(broker.source(), &mut heard);
    heard.up().await;
    for n in 0..100 {
        broker.publish("home/x", format!("{n}").as_bytes(), &[]);
    }
    for _ in 0..100 {
        handle.acknowledge(heard.said().await.token.unwrap());
    }
    handle.answers_have_left().await;
    drop(handle);
    // A broker reads what a closed connection had sent, one packet a turn; a new connection of the same client would end that.
    broker.acknowledges("gateway", 100).await;
}

#[tokio::test]
async fn an_acknowledgement_whose_connection_is_gone_is_not_waited_for() {
    let Some(mut broker) = Broker::open() else {
        return;
    };
    let mut heard = Heard::default();
    let handle = listen(broker.source(), &mut heard);
    heard.up().await;
    broker.publish("home/x", b"1", &[]);
    let token = heard.said().await.token.unwrap();
    broker.kill();
    heard.down().await;
    handle.acknowledge(token);
    broker.restart();
    tokio::time::timeout(Duration::from_secs(10), handle.answers_have_left())
        .await
        .expect("it is dropped by the next connection");
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again_when_the_consumer_was_killed() {
    let Some(broker) = Broker::open() else { return };
    let mut heard = Heard::default();
    let handle = listen(broker.source(), &mut heard);
    heard.up().await;
    for n in ["one", "two", "three"] {
        broker.publish("home/x", n.as_bytes(), &[]);
    }
    let first = heard.said().await;
    assert_eq!(
        (heard.said().await.dup, heard.said().await.dup),
        (false, false)
    );
    handle.acknowledge(first.token.unwrap());
    broker.logged("PUBACK from gateway").await;
    drop(handle);

    let mut heard = Heard::default();
    let _handle = listen(broker.source(), &mut heard);
    assert!(heard.up().await, "resumed, and said before what it brings");
    let (two, three) = (heard.said().await, heard.said().await);
    assert_eq!((text(&two), two.dup), ("two", true));
    assert_eq!((text(&three), three.dup), ("three", true));
    heard.silence(A_WHILE).await;
}

#[tokio::test]
async fn a_broker_that_restarts_with_its_sessions_is_listened_to_again() {
    let Some(mut broker) = Broker::open() else {
        return;
    };
    let mut heard = Heard::default();
    let _handle = listen(broker.source(), &mut heard);
    heard.up().await;
    broker.publish("home/x", b"before", &[]);
    heard.said().await;
    broker.stop();
    let why = heard.down().await;
    assert!(why.contains(&format!("127.0.0.1:{}", broker.port)), "{why}");
    broker.restart();
    assert!(heard.up_again().await, "its session was kept");
    assert_eq!(text(&heard.said().await), "before");
    broker.publish("home/x", b"after", &[]);
    assert_eq!(text(&heard.said().await), "after");
}

#[tokio::test]
async fn a_broker_that_forgot_its_sessions_is_subscribed_to_again() {
    let Some(mut broker) = Broker::open() else {
        return;
    };
    let mut heard = Heard::default();
    let _handle = listen(broker.source(), &mut heard);
    heard.up().await;
    broker.kill();
    broker.forget();
    heard.down().await;
    broker.restart();
    assert!(!heard.up_again().await, "its session is gone");
    broker.publish("home/x", b"after", &[]);
    assert_eq!(text(&heard.said().await), "after");
}

#[tokio::test]
async fn a_token_of_an_older_connection_acknowledges_nothing() {
    let Some(mut broker) = Broker::open() else {
        return;
    };
    let mut heard = Heard::default();
    let handle = listen(broker.source(), &mut heard);
    heard.up().await;
    broker.publish("home/x", b"lost with its session", &[]);
    let old = heard.said().await.token.unwrap();
    broker.kill();
    broker.forget();
    broker.restart();
    heard.up_again().await;
    broker.publish("home/x", b"another", &[]);
    let new = heard.said().await.token.unwrap();
    assert_eq!(
        old & 0xffff,
        new & 0xffff,
        "the same packet id, another message"
    );
    handle.acknowledge(old);
    tokio::time::sleep(A_WHILE).await;
    assert!(broker.acknowledged("gateway").is_empty());
    handle.acknowledge(new);
    broker.logged("PUBACK from gateway").await;
}

#[tokio::test]
async fn a_source_that_is_opened_again_gets_what_it_did_not_acknowledge() {
    let Some(broker) = Broker::open() else { return };
    let mut heard = Heard::default();
    let handle = listen(broker.source(), &mut heard);
    heard.up().await;
    broker.publish("home/x", b"again", &[]);
    let first = heard.said().await;
    handle.reopen();
    assert!(heard.down().await.contains("opened again"));
    assert!(heard.up().await);
    let second = heard.said().await;
    assert_eq!((text(&second), second.dup), ("again", true));
    assert_ne!(first.token, second.token);
}

#[tokio::test]
async fn a_packet_over_the_limit_is_taken_once_and_does_not_stop_later_ones() {
    let Some(broker) = Broker::open() else { return };
    let mut heard = Heard::default();
    let config = MqttSource {
        packet_limit: 64 << 10,
        ..broker.source()
    };
    let handle = listen(config, &mut heard);
    heard.up().await;
    broker.publish("home/x", &vec![b'x'; 200 << 10], &[]);
    broker.publish("home/x", b"help", &[]);
    let why = heard.down().await;
    assert!(
        why.contains("over packet_limit") && why.contains("message_size_limit"),
        "{why}"
    );
    assert!(heard.up().await);
    let giant = heard.said().await;
    assert_eq!(giant.payload.len(), 200 << 10);
    handle.acknowledge(giant.token.unwrap());
    let later = heard.said().await;
    assert_eq!(text(&later), "help");
    handle.acknowledge(later.token.unwrap());
    let last = later.token.unwrap() & 0xffff;
    broker
        .logged(&format!("PUBACK from gateway (Mid: {last},"))
        .await;
    // The next connection has the limit that was configured, and lives.
    handle.reopen();
    assert!(heard.up_again().await);
    heard.silence(A_WHILE).await;
}

#[tokio::test]
async fn a_retained_packet_over_the_limit_does_not_stop_others_either() {
    let Some(broker) = Broker::open() else { return };
    broker.publish("home/big", &vec![b'x'; 100 << 10], &["-r"]);
    let mut heard = Heard::default();
    let config = MqttSource {
        packet_limit: 64 << 10,
        ..broker.source()
    };
    let handle = listen(config, &mut heard);
    heard.up_again().await;
    loop {
        match heard.next().await {
            gateway_core::Input::Publish { payload, token, .. } => {
                assert_eq!(payload.len(), 100 << 10);
                handle.acknowledge(token.unwrap());
                break;
            }
            gateway_core::Input::SourceDown { .. } | gateway_core::Input::SourceUp { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    broker.publish("home/x", b"help", &[]);
    let mut later = heard.said().await;
    while later.retained || later.dup {
        later = heard.said().await;
    }
    assert_eq!(text(&later), "help");
}

#[tokio::test]
async fn a_slow_loop_makes_the_broker_wait_and_loses_nothing() {
    const COUNT: u32 = 3_000;
    let Some(broker) = Broker::start("allow_anonymous true\nmax_queued_messages 0") else {
        return;
    };
    let mut heard = Heard::default();
    let handle = listen(broker.source(), &mut heard);
    heard.up().await;
    broker.numbers("home/x", COUNT);
    tokio::time::sleep(A_WHILE).await;
    for n in 0..COUNT {
        let said = heard.said().await;
        assert_eq!(text(&said), n.to_string());
        handle.acknowledge(said.token.unwrap());
    }
    let until = std::time::Instant::now() + Duration::from_secs(10);
    while broker.acknowledged("gateway").len() < COUNT as usize {
        assert!(
            std::time::Instant::now() < until,
            "{}",
            broker.acknowledged("gateway").len()
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_long_backlog_comes_in_order_after_the_word_that_the_session_was_resumed() {
    const COUNT: u32 = 3_000;
    let Some(broker) =
        Broker::start("allow_anonymous true\nmax_queued_messages 0\nmax_inflight_messages 0")
    else {
        return;
    };
    let mut heard = Heard::default();
    let handle = listen(broker.source(), &mut heard);
    heard.up().await;
    drop(handle);
    broker.logged("gateway closed its connection").await;
    broker.numbers("home/x", COUNT);
    let mut heard = Heard::default();
    let _handle = listen(broker.source(), &mut heard);
    assert!(heard.up().await);
    for n in 0..COUNT {
        assert_eq!(text(&heard.said().await), n.to_string());
    }
    heard.silence(A_WHILE).await;
}

#[tokio::test]
async fn a_message_at_qos_0_has_nothing_to_acknowledge_and_a_retained_one_says_so() {
    let Some(broker) = Broker::open() else { return };
    broker.publish("home/kept", b"kept", &["-r"]);
    let mut heard = Heard::default();
    let _handle = listen(broker.source(), &mut heard);
    heard.up().await;
    let kept = heard.said().await;
    assert_eq!((kept.topic.as_str(), kept.retained), ("home/kept", true));
    broker.publish("home/x", b"once", &["-q", "0"]);
    let once = heard.said().await;
    assert_eq!(
        (text(&once), once.token, once.retained),
        ("once", None, false)
    );
}

#[tokio::test]
async fn a_broker_that_falls_silent_is_given_up_after_twice_the_keep_alive() {
    let Some(broker) = Broker::open() else { return };
    let mut heard = Heard::default();
    let config = MqttSource {
        keep_alive_s: 2,
        ..broker.source()
    };
    let _handle = listen(config, &mut heard);
    heard.up().await;
    broker.signal("STOP");
    let stopped = std::time::Instant::now();
    let why = heard.down().await;
    assert!(why.contains("silent for 4 s"), "{why}");
    assert!(stopped.elapsed() < Duration::from_secs(6));
    broker.signal("CONT");
    assert!(heard.up_again().await);
}
