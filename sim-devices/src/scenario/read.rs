//! From a file to a scenario: every unknown key, action, device or mark is told with its line and what is allowed.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;
use tecs_protocol::family::Family;
use toml::Spanned;

use super::entry::Entry;
use super::keys::{ACTIONS, DEVICE_STEP, EVERY_EXPECT, EVERY_STEP, EXPECTS};
use super::{Act, Expect, Expected, How, Scenario, Step, Until, World};
use crate::home::{Home, LastSeen};
use crate::models::Does;
use crate::toml_file::{Mistake, Text, one_of};

/// What is waited for when a step does not say how long, s.
const WITHIN_S: f64 = 20.0;
/// How often ordinary life happens when a step does not say, s.
const EVERY_S: f64 = 1.0;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    scenario: Top,
    #[serde(default)]
    at: Vec<Spanned<toml::Table>>,
    #[serde(default)]
    expect: Vec<Spanned<toml::Table>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Top {
    name: String,
    seed: u64,
    #[serde(default = "one")]
    speed: f64,
    home: PathBuf,
    #[serde(default = "settle")]
    settle_s: f64,
}

const fn one() -> f64 {
    1.0
}

const fn settle() -> f64 {
    10.0
}

impl Scenario {
    /// The home's file that a scenario names; read first, because devices and their deeds are checked against it.
    pub fn home_of(text: &Text) -> Result<PathBuf, Mistake> {
        text.parse::<File>().map(|file| file.scenario.home)
    }

    /// Reads a scenario of this home.
    pub fn read(text: &Text, home: &Home) -> Result<Self, Mistake> {
        let file: File = text.parse()?;
        if !(file.scenario.speed.is_finite() && file.scenario.speed > 0.0) {
            return Err(text.mistake_in("speed", "`speed` must be a number above 0"));
        }
        let mut marks = BTreeSet::new();
        let mut steps = Vec::new();
        for table in &file.at {
            let step = Entry {
                text,
                home,
                table,
                place: text.line(table),
            }
            .step()?;
            marks.extend(step.mark.clone());
            steps.push(step);
        }
        let mut expects = Vec::new();
        for table in &file.expect {
            expects.push(
                Entry {
                    text,
                    home,
                    table,
                    place: text.line(table),
                }
                .expect(&marks)?,
            );
        }
        Ok(Self {
            name: file.scenario.name,
            seed: file.scenario.seed,
            speed: file.scenario.speed,
            home: file.scenario.home,
            settle_s: file.scenario.settle_s,
            steps,
            expects,
        })
    }
}

