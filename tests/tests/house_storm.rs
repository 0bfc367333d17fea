//! A press storm: one client presses thousands of times a second at `QoS` 1 while another pendant presses once a second.
//! Every acknowledged press is at the hub, as a record or counted in one, and the daemon neither ends nor grows.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and say what they measured"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, EventLoop, MqttOptions, Packet, QoS};
use tecs_sim::bridge::Broker;
use tecs_sim::living::Spoken;
use tecs_tests::house::{HOME, House, Plan, SOON, Syncs, load};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// So many presses a second are asked for; what the machine gives is printed.
const A_SECOND: u64 = 5_000;
/// Presses of one client that may be on their way to the broker.
const IN_FLIGHT: u16 = 5_000;
/// Everything is at the hub within this of the last press.
const IN_THE_END: Duration = Duration::from_mins(1);
/// The daemon never holds more memory than this, KiB.
const MEMORY_KIB: u64 = 64 << 10;
/// And so much more for each press that neither disk nor hub has taken, whose answer is still owed, bytes.
const OWED_BYTES: u64 = 512;
/// Who presses without end. Its name is not listed: nobody's button may be dropped.
const STORMER: &str = "Stuck button";

/// The example's broker writes its whole store at each change, which is right for a home and would measure its disk here.
const BROKER: &str = "autosave_on_changes false\nautosave_interval 1800";

/// Seconds of a storm: `TECS_STORM_SECONDS`, 3 without.
fn seconds() -> u64 {
    let told = std::env::var("TECS_STORM_SECONDS").ok();
    told.map_or(3, |text| text.parse().expect("TECS_STORM_SECONDS"))
}

/// What the storm's client did so far.
#[derive(Debug, Default)]
struct Done {
    sent: AtomicU64,
    acknowledged: AtomicU64,
}

/// Presses for so long and waits for the broker's last acknowledgement.
async fn storm(broker: Broker, how_long: Duration, done: Arc<Done>) -> Duration {
    let mut options =
        MqttOptions::new("stuck-button", broker.at.ip().to_string(), broker.at.port());
    let (user, password) = broker.login.expect("a user");
    options.set_credentials(user, password);
    options.set_inflight(IN_FLIGHT);
    options.set_clean_session(false);
    let (client, events) = AsyncClient::new(options, 1_000);
    let pump = tokio::spawn(count(events, done.clone()));
    let began = Instant::now();
    let mut sent = 0;
    while began.elapsed() < how_long {
        let due =
            u64::try_from(began.elapsed().as_micros()).expect("a time") * A_SECOND / 1_000_000;
        while sent < due && began.elapsed() < how_long {
            let press = client.publish(
                format!("zigbee2mqtt/{STORMER}"),
                QoS::AtLeastOnce,
                false,
                r#"{"action":"emergency"}"#,
            );
            press.await.expect("a press");
            sent += 1;
            done.sent.store(sent, Ordering::Relaxed);
        }
        sleep(Duration::from_millis(2)).await;
    }
    let took = began.elapsed();
    while done.acknowledged.load(Ordering::Relaxed) < sent && began.elapsed() < how_long + SOON {
        sleep(Duration::from_millis(20)).await;
    }
    pump.abort();
    took
}

/// Counts what the broker acknowledges.
async fn count(mut events: EventLoop, done: Arc<Done>) {
    loop {
        match events.poll().await {
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                done.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) => {}
            Err(e) => panic!("the storm's connection: {e}"),
        }
    }
}

/// A house in a storm.
struct Stormy {
    house: House,
    done: Arc<Done>,
    storm: JoinHandle<Duration>,
    /// Presses that nobody had taken when the most were owed an answer.
    owed: u64,
}

impl Stormy {
    async fn begins() -> Option<Self> {
        let plan = Plan {
            broker: BROKER,
            ..Plan::default()
        };
        let mut house = plan.build().await?;
        house.all_come().await;
        let done = Arc::new(Done::default());
        let way = house.broker.way_in("zigbee2mqtt");
        let storm = tokio::spawn(storm(way, Duration::from_secs(seconds()), done.clone()));
        Some(Self {
            house,
            done,
            storm,
            owed: 0,
        })
    }

