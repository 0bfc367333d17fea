//! Writes the vocabulary's words as words wherever a type of the ledger becomes JSON, and reads them back.

/// Makes a `serde(with)` module for one closed list of words.
macro_rules! by_word {
    ($module:ident, $list:ty) => {
        /// Reads and writes the word itself.
        pub(crate) mod $module {
            use serde::{Deserialize as _, Deserializer, Serializer, de::Error as _};

            #[allow(
                clippy::trivially_copy_pass_by_ref,
                reason = "serde passes a reference"
            )]
            pub(crate) fn serialize<S: Serializer>(v: &$list, s: S) -> Result<S::Ok, S::Error> {
                s.serialize_str(v.word())
            }

            pub(crate) fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<$list, D::Error> {
                let word = String::deserialize(d)?;
                <$list>::from_word(&word).ok_or_else(|| D::Error::custom("not a word of the list"))
            }
        }
    };
}

by_word!(lane, tecs_protocol::vocabulary::Lane);
by_word!(urgency, tecs_protocol::vocabulary::Urgency);
by_word!(condition, tecs_protocol::vocabulary::Condition);
