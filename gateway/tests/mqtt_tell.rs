//! The MQTT edge against a real mosquitto: what it says of a broker that will not have it, TLS, and telling the home.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the helpers of these tests fail the test"
)]

mod edge {
    pub(crate) mod broker;
    pub(crate) mod heard;
}

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use edge::broker::{Broker, filters, id};
use edge::heard::Heard;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose as Use,
    IsCa, KeyPair, KeyUsagePurpose,
};
use tecs_gateway::mqtt::config::{MqttSource, Tls};
use tecs_gateway::mqtt::{self, MqttHandle, Teller};
use tempfile::TempDir;

const DYNAMIC_SECURITY: &str = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so";

fn listen(config: MqttSource, heard: &mut Heard) -> MqttHandle {
    mqtt::spawn(config, id(), filters(&["home/#"]), 0, heard.edge())
}

#[tokio::test]
async fn a_wrong_password_is_named_and_a_corrected_one_is_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let users = folder.path().join("users");
    let made = Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&users)
        .args(["hub", "right"])
        .status();
    if !made.is_ok_and(|s| s.success()) {
        eprintln!("SKIPPED: mosquitto_passwd is not installed");
        return;
    }
    let more = format!("allow_anonymous false\npassword_file {}", users.display());
    let broker = Broker::start_in(folder, &more).unwrap();
    let config = MqttSource {
        username: Some("hub".into()),
        password_file: Some(broker.secret("password", "hunter2\n")),
        ..broker.source()
    };
    let mut heard = Heard::default();
    let _handle = listen(config, &mut heard);
    let why = heard.down().await;
    let place = format!("127.0.0.1:{}", broker.port);
    for word in [place.as_str(), "the user hub", "password_file"] {
        assert!(why.contains(word), "{why}");
    }
    assert!(!why.contains("hunter2"), "{why}");
    broker.secret("password", "right\n");
    assert!(!heard.up().await);
}

#[tokio::test]
async fn nobody_who_listens_is_named_with_the_cure() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let config = MqttSource {
        port: Some(port),
        ..MqttSource::default()
    };
    let mut heard = Heard::default();
    let _handle = listen(config, &mut heard);
    let why = heard.down().await;
    assert!(
        why.contains(&format!("nothing listens at 127.0.0.1:{port}")),
        "{why}"
    );
}

#[tokio::test]
async fn a_refused_filter_is_named_the_others_are_heard_and_it_heals() {
    if !Path::new(DYNAMIC_SECURITY).exists() {
        eprintln!("SKIPPED: {DYNAMIC_SECURITY} is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let roles = folder.path().join("roles.json");
    fs::write(
        &roles,
        r#"{"defaultACLAccess": {"publishClientSend": true, "publishClientReceive": true, "subscribe": false, "unsubscribe": true},
            "anonymousGroup": "guests", "groups": [{"groupname": "guests", "roles": [{"rolename": "home"}]}],
            "roles": [{"rolename": "home", "acls": [{"acltype": "subscribePattern", "topic": "home/#", "allow": true},
                {"acltype": "publishClientSend", "topic": "$CONTROL/#", "allow": true}]}]}"#,
    )
    .unwrap();
    let more = format!(
        "allow_anonymous true\nplugin {DYNAMIC_SECURITY}\nplugin_opt_config_file {}",
        roles.display()
    );
    let broker = Broker::start_in(folder, &more).unwrap();
    let mut heard = Heard::default();
    let config = MqttSource {
        keep_alive_s: 2,
        ..broker.source()
    };
    let both = filters(&["home/#", "other/#"]);
    let handle = mqtt::spawn(config, id(), both, 0, heard.edge());
    heard.up().await;
    let why = heard.down().await;
    assert!(
        why.contains("subscribe to other/#:") && why.contains("ACL"),
        "{why}"
    );
    broker.publish("home/x", b"help", &[]);
    let said = heard.said().await;
    assert_eq!(said.payload, b"help");
    handle.acknowledge(said.token.unwrap());
    broker.logged("PUBACK from gateway").await;
    // This change throws nobody out: only asking again finds it.
    let allow = br#"{"commands": [{"command": "setDefaultACLAccess", "acls": [{"acltype": "subscribe", "allow": true}]}]}"#;
    broker.publish("$CONTROL/dynamic-security/v1", allow, &[]);
    heard.up_again().await;
    broker.publish("other/x", b"heard", &[]);
    assert_eq!(heard.said().await.payload, b"heard");
}

/// A test authority in a folder, and what it signed.
struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let key = KeyPair::generate().unwrap();
        // A name of its own: two authorities of one name are taken for one another.
        let name = format!("authority {:02x?}", &key.public_key_raw()[..8]);
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("ca.pem"), issuer.pem()).unwrap();
        Self { folder, issuer }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// `<name>.pem` and `<name>.key`, for this host and purpose.
    fn sign(&self, name: &str, host: &str, purpose: Use) {
        use std::os::unix::fs::PermissionsExt;
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.path(&format!("{name}.pem")), signed.pem()).unwrap();
        let file = self.path(&format!("{name}.key"));
        fs::write(&file, key.serialize_pem()).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// A broker that shows a certificate for `host` and asks for one of this authority.
    fn broker(&self, host: &str) -> Option<Broker> {
        self.sign("broker", host, Use::ServerAuth);
        let place = self.folder.path().display();
        Broker::start(&format!(
            "allow_anonymous true\ncafile {place}/ca.pem\ncertfile {place}/broker.pem\nkeyfile {place}/broker.key\n\
             require_certificate true"
        ))
    }

    fn tls(&self, client: Option<&str>) -> Tls {
        Tls {
            ca: self.path("ca.pem"),
            cert: client.map(|name| self.path(&format!("{name}.pem"))),
            key: client.map(|name| self.path(&format!("{name}.key"))),
        }
    }
}

