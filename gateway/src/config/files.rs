//! Stage files, and then advice: what the configuration points to is there, fits and is not open to others. Reads and
//! looks; changes nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use gateway_core::settings::Source;
use rustix::fs::{Access, access};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tecs_protocol::family::Family;

use crate::care_hub::{CertificateSays, inspect};
use crate::mqtt::config::{Asked, MqttSource};

use super::fault::{Fault, Stage};
use super::{Config, ReachedBy};

/// A certificate that ends within this many days is worth a warning.
const EXPIRY_DAYS: i64 = 30;

/// Looks at everything that the configuration points to. Errors first, then advice; advice only when there is no error.
pub fn check_files(config: &Config) -> Vec<Fault> {
    let mut look = Look {
        config,
        faults: Vec::new(),
    };
    look.hub();
    for (n, path) in config.reached_by.iter().enumerate() {
        if let ReachedBy::Mqtt(mqtt) = path {
            look.broker(n, mqtt);
        }
    }
    look.folder("gateway.state_dir", &config.state_dir);
    if let Some(folder) = config.socket.parent() {
        look.folder("admin.socket", folder);
    }
    if look.faults.is_empty() {
        look.advice();
    }
    look.faults
}

struct Look<'c> {
    config: &'c Config,
    faults: Vec<Fault>,
}

