//! A recording: every input of the core with its time, and where each batch was settled, as JSON lines; and the way back,
//! so that an incident becomes a test. It may fail; the daemon does not fail with it.

mod back;
mod found;
mod header;
mod line;
mod pseudonym;

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use gateway_core::input::{JournalSays, LinkSays, Recovered};
use gateway_core::{Gateway, Identity, Input, Mono, Settings};
use tecs_protocol::family::Family;

use found::nameless;
use header::{Header, VERSION};
use line::{Line, What};
use pseudonym::Pseudonyms;

/// A recording ends at this size, bytes (1 GiB): it must not fill the disk that alarms need.
pub const LONGEST: u64 = 1 << 30;

/// Whose recording it is.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// What the core was told.
    pub settings: &'a Settings,
    /// Which run.
    pub who: Identity,
    /// What the journal found; `None` when it was not open yet.
    pub recovered: Option<&'a Recovered>,
    /// When the core was made.
    pub now: Mono,
}

/// Why a recording could not be made or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordFault {
    /// The file.
    #[error("recording {}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Its content.
    #[error("recording {}, line {line}: {why}", path.display())]
    Content {
        /// Which file.
        path: PathBuf,
        /// Which line, from 1.
        line: u64,
        /// What is wrong.
        why: String,
    },
}

/// Writes one recording.
pub struct Recorder {
    path: PathBuf,
    /// `None` once it could not be written, or grew too long.
    file: Option<BufWriter<File>>,
    written: u64,
    pseudonyms: Option<Pseudonyms>,
    /// Which sources are lines of text, and the longest message.
    text_lines: Vec<bool>,
    longest: usize,
}

impl Recorder {
    /// Begins a recording in a new file that only its owner may read; in a folder, under the run's own name. A file that
    /// is there is never written over.
    pub fn create(path: &Path, personal: bool, subject: &Subject<'_>) -> Result<Self, RecordFault> {
        let path = if path.is_dir() {
            path.join(format!("recording-{:016x}.jsonl", subject.who.epoch))
        } else {
            path.to_owned()
        };
        let fault = |source| RecordFault::File {
            path: path.clone(),
            source,
        };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let file = options.open(&path).map_err(fault)?;
        let mut pseudonyms = (!personal).then(|| Pseudonyms::new(subject.settings));
        let settings = match &mut pseudonyms {
            Some(pseudonyms) => pseudonyms.settings(subject.settings),
            None => subject.settings.clone(),
        };
        let header = Header::new(
            personal,
            &settings,
            subject.who,
            subject.recovered,
            subject.now,
        );
        let sources = subject.settings.sources.iter();
        let mut recorder = Self {
            file: Some(BufWriter::new(file)),
            written: 0,
            pseudonyms,
            text_lines: sources.map(|s| s.speaks == Family::JsonLines).collect(),
            longest: subject.settings.limits.message,
            path: path.clone(),
        };
        recorder.write(&header).map_err(fault)?;
        recorder.flush().map_err(fault)?;
        Ok(recorder)
    }

    /// An input that the core is about to take.
    pub fn input(&mut self, at: Mono, input: &Input) {
        if self.file.is_none() {
            return;
        }
        let hidden = self
            .pseudonyms
            .as_mut()
            .map(|p| hide(p, input, &self.text_lines, self.longest));
        let what = What::from(hidden.as_ref().unwrap_or(input));
        let done = self.write(&Line { at: at.0, what });
        self.go_on(done);
    }

    /// The core is about to settle. Everything so far is handed to the system: a crash of ours loses none of it.
    pub fn settle(&mut self, at: Mono) {
        if self.file.is_none() {
            return;
        }
        let line = Line {
            at: at.0,
            what: What::Settle,
        };
        let done = self.write(&line).and_then(|()| self.flush());
        self.go_on(done);
    }

    fn write(&mut self, line: &impl serde::Serialize) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        let text = serde_json::to_vec(line)?;
        self.written += text.len() as u64 + 1;
        if self.written > LONGEST {
            return Err(io::Error::other("it has grown to 1 GiB"));
        }
        file.write_all(&text)?;
        file.write_all(b"\n")
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), io::Write::flush)
    }

    fn go_on(&mut self, done: io::Result<()>) {
        if let Err(e) = done {
            tracing::error!(recording = %self.path.display(), error = %e, "the recording ends here; the daemon goes on");
            self.file = None;
        }
    }
}