    /// The second pendant presses once a second for a third of the storm.
    async fn a_third(&mut self) -> Vec<Spoken> {
        let end = Instant::now() + Duration::from_secs(seconds()) / 3;
        let mut said = Vec::new();
        while Instant::now() < end {
            said.push(self.house.does("pendant", "press", None).await);
            sleep(Duration::from_millis(995)).await;
        }
        said
    }

    /// The storm is over: every press is at the hub, as a record of its own or counted in one. Gives how many presses of
    /// the storm the hub counts beyond those that were sent.
    async fn ends(self, test: &str) -> u64 {
        let Self {
            mut house,
            done,
            storm,
            owed,
        } = self;
        let took = storm.await.expect("the storm");
        let sent = done.sent.load(Ordering::Relaxed);
        let acknowledged = done.acknowledged.load(Ordering::Relaxed);
        let pressed = house.living.spoken.iter().filter(|s| s.deed == "press");
        let pressed = pressed.count() as u64;
        let over = Instant::now();
        let of_storm = |house: &House| counted(house, |device| device.contains(STORMER));
        while (of_storm(&house) < acknowledged || counted(&house, |d| d == "pendant") < pressed)
            && over.elapsed() < IN_THE_END
        {
            sleep(Duration::from_millis(200)).await;
        }
        let (there, own) = (of_storm(&house), counted(&house, |d| d == "pendant"));
        let memory = memory(house.gateway.process().pid());
        let records = house.hubs[0].api.records(HOME).await.expect("records");
        let records = records
            .iter()
            .filter(|r| r.device.contains(STORMER))
            .count() as u64;
        println!(
            "{test}: {sent} presses in {took:?}, {} a second, {acknowledged} acknowledged; at the hub {there} in {records} \
             records {:?} after the last; the other pendant {own} of {pressed}; most memory {memory} KiB; load {}",
            sent * 1_000 / u64::try_from(took.as_millis()).expect("a time").max(1),
            over.elapsed(),
            load(),
        );
        let status = house.gateway.status();
        assert!(
            there >= acknowledged,
            "{there} of {acknowledged}: {status:?}"
        );
        assert!(own >= pressed, "{own} of {pressed}: {status:?}");
        assert!(acknowledged > 1_000, "{acknowledged} presses are no storm");
        let most = MEMORY_KIB + owed * OWED_BYTES / 1024;
        assert!(memory <= most, "{memory} KiB, of {most} at most");
        let most = 10 + 4 * (seconds() + took.as_secs() + 5);
        assert!(records <= most, "{records} records of {there} presses");
        there.saturating_sub(sent)
    }
}

/// How many presses of such devices the hub counts in its open cases.
fn counted(house: &House, which: impl Fn(&str) -> bool) -> u64 {
    let open = house.hubs[0].json("/api/alarms");
    let cases = open["cases"].as_array().cloned().unwrap_or_default();
    let of = |c: &serde_json::Value| {
        let device = c["case"]["subject"]["device"]["id"].as_str()?;
        which(device).then(|| c["case"]["count"].as_u64())?
    };
    cases.iter().filter_map(of).sum()
}

/// The most memory that a process has held, KiB.
fn memory(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("a process");
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"));
    let kib = line.and_then(|l| l.split_whitespace().next()?.parse().ok());
    kib.expect("its memory")
}

