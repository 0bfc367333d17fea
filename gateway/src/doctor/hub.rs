//! The way to the care hub, each endpoint by itself: name, TCP, TLS, Hello and Welcome, and a record that comes to rest in its
//! ledger. The record is doctor's own, in an epoch of its own, and marked as a test; the daemon's way is tried besides.

use std::time::{Duration, Instant};

use gateway_core::{Input, LinkSays};
use serde_json::json;
use tecs_protocol::event::{ClockPair, Device, Event, Flags};
use tecs_protocol::hub::{PROTOCOL, v1};
use tecs_protocol::signal::What;
use tecs_protocol::vocabulary::{Condition, HealthKind, Lane, Urgency};

use super::{Daemon, Report};
use crate::admin;
use crate::answer::{list, number, word};
use crate::care_hub::{self, CareHub, Endpoint, Files, days_until};
use crate::clock::{Clock, boot_id};
use crate::config::Config;
use crate::inputs::Intake;

/// From the call to the receipt, at most.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the daemon is asked whether its test call has come to rest.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// One lane for what a hub says.
const LANE: (usize, u32) = (64, 4 << 20);
/// A certificate that ends within so many days is a failure; within 30 it is told.
const RENEW_NOW_DAYS: i64 = 7;
const RENEW_SOON_DAYS: i64 = 30;

pub(super) async fn look(config: &Config, daemon: Option<&Daemon>, report: &mut Report) {
    certificate(&config.hub_files, wall_ms().div_euclid(1_000), report);
    let ours = Ours::now(config);
    for endpoint in &config.endpoints {
        let name = format!("hub {}", endpoint.name);
        let hops = care_hub::probe(endpoint, &config.hub_files).await;
        let mut reached = true;
        for (hop, went) in hops {
            let hop = format!("{name}: {}", hop.word());
            match went {
                Ok(found) => report.ok(&hop, found),
                Err((why, cure)) => {
                    reached = false;
                    report.failed(&hop, why, cure);
                }
            }
        }
        let (welcome, stored) = (format!("{name}: welcome"), format!("{name}: record stored"));
        match &ours {
            Err(why) => report.unchecked(&welcome, why.clone()),
            Ok(_) if !reached => report.unchecked(&welcome, "it was not reached"),
            Ok(ours) => {
                let talked = ours.talk(config, endpoint).await;
                talked.tell(&welcome, &stored, report);
                continue;
            }
        }
        report.unchecked(&stored, "it was not greeted");
    }
    if let Some(daemon) = daemon {
        through(config, daemon, report).await;
    }
}

fn certificate(files: &Files, now_s: i64, report: &mut Report) {
    let hop = "hub: our certificate";
    let path = files.cert.display();
    let says = match care_hub::inspect(files) {
        Ok(says) => says,
        Err(fault) => {
            report.failed(hop, fault.to_string(), fault.cure());
            return;
        }
    };
    let renew = "renew it; the gateway reads it anew at each connect";
    match days_until(says.not_after_s, now_s) {
        days if days < 0 => report.failed(hop, format!("{path} has expired"), renew),
        days if days <= 1 => report.failed(hop, format!("{path} ends within a day or two"), renew),
        days if days <= RENEW_NOW_DAYS => {
            report.failed(hop, format!("{path} ends in {days} days"), renew);
        }
        _ if says.not_before_s > now_s => {
            let cure = "set this machine's clock";
            report.failed(hop, format!("{path} is not valid yet"), cure);
        }
        days if days <= RENEW_SOON_DAYS => {
            report.ok(hop, format!("{path} ends in {days} days: renew it soon"));
        }
        days => report.ok(hop, format!("ends in {days} days")),
    }
}

fn wall_ms() -> i64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |d| i64::try_from(d.as_millis()).unwrap_or(i64::MAX))
}

/// What doctor itself says to a hub.
struct Ours {
    epoch: u64,
    clock: ClockPair,
    record: Vec<u8>,
}

/// How far a conversation came.
#[derive(Default)]
struct Talked {
    welcomed: bool,
    stored: bool,
    why: String,
}