fn over(tls: Tls, broker: &Broker) -> MqttSource {
    MqttSource {
        tls: Some(tls),
        ..broker.source()
    }
}

#[tokio::test]
async fn a_broker_is_listened_to_over_mutual_tls() {
    let ours = Authority::new();
    let Some(broker) = ours.broker("127.0.0.1") else {
        return;
    };
    ours.sign("hub", "hub", Use::ClientAuth);
    let config = over(ours.tls(Some("hub")), &broker);
    let mut heard = Heard::default();
    let handle = listen(config.clone(), &mut heard);
    heard.up().await;
    let teller = Teller::spawn(config, &id(), "home");
    teller.tell("stage", "accepted".into());
    let (online, stage) = (heard.said().await, heard.said().await);
    assert_eq!(
        (online.topic.as_str(), online.payload.as_slice()),
        ("home/state", &b"online"[..])
    );
    assert_eq!(
        (stage.topic.as_str(), stage.payload.as_slice()),
        ("home/stage", &b"accepted"[..])
    );
    handle.acknowledge(online.token.unwrap());
}

#[tokio::test]
async fn what_is_wrong_with_tls_is_said_with_the_cure() {
    let (ours, strangers) = (Authority::new(), Authority::new());
    let Some(broker) = ours.broker("127.0.0.1") else {
        return;
    };
    let Some(elsewhere) = ours.broker("elsewhere.example") else {
        return;
    };
    ours.sign("hub", "hub", Use::ClientAuth);
    let plain = Broker::open().unwrap();
    let hub = || ours.tls(Some("hub"));
    for (config, cure) in [
        (
            over(strangers.tls(None), &broker),
            "tls.ca did not sign the broker's certificate",
        ),
        (
            over(ours.tls(None), &broker),
            "the broker refuses our certificate",
        ),
        (
            over(hub(), &elsewhere),
            "the certificate is for another name",
        ),
        (over(hub(), &plain), "is its port one for TLS?"),
        (
            broker.source(),
            "is its port one for TLS, without tls here?",
        ),
    ] {
        let mut heard = Heard::default();
        let _handle = listen(config, &mut heard);
        let why = heard.down().await;
        assert!(why.contains(cure), "{cure}: {why}");
    }
}

#[tokio::test]
async fn the_home_is_told_and_told_again_after_the_broker_forgot_it() {
    let Some(mut broker) = Broker::open() else {
        return;
    };
    let teller = Teller::spawn(broker.source(), &id(), "tecs/home-7");
    teller.tell("alarm/1", "kept".into());
    teller.tell("alarm/2", "kept".into());
    let told = [
        "tecs/home-7/alarm/1 kept",
        "tecs/home-7/alarm/2 kept",
        "tecs/home-7/state online",
    ];
    assert_eq!(broker.retained("tecs/#", 3).await, told);
    broker.kill();
    broker.forget();
    for stage in ["accepted", "presented", "claimed"] {
        teller.tell("alarm/1", stage.into());
    }
    teller.tell("alarm/2", String::new());
    broker.restart();
    let told = ["tecs/home-7/alarm/1 claimed", "tecs/home-7/state online"];
    assert_eq!(broker.retained("tecs/#", 2).await, told);
    drop(teller);
    let told = ["tecs/home-7/alarm/1 claimed", "tecs/home-7/state offline"];
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(broker.retained("tecs/#", 2).await, told);
}

#[tokio::test]
async fn telling_never_waits_for_a_broker_that_hangs() {
    let Some(broker) = Broker::open() else { return };
    let teller = Teller::spawn(broker.source(), &id(), "tecs/home-7");
    broker.retained("tecs/#", 1).await;
    broker.signal("STOP");
    let began = std::time::Instant::now();
    for n in 0..50_000 {
        teller.tell(&format!("alarm/{}", n % 400), n.to_string());
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
    broker.signal("CONT");
    let until = std::time::Instant::now() + edge::heard::PATIENCE;
    loop {
        let told = broker.retained("tecs/#", 401).await;
        if told.contains(&"tecs/home-7/alarm/399 49999".to_owned()) && told.len() == 401 {
            break;
        }
        assert!(
            std::time::Instant::now() < until,
            "{} were told",
            told.len()
        );
    }
}