impl Entry<'_> {
    fn step(&self) -> Result<Step, Mistake> {
        let act = self.words("do")?.to_owned();
        let known = ACTIONS.iter().find(|w| w.word == act);
        let act = match known {
            Some(word) => {
                self.keys(EVERY_STEP, word)?;
                self.action(word.word)?
            }
            None => self.deed(act)?,
        };
        Ok(Step {
            line: self.place,
            at_s: self.time("s", 0.0)?,
            after_s: self.time("after_s", 0.0)?,
            say: self.text("say")?,
            mark: self.text("mark")?,
            act,
        })
    }

    /// What a device does: checked against what its model can.
    fn deed(&self, deed: String) -> Result<Act, Mistake> {
        let all = || one_of(ACTIONS.iter().map(|w| w.word));
        if !self.table.get_ref().contains_key("device") {
            return Err(self.wrong(
                "do",
                format!(
                    "no action `{deed}`; there are {}, or with a `device` what it can do",
                    all()
                ),
            ));
        }
        self.keys(EVERY_STEP, &DEVICE_STEP)?;
        let device = self.device()?;
        let model = self.home.device(&device).map(|d| d.model);
        let known = model.and_then(|m| m.deed(&deed));
        let Some(known) = known else {
            let can = model
                .map(|m| one_of(m.deeds.iter().map(|d| d.word)))
                .unwrap_or_default();
            return Err(self.wrong(
                "do",
                format!(
                    "no action `{deed}`: the device can {can}; other actions are {}",
                    all()
                ),
            ));
        };
        let value = self.number("value")?;
        if (known.does == Does::Measure) != value.is_some() {
            return Err(self.wrong(
                "value",
                "a reading has a value, and nothing else has".to_owned(),
            ));
        }
        let times = self.count("times")?.unwrap_or(1) as u64;
        Ok(Act::Does {
            device,
            deed,
            value,
            times,
        })
    }

    fn action(&self, word: &str) -> Result<Act, Mistake> {
        let mischief = |what| Ok(Act::World(what));
        match word {
            "tell" => Ok(Act::Tell),
            "again" => Ok(Act::Again {
                device: self.maybe_device()?,
            }),
            "reachable" | "unreachable" => Ok(Act::Reachable {
                device: self.device()?,
                is: word == "reachable",
            }),
            "live" => Ok(Act::Live {
                for_s: self.time("for_s", 0.0)?,
                every_s: self.time("every_s", EVERY_S)?,
            }),
            "noise" => Ok(Act::Noise {
                device: self.maybe_device()?,
                text: self.text("text")?.unwrap_or_default(),
            }),
            "hub_offline" => mischief(World::HubOffline(self.how(&[
                ("killed", How::Killed),
                ("stopped", How::Stopped),
                ("frozen", How::Frozen),
            ])?)),
            "hub_online" => mischief(World::HubOnline),
            "gateway_kill" => mischief(World::GatewayOffline(How::Killed)),
            "gateway_stop" => mischief(World::GatewayOffline(
                self.how(&[("stopped", How::Stopped), ("frozen", How::Frozen)])?,
            )),
            "gateway_start" => mischief(World::GatewayOnline),
            "broker_restart" => mischief(World::BrokerRestart),
            "bridge_offline" => mischief(World::BridgeOffline),
            "bridge_online" => mischief(World::BridgeOnline),
            "pty_unplug" | "pty_replug" => Ok(Act::Port {
                device: self.maybe_device()?,
                plugged: word == "pty_replug",
            }),
            "gateway_kill_during" => self.kill_during(),
            "until_connected" => self.until(Until::Connected),
            "until_told" => self.until(Until::Told {
                device: self.device()?,
                stage: self.stage()?,
            }),
            "until_at_hub" => self.until(Until::AtHub {
                device: self.device()?,
            }),
            "until_taken_over" => self.until(Until::TakenOver {
                device: self.device()?,
            }),
            "until_all_at_hub" => {
                self.countable("do")?;
                self.until(Until::AllAtHub)
            }
            deed => Ok(Act::Responder {
                deed: deed.to_owned(),
                device: self.device()?,
                who: self.text("who")?.unwrap_or_default(),
                note: self.text("note")?.unwrap_or_default(),
                outcome: self.text("outcome")?.unwrap_or_default(),
                reason: self.text("reason")?.unwrap_or_default(),
            }),
        }
    }

    /// Only a line that answers has a middle.
    fn kill_during(&self) -> Result<Act, Mistake> {
        let device = self.device()?;
        let model = self.home.device(&device).map(|d| d.model);
        let answers = model
            .is_some_and(|m| m.path.row().family == Family::Espa444 && m.deed("press").is_some());
        if !answers {
            let due = "the device must be a call point: no other line answers".to_owned();
            return Err(self.wrong("device", due));
        }
        Ok(Act::KillDuring { device })
    }

    fn expect(&self, marks: &BTreeSet<String>) -> Result<Expect, Mistake> {
        let that = self.words("that")?;
        let Some(word) = EXPECTS.iter().find(|w| w.word == that) else {
            let all = one_of(EXPECTS.iter().map(|w| w.word));
            return Err(self.wrong("that", format!("no expectation `{that}`; there are {all}")));
        };
        self.keys(EVERY_EXPECT, word)?;
        let what = match word.word {
            "arrives" => Expected::Arrives {
                device: self.device()?,
                kind: self.text("kind")?.unwrap_or_default(),
                condition: self.text("condition")?,
                count: self.count("count")?,
                within_s: self.number("within_s")?,
                not_before_s: self.number("not_before_s")?,
                late: self.yes_or_no("late")?,
            },
            "told" => Expected::Told {
                device: self.device()?,
                stage: self.stage()?,
                within_s: self.number("within_s")?,
            },
            "taken_over" => Expected::TakenOver {
                device: self.device()?,
                count: self.count("count")?,
            },
            "alarms_first" => Expected::AlarmsFirst,
            "nothing_lost" => Expected::NothingLost,
            "nothing_twice" => Expected::NothingTwice,
            "in_order" => Expected::InOrder,
            _ => Expected::NothingUnexpected,
        };
        let of_one = matches!(
            what,
            Expected::Arrives { .. } | Expected::Told { .. } | Expected::TakenOver { .. }
        );
        if !of_one {
            self.countable("that")?;
        }
        let (since, before) = (self.mark("since", marks)?, self.mark("before", marks)?);
        if what == Expected::AlarmsFirst && before.is_none() {
            return Err(self.wrong(
                "that",
                "alarms_first needs `before`: the mark at which the way was free again".to_owned(),
            ));
        }
        Ok(Expect {
            line: self.place,
            name: self.text("name")?,
            since,
            before,
            what,
        })
    }

    /// The hub has a device's own words of alarms alone: everything else is known by the device's time.
    fn countable(&self, key: &str) -> Result<(), Mistake> {
        if self.home.zigbee.last_seen == LastSeen::Disable {
            let due = "counting needs `last_seen = \"ISO_8601\"` or \"epoch\" in the home's [zigbee2mqtt]";
            return Err(self.wrong(key, due.to_owned()));
        }
        Ok(())
    }

    fn until(&self, what: Until) -> Result<Act, Mistake> {
        Ok(Act::Until {
            what,
            within_s: self.time("within_s", WITHIN_S)?,
        })
    }
}