impl Ours {
    fn now(config: &Config) -> Result<Self, String> {
        let epoch = getrandom::u64().map_err(|e| format!("no randomness: {e}"))?;
        let boot_id = boot_id().map_err(|e| format!("the boot has no name: {e}"))?;
        let (wall_ms, trusted) = match Clock::new(config.trust).tell() {
            Input::Clock { wall_ms, trusted } => (wall_ms, trusted),
            _ => (wall_ms(), false),
        };
        let clock = ClockPair {
            boot_id,
            since_boot_ms: Clock::now().0,
            wall_ms,
            trusted,
        };
        let event = Event {
            device: Device {
                id: "gateway/doctor".to_owned(),
                kind: "gateway".to_owned(),
                room: String::new(),
            },
            happened_ms: None,
            heard: clock,
            urgency: Urgency::Routine,
            what: What::health(HealthKind::TestCall, Condition::Raised, "doctor"),
            flags: Flags {
                test: true,
                ..Flags::default()
            },
            raw: Vec::new(),
            folded: 1,
            last_heard: None,
        };
        Ok(Self {
            epoch,
            clock,
            record: event.encode(),
        })
    }

    fn hello(&self, config: &Config) -> v1::from_home::Says {
        v1::from_home::Says::Hello(v1::Hello {
            gateway_id: config.settings.gateway_id.clone(),
            held: Vec::new(),
            software: config.settings.software.clone(),
            protocol: PROTOCOL,
            clock: Some(self.clock.into()),
        })
    }

    fn parcel(&self) -> v1::from_home::Says {
        v1::from_home::Says::Parcel(v1::Parcel {
            epoch: self.epoch,
            lane: Lane::Routine.wire(),
            first_seq: 1,
            records: vec![self.record.clone().into()],
            sent_at: Some(self.clock.into()),
            attempt: 1,
        })
    }

    async fn talk(&self, config: &Config, to: &Endpoint) -> Talked {
        let mut intake = Intake::new();
        let inputs = intake.edge(LANE.0, LANE.1);
        let files = config.hub_files.clone();
        let mut hub = CareHub::new(vec![to.clone()], files, config.hub_queue_bytes, inputs);
        hub.connect(0);
        let mut talked = Talked::default();
        let talk = async {
            let mut batch = Vec::new();
            loop {
                intake.fill(&mut batch, 1).await;
                for input in batch.drain(..) {
                    let Input::Link { says, .. } = input else {
                        continue;
                    };
                    if self.heard(says, config, &mut hub, &mut talked) {
                        return;
                    }
                }
            }
        };
        if tokio::time::timeout(PATIENCE, talk).await.is_err() {
            let waited = PATIENCE.as_secs();
            talked.why = format!("no answer within {waited} s; see the hub's log");
        }
        talked
    }

    /// Takes in what the hub says; true when there is nothing more to wait for.
    fn heard(
        &self,
        says: LinkSays,
        config: &Config,
        hub: &mut CareHub,
        talked: &mut Talked,
    ) -> bool {
        let mut say = |says| hub.send(0, true, v1::FromHome { says: Some(says) });
        let word = match says {
            LinkSays::Opened => {
                say(self.hello(config));
                return false;
            }
            LinkSays::Closed { why } => {
                talked.why = why;
                return true;
            }
            LinkSays::Heard(word) => word,
        };
        match word.says {
            Some(v1::from_hub::Says::Welcome(_)) => {
                talked.welcomed = true;
                say(self.parcel());
                false
            }
            Some(v1::from_hub::Says::Receipt(receipt)) if receipt.epoch == self.epoch => {
                talked.stored = true;
                true
            }
            Some(v1::from_hub::Says::Refused(refused)) => {
                let ours = refused.name.is_some_and(|name| name.epoch == self.epoch);
                if ours {
                    let reason = refused.reason;
                    talked.why =
                        format!("the hub could not read it ({reason}); is it older than this?");
                }
                ours
            }
            // Stages and questions are the daemon's to answer.
            Some(_) | None => false,
        }
    }
}

