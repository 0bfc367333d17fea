//! How the daemon's log is written: text or JSON on standard error. Says nothing by itself.

use tracing_subscriber::EnvFilter;

use crate::config::Log;

/// Sets the log up for the life of the process; a second call changes nothing. Libraries are heard from `warn` on.
pub fn begin(log: Log) {
    let filter = EnvFilter::new(format!(
        "warn,tecs_gateway={level},gateway_core={level}",
        level = log.level.as_str().to_lowercase()
    ));
    let text = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(false);
    // An error means that a log is set up already.
    let _ = if log.json {
        text.json().try_init()
    } else {
        text.try_init()
    };
}

/// A panic is told by its place alone: sled's, which the journal catches, may quote what was stored.
pub fn panics_by_place_alone() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "a panic");
    }));
}
