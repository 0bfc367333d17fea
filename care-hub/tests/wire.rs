//! A home and a hub over real mutual TLS: who is let in, what is answered, what is kept.

// The whole file is a test: what is unexpected shall panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use support::{Authority, Site, alarm, beat, event, hello, parcel, ranges, span};
use tecs_hub::store::{Name, Queue};
use tecs_protocol::hub::v1::{self, from_hub};
use tecs_protocol::prost::Message as _;
use tecs_protocol::signal::{Seen, What};
use tecs_protocol::vocabulary::{AlarmKind, Lane, ObservedKind, Urgency};
use tonic::Code;

const EPOCH: u64 = 0xfeed_0000_0000_0001;

fn temperature(value: f64) -> Vec<u8> {
    let what = What::Observed {
        kind: ObservedKind::Temperature,
        seen: Seen::Value(value),
    };
    event("thermometer", Urgency::Routine, what).encode()
}

#[tokio::test]
async fn an_alarm_is_receipted_after_it_is_durable_and_its_repeat_again() {
    let site = Site::new();
    let running = site.start().await;
    let home = site.home("elm-4");
    // The alarm follows Hello without waiting for Welcome.
    let press = parcel(
        EPOCH,
        Lane::Alarm,
        1,
        vec![alarm("pendant", AlarmKind::Help)],
    );
    let mut stream = home
        .open(
            running.ingest,
            vec![hello("elm-4", Vec::new()), press.clone()],
        )
        .await
        .unwrap();
    let from_hub::Says::Welcome(welcome) = stream.next().await else {
        panic!("Welcome comes first")
    };
    assert_eq!(welcome.beat_every_ms, 15_000);
    assert_eq!(welcome.ledger, running.hub.store.ledger_id());
    let receipt = stream.receipt().await;
    assert_eq!((receipt.ledger, receipt.epoch), (welcome.ledger, EPOCH));
    assert_eq!(ranges(&receipt), [(1, 1)]);
    assert_eq!(
        stream.stage().await.progress(),
        v1::stage::Progress::Accepted
    );

    stream.say(press).await;
    assert_eq!(ranges(&stream.receipt().await), [(1, 1)]);
    let open = running.hub.store.open(Queue::Alarms).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(
        (open[0].count, open[0].subject.kind.word.as_str()),
        (1, "help")
    );
    running.stop().await;
}

#[tokio::test]
async fn a_home_speaks_only_for_the_id_in_its_certificate() {
    let site = Site::new();
    let running = site.start().await;
    let mut stream = site
        .home("elm-4")
        .open(running.ingest, vec![hello("oak-1", Vec::new())])
        .await
        .unwrap();
    let refused = stream.try_next().await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);

    let mut stranger = site.home("elm-4");
    let (cert, key) = Authority::new().issue("elm-4");
    stranger.tls = stranger
        .tls
        .identity(tonic::transport::Identity::from_pem(cert, key));
    let refused = match stranger
        .open(running.ingest, vec![hello("elm-4", Vec::new())])
        .await
    {
        Err(status) => status,
        Ok(mut stream) => stream.try_next().await.unwrap_err(),
    };
    assert_ne!(refused.code(), Code::Ok);
    assert!(running.hub.links().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn welcome_says_what_is_held_of_the_named_spans_and_no_more() {
    let site = Site::new();
    let running = site.start().await;
    let home = site.home("elm-4");
    let (mut stream, _) = home.greet(running.ingest, Vec::new()).await;
    for first in [1, 3, 10] {
        let two = vec![temperature(20.0), temperature(21.0)];
        stream.say(parcel(EPOCH, Lane::Routine, first, two)).await;
        stream.receipt().await;
    }
    drop(stream);
    let named = vec![
        span(EPOCH, Lane::Routine, 2, 10),
        span(EPOCH, Lane::Vital, 1, 9),
        span(EPOCH + 1, Lane::Routine, 1, 9),
    ];
    let (_, welcome) = home.greet(running.ingest, named).await;
    assert_eq!(welcome.held.len(), 1);
    let held: Vec<_> = welcome.held[0]
        .ranges
        .iter()
        .map(|r| (r.from, r.to))
        .collect();
    assert_eq!(held, [(2, 4), (10, 10)]);
    let latest = running.hub.store.latest("elm-4").await.unwrap();
    assert_eq!((latest.len(), latest[0].value), (1, Some(21.0)));
    running.stop().await;
}

#[tokio::test]
async fn an_older_copy_of_the_ledger_keeps_its_id_and_says_honestly_that_it_holds_less() {
    let site = Site::new();
    let running = site.start().await;
    let home = site.home("elm-4");
    let id = running.hub.store.ledger_id();
    let press = |seq| {
        parcel(
            EPOCH,
            Lane::Alarm,
            seq,
            vec![alarm("pendant", AlarmKind::Help)],
        )
    };
    let (mut stream, _) = home.greet(running.ingest, Vec::new()).await;
    stream.say(press(1)).await;
    stream.receipt().await;
    running.stop().await;
    let copy = site.folder.path().join("older");
    std::fs::copy(site.ledger(), &copy).unwrap();

    let running = site.start().await;
    let (mut stream, _) = home.greet(running.ingest, Vec::new()).await;
    stream.say(press(2)).await;
    stream.receipt().await;
    running.stop().await;
    std::fs::copy(&copy, site.ledger()).unwrap();

    let running = site.start().await;
    let spans = vec![span(EPOCH, Lane::Alarm, 1, 2)];
    let (mut stream, welcome) = home.greet(running.ingest, spans).await;
    assert_eq!(welcome.ledger, id);
    assert_eq!(welcome.held[0].ranges, [v1::Range { from: 1, to: 1 }]);
    stream.say(press(2)).await;
    assert_eq!(ranges(&stream.receipt().await), [(2, 2)]);
    running.stop().await;
}

#[tokio::test]
async fn bytes_that_do_not_read_are_kept_shown_and_refused_among_good_neighbours() {
    let site = Site::new();
    let running = site.start().await;
    let (mut stream, _) = site.home("elm-4").greet(running.ingest, Vec::new()).await;
    let garbage = vec![0xff, 0x00, 0x17];
    let records = vec![
        alarm("pendant", AlarmKind::Help),
        garbage.clone(),
        alarm("detector", AlarmKind::Smoke),
    ];
    stream.say(parcel(EPOCH, Lane::Alarm, 1, records)).await;
    assert_eq!(ranges(&stream.receipt().await), [(1, 1), (3, 3)]);
    let refused = stream
        .until(|says| match says {
            from_hub::Says::Refused(refused) => Some(refused.clone()),
            _ => None,
        })
        .await;
    assert_eq!(refused.name.unwrap().seq, 2);
    let name = Name {
        gateway: "elm-4".to_owned(),
        epoch: EPOCH,
        lane: Lane::Alarm,
        seq: 2,
    };
    let kept = running.hub.store.record(&name).await.unwrap().unwrap();
    assert_eq!(kept.bytes, garbage);
    let open = running.hub.store.open(Queue::Alarms).await.unwrap();
    let unknown: Vec<_> = open
        .iter()
        .filter(|c| c.subject.kind.word == "unknown")
        .collect();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].urgency, Urgency::Urgent);
    running.stop().await;
}

