//! Plays a scenario in a running world: one step after the other, telling what a newcomer sees. It judges nothing;
//! what it waited for in vain is noted for the verdict.

mod wait;

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::json;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};

use crate::day::{Day, Happens};
use crate::living::Spoken;
use crate::scenario::{Act, How, Scenario, Step, World as Mischief};
use crate::tally::{self, AtHub, Said};
use crate::terminal;
use crate::words::Taken;
use crate::world::World;

const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// How long a responder waits for the alarm to be in the queue.
const QUEUE_PATIENCE: Duration = Duration::from_secs(10);

/// A moment, on the story's clock and on the wall's.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// On the story's.
    pub at: Instant,
    /// On the wall's, ms since 1970.
    pub wall_ms: i64,
}

impl Moment {
    fn now() -> Self {
        Self {
            at: Instant::now(),
            wall_ms: crate::wall::now_ms(),
        }
    }
}

/// What playing led to, beside what the world itself remembers.
#[derive(Debug, Clone)]
pub struct Played {
    /// When it began.
    pub began: Moment,
    /// The moments that have a name.
    pub marks: BTreeMap<String, Moment>,
    /// What was waited for in vain: the step's line, and what.
    pub in_vain: Vec<(usize, String)>,
}

/// A world being played in.
pub struct Player<'w> {
    world: &'w mut World,
    day: Day,
    times_faster: f64,
    began: Moment,
    /// When a responder last acted, and on whose alarm.
    acted: Option<(String, Instant)>,
}

impl<'w> Player<'w> {
    /// A player in this world; the seed is for ordinary life.
    pub fn new(world: &'w mut World, seed: u64, times_faster: f64) -> Self {
        let day = Day::new(&world.living.home, seed, 1_000);
        Self {
            world,
            day,
            times_faster,
            began: Moment::now(),
            acted: None,
        }
    }

    /// Plays the whole story.
    pub async fn play(&mut self, scenario: &Scenario) -> anyhow::Result<Played> {
        let mut played = Played {
            began: self.began,
            marks: BTreeMap::new(),
            in_vain: Vec::new(),
        };
        for step in &scenario.steps {
            let due = self.began.at + self.scaled(step.at_s)?;
            sleep_until(due.max(Instant::now() + self.scaled(step.after_s)?)).await;
            if let Some(say) = &step.say {
                self.tell(say);
            }
            if let Some(mark) = &step.mark {
                played.marks.insert(mark.clone(), Moment::now());
            }
            let place = || format!("the step in line {}", step.line);
            if let Some(vain) = self.act(step).await.with_context(place)? {
                self.detail(format_args!("IN VAIN: {vain}"));
                played.in_vain.push((step.line, vain));
            }
            self.world.alive()?;
        }
        Ok(played)
    }

    /// Lives on until the end of the program.
    pub async fn live_on(&mut self, every: Duration) -> anyhow::Result<()> {
        loop {
            self.ordinary(every).await?;
            self.world.alive()?;
        }
    }

    /// The next ordinary thing happens.
    async fn ordinary(&mut self, every: Duration) -> anyhow::Result<()> {
        let (pause, next) = self.next_of_day(every)?;
        sleep(pause).await;
        let said = self
            .world
            .living
            .does(&next.device, next.deed, next.value)
            .await?;
        self.heard(&said);
        Ok(())
    }

    /// Does a step; what it waited for in vain, if anything.
    pub async fn act(&mut self, step: &Step) -> anyhow::Result<Option<String>> {
        match &step.act {
            Act::Tell => {}
            Act::Does {
                device,
                deed,
                value,
                times,
            } => {
                for _ in 0..*times {
                    let said = self.world.living.does(device, deed, *value).await?;
                    self.heard(&said);
                }
            }
            Act::Again {
                device: Some(device),
            } => self.world.living.again(device).await?,
            Act::Again { device: None } => self.world.living.repeat_all().await?,
            Act::Reachable { device, is } => self.world.living.reachable(device, *is).await?,
            Act::Live { for_s, every_s } => self.live(*for_s, *every_s).await?,
            Act::Noise { device, text } => {
                let bytes = text.as_bytes();
                self.world.living.noise(device.as_deref(), bytes).await?;
            }
            Act::Port { device, plugged } => {
                let living = &mut self.world.living;
                living.plugged(device.as_deref(), *plugged).await?;
            }
            Act::KillDuring { device } => {
                let said = self.world.living.begins(device, "press").await?;
                let kill = Mischief::GatewayOffline(How::Killed);
                self.world.mischief(kill).await?;
                self.heard(&said);
                self.detail(format_args!("{}", kill.word()));
            }
            Act::World(what) => {
                self.world.mischief(*what).await?;
                self.detail(format_args!("{}", what.word()));
            }
            Act::Responder { .. } => self.respond(&step.act).await?,
            Act::Until { what, within_s } => {
                // A wait is for machines, not for the story: it is not sped up.
                let end = Instant::now() + Duration::try_from_secs_f64(*within_s)?;
                return self.wait(what, end).await;
            }
        }
        Ok(None)
    }

