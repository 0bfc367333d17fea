//! Why words were not understood: one name a fault, counted by it, so that nothing is ignored in silence.

/// Why words were not understood: named by whose fault it is, counted by `name`, never a panic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Longer than the limit.
    TooLarge {
        /// How long it is, bytes.
        bytes: usize,
        /// What is allowed, bytes.
        limit: usize,
    },
    /// Not UTF-8 where text is due.
    NotText,
    /// Not JSON, or nested beyond 128, or a number out of range.
    NotJson {
        /// What `serde_json` said, without the content.
        why: String,
    },
    /// JSON, but not of the shape that the dialect has.
    NotShape {
        /// What was due.
        due: &'static str,
    },
    /// A field's value has the wrong type or is none of the values it may have.
    BadValue {
        /// Which field.
        field: String,
        /// What is allowed.
        due: &'static str,
    },
    /// A unit that does not convert to the vocabulary's.
    BadUnit {
        /// Which field.
        field: String,
        /// The unit as sent.
        unit: String,
    },
    /// A word of the vocabulary was due.
    NotInVocabulary {
        /// Which field.
        field: String,
    },
    /// The line garbled it.
    Checksum {
        /// What the frame said.
        said: u32,
        /// What its bytes give.
        found: u32,
    },
    /// A block came whole but for its check: read by hand (`decode`), never on a living line.
    CheckMissing {
        /// What the bytes give.
        due: u32,
    },
    /// A frame of a wrong length.
    Length {
        /// What the frame said, or what is due.
        due: usize,
        /// What there was.
        found: usize,
    },
    /// Bytes that belong to no frame.
    Noise {
        /// How many.
        bytes: usize,
    },
    /// More devices than the limit.
    TooManyDevices {
        /// What is allowed.
        limit: usize,
    },
    /// A well-formed frame or message of a kind that the protocol does not define.
    UnknownFrame {
        /// What it calls itself.
        kind: String,
    },
    /// A device that was asked refused to answer.
    Exception {
        /// Who refused.
        from: String,
        /// Its code.
        code: u32,
        /// What that stands for.
        why: &'static str,
    },
}

impl Refusal {
    /// The name it is counted by.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "too_large",
            Self::NotText => "not_text",
            Self::NotJson { .. } => "not_json",
            Self::NotShape { .. } => "not_shape",
            Self::BadValue { .. } => "bad_value",
            Self::BadUnit { .. } => "bad_unit",
            Self::NotInVocabulary { .. } => "not_in_vocabulary",
            Self::Checksum { .. } => "checksum",
            Self::CheckMissing { .. } => "check_missing",
            Self::Length { .. } => "length",
            Self::Noise { .. } => "noise",
            Self::TooManyDevices { .. } => "too_many_devices",
            Self::UnknownFrame { .. } => "unknown_frame",
            Self::Exception { .. } => "exception",
        }
    }

    /// Every name, for the counters.
    pub const NAMES: &'static [&'static str] = &[
        "too_large",
        "not_text",
        "not_json",
        "not_shape",
        "bad_value",
        "bad_unit",
        "not_in_vocabulary",
        "checksum",
        "check_missing",
        "length",
        "noise",
        "too_many_devices",
        "unknown_frame",
        "exception",
    ];
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooLarge { bytes, limit } => {
                write!(f, "{bytes} bytes; {limit} are allowed")
            }
            Self::NotText => write!(f, "not UTF-8 text"),
            Self::NotJson { why } => write!(f, "not JSON: {why}"),
            Self::NotShape { due } => write!(f, "JSON of another shape; due is {due}"),
            Self::BadValue { field, due } => write!(f, "`{field}` has another value than {due}"),
            Self::BadUnit { field, unit } => {
                write!(f, "`{field}` has the unit `{unit}`, which does not convert")
            }
            Self::NotInVocabulary { field } => {
                write!(f, "`{field}` is no word of the vocabulary")
            }
            Self::Checksum { said, found } => {
                write!(f, "checksum says {said:#04x}, the bytes give {found:#04x}")
            }
            Self::CheckMissing { due } => {
                write!(f, "the check after it is missing; due is {due:#04x}")
            }
            Self::Length { due, found } => write!(f, "{found} bytes where {due} are due"),
            Self::Noise { bytes } => write!(f, "{bytes} bytes that belong to no frame"),
            Self::TooManyDevices { limit } => {
                write!(
                    f,
                    "more than {limit} devices that are not listed: list this one"
                )
            }
            Self::UnknownFrame { kind } => write!(f, "a frame of unknown kind {kind}"),
            Self::Exception { from, code, why } => {
                write!(f, "{from} refuses with exception {code}: {why}")
            }
        }
    }
}
