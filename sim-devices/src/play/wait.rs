//! Waiting for something in a world, by looking; what does not come in time is told in words, not as an error.

use anyhow::Context as _;
use tecs_protocol::home::Stage;
use tokio::time::Instant;

use super::Player;
use crate::scenario::Until;
use crate::tally::Count;
use crate::told::{What, is_stage, word_of};
use crate::words::Taken;

/// What was waited for in vain, if it was.
type Vain = Option<String>;

impl Player<'_> {
    /// Waits until it comes or the time is up.
    pub(super) async fn wait(&mut self, what: &Until, end: Instant) -> anyhow::Result<Vain> {
        match what {
            Until::Connected => self.connected(end).await,
            Until::Told { device, stage } => Ok(self.told(device, *stage, end).await),
            Until::AtHub { device } => self.last_at_hub(device, end).await,
            Until::TakenOver { device } => self.taken_over(device, end).await,
            Until::AllAtHub => self.all_at_hub(end).await,
        }
    }

    async fn connected(&mut self, end: Instant) -> anyhow::Result<Vain> {
        let gateway = self.world.living.home.gateway.clone();
        while !self.world.hub_api().connected(&gateway).await {
            if !self.look_again(end).await? {
                return Ok(Some("the gateway has no stream to the hub".to_owned()));
            }
        }
        self.detail(format_args!("the gateway's stream to the hub stands"));
        Ok(None)
    }

    async fn told(&mut self, device: &str, stage: Stage, end: Instant) -> Vain {
        let (since, word) = (self.news_of(device), word_of(stage));
        let wanted = |what: &What| is_stage(what, device, stage);
        let Some(told) = self.world.listener.wait(since, end, wanted).await else {
            return Some(format!("the home was not told '{word}' of {device}"));
        };
        let ms = told.at.saturating_duration_since(since).as_millis();
        let by = match &told.what {
            What::Alarm(alarm) if !alarm.by.is_empty() => format!(" by {}", alarm.by),
            What::Alarm(_) | What::Summary(_) | What::Cleared(_) => String::new(),
        };
        self.detail(format_args!(
            "the home is told: {device} '{word}'{by}, after {ms} ms"
        ));
        None
    }

    async fn last_at_hub(&mut self, device: &str, end: Instant) -> anyhow::Result<Vain> {
        let last = self
            .last_of(device)
            .with_context(|| format!("{device} said nothing yet"))?;
        let (number, wall_ms) = (last.message.number, last.wall_ms);
        let found = loop {
            // While the hub is away there is nothing to see; that is no end of the waiting.
            let there = self.at_hub().await.unwrap_or_default();
            let own = there
                .into_iter()
                .find(|r| r.device == device && r.number == Some(number));
            if own.is_some() || !self.look_again(end).await? {
                break own;
            }
        };
        let Some(found) = found else {
            return Ok(Some(format!("the last word of {device} is not at the hub")));
        };
        let ms = found.received_ms - wall_ms;
        let late = if found.late { ", marked late" } else { "" };
        self.detail(format_args!(
            "at the hub: {} of {device} after {ms} ms{late}",
            found.kind
        ));
        Ok(None)
    }

    async fn taken_over(&mut self, device: &str, end: Instant) -> anyhow::Result<Vain> {
        let waits = |player: &Self| {
            let own = player.world.living.spoken.iter();
            let own = own.filter(|s| s.message.device == device);
            own.filter(|s| s.taken() != Taken::Yes).count()
        };
        while waits(self) > 0 {
            if !self.look_again(end).await? {
                let left = waits(self);
                return Ok(Some(format!("{left} of {device} are not acknowledged")));
            }
        }
        self.detail(format_args!("everything of {device} is acknowledged"));
        Ok(None)
    }

    async fn all_at_hub(&mut self, end: Instant) -> anyhow::Result<Vain> {
        let since = Instant::now();
        loop {
            let count = match self.at_hub().await {
                Ok(there) => Count::of(&self.said(), &there),
                Err(_) if self.look_again(end).await? => continue,
                Err(e) => return Ok(Some(format!("{e:#}"))),
            };
            if count.lost.is_empty() {
                let s = since.elapsed().as_secs_f64();
                let (arrived, must) = (count.arrived, count.must);
                self.detail(format_args!(
                    "everything is at the hub after {s:.1} s: {arrived} of {must}"
                ));
                return Ok(None);
            }
            if !self.look_again(end).await? {
                return Ok(Some(format!(
                    "{} messages are not at the hub",
                    count.lost.len()
                )));
            }
        }
    }
}