impl Talked {
    fn tell(&self, welcome: &str, stored: &str, report: &mut Report) {
        let (why, cure) = self.why.split_once("; ").unwrap_or((&self.why, ""));
        if !self.welcomed {
            report.failed(welcome, why, cure);
            report.unchecked(stored, "it was not greeted");
            return;
        }
        report.ok(welcome, "greeted");
        if self.stored {
            report.ok(stored, "a test record is in its ledger, durably");
        } else {
            report.failed(stored, why, cure);
        }
    }
}

/// The daemon's own way, whole: a test call through its journal and its links to a hub's ledger.
async fn through(config: &Config, daemon: &Daemon, report: &mut Report) {
    let hop = "daemon: record stored";
    let before = number(
        daemon.status.get("test_call").unwrap_or(&json!(null)),
        "seq",
    );
    if let Err(fault) = admin::ask(&config.socket, "test-call") {
        report.failed(hop, fault.to_string(), "ask again");
        return;
    }
    let began = Instant::now();
    while began.elapsed() < PATIENCE {
        let answer = admin::ask(&config.socket, "status").unwrap_or_default();
        let status = answer.get("status").cloned().unwrap_or_default();
        if let Some(test) = status.get("test_call")
            && number(test, "seq") > before
            && test.get("accepted") == Some(&json!(true))
        {
            let took = began.elapsed().as_millis();
            report.ok(
                hop,
                format!("a test call is in a hub's ledger, after {took} ms"),
            );
            return;
        }
        tokio::time::sleep(ASK_AGAIN).await;
    }
    let answer = admin::ask(&config.socket, "status").unwrap_or_default();
    let status = answer.get("status").cloned().unwrap_or_default();
    let links: Vec<String> = list(&status, "links")
        .iter()
        .map(|link| format!("{} {}", word(link, "name"), word(link, "state")))
        .collect();
    let waited = PATIENCE.as_secs();
    let why = format!("no receipt within {waited} s; links: {}", links.join(", "));
    report.failed(
        hop,
        why,
        "mend the hop that failed above; what waits is kept meanwhile",
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_pki::{Authority, Valid, write};

    const DAY_S: i64 = 86_400;

    /// What doctor says of the home's certificate, as (is it well, the words, what to do).
    fn said(files: &Files, now_s: i64) -> (bool, String, String) {
        let mut report = Report::default();
        certificate(files, now_s, &mut report);
        let mut out = Vec::new();
        report.print(true, &mut out).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let hop = &json["hops"][0];
        let text = |key: &str| hop[key].as_str().unwrap().to_owned();
        (json["ok"] == true, text("why"), text("do"))
    }

    #[test]
    fn a_certificate_that_ends_is_told_a_month_before_and_fails_from_a_week_before() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Ours");
        let pair = authority.gateway("home-1", Valid::Now);
        let files = write(folder.path(), &authority, &pair);
        let end_s = care_hub::inspect(&files).unwrap().not_after_s;
        for (before_s, well, words) in [
            (31 * DAY_S, true, "ends in 31 days"),
            (31 * DAY_S - 1, true, "ends in 30 days: renew it soon"),
            (8 * DAY_S, true, "ends in 8 days: renew it soon"),
            (8 * DAY_S - 1, false, "ends in 7 days"),
            (2 * DAY_S, false, "ends in 2 days"),
            (2 * DAY_S - 1, false, "ends within a day or two"),
            (0, false, "ends within a day or two"),
            (-1, false, "has expired"),
        ] {
            let (ok, why, cure) = said(&files, end_s - before_s);
            assert_eq!(ok, well, "{before_s}: {why}");
            assert!(why.ends_with(words), "{before_s}: {why}");
            assert_eq!(cure.contains("renew it"), !well, "{before_s}: {cure}");
            assert_eq!(why.contains("soon"), words.contains("soon"));
        }
    }

    #[test]
    fn a_certificate_of_tomorrow_asks_for_the_clock() {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new("Ours");
        let pair = authority.gateway("home-1", Valid::Later);
        let files = write(folder.path(), &authority, &pair);
        let begins_s = care_hub::inspect(&files).unwrap().not_before_s;
        let (ok, why, cure) = said(&files, begins_s - 1);
        assert!(!ok && why.ends_with("is not valid yet"), "{why}");
        assert!(cure.contains("clock"), "{cure}");
        assert!(said(&files, begins_s).0);
    }
}
