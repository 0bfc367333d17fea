//! The ledger's disk: full and freed again under a running hub, and how fast the ledger takes records.

// The whole file is a test: what is unexpected shall panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};
use support::{PATIENCE, Site, alarm, event, hello, parcel, ranges, span};
use tecs_protocol::hub::v1::from_hub;
use tecs_protocol::signal::{Seen, What};
use tecs_protocol::vocabulary::{AlarmKind, Lane, ObservedKind, Urgency};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const EPOCH: u64 = 0xfeed_0000_0000_0004;

fn temperature(value: f64) -> Vec<u8> {
    let what = What::Observed {
        kind: ObservedKind::Temperature,
        seen: Seen::Value(value),
    };
    event("thermometer", Urgency::Routine, what).encode()
}

/// The first line of what the page answers.
async fn page(console: std::net::SocketAddr) -> String {
    let mut line = tokio::net::TcpStream::connect(console).await.unwrap();
    let ask = format!("GET /api/alarms HTTP/1.1\r\nHost: {console}\r\nConnection: close\r\n\r\n");
    line.write_all(ask.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    line.read_to_end(&mut answer).await.unwrap();
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_takes_nothing_back_that_was_receipted_and_heals_by_itself() {
    let site = Site::new();
    let home = site.home("elm-4");
    let hub = site.spawn();
    let pid = Pid::from_child(&hub.child);
    let (mut stream, _) = home.greet(hub.ingest, Vec::new()).await;
    stream
        .say(parcel(
            EPOCH,
            Lane::Alarm,
            1,
            vec![alarm("pendant", AlarmKind::Help)],
        ))
        .await;
    stream.receipt().await;

    // A file that may not grow fails as a full disk does; unlike a full disk it needs no mount.
    let bytes = std::fs::metadata(site.ledger()).unwrap().len();
    let limit = |current| Rlimit {
        current,
        maximum: None,
    };
    prlimit(Some(pid), Resource::Fsize, limit(Some(bytes))).unwrap();
    let mut receipted = BTreeSet::new();
    let mut first = 1;
    let ended = loop {
        let many: Vec<_> = (0..200).map(|n| temperature(f64::from(n))).collect();
        let _ = stream
            .to
            .send(parcel(EPOCH, Lane::Routine, first, many))
            .await;
        first += 200;
        match stream.try_next().await {
            Ok(Some(from_hub::Says::Receipt(r))) => {
                receipted.extend(ranges(&r).into_iter().flat_map(|(a, b)| a..=b));
            }
            Ok(Some(_)) => {}
            Ok(None) => panic!("ended without a reason"),
            Err(status) => break status,
        }
        assert!(first < 1_000_000, "the disk was never full");
    };
    assert_eq!(ended.code(), tonic::Code::Unavailable, "{ended}");
    let began = Instant::now();
    while page(hub.console).await != "HTTP/1.1 200 OK" {
        assert!(
            began.elapsed() < PATIENCE,
            "what is open is no longer shown"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let log = std::fs::read_to_string(&hub.log).unwrap();
    assert!(log.contains("the ledger could not write") && log.contains("the ledger is open again"));

    prlimit(Some(pid), Resource::Fsize, limit(None)).unwrap();
    // The writer may still be at what it could not write.
    let healing = Instant::now();
    let held = span(EPOCH, Lane::Routine, 1, u64::MAX);
    let (mut stream, welcome) = loop {
        let hello = vec![hello(&home.gateway, vec![held])];
        if let Ok(mut stream) = home.open(hub.ingest, hello).await
            && let Ok(Some(from_hub::Says::Welcome(welcome))) = stream.try_next().await
        {
            break (stream, welcome);
        }
        assert!(healing.elapsed() < PATIENCE, "it does not heal");
        tokio::time::sleep(Duration::from_millis(100)).await;
    };
    for seq in receipted {
        let there = |r: &tecs_protocol::hub::v1::Range| (r.from..=r.to).contains(&seq);
        assert!(welcome.held[0].ranges.iter().any(there), "{seq} is lost");
    }
    stream
        .say(parcel(
            EPOCH,
            Lane::Alarm,
            2,
            vec![alarm("pendant", AlarmKind::Help)],
        ))
        .await;
    assert_eq!(ranges(&stream.receipt().await), [(2, 2)]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: prints figures, asserts nothing"]
async fn how_fast_the_ledger_takes_records() {
    let site = Site::new();
    let running = site.start().await;
    let home = site.home("elm-4");
    let (mut stream, _) = home.greet(running.ingest, Vec::new()).await;
    for (of, parcels, each) in [
        (Lane::Routine, 400_u64, 100_u64),
        (Lane::Routine, 400, 1),
        (Lane::Alarm, 400, 1),
    ] {
        let base = 100 * parcels + each + u64::try_from(of.wire()).unwrap();
        let began = Instant::now();
        let to = stream.to.clone();
        tokio::spawn(async move {
            for n in 0..parcels {
                let record = |k| match of {
                    Lane::Alarm => alarm("pendant", AlarmKind::Help),
                    Lane::Vital | Lane::Routine => {
                        temperature(f64::from(u32::try_from(k).unwrap()))
                    }
                };
                let records = (0..each).map(record).collect();
                to.send(parcel(base, of, n * each + 1, records))
                    .await
                    .unwrap();
            }
        });
        let mut got = 0;
        while got < parcels * each {
            got += ranges(&stream.receipt().await)
                .iter()
                .map(|r| r.1 - r.0 + 1)
                .sum::<u64>();
        }
        let took = began.elapsed();
        println!(
            "{of}: {parcels} parcels of {each}: {:.0} records/s, {took:?}",
            got as f64 / took.as_secs_f64()
        );
    }
    let mut slowest = Vec::new();
    for seq in 0..200 {
        let began = Instant::now();
        stream
            .say(parcel(
                77,
                Lane::Alarm,
                seq + 1,
                vec![alarm(&format!("p{seq}"), AlarmKind::Help)],
            ))
            .await;
        stream.receipt().await;
        slowest.push(began.elapsed());
    }
    slowest.sort();
    println!(
        "an alarm alone, said to receipted: p50 {:?}, p99 {:?}",
        slowest[100], slowest[198]
    );
    println!(
        "ledger: {} bytes",
        std::fs::metadata(site.ledger()).unwrap().len()
    );
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: prints figures, asserts nothing"]
async fn how_soon_a_killed_hub_serves_again() {
    let site = Site::new();
    let mut hub = site.spawn();
    let (mut stream, _) = site.home("elm-4").greet(hub.ingest, Vec::new()).await;
    let to = stream.to.clone();
    tokio::spawn(async move {
        for n in 0..1_500 {
            let records = (0..200).map(|k| temperature(f64::from(k))).collect();
            let sent = to.send(parcel(EPOCH, Lane::Routine, n * 200 + 1, records));
            sent.await.unwrap();
        }
    });
    let mut got = 0;
    while got < 300_000 {
        got += ranges(&stream.receipt().await)
            .iter()
            .map(|r| r.1 - r.0 + 1)
            .sum::<u64>();
    }
    hub.kill_9();
    let bytes = std::fs::metadata(site.ledger()).unwrap().len();
    let began = Instant::now();
    let _again = site.spawn();
    println!(
        "{got} records, {bytes} bytes: serves {:?} after its start",
        began.elapsed()
    );
}
