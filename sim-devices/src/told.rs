//! What the home is told on its broker, `tecs/<gateway>/…`: listened to, and kept with the moment it came.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rumqttc::{AsyncClient, Event, Packet, QoS};
use tecs_protocol::home::{AlarmInHome, Stage, Summary};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout_at};

use crate::bridge::Broker;

const RETRY: Duration = Duration::from_millis(200);

/// One thing the home was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// When.
    pub at: Instant,
    /// What.
    pub what: What,
}

/// What the home was told.
#[derive(Debug, Clone, PartialEq)]
pub enum What {
    /// How far an alarm has come.
    Alarm(AlarmInHome),
    /// Everything at a glance.
    Summary(Summary),
    /// An alarm's topic was cleared.
    Cleared(String),
}

/// A lamp, a speaker or a screen in the home.
pub struct Listener {
    heard: Arc<Mutex<Vec<Told>>>,
    news: watch::Receiver<usize>,
    task: JoinHandle<()>,
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Listener {
    /// Listens to what this gateway tells.
    pub fn start(broker: &Broker, gateway: &str) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (tell, news) = watch::channel(0);
        let mut options = broker.options(&format!("lamp-of-{gateway}"));
        options.set_clean_session(true);
        let (client, mut events) = AsyncClient::new(options, 16);
        let prefix = format!("tecs/{gateway}/");
        let kept = Arc::clone(&heard);
        let task = tokio::spawn(async move {
            loop {
                match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(_))) => {
                        if client
                            .subscribe(format!("{prefix}#"), QoS::AtLeastOnce)
                            .await
                            .is_err()
                        {
                            return;
                        }
                    }
                    Ok(Event::Incoming(Packet::Publish(publish))) => {
                        let topic = publish.topic.strip_prefix(&prefix).unwrap_or_default();
                        if let Some(what) = read(topic, &publish.payload) {
                            let mut list = kept.lock().unwrap_or_else(PoisonError::into_inner);
                            list.push(Told {
                                at: Instant::now(),
                                what,
                            });
                            tell.send_replace(list.len());
                        }
                    }
                    Ok(_) => {}
                    Err(_) => sleep(RETRY).await,
                }
            }
        });
        Self { heard, news, task }
    }

    /// Everything heard so far.
    pub fn all(&self) -> Vec<Told> {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// The first thing told since a moment that is wanted, if it comes before `until`.
    pub async fn wait(
        &mut self,
        since: Instant,
        until: Instant,
        wanted: impl Fn(&What) -> bool,
    ) -> Option<Told> {
        loop {
            self.news.borrow_and_update();
            if let Some(found) = self
                .all()
                .into_iter()
                .find(|t| t.at >= since && wanted(&t.what))
            {
                return Some(found);
            }
            timeout_at(until, self.news.changed()).await.ok()?.ok()?;
        }
    }
}

fn read(topic: &str, payload: &[u8]) -> Option<What> {
    if topic == "summary" {
        return serde_json::from_slice(payload).ok().map(What::Summary);
    }
    let alarm = topic.strip_prefix("alarm/")?;
    if payload.is_empty() {
        return Some(What::Cleared(alarm.to_owned()));
    }
    serde_json::from_slice(payload).ok().map(What::Alarm)
}

/// True when this is told of a device's alarm at exactly this stage.
pub fn is_stage(what: &What, device: &str, stage: Stage) -> bool {
    matches!(what, What::Alarm(alarm) if alarm.device == device && alarm.stage == stage)
}

/// A stage by the word that the home is told.
pub fn stage_of(word: &str) -> Option<Stage> {
    serde_json::from_value(word.into()).ok()
}

/// The word that the home is told for a stage.
pub fn word_of(stage: Stage) -> String {
    let word = serde_json::to_value(stage).ok();
    word.as_ref()
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned()
}