/// The same input with pseudonyms.
fn hide(p: &mut Pseudonyms, input: &Input, text_lines: &[bool], longest: usize) -> Input {
    match input {
        Input::Publish {
            source,
            topic,
            payload,
            retained,
            dup,
            packet,
            token,
        } => Input::Publish {
            source: *source,
            payload: p.payload(topic, payload).into(),
            topic: p.text(topic),
            retained: *retained,
            dup: *dup,
            packet: *packet,
            token: *token,
        },
        Input::Bytes { source, bytes } if text_lines.get(*source) == Some(&true) => Input::Bytes {
            source: *source,
            bytes: p.bytes(*source, bytes, longest).into(),
        },
        Input::Journal(JournalSays::Opened(recovered)) => {
            Input::Journal(JournalSays::Opened(nameless(recovered)))
        }
        Input::Journal(JournalSays::Loaded { key, bytes }) => {
            let bytes = bytes.as_ref().and_then(|bytes| p.page(*key, bytes));
            Input::Journal(JournalSays::Loaded { key: *key, bytes })
        }
        Input::Link {
            endpoint,
            says: LinkSays::Heard(says),
        } => Input::Link {
            endpoint: *endpoint,
            says: LinkSays::Heard(p.hubs(says)),
        },
        Input::Clock { .. }
        | Input::SourceUp { .. }
        | Input::SourceDown { .. }
        | Input::Bytes { .. }
        | Input::Journal(_)
        | Input::Link { .. }
        | Input::Order(_)
        | Input::Power { .. }
        | Input::Tick
        | Input::Stop => input.clone(),
    }
}

/// One step of a recording.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Hand this to the core.
    Input(Input),
    /// Let the core settle.
    Settle,
}

/// A recording that is read: what its core was made from, then its steps.
pub struct Recording {
    /// What the core was told; with pseudonyms unless `personal`.
    pub settings: Settings,
    /// Which run it was.
    pub who: Identity,
    /// What its journal found, without what was remembered of devices unless `personal`; `None` when it was not open yet:
    /// then a step brings it.
    pub recovered: Option<Recovered>,
    /// When the core was made.
    pub started: Mono,
    /// True when nothing was replaced: the replay's effects are those of the daemon, byte for byte.
    pub personal: bool,
    path: PathBuf,
    lines: BufReader<File>,
    number: u64,
}

/// Opens a recording.
pub fn replay(path: &Path) -> Result<Recording, RecordFault> {
    let file = |source| RecordFault::File {
        path: path.to_owned(),
        source,
    };
    let content = |why| RecordFault::Content {
        path: path.to_owned(),
        line: 1,
        why,
    };
    let mut lines = BufReader::new(File::open(path).map_err(file)?);
    let mut first = String::new();
    lines.read_line(&mut first).map_err(file)?;
    let header: Header = serde_json::from_str(&first).map_err(|e| content(e.to_string()))?;
    if header.tecs_recording != VERSION {
        let found = header.tecs_recording;
        return Err(content(format!("version {found}; {VERSION} is known here")));
    }
    let personal = header.personal;
    let (settings, who, recovered, started) = header.parts().map_err(content)?;
    Ok(Recording {
        settings,
        who,
        recovered,
        started,
        personal,
        path: path.to_owned(),
        lines,
        number: 1,
    })
}

impl Recording {
    /// A core as the daemon's was when the recording began.
    pub fn gateway(&self) -> Gateway {
        let settings = self.settings.clone();
        match self.recovered.clone() {
            Some(recovered) => Gateway::new(settings, self.who, recovered, self.started),
            None => Gateway::without_journal(settings, self.who, self.started),
        }
    }

    fn step(text: &str) -> Result<(Mono, Step), String> {
        let line: Line = serde_json::from_str(text).map_err(|e| e.to_string())?;
        let step = line.what.input()?.map_or(Step::Settle, Step::Input);
        Ok((Mono(line.at), step))
    }
}

impl Iterator for Recording {
    type Item = Result<(Mono, Step), RecordFault>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut text = String::new();
        match self.lines.read_line(&mut text) {
            // A last line without its end was being written when the daemon was killed.
            Ok(_) if !text.ends_with('\n') => None,
            Ok(_) => {
                self.number += 1;
                Some(Self::step(&text).map_err(|why| RecordFault::Content {
                    path: self.path.clone(),
                    line: self.number,
                    why,
                }))
            }
            Err(source) => Some(Err(RecordFault::File {
                path: self.path.clone(),
                source,
            })),
        }
    }
}

#[cfg(test)]
mod tests;
