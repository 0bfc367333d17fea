//! The words that a scenario's file may use: every action and expectation with its keys. A table, for the reader of
//! files and for `tecs-sim` to print.

/// A word with the keys that go with it.
#[derive(Debug, Clone, Copy)]
pub struct Word {
    /// The word itself.
    pub word: &'static str,
    /// Keys that must be there.
    pub due: &'static [&'static str],
    /// Keys that may be there.
    pub may: &'static [&'static str],
    /// What it is, in words.
    pub is: &'static str,
}

const fn word(
    word: &'static str,
    due: &'static [&'static str],
    may: &'static [&'static str],
    is: &'static str,
) -> Word {
    Word { word, due, may, is }
}

/// Keys of every step.
pub const EVERY_STEP: &[&str] = &["s", "after_s", "say", "mark", "do"];
/// Keys of what a device does; the deed itself is a word of its model.
pub const DEVICE_STEP: Word = word(
    "",
    &["device"],
    &["value", "times"],
    "a device does something",
);

/// Every action that is not a device's own.
pub const ACTIONS: &[Word] = &[
    word("tell", &["say"], &[], "only tells"),
    word(
        "again",
        &[],
        &["device"],
        "says a cached state once more, or all of them",
    ),
    word(
        "reachable",
        &["device"],
        &[],
        "a device can be reached again",
    ),
    word(
        "unreachable",
        &["device"],
        &[],
        "a device cannot be reached any more",
    ),
    word(
        "live",
        &["for_s"],
        &["every_s"],
        "ordinary life for a while",
    ),
    word(
        "noise",
        &["text"],
        &["device"],
        "bytes that are no message, on a device's serial line or on all",
    ),
    word(
        "hub_offline",
        &[],
        &["how"],
        "the hub goes away: killed, stopped or frozen",
    ),
    word("hub_online", &[], &[], "the hub comes back"),
    word("gateway_kill", &[], &[], "the gateway is killed with -9"),
    word(
        "gateway_kill_during",
        &["device"],
        &[],
        "a press on a line that answers, and the gateway is killed with -9 before its answer is read",
    ),
    word(
        "gateway_stop",
        &[],
        &["how"],
        "the gateway goes away: stopped or frozen",
    ),
    word("gateway_start", &[], &[], "the gateway comes back"),
    word(
        "broker_restart",
        &[],
        &[],
        "the broker is killed and started without its memory",
    ),
    word(
        "bridge_offline",
        &[],
        &[],
        "Zigbee2MQTT goes away; the broker tells its will",
    ),
    word(
        "bridge_online",
        &[],
        &[],
        "Zigbee2MQTT comes back and says what it remembers",
    ),
    word(
        "pty_unplug",
        &[],
        &["device"],
        "a device's serial adapter is pulled out, or every one",
    ),
    word(
        "pty_replug",
        &[],
        &["device"],
        "a device's serial adapter is plugged in again, or every one",
    ),
    word(
        "claim",
        &["device", "who"],
        &[],
        "a responder takes the alarm",
    ),
    word(
        "attend",
        &["device", "who"],
        &[],
        "a responder sees to the alarm",
    ),
    word(
        "release",
        &["device", "who"],
        &[],
        "a responder gives the alarm back",
    ),
    word(
        "note",
        &["device", "who", "note"],
        &[],
        "a responder writes something down",
    ),
    word(
        "close",
        &["device", "who", "outcome"],
        &["note", "reason"],
        "a responder ends the alarm",
    ),
    word(
        "until_connected",
        &[],
        &["within_s"],
        "waits for the gateway's stream to the hub",
    ),
    word(
        "until_told",
        &["device", "stage"],
        &["within_s"],
        "waits until the home is told",
    ),
    word(
        "until_at_hub",
        &["device"],
        &["within_s"],
        "waits for the device's last word at the hub",
    ),
    word(
        "until_taken_over",
        &["device"],
        &["within_s"],
        "waits until everything that the device said is acknowledged",
    ),
    word(
        "until_all_at_hub",
        &[],
        &["within_s"],
        "waits for everything at the hub",
    ),
];

/// Keys of every expectation.
pub const EVERY_EXPECT: &[&str] = &["that", "name", "since", "before"];

/// Every expectation.
pub const EXPECTS: &[Word] = &[
    word(
        "arrives",
        &["device", "kind"],
        &["condition", "count", "within_s", "not_before_s", "late"],
        "what the device said is at the hub",
    ),
    word(
        "told",
        &["device", "stage"],
        &["within_s"],
        "the home is told how far an alarm has come",
    ),
    word(
        "taken_over",
        &["device"],
        &["count"],
        "every message of the device was acknowledged in the end",
    ),
    word(
        "alarms_first",
        &[],
        &[],
        "of what waited for `before`, alarms arrive first",
    ),
    word(
        "nothing_lost",
        &[],
        &[],
        "everything taken over that says something new is at the hub",
    ),
    word(
        "nothing_twice",
        &[],
        &[],
        "nothing is at the hub under two names",
    ),
    word(
        "in_order",
        &[],
        &[],
        "each device's words keep their order, lane by lane",
    ),
    word(
        "nothing_unexpected",
        &[],
        &[],
        "the hub has nothing that no device said",
    ),
];
