//! What comes back to a home and what the hub notices by itself: stages, asks, a responder's arrival, silence.

// The whole file is a test: what is unexpected shall panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod support;

use support::{PATIENCE, Site, alarm, beat, event, parcel, word};
use tecs_hub::store::{AskWhat, Person, Progress, Queue};
use tecs_protocol::hub::v1::{self, from_home, from_hub};
use tecs_protocol::signal::{Seen, What};
use tecs_protocol::vocabulary::{AlarmKind, Lane, ObservedKind, Urgency};

const EPOCH: u64 = 0xfeed_0000_0000_0003;

#[tokio::test]
async fn the_home_hears_every_stage_and_the_open_ones_again_after_welcome() {
    use tecs_hub::state::Hub;
    use tecs_hub::store::{Act, Closing, Outcome};
    let site = Site::new();
    let running = site.start().await;
    let home = site.home("elm-4");
    let store = &running.hub.store;
    let (mut stream, _) = home.greet(running.ingest, Vec::new()).await;
    let press = parcel(
        EPOCH,
        Lane::Alarm,
        1,
        vec![alarm("pendant", AlarmKind::Help)],
    );
    stream.say(press).await;
    stream.receipt().await;
    assert_eq!(
        stream.stage().await.progress(),
        v1::stage::Progress::Accepted
    );
    let id = store.open(Queue::Alarms).await.unwrap()[0].id;
    store.present(vec![id], Hub::now_ms()).await.unwrap();
    assert_eq!(
        stream.stage().await.progress(),
        v1::stage::Progress::Presented
    );
    let by = Person::new("Responder 4").unwrap();
    let act = |act| store.act(id, by.clone(), act, Hub::now_ms());
    act(Act::Claim).await.unwrap();
    let claimed = stream.stage().await;
    assert_eq!(claimed.progress(), v1::stage::Progress::Claimed);
    assert_eq!(
        (claimed.by.as_str(), claimed.name.unwrap().seq),
        ("Responder 4", 1)
    );

    // The line drops while the responder sets out: the home hears it after Welcome.
    drop(stream);
    act(Act::Attend).await.unwrap();
    let (mut stream, _) = home.greet(running.ingest, Vec::new()).await;
    assert_eq!(
        stream.stage().await.progress(),
        v1::stage::Progress::Attending
    );
    let closing = Closing::new(Outcome::Visited, None, None).unwrap();
    let seen_count = Some(1);
    act(Act::Close {
        closing,
        seen_count,
    })
    .await
    .unwrap();
    let closed = stream.stage().await;
    assert_eq!(closed.progress(), v1::stage::Progress::Closed);
    assert_eq!(closed.by, "Responder 4");
    running.stop().await;
}

#[tokio::test]
async fn a_responder_in_the_home_is_told_to_the_case() {
    use tecs_hub::store::Act;
    use tecs_protocol::event::RESPONDER_HERE;
    use tecs_protocol::vocabulary::State;
    let site = Site::new();
    let running = site.start().await;
    let (mut stream, _) = site.home("elm-4").greet(running.ingest, Vec::new()).await;
    stream
        .say(parcel(
            EPOCH,
            Lane::Alarm,
            1,
            vec![alarm("pendant", AlarmKind::Help)],
        ))
        .await;
    stream.receipt().await;
    let id = running.hub.store.open(Queue::Alarms).await.unwrap()[0].id;
    let by = Person::new("R4").unwrap();
    running
        .hub
        .store
        .act(id, by, Act::Claim, tecs_hub::state::Hub::now_ms())
        .await
        .unwrap();
    let here = What::Observed {
        kind: ObservedKind::Button,
        seen: Seen::State(State::Named(RESPONDER_HERE.to_owned())),
    };
    let here = event("button", Urgency::Routine, here).encode();
    stream.say(parcel(EPOCH, Lane::Alarm, 2, vec![here])).await;
    stream.receipt().await;
    let (case, timeline) = running.hub.store.case(id).await.unwrap().unwrap();
    assert_eq!(case.progress, Progress::Attending);
    assert_eq!(timeline.len(), 4, "{timeline:?}");
    running.stop().await;
}

