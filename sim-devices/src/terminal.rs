//! Where people read what happens. Everything the program says goes through here, a line at a time.

use std::io::Write as _;

/// Writes one line. A terminal that went away is no reason to stop.
pub fn line(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}