/// How long each of these took to the hub, where it is a record of its own there; sorted.
async fn ways(house: &House, said: &[Spoken]) -> Vec<Duration> {
    let at_hub = house.at_hubs().await;
    let way = |s: &Spoken| {
        let number = Some(s.message.number);
        let mut own = at_hub.iter();
        let found = own.find(|r| r.device == "pendant" && r.number == number)?;
        u64::try_from(found.received_ms - s.wall_ms)
            .ok()
            .or(Some(0))
    };
    let mut ways: Vec<Duration> = said
        .iter()
        .filter_map(way)
        .map(Duration::from_millis)
        .collect();
    ways.sort_unstable();
    ways
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_storm_reaches_the_hub_counted_and_delays_no_other_pendant() {
    let Some(mut stormy) = Stormy::begins().await else {
        return;
    };
    let pid = stormy.house.gateway.process().pid();
    let mut said = Vec::new();
    for _ in 0..3 {
        said.extend(stormy.a_third().await);
    }
    assert!(stormy.house.gateway.runs());
    assert_eq!(stormy.house.gateway.process().pid(), pid);
    sleep(Duration::from_secs(2)).await;
    let ways = ways(&stormy.house, &said).await;
    println!(
        "{} of {} presses of the other pendant are records of their own; p99 {:?}",
        ways.len(),
        said.len(),
        ways.get(ways.len() * 99 / 100)
    );
    let more = stormy.ends("a storm with the hub there").await;
    assert_eq!(more, 0, "nothing came twice, so nothing is counted twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_storm_while_the_hub_is_away_is_at_the_hub_counted_when_it_is_back() {
    let Some(mut stormy) = Stormy::begins().await else {
        return;
    };
    let pid = stormy.house.gateway.process().pid();
    stormy.a_third().await;
    stormy.house.hubs[0].is_killed();
    stormy.a_third().await;
    stormy.house.hubs[0].comes().await;
    stormy.a_third().await;
    assert!(stormy.house.gateway.runs());
    assert_eq!(stormy.house.gateway.process().pid(), pid);
    let more = stormy.ends("a storm with the hub away and back").await;
    assert_eq!(more, 0, "nothing came twice, so nothing is counted twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_killed_with_9_in_a_press_storm_counts_every_acknowledged_press() {
    let Some(mut stormy) = Stormy::begins().await else {
        return;
    };
    stormy.a_third().await;
    stormy.house.kill_gateway();
    stormy.house.gateway.starts();
    let pid = stormy.house.gateway.process().pid();
    stormy.a_third().await;
    stormy.house.gateway.open().await;
    stormy.a_third().await;
    assert!(
        stormy.house.gateway.runs(),
        "an end in the middle of a storm"
    );
    assert_eq!(stormy.house.gateway.process().pid(), pid);
    let more = stormy.ends("a storm and a kill -9 in it").await;
    println!("{more} presses were in doubt when the kill fell, and are counted twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_storm_while_the_disk_hangs_is_at_the_hub_counted_and_delays_no_other_pendant() {
    let Some(mut stormy) = Stormy::begins().await else {
        return;
    };
    let pid = stormy.house.gateway.process().pid();
    let log = stormy.house.folder.path().join("strace.log");
    let Some(hanging) = Syncs::take(pid, Duration::from_mins(2), &log).await else {
        return;
    };
    let mut said = stormy.a_third().await;
    said.extend(stormy.a_third().await);
    drop(hanging);
    said.extend(stormy.a_third().await);
    assert!(stormy.house.gateway.runs());
    assert_eq!(stormy.house.gateway.process().pid(), pid);
    sleep(Duration::from_secs(2)).await;
    let ways = ways(&stormy.house, &said).await;
    println!(
        "p99 {:?} of {}",
        ways.get(ways.len() * 99 / 100),
        ways.len()
    );
    let more = stormy.ends("a storm while the disk hangs").await;
    assert_eq!(more, 0, "nothing came twice, so nothing is counted twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_press_storm_that_neither_disk_nor_hub_takes_is_kept_at_its_source_and_arrives_in_the_end()
 {
    let Some(mut stormy) = Stormy::begins().await else {
        return;
    };
    let pid = stormy.house.gateway.process().pid();
    let log = stormy.house.folder.path().join("strace.log");
    stormy.house.hubs[0].is_killed();
    let Some(hanging) = Syncs::take(pid, Duration::from_mins(2), &log).await else {
        return;
    };
    for _ in 0..3 {
        stormy.a_third().await;
    }
    stormy.owed = stormy.done.acknowledged.load(Ordering::Relaxed);
    println!("{} owed an answer: {} KiB", stormy.owed, memory(pid));
    drop(hanging);
    stormy.house.hubs[0].comes().await;
    assert!(stormy.house.gateway.runs());
    assert_eq!(stormy.house.gateway.process().pid(), pid);
    let more = stormy.ends("a storm that neither disk nor hub takes").await;
    assert_eq!(more, 0, "nothing came twice, so nothing is counted twice");
}