impl Look<'_> {
    fn wrong(&mut self, key: &str, what: impl Into<String>, cure: impl Into<String>) {
        let fault = self.config.places.fault(Stage::Files, key, what, cure);
        self.faults.push(fault);
    }

    fn advise(&mut self, key: &str, what: impl Into<String>, cure: impl Into<String>) {
        let fault = self.config.places.fault(Stage::Advice, key, what, cure);
        self.faults.push(fault);
    }

    fn hub(&mut self) {
        let config = self.config;
        self.secret("hub.key", &config.hub_files.key);
        match inspect(&config.hub_files) {
            Err(fault) => self.wrong(fault.key(), fault.to_string(), fault.cure()),
            Ok(says) => {
                let id = &config.settings.gateway_id;
                if !says.names.contains(id) {
                    let what = format!(
                        "is `{id}`, but the certificate {} is for {}",
                        config.hub_files.cert.display(),
                        if says.names.is_empty() {
                            "nobody".to_owned()
                        } else {
                            says.names.join(", ")
                        }
                    );
                    self.wrong(
                        "gateway.id",
                        what,
                        "write the certificate's id, or install this gateway's certificate",
                    );
                }
            }
        }
    }

    /// A private file: nobody but its owner may open it. That it can be read at all, its reader finds out.
    fn secret(&mut self, key: &str, path: &Path) {
        if let Ok(about) = std::fs::metadata(path) {
            let mode = about.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                let what = format!(
                    "{} has mode {mode:03o}: others than its owner may open it; allowed is 600 or less",
                    path.display()
                );
                let cure = format!("chmod 600 {}", path.display());
                let fault = self.config.places.fault(Stage::Files, key, what, cure);
                self.faults.push(Fault {
                    open_secret: true,
                    ..fault
                });
            }
        }
    }

    fn broker(&mut self, n: usize, mqtt: &MqttSource) {
        let at = format!("source[{n}].mqtt");
        if let Some(path) = &mqtt.password_file {
            let key = format!("{at}.password_file");
            self.secret(&key, path);
            match std::fs::read_to_string(path) {
                Ok(text) if text.lines().next().is_none_or(str::is_empty) => {
                    let what = format!("{} has an empty first line", path.display());
                    self.wrong(&key, what, "write the password into its first line");
                }
                Ok(_) => {}
                Err(e) => self.unreadable(&key, path, &e),
            }
        }
        if let Some(tls) = &mqtt.tls {
            self.certificates(&format!("{at}.tls.ca"), &tls.ca);
            if let Some(cert) = &tls.cert {
                self.certificates(&format!("{at}.tls.cert"), cert);
            }
            if let Some(path) = &tls.key {
                let key = format!("{at}.tls.key");
                self.secret(&key, path);
                if let Err(e) = PrivateKeyDer::from_pem_file(path) {
                    self.wrong(
                        &key,
                        format!("{}: {e}", path.display()),
                        "put a private key in PEM there",
                    );
                }
            }
        }
    }

    fn certificates(&mut self, key: &str, path: &Path) {
        let found =
            CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        let what = match found {
            Ok(certs) if certs.is_empty() => format!("{} holds no certificate", path.display()),
            Ok(_) => return,
            Err(e) => format!("{}: {e}", path.display()),
        };
        self.wrong(
            key,
            what,
            "put certificates in PEM there, readable by the daemon's user",
        );
    }

    fn unreadable(&mut self, key: &str, path: &Path, e: &std::io::Error) {
        let what = format!("{} cannot be read: {e}", path.display());
        self.wrong(
            key,
            what,
            "put the file there and let the daemon's user read it",
        );
    }

    /// A folder that can be written, or could be made.
    fn folder(&mut self, key: &str, path: &Path) {
        let there = path.ancestors().find(|p| p.exists());
        let there = there.map_or_else(|| PathBuf::from("."), Path::to_owned);
        if !there.is_dir() {
            let what = format!("{} is no folder", there.display());
            self.wrong(key, what, "name another folder, or take that file away");
        } else if access(&there, Access::WRITE_OK | Access::EXEC_OK).is_err() {
            let what = format!("{} cannot be written by this user", there.display());
            let cure = format!(
                "run check as the daemon's user, or: install -d -m 700 -o tecs-gateway {}",
                path.display()
            );
            self.wrong(key, what, cure);
        }
    }

    fn advice(&mut self) {
        let config = self.config;
        self.faults.extend(config.tables.iter().cloned());
        if let Ok(says) = inspect(&config.hub_files) {
            self.expiry(&says);
        }
        if config.endpoints.len() == 1 {
            let what = "there is one endpoint: an alarm has no second way";
            self.advise("hub.endpoints", what, "add a second one where there is one");
        }
        if config.settings.sources.is_empty() {
            self.advise(
                "source",
                "there is no source: nothing will be heard",
                "add a [[source]]",
            );
        }
        for (n, (source, path)) in config
            .settings
            .sources
            .iter()
            .zip(&config.reached_by)
            .enumerate()
        {
            self.custody(n, source, path);
        }
    }

    fn expiry(&mut self, says: &CertificateSays) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now_s = now.map_or(0, |d| i64::try_from(d.as_secs()).unwrap_or(i64::MAX));
        let days = (says.not_after_s - now_s).div_euclid(86_400);
        let path = self.config.hub_files.cert.display();
        let what = if days < 0 {
            format!("{path} has expired: the hub will refuse it; everything is kept meanwhile")
        } else if days < EXPIRY_DAYS {
            format!("{path} expires in {days} days")
        } else if says.not_before_s > now_s {
            format!("{path} is not valid yet by this machine's clock")
        } else {
            return;
        };
        self.advise(
            "hub.cert",
            what,
            "renew it; the gateway reads it anew at each connect",
        );
    }

    /// What cannot be acknowledged is named (law 1).
    fn custody(&mut self, n: usize, source: &Source, path: &ReachedBy) {
        match path {
            ReachedBy::Mqtt(mqtt) => {
                self.quality(n, source, mqtt);
                self.openness(n, mqtt);
            }
            ReachedBy::Serial(serial) => {
                let what = format!(
                    "source `{}` is a one-way wire ({}): its words cannot be acknowledged and are in our care only from the moment we read them",
                    source.name, source.speaks
                );
                let cure = "nothing: know it when choosing what hangs on this wire";
                self.advise(&format!("source[{n}].speaks"), what, cure);
                if !serial.path.exists() {
                    let what = format!("{} is not there now", serial.path.display());
                    let key = format!("source[{n}].serial.path");
                    self.advise(&key, what, "plug it in; see /dev/serial/by-id");
                }
            }
        }
    }

    fn quality(&mut self, n: usize, source: &Source, mqtt: &MqttSource) {
        let zigbee = source.speaks == Family::Zigbee2Mqtt;
        let cure = if zigbee {
            "set `qos: 1` for each device in Zigbee2MQTT's configuration (Zigbee2MQTT: `qos: 1` per device)"
        } else {
            "let what publishes there use QoS 1"
        };
        if mqtt.qos == Asked::AtMostOnce {
            let what = format!(
                "source `{}` asks for QoS 0: its words are in our care only from the moment we read them",
                source.name
            );
            let cure = format!("take the line out for QoS 1, and {cure}");
            self.advise(&format!("source[{n}].mqtt.qos"), what, cure);
        } else if zigbee {
            let what = format!(
                "source `{}`: Zigbee2MQTT publishes with QoS 0 unless told otherwise, and what is published so cannot be acknowledged",
                source.name
            );
            self.advise(&format!("source[{n}].speaks"), what, cure);
        }
    }

    fn openness(&mut self, n: usize, mqtt: &MqttSource) {
        let address = mqtt.host.parse::<std::net::IpAddr>();
        let here = mqtt.host == "localhost" || address.is_ok_and(|ip| ip.is_loopback());
        if !here && mqtt.tls.is_none() {
            let what = format!("the way to the broker {} is not encrypted", mqtt.host);
            let cure = "add [source.mqtt.tls], or keep the broker on this machine";
            self.advise(&format!("source[{n}].mqtt.host"), what, cure);
        }
        if mqtt.username.is_none() && mqtt.tls.as_ref().is_none_or(|t| t.cert.is_none()) {
            let what = "the gateway is nobody to its broker, so the broker lets anybody in";
            let cure = "give the gateway a user name and a password file there";
            self.advise(&format!("source[{n}].mqtt"), what, cure);
        }
    }
}
