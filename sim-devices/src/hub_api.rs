//! The care hub as any program on the machine sees it: its JSON. What is not told there is not known here.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::device::number_in;
use crate::http::{get, post};
use crate::tally::AtHub;

/// The hub's JSON on loopback.
#[derive(Debug, Clone, Copy)]
pub struct HubApi {
    /// Where the console listens.
    pub at: SocketAddr,
}

/// A row of the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its number.
    pub id: u64,
    /// Whose device it is about.
    pub device: String,
    /// `alarm/fall`.
    pub kind: String,
    /// How far it has come, in the hub's word.
    pub progress: String,
    /// When it was opened, ms since 1970.
    pub opened_ms: i64,
}

impl HubApi {
    /// True when the hub answers and its ledger reads.
    pub async fn healthy(self) -> bool {
        get(self.at, "/api/health")
            .await
            .is_ok_and(|a| a.status == 200)
    }

    /// True while this gateway has a stream to the hub.
    pub async fn connected(self, gateway: &str) -> bool {
        let Ok(answer) = get(self.at, "/api/homes").await else {
            return false;
        };
        let homes = at(&answer.json, "/homes")
            .as_array()
            .cloned()
            .unwrap_or_default();
        homes
            .iter()
            .any(|h| at(h, "/gateway") == gateway && at(h, "/link/connections").as_u64() > Some(0))
    }

    /// Every record of this home, in the order in which the hub lists them.
    pub async fn records(self, gateway: &str) -> anyhow::Result<Vec<AtHub>> {
        let badges = self.badges(gateway).await?;
        let mut out = Vec::new();
        let mut after = String::new();
        loop {
            let path = format!("/api/homes/{gateway}/records?limit=1000{after}");
            let page = self.list(&path, "records").await?;
            for record in &page {
                out.push(
                    record_at(record, &badges)
                        .with_context(|| format!("a record of {gateway}: {record}"))?,
                );
            }
            let Some(last) = out.last().filter(|_| !page.is_empty()) else {
                return Ok(out);
            };
            after = format!("&epoch={}&lane={}&seq={}", last.epoch, last.lane, last.seq);
        }
    }

    /// The open alarms of a home.
    pub async fn open(self, gateway: &str) -> anyhow::Result<Vec<Case>> {
        let cases = self.list("/api/alarms", "cases").await?;
        let ours = cases
            .iter()
            .map(|c| at(c, "/case"))
            .filter(|c| at(c, "/subject/gateway") == gateway);
        ours.map(|c| case_of(c).with_context(|| format!("a case: {c}")))
            .collect()
    }

    /// Does something to a case as a responder: `claim`, `attend`, `note`, `close`, `release`.
    pub async fn act(self, case: u64, deed: &str, fields: &Value) -> anyhow::Result<()> {
        let answer = post(self.at, &format!("/api/cases/{case}/{deed}"), fields).await?;
        if answer.status != 200 {
            bail!(
                "the hub refused to {deed} case {case}: {} {}",
                answer.status,
                answer.json
            );
        }
        Ok(())
    }

    async fn list(self, path: &str, key: &str) -> anyhow::Result<Vec<Value>> {
        let answer = get(self.at, path).await?;
        match answer.json.get(key).and_then(Value::as_array) {
            Some(rows) if answer.status == 200 => Ok(rows.clone()),
            _ => bail!("GET {path}: {} {}", answer.status, answer.json),
        }
    }

    /// What the timelines say is true of each record of a case: its badges, by name.
    async fn badges(self, gateway: &str) -> anyhow::Result<BTreeMap<Named, Value>> {
        let mut out = BTreeMap::new();
        for queue in ["/api/alarms", "/api/technical", "/api/closed"] {
            for row in self.list(queue, "cases").await? {
                let case = at(&row, "/case");
                let (Some(id), true) = (
                    at(case, "/id").as_u64(),
                    at(case, "/subject/gateway") == gateway,
                ) else {
                    continue;
                };
                for entry in self.list(&format!("/api/cases/{id}"), "timeline").await? {
                    if let Some(name) = named(at(&entry, "/name")) {
                        out.insert(name, at(&entry, "/badges").clone());
                    }
                }
            }
        }
        Ok(out)
    }
}

/// A part of an answer; null where it has none.
fn at<'v>(json: &'v Value, path: &str) -> &'v Value {
    json.pointer(path).unwrap_or(&Value::Null)
}

/// Epoch, lane, seq.
type Named = (String, String, u64);

fn named(name: &Value) -> Option<Named> {
    let text = |key: &str| at(name, key).as_str().map(str::to_owned);
    Some((text("/epoch")?, text("/lane")?, at(name, "/seq").as_u64()?))
}

fn record_at(record: &Value, badges: &BTreeMap<Named, Value>) -> Option<AtHub> {
    let name = named(at(record, "/name"))?;
    let told = badges.get(&name).cloned().unwrap_or_default();
    let event = at(record, "/event");
    let text = |key: &str| at(event, key).as_str().unwrap_or_default().to_owned();
    let flags = at(event, "/flags").as_array().cloned().unwrap_or_default();
    let raw = bytes(at(record, "/raw_hex").as_str().unwrap_or_default());
    let (epoch, lane, seq) = name;
    Some(AtHub {
        epoch,
        lane,
        seq,
        device: text("/device"),
        kind: format!("{}/{}", text("/what"), text("/kind")),
        condition: text("/condition"),
        says: says(event),
        number: number_in(&raw),
        happened_ms: at(record, "/happened_ms").as_i64(),
        received_ms: at(record, "/received_ms").as_i64()?,
        late: at(&told, "/late").as_bool() == Some(true),
        redelivered: flags.contains(&json!("redelivered")),
    })
}

/// Its condition, state or value; why there is no value, where there is none.
fn says(event: &Value) -> String {
    let text = |key: &str| at(event, key).as_str().map(str::to_owned);
    let value = || at(event, "/value").as_f64().map(|v| v.to_string());
    let said = text("/condition").or_else(|| text("/state")).or_else(value);
    said.or_else(|| text("/quality")).unwrap_or_default()
}

fn case_of(case: &Value) -> Option<Case> {
    let subject = at(case, "/subject");
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(Case {
        id: at(case, "/id").as_u64()?,
        device: text(at(subject, "/device/id"))?,
        kind: format!(
            "{}/{}",
            at(subject, "/kind/of").as_str()?,
            at(subject, "/kind/word").as_str()?
        ),
        progress: text(at(case, "/progress"))?,
        opened_ms: at(case, "/opened_ms").as_i64()?,
    })
}

/// Bytes of hexadecimal text; what is none ends it.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().map_while(|c| c.to_digit(16)).collect();
    let pairs = digits.chunks_exact(2);
    pairs
        .filter_map(|p| u8::try_from(p.iter().fold(0, |b, d| b * 16 + d)).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_with_its_device_s_own_number_and_its_badges() {
        // {"n":17,
        let hex = "7b226e223a31372c".to_owned();
        let record = json!({
            "name": { "gateway": "elm-4", "epoch": "00ff", "lane": "alarm", "seq": 3 }, "received_ms": 5,
            "raw_hex": hex,
            "event": { "device": "fall-hall", "what": "alarm", "kind": "fall", "condition": "raised", "flags": [] },
        });
        let badges = BTreeMap::from([(named(&record["name"]).unwrap(), json!({ "late": true }))]);
        let read = record_at(&record, &badges).unwrap();
        assert_eq!(
            (read.number, read.late, read.kind.as_str()),
            (Some(17), true, "alarm/fall")
        );
        assert!(!read.redelivered);
    }
}
