//! The example broker configuration of `deploy/mosquitto`, on a real mosquitto: each of its rules is tried, with a
//! client that keeps it and one that breaks it. It says nothing about the gateway; `house` does.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "the helpers of these tests fail the test and tell what was skipped"
)]

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The files under test.
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/mosquitto");
/// The users of tecs.acl.
const GATEWAY: &str = "tecs-gateway";
const ZIGBEE: &str = "zigbee2mqtt";
const SCREEN: &str = "home-screen";

/// A mosquitto with the example's files, on ports of its own; it ends with this value.
struct Broker {
    folder: TempDir,
    port: u16,
    tls_port: u16,
    child: Child,
}

impl Broker {
    /// `None`, told on the terminal, where mosquitto is not installed; with `CI` set that is a failure.
    fn start() -> Option<Self> {
        let Some(program) = mosquitto() else {
            assert!(
                std::env::var_os("CI").is_none(),
                "mosquitto is not installed: apt-get install mosquitto mosquitto-clients"
            );
            println!("SKIPPED: mosquitto is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new(format!("{EXAMPLE}/make-passwords.sh"))
            .arg(folder.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let (port, tls_port) = (free_port(), free_port());
        lay_out(folder.path(), port, tls_port);
        let child = launch(&program, folder.path(), port);
        Some(Self {
            folder,
            port,
            tls_port,
            child,
        })
    }

    /// Kill -9, and the same broker again.
    fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = launch(&mosquitto().unwrap(), self.folder.path(), self.port);
    }

    /// The password that `make-passwords.sh` drew.
    fn password(&self, user: &str) -> String {
        let file = self.folder.path().join("secrets").join(user);
        fs::read_to_string(file).unwrap().trim().to_owned()
    }

    fn client(&self, program: &str, user: &str) -> Command {
        let mut client = Command::new(program);
        client.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-u", user]);
        client.args(["-P", &self.password(user)]);
        client
    }

    /// Publishes at the broker and waits for the acknowledgement.
    fn publish(&self, user: &str, topic: &str, more: &[&str]) -> Output {
        let mut publish = self.client("mosquitto_pub", user);
        publish
            .args(["-q", "1", "-t", topic])
            .args(more)
            .output()
            .unwrap()
    }

    /// One message a line.
    fn publish_lines(&self, user: &str, topic: &str, qos: u8, lines: &str) {
        let mut publish = self.client("mosquitto_pub", user);
        publish.args(["-q", &qos.to_string(), "-t", topic, "-l"]);
        let mut publish = publish.stdin(Stdio::piped()).spawn().unwrap();
        let mut stdin = publish.stdin.take().unwrap();
        stdin.write_all(lines.as_bytes()).unwrap();
        drop(stdin);
        assert!(publish.wait().unwrap().success());
    }

    /// Opens a session under this user's name that keeps what comes on `filter`, and goes away.
    fn leave_a_mailbox(&self, user: &str, filter: &str) {
        let mut subscribe = self.client("mosquitto_sub", user);
        subscribe.args(["-i", user, "-c", "-q", "1", "-t", filter, "-E"]);
        let told = subscribe.output().unwrap();
        assert!(told.status.success(), "{told:?}");
    }

    /// Comes back and reads what was kept: `topic payload`, up to `count` messages, or what came within 2 s of nothing.
    fn empty_the_mailbox(&self, user: &str, filter: &str, count: usize) -> Vec<String> {
        let mut subscribe = self.client("mosquitto_sub", user);
        subscribe.args(["-i", user, "-c", "-q", "1", "-t", filter, "-v"]);
        let wait = if count > 100 { "60" } else { "2" };
        subscribe.args(["-W", wait, "-C", &count.to_string()]);
        let heard = subscribe.output().unwrap().stdout;
        let heard = String::from_utf8(heard).unwrap();
        heard.lines().map(str::to_owned).collect()
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn mosquitto() -> Option<PathBuf> {
    let on_path = std::env::var("PATH").unwrap_or_default();
    let folders = on_path.split(':').chain(["/usr/sbin", "/usr/local/sbin"]);
    folders
        .map(|folder| Path::new(folder).join("mosquitto"))
        .find(|program| program.is_file())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// As Debian lays it out: its own file, which names the store and includes ours. Only ports and folders are changed.
fn lay_out(folder: &Path, port: u16, tls_port: u16) {
    let conf_d = folder.join("conf.d");
    let here = folder.display();
    fs::create_dir(&conf_d).unwrap();
    fs::create_dir(folder.join("certs")).unwrap();
    let ours = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    fs::write(folder.join("certs/broker.crt"), ours.cert.pem()).unwrap();
    fs::write(
        folder.join("certs/broker.key"),
        ours.signing_key.serialize_pem(),
    )
    .unwrap();
    fs::copy(format!("{EXAMPLE}/tecs.acl"), folder.join("tecs.acl")).unwrap();
    for (file, listener, there) in [
        (
            "tecs.conf",
            "listener 1883 127.0.0.1",
            format!("listener {port} 127.0.0.1"),
        ),
        (
            "tecs-tls.conf",
            "listener 8883",
            format!("listener {tls_port} 127.0.0.1"),
        ),
    ] {
        let text = fs::read_to_string(format!("{EXAMPLE}/{file}")).unwrap();
        assert!(text.contains(listener), "{file} no longer says {listener}");
        let text = text.replace(listener, &there);
        let text = text.replace("/etc/mosquitto/", &format!("{here}/"));
        fs::write(conf_d.join(file), text).unwrap();
    }
    // `user root`: started by root, mosquitto would become a user who cannot read this folder; others are not asked.
    let debians = format!(
        "persistence true\npersistence_location {here}/\nlog_dest stderr\nuser root\ninclude_dir {here}/conf.d\n"
    );
    fs::write(folder.join("mosquitto.conf"), debians).unwrap();
}

fn launch(program: &Path, folder: &Path, port: u16) -> Child {
    let log = fs::File::create(folder.join("log")).unwrap();
    let mut broker = Command::new(program);
    broker.arg("-c").arg(folder.join("mosquitto.conf"));
    let mut child = broker.stderr(log).spawn().unwrap();
    let until = Instant::now() + Duration::from_secs(20);
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        let ended = child.try_wait().unwrap();
        let log = || fs::read_to_string(folder.join("log")).unwrap();
        assert!(ended.is_none(), "mosquitto ended: {}", log());
        assert!(
            Instant::now() < until,
            "mosquitto does not listen: {}",
            log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    child
}

/// `word 0`, `word 1`, … a line each.
fn words(word: &str, count: usize) -> String {
    use std::fmt::Write as _;
    (0..count).fold(String::new(), |mut text, n| {
        let _ = writeln!(text, "{word} {n}");
        text
    })
}

#[test]
fn nobody_comes_in_without_a_name_and_its_password() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let port = broker.port.to_string();
    let way = ["-h", "127.0.0.1", "-p", &port, "-t", "tecs/x", "-m", "x"];
    for who in [
        &[][..],
        &["-u", GATEWAY],
        &["-u", GATEWAY, "-P", "wrong"],
        &["-u", "nobody", "-P", "x"],
    ] {
        let mut stranger = Command::new("mosquitto_pub");
        let told = stranger.args(way).args(who).output().unwrap();
        assert!(!told.status.success(), "{who:?} came in: {told:?}");
    }
    assert!(
        broker
            .publish(GATEWAY, "tecs/x", &["-m", "x"])
            .status
            .success()
    );
}

#[test]
fn each_user_writes_and_reads_its_own_topics_only() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let readers = [GATEWAY, ZIGBEE, SCREEN];
    for reader in readers {
        broker.leave_a_mailbox(reader, "#");
    }
    for writer in readers {
        for topic in ["tecs/home-1/summary", "zigbee2mqtt/pendant", "elsewhere"] {
            broker.publish(writer, topic, &["-m", writer]);
        }
    }
    let heard = |reader| broker.empty_the_mailbox(reader, "#", 9);
    let from_zigbee = ["zigbee2mqtt/pendant zigbee2mqtt"];
    assert_eq!(heard(GATEWAY), from_zigbee);
    assert_eq!(heard(ZIGBEE), from_zigbee);
    assert_eq!(heard(SCREEN), ["tecs/home-1/summary tecs-gateway"]);
}

#[test]
fn nobody_but_the_gateway_leaves_a_retained_word_for_the_home() {
    let Some(broker) = Broker::start() else {
        return;
    };
    broker.publish(GATEWAY, "tecs/home-1/summary", &["-r", "-m", "true"]);
    for forger in [SCREEN, ZIGBEE] {
        broker.publish(forger, "tecs/home-1/summary", &["-r", "-m", "forged"]);
        broker.publish(forger, "tecs/home-1/summary", &["-r", "-n"]);
    }
    let shown = broker.empty_the_mailbox(SCREEN, "tecs/#", 3);
    assert_eq!(shown, ["tecs/home-1/summary true"]);
}

#[test]
fn a_gateway_that_is_away_finds_everything_in_order_even_after_the_broker_was_killed() {
    let Some(mut broker) = Broker::start() else {
        return;
    };
    broker.leave_a_mailbox(GATEWAY, "zigbee2mqtt/+");
    // More than the 1,000 that mosquitto keeps by itself.
    broker.publish_lines(ZIGBEE, "zigbee2mqtt/bed", 1, &words("sure", 1_500));
    broker.publish_lines(ZIGBEE, "zigbee2mqtt/bed", 0, &words("unsure", 10));
    // The save follows the acknowledgement; this is not about a kill in that moment.
    std::thread::sleep(Duration::from_secs(2));
    broker.crash();
    let heard = broker.empty_the_mailbox(GATEWAY, "zigbee2mqtt/+", 1_510);
    let sent = words("zigbee2mqtt/bed sure", 1_500) + &words("zigbee2mqtt/bed unsure", 10);
    let sent: Vec<_> = sent.lines().collect();
    assert_eq!(heard.len(), sent.len());
    assert_eq!(heard, sent);
}

#[test]
fn an_alarm_is_delivered_behind_a_thousand_words_that_nobody_acknowledged() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let mut mute = TcpStream::connect(("127.0.0.1", broker.port)).unwrap();
    mute.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    connect_and_subscribe(&mut mute, &broker.password(GATEWAY));
    broker.publish_lines(ZIGBEE, "zigbee2mqtt/bed", 1, &words("routine", 1_000));
    broker.publish(ZIGBEE, "zigbee2mqtt/pendant", &["-m", "help"]);
    let mut heard = Vec::new();
    let mut some = [0; 4_096];
    while !heard.ends_with(b"help") {
        let count = mute
            .read(&mut some)
            .expect("the alarm was not delivered in 10 s");
        assert!(count > 0, "the broker closed the connection");
        heard.extend_from_slice(&some[..count]);
    }
}

/// A client that never acknowledges (MQTT 3.1.1, sections 3.1, 3.8; all lengths here are below 128).
fn connect_and_subscribe(stream: &mut TcpStream, password: &str) {
    let text = |text: &str| [&[0, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let packet = |kind: u8, body: Vec<u8>| {
        assert!(body.len() < 128);
        [vec![kind, u8::try_from(body.len()).unwrap()], body].concat()
    };
    let fixed = [text("MQTT"), vec![4, 0b1100_0010, 0, 60]].concat();
    let connect = [fixed, text("mute"), text(GATEWAY), text(password)].concat();
    stream.write_all(&packet(0x10, connect)).unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).unwrap();
    assert_eq!(connack, [0x20, 2, 0, 0]);
    let subscribe = [vec![0, 1], text("zigbee2mqtt/+"), vec![1]].concat();
    stream.write_all(&packet(0x82, subscribe)).unwrap();
    let mut suback = [0; 5];
    stream.read_exact(&mut suback).unwrap();
    assert_eq!(suback, [0x90, 3, 0, 1, 1]);
}

#[test]
fn eight_mebibytes_pass_a_byte_more_is_dropped_and_twice_as_much_is_never_read() {
    let Some(broker) = Broker::start() else {
        return;
    };
    broker.leave_a_mailbox(GATEWAY, "zigbee2mqtt/#");
    let publish = |bytes: usize| {
        let file = broker.folder.path().join(format!("{bytes}.bin"));
        fs::write(&file, "x".repeat(bytes)).unwrap();
        let file = file.to_str().unwrap();
        broker.publish(ZIGBEE, "zigbee2mqtt/bridge/devices", &["-f", file])
    };
    assert!(publish(8 << 20).status.success());
    publish((8 << 20) + 1);
    publish((16 << 20) + 1);
    broker.publish(ZIGBEE, "zigbee2mqtt/pendant", &["-m", "after"]);
    let heard = broker.empty_the_mailbox(GATEWAY, "zigbee2mqtt/#", 4);
    let sizes: Vec<_> = heard.iter().map(String::len).collect();
    assert_eq!(
        sizes,
        [
            "zigbee2mqtt/bridge/devices ".len() + (8 << 20),
            "zigbee2mqtt/pendant after".len()
        ]
    );
    let log = fs::read_to_string(broker.folder.path().join("log")).unwrap();
    assert!(
        log.contains("oversize packet") || log.contains("protocol error"),
        "{log}"
    );
}

#[test]
fn the_home_network_comes_in_by_tls_and_with_a_password() {
    let Some(broker) = Broker::start() else {
        return;
    };
    let ca = broker.folder.path().join("certs/broker.crt");
    let port = broker.tls_port.to_string();
    let password = broker.password(GATEWAY);
    let publish = |args: &[&str]| {
        let mut client = Command::new("mosquitto_pub");
        client.args(["-h", "localhost", "-p", &port, "-q", "1"]);
        client.args(["-t", "tecs/x", "-m", "x"]).args(args);
        client.output().unwrap().status.success()
    };
    let tls = ["--cafile", ca.to_str().unwrap()];
    let login = ["-u", GATEWAY, "-P", &password];
    assert!(publish(&[tls, ["-u", GATEWAY], ["-P", &password]].concat()));
    assert!(!publish(&tls), "TLS without a password");
    assert!(!publish(&login), "a password without TLS");
}