#[tokio::test]
async fn an_ask_reaches_the_home_and_its_answer_is_kept() {
    let site = Site::new();
    let running = site.start().await;
    let (mut stream, _) = site.home("elm-4").greet(running.ingest, Vec::new()).await;
    let by = Person::new("R4").unwrap();
    let asked = running
        .hub
        .ask("elm-4", AskWhat::TestCall, by.clone())
        .await;
    let (id, sent) = asked.unwrap();
    assert!(sent);
    let ask = stream
        .until(|says| match says {
            from_hub::Says::Ask(ask) => Some(ask.clone()),
            _ => None,
        })
        .await;
    assert_eq!(
        (ask.id, ask.what),
        (id, Some(v1::ask::What::TestCall(v1::TestCall {})))
    );
    let answer = v1::Answer {
        ask_id: id,
        outcome: v1::answer::Outcome::Done.into(),
        detail: "made".to_owned(),
    };
    stream.say(word(from_home::Says::Answer(answer))).await;
    let began = std::time::Instant::now();
    loop {
        let asks = running.hub.store.asks("elm-4", 10).await.unwrap();
        if let Some(answer) = &asks[0].answer {
            assert_eq!(answer.outcome, "done");
            break;
        }
        assert!(began.elapsed() < PATIENCE);
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    let nobody = running
        .hub
        .ask("oak-1", AskWhat::TestCall, by)
        .await
        .unwrap();
    assert!(
        !nobody.1,
        "a home that is not connected cannot be asked now"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_silent_gateway_is_raised_once_over_a_restart_of_the_hub_and_restored_once() {
    let site = Site::with("[supervision]\nbeat_every_s = 1\nmissed_beats = 1\n");
    let running = site.start().await;
    let home = site.home("elm-4");
    let (stream, _) = home.greet(running.ingest, Vec::new()).await;
    let missing = |hub: std::sync::Arc<tecs_hub::state::Hub>, count: usize| async move {
        let began = std::time::Instant::now();
        loop {
            let open = hub.store.open(Queue::Technical).await.unwrap();
            if open.len() == count {
                return open;
            }
            assert!(began.elapsed() < PATIENCE, "{open:?}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let open = missing(running.hub.clone(), 1).await;
    assert_eq!(open[0].subject.kind.word, "missing");
    drop(stream);
    running.stop().await;

    let running = site.start().await;
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    assert_eq!(missing(running.hub.clone(), 1).await[0].id, open[0].id);
    assert!(running.hub.link("elm-4").missing);
    let (stream, _) = home.greet(running.ingest, Vec::new()).await;
    missing(running.hub.clone(), 0).await;
    let beating = tokio::spawn(async move {
        loop {
            stream.say(beat()).await;
            tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        }
    });
    tokio::time::sleep(std::time::Duration::from_millis(2_500)).await;
    missing(running.hub.clone(), 0).await;
    let (_, timeline) = running.hub.store.case(open[0].id).await.unwrap().unwrap();
    assert_eq!(
        timeline.len(),
        3,
        "raised, heard again, closed: {timeline:?}"
    );
    beating.abort();
    running.stop().await;
}

#[tokio::test]
async fn the_newest_stream_of_a_gateway_takes_the_place_of_the_oldest() {
    let site = Site::with("[limits]\nstreams_per_gateway = 2\n");
    let running = site.start().await;
    let home = site.home("elm-4");
    let (mut oldest, _) = home.greet(running.ingest, Vec::new()).await;
    let (mut older, _) = home.greet(running.ingest, Vec::new()).await;
    let (mut newest, _) = home.greet(running.ingest, Vec::new()).await;
    let ended = oldest.try_next().await.unwrap_err();
    assert_eq!(ended.code(), tonic::Code::ResourceExhausted);
    for (seq, stream) in [(1, &mut older), (2, &mut newest)] {
        let press = vec![alarm("pendant", AlarmKind::Help)];
        stream.say(parcel(EPOCH, Lane::Alarm, seq, press)).await;
        stream.receipt().await;
    }
    assert_eq!(running.hub.link("elm-4").connections, 2);
    running.stop().await;
}

#[tokio::test]
async fn a_claim_that_lapses_is_told_to_the_home() {
    use tecs_hub::state::Hub;
    use tecs_hub::store::Act;
    let site = Site::new();
    let running = site.start().await;
    let (mut stream, _) = site.home("elm-4").greet(running.ingest, Vec::new()).await;
    let press = vec![alarm("pendant", AlarmKind::Help)];
    stream.say(parcel(EPOCH, Lane::Alarm, 1, press)).await;
    stream.receipt().await;
    let id = running.hub.store.open(Queue::Alarms).await.unwrap()[0].id;
    // Claimed 299 s ago by the hub's clock: the vigil finds it due within seconds.
    let by = Person::new("R4").unwrap();
    let long_ago = Hub::now_ms() - 299_000;
    running
        .hub
        .store
        .act(id, by, Act::Claim, long_ago)
        .await
        .unwrap();
    let due = [
        v1::stage::Progress::Accepted,
        v1::stage::Progress::Claimed,
        v1::stage::Progress::Accepted,
    ];
    for progress in due {
        assert_eq!(stream.stage().await.progress(), progress);
    }
    running.stop().await;
}

/// Passes bytes between a home and the hub until `dead`; then it holds both lines open and passes nothing.
async fn relay(
    hub: std::net::SocketAddr,
    dead: tokio::sync::watch::Receiver<bool>,
) -> std::net::SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let here = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut home, _) = listener.accept().await.unwrap();
        let mut hub = tokio::net::TcpStream::connect(hub).await.unwrap();
        let mut died = dead.clone();
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut home, &mut hub) => {}
            () = async { drop(died.wait_for(|dead| *dead).await) } => {
                std::future::pending::<()>().await;
            }
        }
    });
    here
}

#[tokio::test]
async fn a_path_that_went_dead_is_noticed_within_10_s() {
    let site = Site::new();
    let running = site.start().await;
    let (die, dead) = tokio::sync::watch::channel(false);
    let way = relay(running.ingest, dead).await;
    let (_stream, _) = site.home("elm-4").greet(way, Vec::new()).await;
    assert_eq!(running.hub.link("elm-4").connections, 1);
    die.send(true).unwrap();
    let began = std::time::Instant::now();
    while running.hub.link("elm-4").connections > 0 {
        assert!(began.elapsed() < std::time::Duration::from_secs(10));
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    running.stop().await;
}
