//! `tecs-gateway diag collect`: one archive that an engineer may be sent. Secrets, names, free words and raw messages are left
//! out where each part is made, and whatever the configuration says of a device and hides is struck out of every part once more.

mod config;
mod machine;
mod tar;

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use crate::check::findings;
use crate::config::{Config, Fault, Stage, load};
use crate::redact::{HIDDEN, without_quotes};
use crate::{admin, asked};

/// The most of one part, bytes.
const PART: usize = 1 << 20;
/// Words shorter than this are not struck out: they would take half of every text with them.
const SHORTEST: usize = 3;
/// The page of metrics is there within this.
const PATIENCE: Duration = Duration::from_secs(5);

/// One part: its name and its text.
type Part = (&'static str, String);

/// Writes the archive, readable by its owner alone; an existing file is not touched. Says where it is.
pub fn collect(file: &Path, env: &[(String, String)], out: Option<PathBuf>) -> io::Result<PathBuf> {
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_s = now_s.map_or(0, |d| d.as_secs());
    let path = out.unwrap_or_else(|| PathBuf::from(format!("tecs-gateway-diag-{now_s}.tar")));
    let (parts, hidden) = parts(file, env);
    let mut archive = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)?;
    for (name, text) in parts {
        let text = struck_out(text, &hidden);
        let text = text.as_bytes();
        let text = text.get(..PART).unwrap_or(text);
        tar::add(
            &mut archive,
            &format!("tecs-gateway-diag/{name}"),
            text,
            now_s,
        )?;
    }
    tar::end(&mut archive)?;
    archive.sync_all()?;
    Ok(path)
}

const README: &str = "What tecs-gateway diag collect gathers for an engineer. Left out: passwords, keys, names and rooms of devices,\n\
    free words, raw messages, vital values. In their places stands `…`; a device that is not configured has a pseudonym\n\
    that holds for one run of the daemon. What could not be gathered says why in its own file.\n";

fn parts(file: &Path, env: &[(String, String)]) -> (Vec<Part>, BTreeSet<String>) {
    let (shown, hidden) = match fs::read_to_string(file) {
        Ok(text) => config::redacted(&text),
        Err(e) => (format!("# cannot be read: {e}\n"), BTreeSet::new()),
    };
    let variables = env
        .iter()
        .map(|(name, _)| format!("# and by the environment: {name}\n"));
    let variables: String = variables.collect();
    let checked: Vec<Value> = findings(file, env).iter().map(finding).collect();
    let config = load(file, env).ok();
    let mut parts = vec![
        ("README.txt", README.to_owned()),
        ("config.toml", shown + &variables),
        ("check.json", pretty(&json!(checked))),
        ("machine.json", pretty(&machine::facts(config.as_ref()))),
    ];
    match config {
        Some(config) => parts.extend(told(&config)),
        None => parts.push(("daemon.txt", "not asked: see check.json\n".to_owned())),
    }
    (parts, hidden)
}

/// What is wrong, without what a home may have written.
fn finding(fault: &Fault) -> Value {
    let mut shown = fault.to_json();
    let is_of_a_device = fault.key.starts_with("device");
    let quotes = is_of_a_device || fault.stage == Stage::Syntax;
    if let Some(keys) = shown.as_object_mut() {
        let what = if quotes {
            HIDDEN.to_owned()
        } else {
            without_quotes(&fault.what)
        };
        keys.insert("what".to_owned(), json!(what));
        if is_of_a_device {
            let place: Vec<&str> = fault.key.split('.').take(2).collect();
            keys.insert("key".to_owned(), json!(place.join(".")));
        }
        keys.remove("file");
    }
    shown
}

/// What a running daemon tells.
fn told(config: &Config) -> Vec<Part> {
    let ask = |question: Value, key: &str| match admin::ask_with(&config.socket, &question) {
        Ok(answer) => answer.get(key).cloned().unwrap_or_default(),
        Err(fault) => json!({ "not asked": fault.to_string() }),
    };
    let mut status = ask(json!({ "ask": "status" }), "status");
    asked::hide(&mut status);
    let log = ask(json!({ "ask": "log" }), "log");
    let lines = log.as_array().map(|lines| {
        let lines = lines.iter().filter_map(Value::as_str);
        lines.collect::<Vec<_>>().join("\n") + "\n"
    });
    let devices = json!({ "ask": "devices", "personal": false });
    vec![
        ("status.json", pretty(&status)),
        ("devices.json", pretty(&ask(devices, "devices"))),
        (
            "queue.json",
            pretty(&ask(json!({ "ask": "queue-ls" }), "queue")),
        ),
        ("log.txt", lines.unwrap_or_else(|| pretty(&log))),
        ("metrics.txt", metrics(config.metrics)),
    ]
}

fn metrics(listen: Option<SocketAddr>) -> String {
    let Some(listen) = listen else {
        return "metrics.listen is empty\n".to_owned();
    };
    let read = || -> io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&listen, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n")?;
        let mut page = String::new();
        stream.take(PART as u64).read_to_string(&mut page)?;
        Ok(page)
    };
    read().unwrap_or_else(|e| format!("not read: {e}\n"))
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// The text without any of these words.
fn struck_out(text: String, hidden: &BTreeSet<String>) -> String {
    // Longer words first: a short one may be a part of it.
    let mut words: Vec<&String> = hidden.iter().filter(|w| w.len() >= SHORTEST).collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words
        .into_iter()
        .fold(text, |text, word| text.replace(word.as_str(), HIDDEN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_word_is_struck_out_first_and_short_ones_stay() {
        let hidden = ["Ada", "Ada's bed", "on"].map(str::to_owned).into();
        let text = struck_out("Ada's bed is on, says Ada".to_owned(), &hidden);
        assert_eq!(text, "… is on, says …");
    }
}
