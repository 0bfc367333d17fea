//! Words to systemd (`sd_notify`(3)): ready, still alive, ending. Written by hand over its datagram socket; where there is
//! no systemd, nothing is said and nothing fails.

use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::time::Duration;

/// The way to the service manager.
#[derive(Debug, Default)]
pub struct Notify(Option<UnixDatagram>);

impl Notify {
    /// As the environment says (`NOTIFY_SOCKET`): a path, or `@` and an abstract name.
    pub fn from_environment() -> io::Result<Self> {
        match std::env::var_os("NOTIFY_SOCKET") {
            Some(name) if !name.is_empty() => Self::to(name.as_bytes()),
            _ => Ok(Self(None)),
        }
    }

    fn to(name: &[u8]) -> io::Result<Self> {
        let address = match name.split_first() {
            Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
            _ => SocketAddr::from_pathname(Path::new(std::ffi::OsStr::from_bytes(name)))?,
        };
        let socket = UnixDatagram::unbound()?;
        socket.connect_addr(&address)?;
        // A manager that does not listen must not stop the loop.
        socket.set_nonblocking(true)?;
        Ok(Self(Some(socket)))
    }

    /// The journal is open, or was waited for long enough, and the sources are being opened: units that wait for us may start.
    pub fn ready(&self) {
        self.say("READY=1");
    }

    /// The loop has gone on since the last time.
    pub fn alive(&self) {
        self.say("WATCHDOG=1");
    }

    /// We are ending in good order.
    pub fn stopping(&self) {
        self.say("STOPPING=1");
    }

    /// One line for `systemctl status`.
    pub fn status(&self, line: &str) {
        self.say(&format!("STATUS={}", line.replace('\n', " ")));
    }

    fn say(&self, words: &str) {
        if let Some(socket) = &self.0
            && let Err(e) = socket.send(words.as_bytes())
        {
            tracing::debug!(error = %e, "the service manager did not take a word");
        }
    }
}

/// How often the manager wants to hear that we are alive, if it does (`WATCHDOG_USEC`, for this process).
pub fn watchdog_every() -> Option<Duration> {
    let asked = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    if asked("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(std::process::id())) {
        return None;
    }
    asked("WATCHDOG_USEC").map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(socket: &UnixDatagram) -> String {
        let mut word = [0; 64];
        let length = socket.recv(&mut word).unwrap();
        String::from_utf8(word[..length].to_vec()).unwrap()
    }

    #[test]
    fn the_manager_hears_ready_alive_and_stopping() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let manager = UnixDatagram::bind(&path).unwrap();
        let notify = Notify::to(path.as_os_str().as_bytes()).unwrap();
        notify.ready();
        notify.alive();
        notify.status("two\nlines");
        notify.stopping();
        let words = [(); 4].map(|()| heard(&manager));
        assert_eq!(
            words,
            ["READY=1", "WATCHDOG=1", "STATUS=two lines", "STOPPING=1"]
        );
    }

    #[test]
    fn an_abstract_socket_works_as_well() {
        let name = format!("tecs-test-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        Notify::to(format!("@{name}").as_bytes()).unwrap().ready();
        assert_eq!(heard(&manager), "READY=1");
    }

    #[test]
    fn without_a_manager_nothing_is_said_and_nothing_fails() {
        Notify::default().ready();
    }
}
