//! A line between a simulated device and the gateway's own reader, on a hand-turned clock; custody comes when the test says.

use tecs_protocol::serial::{Heard, Wire};
use tecs_protocol::signal::Message;
use tecs_sim::port::Talker;
use tecs_sim::words::{Body, Handed, Taken};

/// A device and a reader with a line between them.
pub(crate) struct Between<T, W> {
    pub(crate) device: T,
    pub(crate) reader: W,
    pub(crate) now_ms: u64,
    pub(crate) messages: Vec<Message>,
    /// What the device wrote, all of it.
    pub(crate) written: Vec<u8>,
    /// Custody is taken this long after a message; never without it.
    pub(crate) safe_after_ms: Option<u64>,
    pub(crate) unsafe_yet: Vec<(u64, u32)>,
}

impl<T: Talker, W: Wire> Between<T, W> {
    pub(crate) fn new(device: T, reader: W) -> Self {
        let mut between = Self {
            device,
            reader,
            now_ms: 1_000,
            messages: Vec::new(),
            written: Vec::new(),
            safe_after_ms: Some(20),
            unsafe_yet: Vec::new(),
        };
        between.opens();
        between
    }

    pub(crate) fn opens(&mut self) {
        self.device.opened(self.now_ms);
        let first = self.reader.opened(self.now_ms);
        self.device.hears(&first, self.now_ms);
    }

    /// The reader is killed and another one comes: it remembers nothing.
    pub(crate) fn dies(&mut self, next: W) {
        self.device.closed(self.now_ms);
        self.unsafe_yet.clear();
        self.reader = next;
        self.now_ms += 300;
        self.opens();
    }

    pub(crate) fn says(&mut self, body: &Body) -> Handed {
        let handed = Handed::new(Taken::Waits);
        self.device.says(body, &handed, self.now_ms);
        handed
    }

    pub(crate) fn runs(&mut self, ms: u64) {
        let until = self.now_ms + ms;
        while self.now_ms < until {
            self.now_ms += 5;
            let mut heard = Heard::default();
            let said = self.device.speaks(self.now_ms);
            self.written.extend(&said);
            if !said.is_empty() {
                self.reader.read(&said, self.now_ms, &mut heard);
            }
            if self.reader.due_ms().is_some_and(|due| due <= self.now_ms) {
                self.reader.tick(self.now_ms, &mut heard);
            }
            let tickets = heard.messages.iter().filter_map(|m| m.ticket);
            let due = self.safe_after_ms.map(|ms| self.now_ms + ms);
            self.unsafe_yet
                .extend(tickets.filter_map(|ticket| Some((due?, ticket))));
            let (now, later) = self
                .unsafe_yet
                .iter()
                .partition(|(due, _)| *due <= self.now_ms);
            self.unsafe_yet = later;
            let now: Vec<(u64, u32)> = now;
            for (_, ticket) in now {
                self.reader.safe(ticket, self.now_ms, &mut heard);
            }
            self.messages.append(&mut heard.messages);
            self.device.hears(&heard.send, self.now_ms);
        }
    }

    pub(crate) fn counted(&self, what: &str) -> u64 {
        let all = self.device.counted();
        all.iter().find(|(word, _)| *word == what).unwrap().1
    }

    /// How often somebody was heard calling.
    pub(crate) fn calls(&self) -> usize {
        self.messages.iter().filter(|m| m.ticket.is_some()).count()
    }
}
