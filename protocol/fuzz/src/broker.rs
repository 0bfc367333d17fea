//! A broker that publishes anything on any topic. A turn's first line is its topic; an empty one stands for one of those
//! that the reader subscribed to, by its flags. Flags: 1 it was retained, the upper seven bits which of the topics.

use tecs_protocol::mqtt::{Dialect, Publish};
use tecs_protocol::signal::Message;

use crate::{Turn, holds, turns};

const RETAINED: u8 = 1;

/// Plays an input to a dialect. `each` sees it after every publish, with what that said.
pub fn play<D: Dialect>(dialect: &mut D, input: &[u8], mut each: impl FnMut(&D, &Message)) {
    let mut now_ms = 0;
    for turn in turns(input) {
        now_ms += turn.pause_ms;
        let (topic, payload) = topic(dialect, &turn);
        let message = dialect.read(&Publish {
            topic: &topic,
            payload,
            retained: turn.flags & RETAINED != 0,
            now_ms,
        });
        // What waited for a lesson is said with it.
        holds(&message, input.len() * 512);
        each(dialect, &message);
    }
}

fn topic<'t>(dialect: &impl Dialect, turn: &'t Turn) -> (String, &'t [u8]) {
    let end = turn.bytes.iter().position(|b| *b == b'\n');
    let (topic, payload) = turn.bytes.split_at(end.unwrap_or(0));
    let payload = payload.strip_prefix(b"\n").unwrap_or(payload);
    if !topic.is_empty() {
        return (String::from_utf8_lossy(topic).into_owned(), payload);
    }
    let topics = dialect.topics();
    let which = usize::from(turn.flags >> 1) % topics.len().max(1);
    let filter = topics.get(which).map_or("a", String::as_str);
    (filter.replace(['+', '#'], "a"), payload)
}