#[tokio::test]
async fn an_alarm_of_a_kind_from_the_future_is_receipted_and_shown_at_high_urgency() {
    let site = Site::new();
    let running = site.start().await;
    let (mut stream, _) = site.home("elm-4").greet(running.ingest, Vec::new()).await;
    let bytes = v1::Record {
        entry: Some(v1::record::Entry::Event(v1::Event {
            device: Some(v1::Device {
                id: "new-sensor".to_owned(),
                ..v1::Device::default()
            }),
            urgency: Urgency::Routine.wire(),
            what: Some(v1::event::What::Alarm(v1::Alarm {
                kind: 99,
                condition: 1,
                raw_code: String::new(),
            })),
            ..v1::Event::default()
        })),
    }
    .encode_to_vec();
    stream
        .say(parcel(EPOCH, Lane::Alarm, 1, vec![bytes.clone(), bytes]))
        .await;
    assert_eq!(ranges(&stream.receipt().await), [(1, 2)]);
    let open = running.hub.store.open(Queue::Alarms).await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].count, open[0].urgency), (2, Urgency::Urgent));
    assert_eq!(open[0].subject.device.id, "new-sensor");
    running.stop().await;
}

#[tokio::test]
async fn a_gap_accounts_for_what_is_not_held_and_stands_in_the_technical_queue() {
    let site = Site::new();
    let running = site.start().await;
    let home = site.home("elm-4");
    let (mut stream, _) = home.greet(running.ingest, Vec::new()).await;
    let two = vec![temperature(20.0), temperature(21.0)];
    stream.say(parcel(EPOCH, Lane::Routine, 4, two)).await;
    stream.receipt().await;
    let gap = tecs_protocol::event::encode_gap(v1::Gap {
        from: 1,
        to: 9,
        count: 9,
        why: v1::gap::Why::Evicted.into(),
    });
    stream
        .say(parcel(EPOCH, Lane::Routine, 1, vec![gap.clone()]))
        .await;
    assert_eq!(ranges(&stream.receipt().await), [(1, 9)]);
    let technical = running.hub.store.open(Queue::Technical).await.unwrap();
    assert_eq!(technical.len(), 1);
    assert!(
        technical[0].text.starts_with("7 records"),
        "{}",
        technical[0].text
    );

    // The same Gap again changes nothing, and a record that turns up after all is taken.
    stream.say(parcel(EPOCH, Lane::Routine, 1, vec![gap])).await;
    stream.receipt().await;
    stream
        .say(parcel(EPOCH, Lane::Routine, 2, vec![temperature(19.0)]))
        .await;
    assert_eq!(ranges(&stream.receipt().await), [(2, 2)]);
    let technical = running.hub.store.open(Queue::Technical).await.unwrap();
    assert_eq!((technical.len(), technical[0].count), (1, 1));
    let held = running.hub.store.held("elm-4", EPOCH, Lane::Routine).await;
    assert_eq!(held.unwrap().len(), 1);
    running.stop().await;
}

