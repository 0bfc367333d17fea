//! The links against a real tonic server over mutual TLS on loopback.

mod bench;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gateway_core::LinkSays;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tonic::Status;

use crate::test_pki::{Authority, Valid};
use bench::{
    Answers, Handler, Home, echoing, hello, parcel, quiet, relay, serve, setup, url, welcome,
};

#[tokio::test]
async fn an_open_stream_carries_words_both_ways_and_closes_once() {
    let s = setup();
    let (heard, mut words) = mpsc::unbounded_channel();
    let address = serve(&s.authority, &s.hub, echoing(heard)).await;
    let mut home = Home::new(s.files, &url(address));
    home.opened().await;
    home.hub.send(0, true, hello());
    assert_eq!(words.recv().await, Some(hello()));
    assert_eq!(home.next().await, LinkSays::Heard(welcome(1)));
    home.hub.disconnect(0);
    home.hub.disconnect(0);
    let LinkSays::Closed { why } = home.next().await else {
        panic!()
    };
    assert!(why.contains("gave this stream up"), "{why}");
    home.opened().await;
}

#[tokio::test]
async fn a_hub_that_waits_for_the_first_word_before_it_answers_is_greeted_all_the_same() {
    let s = setup();
    let handler: Handler = Arc::new(|mut words| {
        Box::pin(async move {
            let first = words.message().await?;
            assert!(first.is_some());
            Ok(
                Box::pin(tokio_stream::iter([Ok(welcome(1))]).chain(tokio_stream::pending()))
                    as Answers,
            )
        })
    });
    let address = serve(&s.authority, &s.hub, handler).await;
    let mut home = Home::new(s.files, &url(address));
    home.opened().await;
    home.hub.send(0, true, hello());
    assert_eq!(home.next().await, LinkSays::Heard(welcome(1)));
}

fn has(why: &str, words: &[&str]) {
    for word in words {
        assert!(why.contains(word), "`{word}` is not in: {why}");
    }
}

#[tokio::test]
async fn what_the_network_refuses_is_named_with_host_port_and_cure() {
    let s = setup();
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let why = Home::new(s.files.clone(), &url(free)).closed().await;
    let port = free.port().to_string();
    has(
        &why,
        &[
            "main",
            "localhost",
            &port,
            "connection refused",
            "check that the care hub runs",
        ],
    );
    let why = Home::new(s.files, "https://no-such-host.invalid:1")
        .closed()
        .await;
    has(&why, &["no-such-host.invalid", "does not resolve", "DNS"]);
}

#[tokio::test]
async fn a_hub_whose_certificate_is_wrong_is_refused_by_cause() {
    let s = setup();
    for (pair, words) in [
        (
            s.authority.hub("other.example", Valid::Now),
            ["does not carry the name localhost", "hub.endpoints"],
        ),
        (
            s.authority.hub("localhost", Valid::Expired),
            ["certificate of localhost has expired", "operator"],
        ),
        (
            s.authority.hub("localhost", Valid::Later),
            ["not valid yet", "clock"],
        ),
        (
            Authority::new("Stranger").hub("localhost", Valid::Now),
            ["hub.ca", "ca.pem"],
        ),
    ] {
        let address = serve(&s.authority, &pair, quiet()).await;
        let why = Home::new(s.files.clone(), &url(address)).closed().await;
        has(&why, &words);
    }
}

/// The end of a link that may have opened first: TLS 1.3 tells a client only after its handshake.
async fn end(home: &mut Home) -> String {
    home.hub.connect(0);
    loop {
        match home.next().await {
            LinkSays::Opened => {}
            LinkSays::Closed { why } => return why,
            LinkSays::Heard(word) => panic!("{word:?}"),
        }
    }
}

#[tokio::test]
async fn a_hub_that_refuses_our_certificate_is_quoted_by_cause() {
    let s = setup();
    let address = serve(&s.authority, &s.hub, quiet()).await;
    let stranger = Authority::new("Stranger").gateway("home-1", Valid::Now);
    std::fs::write(&s.files.cert, &stranger.cert).unwrap();
    std::fs::write(&s.files.key, &stranger.key).unwrap();
    let mut home = Home::new(s.files.clone(), &url(address));
    has(
        &end(&mut home).await,
        &["our certificate", "gateway.pem", "authority"],
    );
    let expired = s.authority.gateway("home-1", Valid::Expired);
    std::fs::write(&s.files.cert, &expired.cert).unwrap();
    std::fs::write(&s.files.key, &expired.key).unwrap();
    has(
        &end(&mut home).await,
        &["our certificate", "gateway.pem", "expired", "renew"],
    );
}

#[tokio::test]
async fn what_the_hub_says_when_it_ends_the_stream_is_repeated() {
    let s = setup();
    let handler: Handler = Arc::new(|_| {
        Box::pin(async { Err(Status::permission_denied("home-1 is not registered\u{7}")) })
    });
    let address = serve(&s.authority, &s.hub, handler).await;
    let why = end(&mut Home::new(s.files, &url(address))).await;
    has(
        &why,
        &[
            "PermissionDenied",
            "home-1 is not registered",
            "register gateway.id",
        ],
    );
    assert!(!why.contains('\u{7}'));
}

