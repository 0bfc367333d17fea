//! A real browser: headless Chromium, steered by Debian's chromedriver in the words of the W3C's `WebDriver`. It has a fresh
//! profile, is pointed at loopback alone, and ends with its test.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::process::Process;
use super::programs::theirs;

/// The driver and the browser start within this.
const STARTS: Duration = Duration::from_secs(30);
/// One command takes no longer.
const ANSWERS: Duration = Duration::from_secs(30);
/// How often a page is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// The key under which `WebDriver` names an element (W3C `WebDriver`, 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
#[derive(Debug)]
pub struct Chromium {
    at: SocketAddr,
    session: String,
    _driver: Process,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The browser is the driver's child, which ends it; a driver that is killed would leave it behind.
        let _ = ask(
            self.at,
            "DELETE",
            &format!("/session/{}", self.session),
            &Value::Null,
        );
    }
}

impl Chromium {
    /// Opens a browser, with scripts or without; `None`, told loudly, where it is not installed.
    pub fn open(folder: &Path, scripts: bool) -> Option<Self> {
        let browser = theirs("chromium", "chromium")?;
        let driver = theirs("chromedriver", "chromium-driver")?;
        std::fs::create_dir_all(folder).expect("a folder for the browser");
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, super::free_port()));
        let mut command = Command::new(driver);
        command.arg(format!("--port={}", at.port()));
        let driver = Process::start(&mut command, &folder.join("log"));
        let until = Instant::now() + STARTS;
        while ask(at, "GET", "/status", &Value::Null).is_none_or(|s| s["ready"] != true) {
            assert!(
                Instant::now() < until,
                "chromedriver does not start:\n{}",
                driver.said()
            );
            std::thread::sleep(LOOK_AGAIN);
        }
        let profile = folder.join("profile");
        let options = json!({
            "binary": browser,
            "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                "--disable-background-networking", "--disable-component-update", "--disable-sync",
                "--disable-dev-shm-usage", "--window-size=1280,900",
                format!("--user-data-dir={}", profile.display()),
            ],
            // 2 is Chromium's word for blocked.
            "prefs": { "profile.managed_default_content_settings.javascript": if scripts { 1 } else { 2 } },
        });
        let wanted =
            json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options } } });
        let made = ask(at, "POST", "/session", &wanted).unwrap_or_else(|| {
            panic!("no browser:\n{}", driver.said());
        });
        let session = made["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("no session: {made}"));
        Some(Self {
            at,
            session: session.to_owned(),
            _driver: driver,
        })
    }

    /// Goes to a page.
    pub fn visits(&self, url: &str) {
        self.tell("url", &json!({ "url": url }));
    }

    /// The text that a person sees in whatever this selector matches, in one; empty where there is nothing, and while a
    /// page is just being loaded.
    pub fn reads(&self, selector: &str) -> String {
        let by = json!({ "using": "css selector", "value": selector });
        let found = self.post("elements", &by).unwrap_or_default();
        let ids = found.as_array().into_iter().flatten();
        let texts = ids.filter_map(|element| {
            let id = element[ELEMENT].as_str()?;
            // An element that was swapped out meanwhile has no text any more.
            let text = self.get(&format!("element/{id}/text"))?;
            Some(text.as_str()?.to_owned())
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    /// Waits until what a selector matches says this.
    pub fn until(&self, selector: &str, says: &str, within: Duration) -> Duration {
        let began = Instant::now();
        while !self.reads(selector).contains(says) {
            assert!(
                began.elapsed() < within,
                "`{selector}` does not say `{says}` within {within:?}; the page: {}",
                self.reads("body")
            );
            std::thread::sleep(LOOK_AGAIN);
        }
        began.elapsed()
    }

    /// Presses what a selector matches first.
    pub fn clicks(&self, selector: &str) {
        self.does_to(selector, |id| {
            self.post(&format!("element/{id}/click"), &json!({}))
        });
    }

    /// Types into a field.
    pub fn types(&self, selector: &str, text: &str) {
        self.does_to(selector, |id| {
            self.post(&format!("element/{id}/value"), &json!({ "text": text }))
        });
    }

    /// Moves the mouse over what a selector matches first.
    pub fn points_at(&self, selector: &str) {
        self.does_to(selector, |id| {
            let moved = json!({ "type": "pointerMove", "duration": 0, "x": 0, "y": 0, "origin": { ELEMENT: id } });
            let mouse = json!({
                "type": "pointer", "id": "mouse", "parameters": { "pointerType": "mouse" }, "actions": [moved],
            });
            self.post("actions", &json!({ "actions": [mouse] }))
        });
    }

    /// Does this to what a selector matches first; once more where the page was renewed between looking and doing.
    fn does_to(&self, selector: &str, act: impl Fn(&str) -> Option<Value>) {
        let began = Instant::now();
        while self
            .element(selector)
            .and_then(|element| act(&element))
            .is_none()
        {
            assert!(
                began.elapsed() < ANSWERS,
                "`{selector}` cannot be reached; the page: {}",
                self.reads("body")
            );
            std::thread::sleep(LOOK_AGAIN);
        }
    }

    /// What a script in the page returns.
    pub fn runs(&self, script: &str) -> Value {
        self.tell("execute/sync", &json!({ "script": script, "args": [] }))
    }

    fn element(&self, selector: &str) -> Option<String> {
        let by = json!({ "using": "css selector", "value": selector });
        let found = self.post("element", &by)?;
        Some(found[ELEMENT].as_str()?.to_owned())
    }

    fn get(&self, what: &str) -> Option<Value> {
        let path = format!("/session/{}/{what}", self.session);
        ask(self.at, "GET", &path, &Value::Null)
    }

    fn post(&self, what: &str, body: &Value) -> Option<Value> {
        let path = format!("/session/{}/{what}", self.session);
        ask(self.at, "POST", &path, body)
    }

    fn tell(&self, what: &str, body: &Value) -> Value {
        self.post(what, body)
            .unwrap_or_else(|| panic!("{what} {body} was refused"))
    }
}

/// One question to the driver; its answer's value, `None` where it refuses or is not there.
fn ask(at: SocketAddr, method: &str, path: &str, body: &Value) -> Option<Value> {
    let mut stream = TcpStream::connect(at).ok()?;
    stream.set_read_timeout(Some(ANSWERS)).ok()?;
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    let mut answer = Vec::new();
    // The driver may keep the connection open: the answer's own length counts.
    let mut piece = [0; 16 << 10];
    loop {
        if let Some((status, mut body)) = whole(&answer) {
            return (status == "200").then(|| body["value"].take());
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return None,
            Ok(n) => answer.extend_from_slice(&piece[..n]),
        }
    }
}

/// The status and the JSON of an answer that has arrived whole.
fn whole(answer: &[u8]) -> Option<(&str, Value)> {
    let text = std::str::from_utf8(answer).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    })?;
    if body.len() < length {
        return None;
    }
    Some((head.split(' ').nth(1)?, serde_json::from_str(body).ok()?))
}