#[tokio::test]
async fn too_much_bulk_is_paused_and_alarms_never() {
    let site = Site::with("[limits]\nwaiting_records = 100\n");
    let running = site.start().await;
    let (mut stream, _) = site.home("elm-4").greet(running.ingest, Vec::new()).await;
    for first in 0..40 {
        let many = (0..500).map(|n| temperature(f64::from(n))).collect();
        stream
            .say(parcel(EPOCH, Lane::Routine, first * 500 + 1, many))
            .await;
    }
    stream
        .say(parcel(
            EPOCH,
            Lane::Alarm,
            1,
            vec![alarm("pendant", AlarmKind::Help)],
        ))
        .await;
    let (mut paused, mut receipted, mut alarm_at) = (Vec::new(), 0, None);
    while receipted < 20_000 || alarm_at.is_none() {
        match stream.next().await {
            from_hub::Says::Pause(pause) => paused.push(pause.lane()),
            from_hub::Says::Receipt(r) if r.lane() == v1::Lane::Alarm => alarm_at = Some(receipted),
            from_hub::Says::Receipt(r) => {
                receipted += ranges(&r).iter().map(|r| r.1 - r.0 + 1).sum::<u64>();
            }
            _ => {}
        }
    }
    assert!(
        paused.contains(&v1::Lane::Routine) && paused.contains(&v1::Lane::Vital),
        "{paused:?}"
    );
    assert!(!paused.contains(&v1::Lane::Alarm));
    assert!(
        alarm_at.unwrap() < 20_000,
        "the alarm overtook the bulk before it"
    );
    running.stop().await;
}

#[tokio::test]
async fn what_breaks_the_contract_ends_the_stream_with_a_reason_and_harms_no_other() {
    let site = Site::new();
    let running = site.start().await;
    let home = site.home("elm-4");
    let (mut good, _) = home.greet(running.ingest, Vec::new()).await;
    let wrong = [
        (vec![beat()], Code::InvalidArgument),
        (
            vec![
                hello("elm-4", Vec::new()),
                parcel(EPOCH, Lane::Alarm, 0, vec![vec![1]]),
            ],
            Code::InvalidArgument,
        ),
        (
            vec![
                hello("elm-4", Vec::new()),
                parcel(EPOCH, Lane::Alarm, 1, Vec::new()),
            ],
            Code::InvalidArgument,
        ),
        (
            vec![
                hello("elm-4", Vec::new()),
                parcel(EPOCH, Lane::Alarm, 1, vec![vec![1]; 16_385]),
            ],
            Code::InvalidArgument,
        ),
        (
            vec![
                hello("elm-4", Vec::new()),
                parcel(EPOCH, Lane::Alarm, 1, vec![vec![0; 1 << 20]]),
            ],
            Code::OutOfRange,
        ),
    ];
    for (words, code) in wrong {
        let mut stream = home.open(running.ingest, words).await.unwrap();
        let ended = loop {
            match stream.try_next().await {
                Ok(Some(_)) => {}
                Ok(None) => panic!("the stream ended without a reason"),
                Err(status) => break status,
            }
        };
        assert_eq!(ended.code(), code, "{ended}");
    }
    good.say(parcel(
        EPOCH,
        Lane::Alarm,
        1,
        vec![alarm("pendant", AlarmKind::Help)],
    ))
    .await;
    assert_eq!(ranges(&good.receipt().await), [(1, 1)]);
    running.stop().await;
}

#[tokio::test]
async fn a_parcel_that_is_cut_for_the_ledger_is_receipted_whole() {
    let site = Site::new();
    let running = site.start().await;
    let (mut stream, _) = site.home("elm-4").greet(running.ingest, Vec::new()).await;
    let many = (0..2_500).map(|n| temperature(f64::from(n))).collect();
    stream.say(parcel(EPOCH, Lane::Routine, 7, many)).await;
    let mut got = Vec::new();
    while got.last() != Some(&(2_055, 2_506)) {
        got.extend(ranges(&stream.receipt().await));
    }
    assert_eq!(got, [(7, 1_030), (1_031, 2_054), (2_055, 2_506)]);
    let held = running.hub.store.held("elm-4", EPOCH, Lane::Routine).await;
    assert_eq!(held.unwrap().len(), 1);
    running.stop().await;
}
