//! One figure of a gateway's metrics, and a home's records at the hub. It judges nothing.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;

use crate::http::get;
use crate::hub_api::bytes;

use super::words::number_in;

/// A gateway that is busy answers late.
const PATIENCE: Duration = Duration::from_secs(10);

/// The sum of all series of a metric; `None` when nobody answers or it has none.
pub(super) fn metric(at: SocketAddr, name: &str) -> Option<u64> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").ok()?;
    let mut page = String::new();
    stream.read_to_string(&mut page).ok()?;
    let mut series = page
        .lines()
        .filter_map(|line| {
            let (series, value) = line.rsplit_once(' ')?;
            let is = series.split('{').next() == Some(name);
            is.then(|| value.parse::<u64>().ok())?
        })
        .peekable();
    series.peek()?;
    Some(series.sum())
}

/// A record's name without its gateway: epoch, lane, place.
pub(super) type Name = (String, String, u64);

/// Our own numbers among a home's records at the hub, by name; each with whether it is marked as redelivered.
pub(super) async fn numbers_at_hub(
    console: SocketAddr,
    gateway: &str,
) -> anyhow::Result<BTreeMap<Name, (u64, bool)>> {
    let mut out = BTreeMap::new();
    let mut after = String::new();
    loop {
        let path = format!("/api/homes/{gateway}/records?limit=1000{after}");
        let answer = get(console, &path).await?;
        let rows = answer.json.get("records").and_then(Value::as_array);
        let Some(rows) = rows.filter(|_| answer.status == 200) else {
            bail!("GET {path}: {} {}", answer.status, answer.json);
        };
        let mut last = None;
        for row in rows {
            let name = named(row).with_context(|| format!("a record of {gateway}: {row}"))?;
            let raw = row.get("raw_hex").and_then(Value::as_str);
            if let Some(number) = number_in(&bytes(raw.unwrap_or_default())) {
                out.insert(name.clone(), (number, is_marked(row)));
            }
            last = Some(name);
        }
        let Some((epoch, lane, seq)) = last else {
            return Ok(out);
        };
        after = format!("&epoch={epoch}&lane={lane}&seq={seq}");
    }
}

/// The source said that it had sent this before.
fn is_marked(row: &Value) -> bool {
    let flags = row.pointer("/event/flags").and_then(Value::as_array);
    flags.is_some_and(|flags| flags.iter().any(|f| f == "redelivered"))
}

fn named(row: &Value) -> Option<Name> {
    let name = row.get("name")?;
    let text = |key: &str| name.get(key)?.as_str().map(str::to_owned);
    Some((text("epoch")?, text("lane")?, name.get("seq")?.as_u64()?))
}
