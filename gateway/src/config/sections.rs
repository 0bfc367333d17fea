//! The sections of the file as serde reads them, each key with its default. Judges no value.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use tecs_protocol::serial::vitals::VitalsText;
use tecs_protocol::serial::{espa444, modbus};

use crate::mqtt::config::MqttSource;
use crate::serial::config::SerialSource;

/// `[gateway]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GatewaySection {
    pub(super) id: String,
    #[serde(default = "state_dir")]
    pub(super) state_dir: PathBuf,
    #[serde(default = "ballast_bytes")]
    pub(super) ballast_bytes: u64,
}

fn ballast_bytes() -> u64 {
    crate::journal::JournalLimits::default().ballast
}

fn state_dir() -> PathBuf {
    PathBuf::from("/var/lib/tecs-gateway")
}

/// `[[source]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SourceSection {
    pub(super) name: String,
    pub(super) speaks: String,
    #[serde(default)]
    pub(super) map: Option<PathBuf>,
    #[serde(default)]
    pub(super) mqtt: Option<MqttSource>,
    #[serde(default)]
    pub(super) serial: Option<SerialSource>,
    #[serde(default)]
    pub(super) modbus: Option<modbus::SettingsText>,
    #[serde(default)]
    pub(super) espa444: Option<espa444::SettingsText>,
    #[serde(default)]
    pub(super) vitals: Option<VitalsText>,
}

/// `[[device]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DeviceSection {
    pub(super) source: String,
    pub(super) name: String,
    #[serde(default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) profile: String,
    #[serde(default)]
    pub(super) room: String,
    #[serde(default)]
    pub(super) alarms: bool,
    #[serde(default)]
    pub(super) invert: Vec<String>,
    #[serde(default)]
    pub(super) raises: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) responder_here: bool,
    #[serde(default)]
    pub(super) silent_after_s: u64,
}

/// `[hub]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HubSection {
    pub(super) endpoints: Vec<EndpointSection>,
    pub(super) ca: PathBuf,
    pub(super) cert: PathBuf,
    pub(super) key: PathBuf,
    #[serde(default = "queue_bytes")]
    pub(super) queue_bytes: u64,
}

fn queue_bytes() -> u64 {
    crate::care_hub::QUEUE_BYTES as u64
}

/// One of `hub.endpoints`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EndpointSection {
    pub(super) name: String,
    pub(super) url: String,
}

/// `[home]`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HomeSection {
    pub(super) source: String,
}

/// `[admin]`.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AdminSection {
    pub(super) socket: String,
}

/// `[metrics]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct MetricsSection {
    pub(super) listen: String,
}

impl Default for MetricsSection {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:9464".to_owned(),
        }
    }
}

/// `[clock]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ClockSection {
    pub(super) trust: String,
}

impl Default for ClockSection {
    fn default() -> Self {
        Self {
            trust: "auto".to_owned(),
        }
    }
}

/// `[log]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LogSection {
    pub(super) format: String,
    pub(super) level: String,
}

impl Default for LogSection {
    fn default() -> Self {
        Self {
            format: "text".to_owned(),
            level: "info".to_owned(),
        }
    }
}
