//! Opens one serial line, for us alone, and says in words why it cannot: what is missing, what is not allowed, who has it.
//! Every call here may block: none runs on the runtime's own threads.

use std::fs;
use std::io;
use std::path::Path;

use tokio_serial::{ClearBuffer, ErrorKind, FlowControl, SerialPort, SerialStream};

use super::config::SerialSource;

/// Where a Linux system names serial lines by what is plugged in (udev's 60-serial.rules).
const BY_ID: &str = "/dev/serial/by-id";
/// How many of its names are listed in an error.
const LISTED: usize = 8;

/// Opens the line with its settings, exclusively, on a thread that may block.
pub(super) async fn open(config: SerialSource) -> Result<SerialStream, String> {
    let opened = tokio::task::spawn_blocking(move || {
        let path = config.path.to_string_lossy();
        let builder = tokio_serial::new(path.as_ref(), config.baud.get())
            .data_bits(config.data_bits.0)
            .parity(config.parity.into())
            .stop_bits(config.stop_bits.0)
            .flow_control(FlowControl::None)
            .exclusive(true);
        SerialStream::open(&builder).map_err(|error| closed(&config.path, &error))
    });
    opened
        .await
        .unwrap_or_else(|_| Err("the daemon is ending".into()))
}

/// Closes the line on a thread that may block, without waiting for what it has not sent: a closed line's own driver would
/// wait up to 30 s for that.
pub(super) fn close(port: SerialStream) {
    tokio::task::spawn_blocking(move || {
        // A line that is gone cannot be cleared.
        let _ = port.clear(ClearBuffer::Output);
        drop(port);
    });
}

/// Why the line is not open, with the cure.
fn closed(path: &Path, error: &tokio_serial::Error) -> String {
    let shown = path.display();
    match error.kind() {
        ErrorKind::Io(io::ErrorKind::NotFound) => {
            format!(
                "there is no {shown}: plug the device in, or correct path; {}",
                there_is()
            )
        }
        ErrorKind::Io(io::ErrorKind::PermissionDenied) => format!(
            "{shown} may not be opened: let this daemon's user into the group dialout, then restart it"
        ),
        ErrorKind::NoDevice => match super::holder::of(path) {
            Some(holder) => {
                format!("{shown} is in use by {holder}: end that, or give another path")
            }
            None => {
                format!("{shown} is in use: see who has it with fuser -v {shown}, and end that")
            }
        },
        ErrorKind::InvalidInput | ErrorKind::Unknown | ErrorKind::Io(_) => format!(
            "{shown} does not open as a serial line ({error}): correct path and settings, or plug the device in again"
        ),
    }
}

/// The lines that the system names.
fn there_is() -> String {
    let mut names: Vec<String> = fs::read_dir(BY_ID)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort_unstable();
    names.truncate(LISTED);
    if names.is_empty() {
        format!("nothing is plugged in ({BY_ID} is empty)")
    } else {
        format!("{BY_ID} has {}", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn why_a_line_does_not_open_is_said_with_its_cure() {
        let path = Path::new("/dev/serial/by-id/usb-nothing");
        for (kind, cure) in [
            (
                ErrorKind::Io(io::ErrorKind::NotFound),
                "plug the device in, or correct path",
            ),
            (
                ErrorKind::Io(io::ErrorKind::PermissionDenied),
                "group dialout",
            ),
            (ErrorKind::NoDevice, "is in use"),
            (ErrorKind::Unknown, "does not open as a serial line"),
        ] {
            let words = closed(path, &tokio_serial::Error::new(kind, "x"));
            assert!(
                words.contains(cure) && words.contains("usb-nothing"),
                "{words}"
            );
        }
    }
}
