//! The files of a load's world, as an installer would write them: the example broker's of `deploy/mosquitto`, the gateway's
//! and the hub's with their defaults. What is not default is told in `gateway/docs/performance.md`.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use crate::broker::free_port;
use crate::ca::Pair;

use super::mqtt::Caller;

const CONF: &str = include_str!("../../../deploy/mosquitto/tecs.conf");
const ACL: &str = include_str!("../../../deploy/mosquitto/tecs.acl");
const PASSWORDS: &str = include_str!("../../../deploy/mosquitto/make-passwords.sh");
/// The example listens here.
const EXAMPLE_LISTENER: &str = "listener 1883 127.0.0.1";
/// What the example says of saving, and what a load without it says: once a second, as the peers were measured.
const EVERY_CHANGE: &str = "autosave_on_changes true";
const EVERY_SECOND: &str = "autosave_on_changes false";

/// Where one home's things are.
#[derive(Debug, Clone)]
pub(super) struct Home {
    /// Its gateway's id.
    pub(super) id: String,
    /// Its own folder.
    pub(super) folder: PathBuf,
    pub(super) broker: SocketAddr,
    pub(super) metrics: SocketAddr,
}

/// Where the hub's things are.
#[derive(Debug, Clone)]
pub(super) struct HubPlaces {
    pub(super) folder: PathBuf,
    pub(super) ingest: SocketAddr,
    pub(super) console: SocketAddr,
}

impl Home {
    /// The home of this id below the work folder; writes nothing.
    pub(super) fn of(id: &str, work: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            id: id.to_owned(),
            folder: work.join(id),
            broker: free_port(0)?,
            metrics: free_port(0)?,
        })
    }

    pub(super) fn mosquitto_conf(&self) -> PathBuf {
        self.folder.join("mosquitto.conf")
    }

    pub(super) fn gateway_toml(&self) -> PathBuf {
        self.folder.join("gateway.toml")
    }

    /// The gateway's journal.
    pub(super) fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// Who speaks for the home's devices.
    pub(super) fn devices(&self) -> anyhow::Result<Caller> {
        self.caller("zigbee2mqtt")
    }

    fn caller(&self, user: &str) -> anyhow::Result<Caller> {
        let file = self.folder.join("secrets").join(user);
        let password =
            fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        Ok(Caller {
            at: self.broker,
            user: user.to_owned(),
            password: password.trim().to_owned(),
        })
    }

    /// The broker's files: the example's, on a port of this home's own.
    pub(super) fn write_broker(&self, autosave: bool) -> anyhow::Result<()> {
        fs::create_dir_all(&self.folder)?;
        for (name, text) in [("tecs.acl", ACL), ("make-passwords.sh", PASSWORDS)] {
            fs::write(self.folder.join(name), text)?;
        }
        let script = self.folder.join("make-passwords.sh");
        let path = format!(
            "{}:/usr/sbin:/sbin",
            std::env::var("PATH").unwrap_or_default()
        );
        let made = std::process::Command::new("sh")
            .arg(&script)
            .arg(&self.folder)
            .env("PATH", path)
            .output()
            .context("running make-passwords.sh")?;
        if !made.status.success() {
            bail!(
                "make-passwords.sh: {}",
                String::from_utf8_lossy(&made.stderr)
            );
        }
        let here = self.folder.display();
        let listener = format!("listener {} 127.0.0.1", self.broker.port());
        let mut conf = CONF
            .replace(EXAMPLE_LISTENER, &listener)
            .replace("/etc/mosquitto/", &format!("{here}/"));
        if !autosave {
            conf = conf.replace(EVERY_CHANGE, EVERY_SECOND);
        }
        // As Debian's own file says where the store is. `user root`: started by root, mosquitto would become a user who
        // cannot read this folder; others are not asked.
        let text = format!("persistence_location {here}/\nlog_dest stderr\nuser root\n{conf}");
        // mosquitto takes each of these once.
        let conf = self.mosquitto_conf();
        fs::write(&conf, text).with_context(|| format!("writing {}", conf.display()))?;
        fs::set_permissions(&self.folder, fs::Permissions::from_mode(0o755))?;
        Ok(())
    }

    /// The gateway's configuration: the defaults, but a source may speak as fast as it likes, and the broker's window is
    /// what the example broker's is.
    pub(super) fn write_gateway(&self, tls: &Path, hub: &HubPlaces) -> anyhow::Result<()> {
        let own = Pair::at(tls, &self.id);
        let quoted = |path: &Path| toml::Value::String(path.display().to_string());
        let text = format!(
            "[gateway]\nid = \"{id}\"\nstate_dir = {state}\n\
             [[source]]\nname = \"zigbee\"\nspeaks = \"zigbee2mqtt\"\n\
             [source.mqtt]\nport = {port}\nusername = \"tecs-gateway\"\npassword_file = {password}\nwindow = 0\n\
             [[device]]\nsource = \"zigbee\"\nname = \"hall-light-sensor\"\nid = \"light\"\nroom = \"hall\"\n\
             [hub]\nendpoints = [{{ name = \"hub\", url = \"https://{ingest}\" }}]\nca = {ca}\ncert = {cert}\nkey = {key}\n\
             [metrics]\nlisten = \"{metrics}\"\n[clock]\ntrust = \"always\"\n\
             [limits]\nrate_per_s = 1000000\nrate_burst = 10000000\n",
            id = self.id,
            state = quoted(&self.state()),
            port = self.broker.port(),
            password = quoted(&self.folder.join("secrets/tecs-gateway")),
            ingest = hub.ingest,
            ca = quoted(&Pair::at(tls, "ca").certificate),
            cert = quoted(&own.certificate),
            key = quoted(&own.key),
            metrics = self.metrics,
        );
        let file = self.gateway_toml();
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))
    }
}

impl HubPlaces {
    /// A hub below the work folder; writes nothing.
    pub(super) fn of(work: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            folder: work.join("hub"),
            ingest: free_port(0)?,
            console: free_port(0)?,
        })
    }

    pub(super) fn toml(&self) -> PathBuf {
        self.folder.join("hub.toml")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Its configuration: the defaults.
    pub(super) fn write(&self, tls: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let own = Pair::at(tls, "hub");
        let quoted = |path: &Path| toml::Value::String(path.display().to_string());
        let text = format!(
            "[ingest]\nlisten = \"{}\"\ncert = {}\nkey = {}\nclient_ca = {}\n[console]\nlisten = \"{}\"\n[ledger]\npath = {}\n",
            self.ingest,
            quoted(&own.certificate),
            quoted(&own.key),
            quoted(&Pair::at(tls, "ca").certificate),
            self.console,
            quoted(&self.folder.join("ledger.redb")),
        );
        let file = self.toml();
        fs::write(&file, text).with_context(|| format!("writing {}", file.display()))
    }
}