#[tokio::test]
async fn wrong_files_are_named_and_read_anew_at_each_connect() {
    let s = setup();
    let (heard, _words) = mpsc::unbounded_channel();
    let address = serve(&s.authority, &s.hub, echoing(heard)).await;
    let mut home = Home::new(s.files.clone(), &url(address));
    let key = std::fs::read_to_string(&s.files.key).unwrap();
    std::fs::remove_file(&s.files.key).unwrap();
    has(
        &home.closed().await,
        &["hub.key", "gateway.key", "cannot be read"],
    );
    std::fs::write(&s.files.key, "nothing").unwrap();
    has(&home.closed().await, &["hub.key", "no private key in PEM"]);
    std::fs::write(&s.files.key, &s.hub.key).unwrap();
    has(&home.closed().await, &["does not belong to", "gateway.pem"]);
    std::fs::write(&s.files.key, &key).unwrap();
    home.opened().await;
}

#[tokio::test]
async fn a_certificate_and_a_key_that_are_replaced_one_after_the_other_are_waited_for() {
    let s = setup();
    let address = serve(&s.authority, &s.hub, quiet()).await;
    let key = std::fs::read_to_string(&s.files.key).unwrap();
    std::fs::write(&s.files.key, &s.hub.key).unwrap();
    let mut home = Home::new(s.files.clone(), &url(address));
    home.hub.connect(0);
    tokio::time::sleep(Duration::from_millis(150)).await;
    std::fs::write(&s.files.key, &key).unwrap();
    assert_eq!(home.next().await, LinkSays::Opened);
}

#[tokio::test]
async fn an_alarm_overtakes_bulk_on_a_slow_line_but_for_what_is_on_the_wire() {
    let s = setup();
    let (heard, mut words) = mpsc::unbounded_channel();
    let address = serve(&s.authority, &s.hub, echoing(heard)).await;
    let slow = relay(address, 100_000, Arc::default());
    let mut home = Home::new(s.files, &url(slow));
    home.opened().await;
    for seq in 1..=16 {
        home.hub.send(0, false, parcel(seq, 16_000));
    }
    tokio::time::sleep(Duration::from_millis(700)).await;
    let mut before = 0;
    while words.try_recv().is_ok() {
        before += 1;
    }
    let pressed = Instant::now();
    home.hub.send(0, true, parcel(99, 300));
    let mut overtaken_by = 0;
    while words.recv().await.unwrap() != parcel(99, 300) {
        overtaken_by += 1;
    }
    let waited = pressed.elapsed();
    assert!(
        (1..10).contains(&before),
        "{before} parcels before the press"
    );
    // One parcel is on the wire; what sockets on both sides of the relay hold of another had left the home as well.
    assert!(
        overtaken_by <= 2,
        "{overtaken_by} parcels went before the alarm"
    );
    assert!(waited < Duration::from_millis(700), "{waited:?}");
}

#[tokio::test]
async fn a_frozen_hub_is_noticed_within_ten_seconds() {
    let s = setup();
    let address = serve(&s.authority, &s.hub, quiet()).await;
    let frozen = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let path = relay(address, 10_000_000, frozen.clone());
    let mut home = Home::new(s.files, &url(path));
    home.opened().await;
    frozen.store(true, std::sync::atomic::Ordering::Relaxed);
    let began = Instant::now();
    let LinkSays::Closed { why } = home.next().await else {
        panic!()
    };
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
    has(&why, &["no answer to a keepalive within 4 s", "localhost"]);
}

#[tokio::test]
async fn a_hub_that_takes_nothing_is_given_up_when_the_queue_is_full() {
    let s = setup();
    let address = serve(&s.authority, &s.hub, quiet()).await;
    let mut home = Home::new(s.files, &url(address));
    home.opened().await;
    for seq in 0..400 {
        home.hub.send(0, false, parcel(seq, 16_000));
    }
    let LinkSays::Closed { why } = home.next().await else {
        panic!()
    };
    has(&why, &["took nothing", "hub.queue_bytes"]);
}

fn sockets() -> usize {
    let open = std::fs::read_dir(Path::new("/proc/self/fd")).unwrap();
    open.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
        .filter(|to| to.to_string_lossy().starts_with("socket:"))
        .count()
}

#[tokio::test]
async fn a_hundred_streams_leave_no_descriptor_open() {
    let s = setup();
    let address = serve(&s.authority, &s.hub, quiet()).await;
    let frozen = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let path = relay(address, 10_000_000, frozen);
    let mut home = Home::new(s.files, &url(path));
    let before = sockets();
    for _ in 0..100 {
        home.opened().await;
        home.hub.send(0, false, parcel(1, 16_000));
        home.hub.disconnect(0);
        assert!(matches!(home.next().await, LinkSays::Closed { .. }));
    }
    tokio::time::sleep(Duration::from_millis(300)).await;
    let after = sockets();
    // Other tests of this process hold a few sockets of their own.
    assert!(
        after < before + 50,
        "{before} sockets before, {after} after"
    );
}
