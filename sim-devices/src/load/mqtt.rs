//! MQTT 3.1.1 as a load needs it: one plain connection, packets written from one buffer, acknowledgements counted. It is
//! cheap so that what is measured is not the one who measures; it reconnects never and keeps nothing.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// How long a broker may take to answer.
const PATIENCE: Duration = Duration::from_mins(1);
/// What is read at once, bytes.
const CHUNK: usize = 64 << 10;
/// Pings are answered late by a busy broker; a load ends long before this, seconds.
const KEEP_ALIVE_S: u16 = 600;

/// A packet that came; others are passed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Packet {
    ConnAck { code: u8 },
    SubAck,
    PubAck,
    Publish { payload: Vec<u8>, id: u16 },
    Other,
}

/// Who calls, and where.
#[derive(Debug, Clone)]
pub(super) struct Caller {
    pub(super) at: SocketAddr,
    pub(super) user: String,
    pub(super) password: String,
}

/// A connection.
pub(super) struct Client {
    stream: TcpStream,
    came: Vec<u8>,
    out: Vec<u8>,
}

impl Client {
    /// Calls a broker under this client id, with a session that ends with the connection.
    pub(super) fn call(caller: &Caller, id: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(caller.at)
            .with_context(|| format!("calling the broker at {}", caller.at))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut client = Self {
            stream,
            came: Vec::new(),
            out: Vec::new(),
        };
        let mut body = Vec::new();
        text(&mut body, b"MQTT");
        // Level 4; clean session, user name and password.
        body.extend_from_slice(&[4, 0xc2]);
        body.extend_from_slice(&KEEP_ALIVE_S.to_be_bytes());
        for word in [id, &caller.user, &caller.password] {
            text(&mut body, word.as_bytes());
        }
        packet(&mut client.out, 0x10, &body);
        client.flush()?;
        match client.next()? {
            Packet::ConnAck { code: 0 } => Ok(client),
            other => bail!("the broker at {} did not let us in: {other:?}", caller.at),
        }
    }

    /// Asks for a topic at `QoS` 1.
    pub(super) fn subscribe(&mut self, topic: &str) -> anyhow::Result<()> {
        let mut body = vec![0, 1];
        text(&mut body, topic.as_bytes());
        body.push(1);
        packet(&mut self.out, 0x82, &body);
        self.flush()?;
        match self.next()? {
            Packet::SubAck => Ok(()),
            other => bail!("the broker did not let us subscribe to {topic}: {other:?}"),
        }
    }

    /// Puts a publish at `QoS` 1 into the buffer; `flush` sends it.
    pub(super) fn publish(&mut self, topic: &str, payload: &[u8], id: u16) {
        let length = 2 + topic.len() + 2 + payload.len();
        self.out.push(0x32);
        remaining(&mut self.out, length);
        text(&mut self.out, topic.as_bytes());
        self.out.extend_from_slice(&id.to_be_bytes());
        self.out.extend_from_slice(payload);
    }

    /// Acknowledges a publish that came.
    pub(super) fn acknowledge(&mut self, id: u16) -> anyhow::Result<()> {
        self.out.extend_from_slice(&[0x40, 2]);
        self.out.extend_from_slice(&id.to_be_bytes());
        self.flush()
    }

    /// Sends what the buffer holds.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.stream.write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// The next packet; waits for it.
    pub(super) fn next(&mut self) -> anyhow::Result<Packet> {
        loop {
            if let Some(packet) = take(&mut self.came) {
                return Ok(packet);
            }
            self.read()?;
        }
    }

    /// Every acknowledgement that is there, waiting for the first at most so long.
    pub(super) fn acknowledged(&mut self, at_most: Duration) -> anyhow::Result<usize> {
        let wait = Timespec::try_from(at_most).context("a time")?;
        let mut ready = [PollFd::new(&self.stream, PollFlags::IN)];
        if poll(&mut ready, Some(&wait))? == 0 {
            return Ok(0);
        }
        self.read()?;
        let mut count = 0;
        while let Some(packet) = take(&mut self.came) {
            count += usize::from(packet == Packet::PubAck);
        }
        Ok(count)
    }

    fn read(&mut self) -> anyhow::Result<()> {
        let held = self.came.len();
        self.came.resize(held + CHUNK, 0);
        let room = self.came.get_mut(held..).unwrap_or_default();
        let read = self.stream.read(room).context("the broker says nothing")?;
        self.came.truncate(held + read);
        if read == 0 {
            bail!("the broker closed the connection");
        }
        Ok(())
    }
}

/// The first whole packet of the buffer, which it leaves.
fn take(buffer: &mut Vec<u8>) -> Option<Packet> {
    let (&kind, rest) = buffer.split_first()?;
    let mut length = 0;
    let mut digits = 0;
    for (n, byte) in rest.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            digits = n + 1;
            break;
        }
    }
    let start = (digits > 0).then_some(1 + digits)?;
    let body = buffer.get(start..start + length)?;
    let packet = match kind >> 4 {
        2 => Packet::ConnAck {
            code: body.get(1).copied().unwrap_or(u8::MAX),
        },
        3 => published(kind, body)?,
        4 => Packet::PubAck,
        9 => Packet::SubAck,
        _ => Packet::Other,
    };
    buffer.drain(..start + length);
    Some(packet)
}

fn published(kind: u8, body: &[u8]) -> Option<Packet> {
    let topic = usize::from(number(body, 0)?);
    let (id, at) = match kind >> 1 & 3 {
        0 => (0, 2 + topic),
        _ => (number(body, 2 + topic)?, 4 + topic),
    };
    let payload = body.get(at..)?.to_vec();
    Some(Packet::Publish { payload, id })
}

fn number(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn text(out: &mut Vec<u8>, text: &[u8]) {
    let length = u16::try_from(text.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(text);
}

fn packet(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    out.push(kind);
    remaining(out, body.len());
    out.extend_from_slice(body);
}

/// MQTT 3.1.1, 2.2.3: seven bits a byte, the lowest first.
fn remaining(out: &mut Vec<u8>, mut length: usize) {
    loop {
        let low = u8::try_from(length & 0x7f).unwrap_or(0x7f);
        length >>= 7;
        if length == 0 {
            out.push(low);
            return;
        }
        out.push(low | 0x80);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_taken_whole_and_in_their_order_however_they_come() {
        let mut wire = Vec::new();
        packet(&mut wire, 0x20, &[0, 0]);
        let mut body = Vec::new();
        text(&mut body, b"a/b");
        body.extend_from_slice(&7u16.to_be_bytes());
        body.extend_from_slice(&[b'x'; 300]);
        packet(&mut wire, 0x32, &body);
        packet(&mut wire, 0x40, &[0, 9]);
        let mut buffer = Vec::new();
        let mut came = Vec::new();
        for byte in wire {
            buffer.push(byte);
            came.extend(take(&mut buffer));
        }
        let payload = vec![b'x'; 300];
        let due = [
            Packet::ConnAck { code: 0 },
            Packet::Publish { payload, id: 7 },
            Packet::PubAck,
        ];
        assert_eq!(came, due);
        assert!(buffer.is_empty());
    }
}
