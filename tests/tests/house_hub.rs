//! The way to the care hub when it is bad: frozen, unknown, expired, under another name. Everything is kept, nothing is
//! silent, and it is well again without a restart.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::fs;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::time::Duration;

use tecs_protocol::home::Stage;
use tecs_sim::ca::Pair;
use tecs_tests::house::{HOME, House, Plan, SOON, until};
use tokio::time::Instant;

/// A dead path is noticed within this (DESIGN.md), and a moment.
const NOTICED: Duration = Duration::from_secs(11);

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_hub_is_noticed_within_10_s_and_the_next_endpoint_is_used() {
    let Some(mut house) = (Plan {
        hubs: 2,
        ..Plan::default()
    })
    .build()
    .await
    else {
        return;
    };
    house.all_come().await;
    until("the first link is up", SOON, || {
        house.gateway.link(0) == "up"
    })
    .await;
    house.hubs[0].process().freeze();
    let press = house.does("pendant", "press", None).await;
    let alarm = house.arrives(1, &press, SOON).await;
    let gateway = &house.gateway;
    let noticed = until("the freeze is noticed", NOTICED, || gateway.link(0) != "up").await;
    let reading = house.does("climate", "reading", Some(21.5)).await;
    let routine = house.arrives(1, &reading, 2 * SOON).await;
    println!(
        "alarm on the second way after {alarm:?}, freeze noticed {noticed:?} later, a reading after {routine:?}"
    );
    assert!(alarm < Duration::from_secs(6), "{alarm:?}");
    let words = house.gateway.words_on_links();
    assert!(words.contains("hub-0"), "{words}");
    house.hubs[0].process().thaw();
    house.everything_arrives(3 * SOON).await;
}

/// The gateway's own copies of the certificates, which a test may swap.
fn own_files(house: &mut House) {
    let own = house.folder.path().join("own");
    fs::create_dir(&own).unwrap();
    install(house, "ca.pem", &house.tls.join("ca.pem"));
    let pair = Pair::at(&house.tls, HOME);
    install(house, "cert.pem", &pair.certificate);
    install(house, "key.pem", &pair.key);
    for (key, file) in [("ca", "ca.pem"), ("cert", "cert.pem"), ("key", "key.pem")] {
        let path = own.join(file).display().to_string();
        house.gateway.set("hub", key, path);
    }
    house.gateway.set("limits", "not_sent_after_ms", 2_000);
}

/// Puts a file into its place in one step; a key keeps its mode.
fn install(house: &House, name: &str, from: &Path) {
    let own = house.folder.path().join("own");
    fs::copy(from, own.join("new")).unwrap();
    fs::rename(own.join("new"), own.join(name)).unwrap();
}

/// A press while the hub is not trusted, or we are not: kept, said with these words, told in the home.
async fn is_kept_and_said(house: &mut House, words: &[&str]) {
    let since = Instant::now();
    let press = house.does("pendant", "press", None).await;
    let gateway = &house.gateway;
    until(&format!("status says one of {words:?}"), SOON, || {
        let said = gateway.words_on_links();
        words.iter().any(|word| said.contains(word))
    })
    .await;
    println!("{}", house.gateway.words_on_links());
    house
        .is_told(since, "pendant", Stage::NotSentYet, SOON)
        .await;
    let there = house.at_hubs().await;
    assert!(
        there.iter().all(|r| r.number != Some(press.message.number)),
        "it got through"
    );
    assert!(
        house.gateway.metric("tecs_gateway_queue_records", "alarm") > 0,
        "it is not kept"
    );
}

/// Everything but the hub's and the gateway's own files is as usual; with `spoil` they are not.
async fn house_with(spoil: impl FnOnce(&mut House)) -> Option<House> {
    let mut house = Plan::default().build().await?;
    own_files(&mut house);
    spoil(&mut house);
    house.all_come().await;
    Some(house)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_of_an_unknown_authority_gets_nothing_until_the_right_one_is_installed() {
    let wrong = |house: &mut House| install(house, "ca.pem", &house.tls.join("stranger/ca.pem"));
    let Some(mut house) = house_with(wrong).await else {
        return;
    };
    is_kept_and_said(&mut house, &["authority", "issuer"]).await;
    install(&house, "ca.pem", &house.tls.join("ca.pem"));
    house.everything_arrives(2 * SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_an_expired_certificate_of_its_own_a_gateway_keeps_and_says_so_until_it_is_renewed() {
    let spoil = |house: &mut House| {
        let expired = Pair::at(&house.tls.join("expired"), HOME);
        install(house, "cert.pem", &expired.certificate);
        install(house, "key.pem", &expired.key);
    };
    let Some(mut house) = house_with(spoil).await else {
        return;
    };
    is_kept_and_said(&mut house, &["expired"]).await;
    let good = Pair::at(&house.tls, HOME);
    // Both at once is not possible for two files: a key that does not fit in between is tried again.
    install(&house, "cert.pem", &good.certificate);
    install(&house, "key.pem", &good.key);
    house.everything_arrives(2 * SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_with_an_expired_certificate_gets_nothing_until_it_has_a_new_one() {
    let expired = |house: &mut House| {
        let pair = Pair::at(&house.tls.join("expired"), "hub");
        house.hubs[0].certify(&pair, &house.tls.join("ca.pem"));
    };
    let Some(mut house) = house_with(expired).await else {
        return;
    };
    is_kept_and_said(&mut house, &["expired"]).await;
    house.hubs[0].is_killed();
    house.hubs[0].certify(&Pair::at(&house.tls, "hub"), &house.tls.join("ca.pem"));
    house.hubs[0].comes().await;
    house.everything_arrives(2 * SOON).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_whose_certificate_is_for_another_name_gets_nothing() {
    // 127.0.0.2 is loopback as well, and no name of the certificate.
    let ip = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));
    let Some(mut house) = (Plan {
        ip,
        ..Plan::default()
    })
    .build()
    .await
    else {
        return;
    };
    own_files(&mut house);
    house.all_come().await;
    is_kept_and_said(&mut house, &["127.0.0.2"]).await;
}
