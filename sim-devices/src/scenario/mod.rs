//! Scenarios: what happens in a home and to everything behind it, when, and what must come of it.
//! Here are the words; `read` makes them of a file. Nothing here does anything.

mod entry;
pub mod keys;
mod read;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use tecs_protocol::home::Stage;

/// A whole story.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// In words.
    pub name: String,
    /// For everything random in it.
    pub seed: u64,
    /// Times are divided by this: 2 plays twice as fast.
    pub speed: f64,
    /// The home's file, beside the scenario's.
    pub home: PathBuf,
    /// How long after the last step everything may take to arrive, s.
    pub settle_s: f64,
    /// What happens.
    pub steps: Vec<Step>,
    /// What must come of it.
    pub expects: Vec<Expect>,
}

/// One thing that happens.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its line in the file.
    pub line: usize,
    /// Not before this long after the start, s.
    pub at_s: f64,
    /// At least this long after the step before it, s.
    pub after_s: f64,
    /// What a newcomer is told before it.
    pub say: Option<String>,
    /// A name for this moment, which expectations refer to.
    pub mark: Option<String>,
    /// What is done.
    pub act: Act,
}

/// How a process is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// kill -9.
    Killed,
    /// SIGTERM.
    Stopped,
    /// SIGSTOP: it still holds its connections and says nothing.
    Frozen,
}

/// What is done in a step.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// Nothing: the step only tells.
    Tell,
    /// A device does something.
    Does {
        /// Its id.
        device: String,
        /// A word that its model knows.
        deed: String,
        /// A measurement's value.
        value: Option<f64>,
        /// How often.
        times: u64,
    },
    /// A cached state, or every one, is said again.
    Again {
        /// Which device's; every one without it.
        device: Option<String>,
    },
    /// A device can, or cannot, be reached.
    Reachable {
        /// Its id.
        device: String,
        /// Which.
        is: bool,
    },
    /// Ordinary life for a while.
    Live {
        /// How long, s.
        for_s: f64,
        /// Something happens every so many seconds on average.
        every_s: f64,
    },
    /// Bytes that are no message, on a serial line.
    Noise {
        /// On the line of this device; on every one without it.
        device: Option<String>,
        /// Which.
        text: String,
    },
    /// A serial adapter is pulled out, or plugged in.
    Port {
        /// That of this device; every one without it.
        device: Option<String>,
        /// It is plugged in.
        plugged: bool,
    },
    /// The gateway is killed with -9 in the middle of a device's call: it was said, and is not answered.
    KillDuring {
        /// The device's id.
        device: String,
    },
    /// Mischief, and its end.
    World(World),
    /// A responder does something to the newest open alarm of a device.
    Responder {
        /// `claim`, `attend`, `note`, `close` or `release`.
        deed: String,
        /// The device's id.
        device: String,
        /// Who.
        who: String,
        /// What is noted.
        note: String,
        /// How it ended.
        outcome: String,
        /// Why nobody visits.
        reason: String,
    },
    /// Waits for something; it not coming is a failure of the scenario.
    Until {
        /// For what.
        what: Until,
        /// For how long at most, s.
        within_s: f64,
    },
}

/// What is done to the machines around a home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum World {
    /// The hub goes away.
    HubOffline(How),
    /// It comes back.
    HubOnline,
    /// The gateway goes away.
    GatewayOffline(How),
    /// It comes back.
    GatewayOnline,
    /// The broker is killed and started, without its memory.
    BrokerRestart,
    /// Zigbee2MQTT goes away without a good-bye.
    BridgeOffline,
    /// It comes back and says what it remembers.
    BridgeOnline,
}

impl World {
    /// What is seen of it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::HubOffline(How::Killed) => "the hub is killed",
            Self::HubOffline(How::Stopped) => "the hub is stopped",
            Self::HubOffline(How::Frozen) => {
                "the hub is frozen: it holds its connections and says nothing"
            }
            Self::HubOnline => "the hub answers",
            Self::GatewayOffline(How::Killed) => "the gateway is killed with -9",
            Self::GatewayOffline(How::Stopped) => "the gateway is stopped",
            Self::GatewayOffline(How::Frozen) => "the gateway is frozen",
            Self::GatewayOnline => "the gateway listens",
            Self::BrokerRestart => "the broker is killed and started without its memory",
            Self::BridgeOffline => "Zigbee2MQTT is gone",
            Self::BridgeOnline => "Zigbee2MQTT is back and says what it remembers",
        }
    }
}

/// What a step may wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// The gateway has a stream to the hub.
    Connected,
    /// The home is told this stage of an alarm that this device raised last.
    Told {
        /// The device's id.
        device: String,
        /// Which stage.
        stage: Stage,
    },
    /// The last thing that this device said is at the hub.
    AtHub {
        /// The device's id.
        device: String,
    },
    /// Everything that this device said is acknowledged.
    TakenOver {
        /// The device's id.
        device: String,
    },
    /// Everything that must be at the hub is there.
    AllAtHub,
}

/// What must have come of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// Its line in the file.
    pub line: usize,
    /// In the file's own words; made of the rest where it says nothing.
    pub name: Option<String>,
    /// Counts what was said from this moment on; the start without it.
    pub since: Option<String>,
    /// Counts what was said before this moment; the end without it.
    pub before: Option<String>,
    /// What.
    pub what: Expected,
}

/// What is expected.
#[derive(Debug, Clone, PartialEq)]
pub enum Expected {
    /// Messages of this device are at the hub as this kind.
    Arrives {
        /// The device's id.
        device: String,
        /// `alarm/fall`.
        kind: String,
        /// `raised`; any without it.
        condition: Option<String>,
        /// Exactly so many; at least one without it.
        count: Option<usize>,
        /// Each within so many seconds of being said.
        within_s: Option<f64>,
        /// None sooner than so many seconds after being said: proof that it really had to wait.
        not_before_s: Option<f64>,
        /// Each is shown as late, or none is.
        late: Option<bool>,
    },
    /// The home is told this stage of an alarm of this device.
    Told {
        /// The device's id.
        device: String,
        /// Which stage.
        stage: Stage,
        /// Within so many seconds of `since`.
        within_s: Option<f64>,
    },
    /// Every message of this device was taken over in the end, by whoever answers it: a panel's every call was acknowledged.
    TakenOver {
        /// The device's id.
        device: String,
        /// Exactly so many; at least one without it.
        count: Option<usize>,
    },
    /// Of what was said before `before` and arrived after it, every alarm arrived before anything else.
    AlarmsFirst,
    /// Everything that was taken over and said something new is at the hub.
    NothingLost,
    /// Nothing is there under two names, except what its source redelivered and said so.
    NothingTwice,
    /// Each device's words are in the order in which it said them, lane by lane.
    InOrder,
    /// The hub has nothing that no device said.
    NothingUnexpected,
}
