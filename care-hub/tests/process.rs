//! The binary itself: killed, terminated, started twice, given wrong configurations.

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
use std::process::Command;
use std::time::{Duration, Instant};

use rand::{RngExt as _, SeedableRng as _};
use support::{Site, alarm, event, parcel, ranges, span, write_private};
use tecs_protocol::hub::v1::from_hub;
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{AlarmKind, Condition, Lane, Urgency};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const EPOCH: u64 = 0xfeed_0000_0000_0002;

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_killed_with_9_at_any_moment_has_all_that_it_receipted() {
    let seed = 20_261_122;
    println!("seed {seed}");
    let mut random = rand_chacha::ChaCha8Rng::seed_from_u64(seed);
    let site = Site::new();
    let home = site.home("elm-4");
    let mut receipted: BTreeSet<u64> = BTreeSet::new();
    let mut next = 1;
    // More rounds by hand: TECS_KILL_ROUNDS=100.
    let rounds = std::env::var("TECS_KILL_ROUNDS").map_or(8, |rounds| rounds.parse().unwrap());
    for round in 0..rounds {
        let mut hub = site.spawn();
        let (mut stream, welcome) = home
            .greet(hub.ingest, vec![span(EPOCH, Lane::Alarm, 1, u64::MAX)])
            .await;
        let held: BTreeSet<u64> = welcome
            .held
            .iter()
            .flat_map(|held| held.ranges.iter().flat_map(|r| r.from..=r.to))
            .collect();
        let lost: Vec<_> = receipted.difference(&held).collect();
        assert!(lost.is_empty(), "round {round}: lost {lost:?}");
        let to = stream.to.clone();
        let sender = tokio::spawn(async move {
            while to
                .send(parcel(
                    EPOCH,
                    Lane::Alarm,
                    next,
                    vec![alarm("pendant", AlarmKind::Help)],
                ))
                .await
                .is_ok()
            {
                next += 1;
                tokio::time::sleep(Duration::from_micros(200)).await;
            }
            next
        });
        let kill_after = Duration::from_millis(random.random_range(20..400));
        let began = Instant::now();
        let mut killed = false;
        while let Ok(Some(says)) = stream.try_next().await {
            if let from_hub::Says::Receipt(receipt) = says {
                receipted.extend(ranges(&receipt).into_iter().flat_map(|(a, b)| a..=b));
            }
            if !killed && began.elapsed() >= kill_after {
                hub.kill_9();
                killed = true;
            }
        }
        assert!(killed, "the stream ended before the kill");
        drop(stream);
        next = sender.await.unwrap();
    }
    println!("{} receipted of {next} sent", receipted.len());
    assert!(receipted.len() > 50, "the kills proved nothing");
    let hub = site.spawn();
    let (_, welcome) = home
        .greet(hub.ingest, vec![span(EPOCH, Lane::Alarm, 1, u64::MAX)])
        .await;
    let held = &welcome.held[0].ranges;
    for seq in receipted {
        assert!(
            held.iter().any(|r| (r.from..=r.to).contains(&seq)),
            "{seq} is lost"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sigterm_ends_it_within_5_s_and_loses_nothing_that_was_receipted() {
    let site = Site::new();
    let home = site.home("elm-4");
    let mut hub = site.spawn();
    let (mut stream, _) = home.greet(hub.ingest, Vec::new()).await;
    for seq in 1..=50 {
        stream
            .say(parcel(
                EPOCH,
                Lane::Alarm,
                seq,
                vec![alarm("pendant", AlarmKind::Help)],
            ))
            .await;
    }
    let mut last = ranges(&stream.receipt().await).last().unwrap().1;
    // A page that is open, with its live stream, must not hold the hub.
    let mut page = tokio::net::TcpStream::connect(hub.console).await.unwrap();
    let ask = format!("GET /live HTTP/1.1\r\nHost: {}\r\n\r\n", hub.console);
    page.write_all(ask.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    page.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    let began = Instant::now();
    hub.terminate();
    while let Ok(Some(says)) = stream.try_next().await {
        if let from_hub::Says::Receipt(receipt) = says {
            last = ranges(&receipt).last().unwrap().1;
        }
    }
    let status = tokio::task::spawn_blocking(move || hub.child.wait().unwrap())
        .await
        .unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(status.code(), Some(0));
    let hub = site.spawn();
    let (_, welcome) = home
        .greet(hub.ingest, vec![span(EPOCH, Lane::Alarm, 1, 50)])
        .await;
    assert!(welcome.held[0].ranges[0].to >= last);
}

#[test]
fn a_second_hub_on_the_same_ledger_refuses_and_names_the_first() {
    let site = Site::new();
    let first = site.spawn();
    let second = Command::new(env!("CARGO_BIN_EXE_tecs-hub"))
        .args(["run", "--config"])
        .arg(&site.config)
        .output()
        .unwrap();
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr);
    let pid = format!("process {}", first.child.id());
    assert!(
        said.contains("ledger.redb") && said.contains(&pid),
        "{said}"
    );
}

#[test]
fn a_ledger_that_does_not_open_is_named_and_left_as_it_is() {
    let site = Site::new();
    let garbage = vec![0x5a; 65_536];
    std::fs::write(site.ledger(), &garbage).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_tecs-hub"))
        .args(["run", "--config"])
        .arg(&site.config)
        .output()
        .unwrap();
    assert!(!run.status.success());
    let said = String::from_utf8_lossy(&run.stderr);
    assert!(said.contains("ledger.redb"), "{said}");
    assert_eq!(std::fs::read(site.ledger()).unwrap(), garbage);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_personal_is_logged() {
    let site = Site::new();
    let homes = site.folder.path().join("homes.toml");
    let canaries = [
        "CANARY-LABEL",
        "CANARY-PHONE",
        "CANARY-KEYSAFE",
        "CANARY-ROOM",
        "CANARY-RAW",
    ];
    let register = "[[home]]\ngateway='elm-4'\nlabel='CANARY-LABEL'\nphone='CANARY-PHONE'\n\
                    access_note='CANARY-KEYSAFE'\n";
    std::fs::write(&homes, register).unwrap();
    let mut config = std::fs::read_to_string(&site.config).unwrap();
    config += &["[homes]\nfile = \"", homes.to_str().unwrap(), "\"\n"].concat();
    std::fs::write(&site.config, config).unwrap();
    let hub = site.spawn();
    let (mut stream, _) = site.home("elm-4").greet(hub.ingest, Vec::new()).await;
    let what = What::alarm(AlarmKind::Help, Condition::Raised);
    let mut press = event("pendant", Urgency::Emergency, what);
    press.device.room = "CANARY-ROOM".to_owned();
    press.raw = b"CANARY-RAW".to_vec();
    let records = vec![press.encode(), b"CANARY-RAW that does not read".to_vec()];
    stream.say(parcel(EPOCH, Lane::Alarm, 1, records)).await;
    stream.receipt().await;
    stream
        .say(parcel(EPOCH, Lane::Alarm, 0, vec![b"CANARY-RAW".to_vec()]))
        .await;
    while let Ok(Some(_)) = stream.try_next().await {}
    let log = std::fs::read_to_string(&hub.log).unwrap();
    assert!(log.contains("a stream was ended"), "{log}");
    for canary in canaries {
        assert!(!log.contains(canary), "{canary} is in the log:\n{log}");
    }
}

fn check(site: &Site, more: &[&str]) -> (Option<i32>, String) {
    let out = Command::new(env!("CARGO_BIN_EXE_tecs-hub"))
        .args(["check", "--config"])
        .arg(&site.config)
        .args(more)
        .output()
        .unwrap();
    let said = [out.stdout, out.stderr].concat();
    (out.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_good_configuration_is_called_good() {
    let site = Site::new();
    let (code, said) = check(&site, &[]);
    assert_eq!(code, Some(0), "{said}");
}

#[test]
fn every_mistake_is_named_with_file_line_key_and_what_is_allowed() {
    use std::os::unix::fs::PermissionsExt as _;
    let site = Site::with("[limits]\nlate_after_s = 0\n[homes]\nfile = \"/nowhere/homes.toml\"\n");
    let key = site.folder.path().join("hub.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let text = std::fs::read_to_string(&site.config).unwrap();
    let text = text.replace(
        "[console]\nlisten = \"127.0.0.1:0\"",
        "[console]\nlisten = \"0.0.0.0:8080\"",
    );
    std::fs::write(&site.config, text).unwrap();
    let (code, said) = check(&site, &[]);
    assert_eq!(code, Some(78));
    for due in [
        "hub.toml:4: [ingest] key",
        "chmod 600",
        "hub.toml:7: [console] listen: 0.0.0.0 is not loopback",
        "hub.toml:11: [limits] late_after_s: 0 is not allowed; 1 to 86400",
        "hub.toml:13: [homes] file",
    ] {
        assert!(said.contains(due), "{due} is not in:\n{said}");
    }
    let run = Command::new(env!("CARGO_BIN_EXE_tecs-hub"))
        .args(["run", "--config"])
        .arg(&site.config)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(78));
    let (code, json) = check(&site, &["--json"]);
    assert_eq!(code, Some(78));
    let told: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (
            told["ok"].as_bool(),
            told["problems"].as_array().unwrap().len()
        ),
        (Some(false), 4)
    );
}

#[test]
fn a_key_of_another_certificate_is_found_before_the_night() {
    let site = Site::new();
    let (_, key) = site.authority.issue("another");
    write_private(&site.folder.path().join("hub.key"), &key);
    let (code, said) = check(&site, &[]);
    assert_eq!(code, Some(78), "{said}");
    assert!(said.contains("[ingest] key"), "{said}");
}

#[test]
fn the_example_configuration_reads_and_says_the_defaults() {
    let file =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/care-hub.example.toml");
    let (example, text) = tecs_hub::config::read(&file, Vec::new()).unwrap();
    assert_eq!(example.limits, tecs_hub::config::Limits::default());
    assert_eq!(
        example.supervision,
        tecs_hub::config::Supervision::default()
    );
    let homes = file.with_file_name("homes.example.toml");
    let homes = tecs_hub::homes::Homes::read(&std::fs::read_to_string(homes).unwrap()).unwrap();
    assert_eq!(homes.get("elm-row-4").unwrap().risks.len(), 2);
    assert_eq!(example.console, tecs_hub::config::Console::default());
    assert!(text.contains("[homes]"));
}
