//! What each step of a message's way costs alone: decode, normalise, the core's step, a page, a commit.
//! `cargo bench -p tecs-gateway --bench hot_path`, on a quiet machine; `TMPDIR` on the disk that is meant.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a bench fails as loudly as a test, and is read by nobody's program"
)]

use divan::Bencher;
use divan::counter::ItemsCount;
use gateway_core::effect::JournalOrder;
use gateway_core::input::{Input, JournalSays, Recovered};
use gateway_core::page::{Page, PageKey};
use gateway_core::settings::{Settings, Source};
use gateway_core::{Decoder, Gateway, Identity, Mono};
use tecs_gateway::journal::{Journal, JournalLimits};
use tecs_protocol::Bytes;
use tecs_protocol::family::{Family, Options, dialect};
use tecs_protocol::mqtt::Publish;
use tecs_protocol::vocabulary::Lane;

/// As `tecs-sim load` says it: 150 bytes, one event.
const SAID: &str = r#"{"illuminance":312,"power_outage_count":12345,"linkquality":116,"update":{"installed_version":16777241,"state":"idle","pad":"-----------------------"}}"#;
const TOPIC: &str = "zigbee2mqtt/hall-light-sensor";
/// Inputs that one turn of the loop takes together under load.
const BATCH: u64 = 100;
/// Records of a full page of 250 bytes each.
const IN_A_PAGE: usize = 64;

fn main() {
    divan::main();
}

fn settings() -> Settings {
    Settings {
        sources: vec![Source {
            name: "zigbee".to_owned(),
            speaks: Family::Zigbee2Mqtt,
            base: String::new(),
            map: None,
            window: 0,
        }],
        endpoints: vec!["hub".to_owned()],
        ..Settings::default()
    }
}

fn publish(now_ms: u64) -> Publish<'static> {
    Publish {
        topic: TOPIC,
        payload: SAID.as_bytes(),
        retained: false,
        now_ms,
    }
}

/// Bytes to signals.
#[divan::bench]
fn decode(bencher: Bencher<'_, '_>) {
    let mut reader = dialect(Family::Zigbee2Mqtt, &Options::default()).unwrap();
    bencher.bench_local(|| reader.read(&publish(1)));
}

/// Bytes to events in this home: decode is a part of it.
#[divan::bench]
fn decode_and_normalise(bencher: Bencher<'_, '_>) {
    let mut decoder = Decoder::new(settings());
    bencher.bench_local(|| decoder.publish(0, &publish(1), false, Mono(1)));
}

/// A batch through the core while the hub is away: decode, custody, records, pages; the journal answers at once.
#[divan::bench]
fn core_step_offline(bencher: Bencher<'_, '_>) {
    let who = Identity {
        epoch: 1,
        boot_id: 1,
    };
    let mut settings = settings();
    settings.limits.rate = (0, 0);
    let mut gateway = Gateway::new(settings, who, Recovered::default(), Mono(0));
    let payload = Bytes::from_static(SAID.as_bytes());
    let mut now = 0;
    let mut token = 0;
    bencher.counter(ItemsCount::new(BATCH)).bench_local(|| {
        // Longer than the linger: every page is due.
        now += 60;
        for _ in 0..BATCH {
            token += 1;
            let input = Input::Publish {
                source: 0,
                topic: TOPIC.to_owned(),
                payload: payload.clone(),
                retained: false,
                dup: false,
                packet: u16::try_from(token % 60_000).unwrap_or_default() + 1,
                token: Some(token),
            };
            gateway.handle(input, Mono(now));
        }
        now += 60;
        settle(&mut gateway, Mono(now));
    });
}

/// Settles, and stands in for a journal that keeps at once and a hub that is not there.
fn settle(gateway: &mut Gateway, now: Mono) {
    gateway.settle(now);
    let mut kept = Vec::new();
    let mut gone = Vec::new();
    while let Some(effect) = gateway.poll_effect() {
        if let gateway_core::Effect::Journal(JournalOrder::Keep { ticket, pages, .. }) = effect {
            gone.extend(pages.into_iter().map(|p| (p.key, p.last)));
            kept.push(ticket);
        }
    }
    for ticket in kept {
        let says = JournalSays::Kept {
            ticket,
            generation: 1,
            used: 0,
        };
        gateway.handle(Input::Journal(says), now);
    }
    gateway.settle(now);
    while gateway.poll_effect().is_some() {}
    divan::black_box(gone);
}

fn record() -> Bytes {
    let mut decoder = Decoder::new(settings());
    let event = decoder.publish(0, &publish(1), false, Mono(1)).events;
    event.first().unwrap().encode().into()
}

/// An event's bytes.
#[divan::bench]
fn record_encode(bencher: Bencher<'_, '_>) {
    let mut decoder = Decoder::new(settings());
    let events = decoder.publish(0, &publish(1), false, Mono(1)).events;
    let event = events.first().unwrap();
    bencher.bench_local(|| event.encode());
}

/// A full page of records.
#[divan::bench]
fn page_encode(bencher: Bencher<'_, '_>) {
    let records = vec![record(); IN_A_PAGE];
    bencher
        .counter(ItemsCount::new(IN_A_PAGE))
        .bench_local(|| Page::of(key(1), &records));
}

fn key(first: u64) -> PageKey {
    PageKey {
        lane: Lane::Routine,
        epoch: 7,
        first,
    }
}

/// A full page from the order to the word that it is durable; let go of at once, as in steady work.
#[divan::bench(sample_count = 50, sample_size = 4)]
fn journal_commit(bencher: Bencher<'_, '_>) {
    let folder = tempfile::tempdir().unwrap();
    let (says, mut said) = tokio::sync::mpsc::unbounded_channel();
    let state = folder.path().join("state");
    let (_, journal) = Journal::open(&state, JournalLimits::default(), says).unwrap();
    let records = vec![record(); IN_A_PAGE];
    let mut first = 1;
    bencher
        .counter(ItemsCount::new(IN_A_PAGE))
        .bench_local(|| {
            let page = Page::of(key(first), &records);
            let release = vec![page.key];
            first = page.last + 1;
            journal.order(JournalOrder::Keep {
                ticket: first,
                lane: Lane::Routine,
                pages: vec![page],
                notes: Vec::new(),
            });
            while !matches!(said.blocking_recv(), Some(JournalSays::Kept { ticket, .. }) if ticket == first) {}
            journal.order(JournalOrder::Release { keys: release });
        });
    journal.order(JournalOrder::Close);
    journal.join();
}