    async fn live(&mut self, for_s: f64, every_s: f64) -> anyhow::Result<()> {
        let (end, every) = (Instant::now() + self.scaled(for_s)?, self.scaled(every_s)?);
        let before = self.world.living.spoken.len();
        while Instant::now() < end {
            // The pause before the next happening may reach beyond the end; cut off there, nothing was said yet.
            let (pause, next) = self.next_of_day(every)?;
            if timeout_at(end, sleep(pause)).await.is_err() {
                break;
            }
            self.world
                .living
                .does(&next.device, next.deed, next.value)
                .await?;
        }
        let count = self.world.living.spoken.len() - before;
        self.detail(format_args!("{count} messages of ordinary life"));
        Ok(())
    }

    async fn respond(&mut self, act: &Act) -> anyhow::Result<()> {
        let Act::Responder {
            deed,
            device,
            who,
            note,
            outcome,
            reason,
        } = act
        else {
            return Ok(());
        };
        let (api, end) = (self.world.hub_api(), Instant::now() + QUEUE_PATIENCE);
        let case = loop {
            let open = api.open(&self.world.living.home.gateway).await?;
            let newest = open
                .into_iter()
                .filter(|c| c.device == *device)
                .max_by_key(|c| c.id);
            match newest {
                Some(case) => break case,
                None if self.look_again(end).await? => {}
                None => bail!("no open alarm of {device} in the queue"),
            }
        };
        self.acted = Some((device.clone(), Instant::now()));
        let fields = json!({ "who": who, "note": note, "outcome": outcome, "reason": reason });
        api.act(case.id, deed, &fields).await?;
        self.detail(format_args!(
            "{who}: {deed}, case {} ({} of {device})",
            case.id, case.kind
        ));
        Ok(())
    }

    /// Everything said so far, as the tally wants it.
    pub fn said(&self) -> Vec<Said> {
        self.world.living.spoken.iter().map(said).collect()
    }

    /// Everything that the hub lists of this home.
    pub async fn at_hub(&self) -> anyhow::Result<Vec<AtHub>> {
        let mut listed = self
            .world
            .hub_api()
            .records(&self.world.living.home.gateway)
            .await?;
        tally::number(&self.said(), &mut listed);
        Ok(listed)
    }

    /// False when the time is up.
    async fn look_again(&mut self, end: Instant) -> anyhow::Result<bool> {
        self.world.alive()?;
        sleep(LOOK_AGAIN).await;
        Ok(Instant::now() < end)
    }

    fn next_of_day(&mut self, every: Duration) -> anyhow::Result<(Duration, Happens)> {
        self.day.pace(u64::try_from(every.as_millis())?);
        let next = self
            .day
            .then()
            .context("nothing ordinary can happen in this home")?;
        Ok((Duration::from_millis(next.after_ms), next))
    }

    /// When a device last said something, or a responder last did something about it.
    fn news_of(&self, device: &str) -> Instant {
        let said = self.last_of(device).map_or(self.began.at, |s| s.at);
        match &self.acted {
            Some((of, at)) if of == device => said.max(*at),
            Some(_) | None => said,
        }
    }

    fn last_of(&self, device: &str) -> Option<&Spoken> {
        self.world
            .living
            .spoken
            .iter()
            .rev()
            .find(|s| s.message.device == *device)
    }

    fn scaled(&self, s: f64) -> anyhow::Result<Duration> {
        Ok(Duration::try_from_secs_f64(s / self.times_faster)?)
    }

    /// A line of the story.
    pub fn tell(&self, text: &str) {
        let s = self.began.at.elapsed().as_secs_f64();
        terminal::line(format_args!("{s:6.1} s  {text}"));
    }

    /// What is seen of it.
    pub fn detail(&self, text: std::fmt::Arguments<'_>) {
        terminal::line(format_args!("            {text}"));
    }

    fn heard(&self, said: &Spoken) {
        let name = self
            .world
            .living
            .home
            .device(&said.message.device)
            .map_or("", |d| d.name.as_str());
        let taken = match said.taken() {
            Taken::Yes | Taken::Untold => "",
            Taken::No => "  (nobody took it)",
            Taken::Waits => "  (not answered yet)",
        };
        self.detail(format_args!(
            "{name}: {} (its message {}){taken}",
            said.deed, said.message.number
        ));
    }
}

/// A message as the tally wants it.
pub fn said(spoken: &Spoken) -> Said {
    Said {
        device: spoken.message.device.clone(),
        number: spoken.message.number,
        happened_ms: spoken.message.happened_ms,
        must: spoken.message.news && spoken.taken() == Taken::Yes,
        word: spoken.message.word.clone(),
        said_ms: spoken.wall_ms,
        goes_on: spoken.message.body.goes_on(),
    }
}
