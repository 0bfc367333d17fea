//! What an installer writes about a broker (`[source.mqtt]`, and the broker that the home is told on). Parsed once: a
//! value that exists is a value that is allowed. Reads no file.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Deserializer, de};

/// The largest packet that MQTT 3.1.1 can express, bytes (section 2.2.3, Remaining Length).
pub const LARGEST_PACKET: u32 = 268_435_455;

/// A broker, and what is listened to there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttSource {
    /// The broker's name or address. Default: `127.0.0.1`.
    #[serde(default = "loopback")]
    pub host: String,
    /// Its port. Default: 1883, or 8883 with `tls`.
    pub port: Option<u16>,
    /// The name under which the broker keeps what we have not acknowledged; two clients of one name throw each other out.
    /// Default: `tecs-<gateway>-<source>`.
    pub client_id: Option<ClientId>,
    /// The base topic of the dialect. Default: the dialect's own, such as `zigbee2mqtt`.
    #[serde(default)]
    pub base: String,
    /// Who we are to the broker. Default: nobody, which a broker should not allow.
    pub username: Option<String>,
    /// The file whose first line is the password; not readable by everybody. Read at each connect.
    pub password_file: Option<PathBuf>,
    /// Encrypts the way to the broker. Default: plain, fit for loopback only.
    pub tls: Option<Tls>,
    /// 1: a message is ours only when it is safe with us; 0: it may be lost. Default: 1.
    #[serde(default)]
    pub qos: Asked,
    /// Topic filters beyond those of the dialect. Default: none.
    #[serde(default)]
    pub topics: Vec<Filter>,
    /// A broker that says nothing is asked this often, seconds, 2 to 600; a silent one is given up after twice as long.
    /// Default: 10.
    #[serde(default = "keep_alive_s", deserialize_with = "seconds_2_to_600")]
    pub keep_alive_s: u16,
    /// The largest packet taken without a word, bytes, 65536 to 268435455. A larger one costs one connection, is then taken
    /// whole, and is refused by name. Default: 8388608.
    #[serde(default = "packet_limit", deserialize_with = "packet_bytes")]
    pub packet_limit: u32,
    /// How many messages the broker lets wait for our acknowledgement (mosquitto's `max_inflight_messages`), 0 to 65535; half
    /// of it closes a page. 0: no limit, as in `deploy/mosquitto`. Default: 20, as mosquitto has it by default.
    #[serde(default = "window")]
    pub window: u16,
}

impl Default for MqttSource {
    fn default() -> Self {
        Self {
            host: loopback(),
            port: None,
            client_id: None,
            base: String::new(),
            username: None,
            password_file: None,
            tls: None,
            qos: Asked::default(),
            topics: Vec::new(),
            keep_alive_s: keep_alive_s(),
            packet_limit: packet_limit(),
            window: window(),
        }
    }
}

impl MqttSource {
    /// The port, or the usual one.
    pub fn port(&self) -> u16 {
        let usual = if self.tls.is_some() { 8883 } else { 1883 };
        self.port.unwrap_or(usual)
    }

    /// The client id, or the one that follows from who we are.
    pub fn client_id(&self, gateway: &str, source: &str) -> ClientId {
        self.client_id
            .clone()
            .unwrap_or_else(|| ClientId(format!("tecs-{gateway}-{source}")))
    }
}

/// How the way to a broker is encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tls {
    /// The certificate authority that signed the broker's certificate, PEM.
    pub ca: PathBuf,
    /// Our certificate, PEM, where the broker asks for one; with `key`.
    pub cert: Option<PathBuf>,
    /// Its private key, PEM; not readable by everybody.
    pub key: Option<PathBuf>,
}

/// The quality of service that we ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "u8")]
pub enum Asked {
    /// 0: sent once, perhaps lost; nothing to acknowledge.
    AtMostOnce,
    /// 1: kept by the broker until we acknowledge.
    #[default]
    AtLeastOnce,
}

impl TryFrom<u8> for Asked {
    type Error = &'static str;

    fn try_from(qos: u8) -> Result<Self, Self::Error> {
        match qos {
            0 => Ok(Self::AtMostOnce),
            1 => Ok(Self::AtLeastOnce),
            _ => Err("qos is 0 or 1; 2 adds nothing here, repeats are dropped by name"),
        }
    }
}

/// A client id: 1 to 128 characters from `A-Z a-z 0-9 - _ .`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ClientId(String);

impl ClientId {
    /// This id with something after it, for a second client of the same gateway.
    #[must_use]
    pub fn with(&self, suffix: &str) -> Self {
        Self(format!("{}{suffix}", self.0))
    }

    /// As the broker sees it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = &'static str;

    fn try_from(id: String) -> Result<Self, Self::Error> {
        let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if (1..=128).contains(&id.len()) && id.chars().all(fits) {
            Ok(Self(id))
        } else {
            Err("a client id is 1 to 128 characters from A-Z a-z 0-9 - _ .")
        }
    }
}

/// A topic filter that MQTT allows (3.1.1, section 4.7).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Filter(String);

impl Filter {
    /// As the broker sees it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Filter {
    type Error = &'static str;

    fn try_from(filter: String) -> Result<Self, Self::Error> {
        let fits = u16::try_from(filter.len()).is_ok() && !filter.contains('\0');
        if fits && rumqttc::valid_filter(&filter) {
            Ok(Self(filter))
        } else {
            Err("a topic filter has + only as a whole level and # only as its last level")
        }
    }
}

fn loopback() -> String {
    "127.0.0.1".into()
}

const fn keep_alive_s() -> u16 {
    10
}

const fn window() -> u16 {
    20
}

const fn packet_limit() -> u32 {
    8 << 20
}

fn seconds_2_to_600<'de, D: Deserializer<'de>>(from: D) -> Result<u16, D::Error> {
    let seconds = u16::deserialize(from)?;
    if (2..=600).contains(&seconds) {
        Ok(seconds)
    } else {
        Err(de::Error::custom("keep_alive_s is 2 to 600"))
    }
}

fn packet_bytes<'de, D: Deserializer<'de>>(from: D) -> Result<u32, D::Error> {
    let bytes = u32::deserialize(from)?;
    if (65_536..=LARGEST_PACKET).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(de::Error::custom("packet_limit is 65536 to 268435455"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_table_is_a_broker_on_loopback() {
        let source: MqttSource = toml::from_str("").unwrap();
        assert_eq!(source, MqttSource::default());
        assert_eq!((source.port(), source.qos), (1883, Asked::AtLeastOnce));
        let id = source.client_id("home-7", "zigbee");
        assert_eq!(id.as_str(), "tecs-home-7-zigbee");
    }

    #[test]
    fn what_is_not_allowed_is_refused_with_what_is() {
        for (text, words) in [
            ("qos = 2", "qos is 0 or 1"),
            ("topics = [\"a/#/b\"]", "only as its last level"),
            ("client_id = \"\"", "1 to 128 characters"),
            ("keep_alive_s = 0", "2 to 600"),
            ("packet_limit = 1", "65536 to 268435455"),
            ("hots = \"x\"", "unknown field `hots`"),
            ("tls = { cert = \"x\" }", "missing field `ca`"),
        ] {
            let fault = toml::from_str::<MqttSource>(text).unwrap_err().to_string();
            assert!(fault.contains(words), "{text}: {fault}");
        }
    }
}
