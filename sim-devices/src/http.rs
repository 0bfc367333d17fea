//! As much HTTP as the hub's JSON and the gateway's metrics need: one request a connection, on loopback. It is no client for anything else.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(10);
const LONGEST: u64 = 64 << 20;

/// An answer: its status and its JSON (null where there was none).
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The body.
    pub(crate) text: String,
    /// The same as JSON.
    pub(crate) json: Value,
}

/// Asks for a path.
pub(crate) async fn get(at: SocketAddr, path: &str) -> anyhow::Result<Answer> {
    ask(at, "GET", path, "").await
}

/// Sends JSON to a path.
pub(crate) async fn post(at: SocketAddr, path: &str, body: &Value) -> anyhow::Result<Answer> {
    ask(at, "POST", path, &body.to_string()).await
}

async fn ask(at: SocketAddr, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
    let told = timeout(PATIENCE, exchange(at, method, path, body)).await;
    told.with_context(|| format!("{method} http://{at}{path}: no answer in {PATIENCE:?}"))?
        .with_context(|| format!("{method} http://{at}{path}"))
}

async fn exchange(at: SocketAddr, method: &str, path: &str, body: &str) -> anyhow::Result<Answer> {
    let mut stream = TcpStream::connect(at).await?;
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    let mut all = Vec::new();
    stream.take(LONGEST).read_to_end(&mut all).await?;
    read(&all)
}

fn read(all: &[u8]) -> anyhow::Result<Answer> {
    let text = std::str::from_utf8(all).context("not text")?;
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        bail!("an answer without an end of its head");
    };
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|s| s.parse().ok())
        .context("no status")?;
    let said = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    if said.is_some_and(|length| length != body.len()) {
        bail!("an answer that was cut off");
    }
    Ok(Answer {
        status,
        text: body.to_owned(),
        json: serde_json::from_str(body).unwrap_or(Value::Null),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_a_cut_off_one_is_none() {
        let good = read(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{\"a\": 1}").unwrap();
        assert_eq!((good.status, &good.json["a"]), (200, &Value::from(1)));
        assert!(read(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{\"a\": 1}").is_err());
        assert!(read(b"nonsense").is_err());
    }
}
