//! The character sets of an ESPA line: ISO 8859-1, UTF-8, or 7 bits with a country's letters in the places of brackets
//! (ISO 646). It guesses no set: the installer names it.

/// How bytes are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Text {
    /// ISO 8859-1.
    #[default]
    Latin1,
    /// UTF-8, of senders newer than the protocol.
    Utf8,
    /// 7 bits, the international set (ASCII).
    Ascii,
    /// 7 bits, British (BS 4730).
    British,
    /// 7 bits, German (DIN 66003).
    German,
    /// 7 bits, Swedish and Finnish (SEN 85 02 00, annex B).
    Swedish,
    /// 7 bits, Danish and Norwegian (DS 2089, NS 4551-1).
    Danish,
    /// 7 bits, French (NF Z 62-010, 1983).
    French,
    /// 7 bits, Italian (UNI 0204-70).
    Italian,
    /// 7 bits, Spanish.
    Spanish,
}

impl Text {
    /// Every set, for whoever lists them.
    pub const ALL: &'static [Self] = &[
        Self::Latin1,
        Self::Utf8,
        Self::Ascii,
        Self::British,
        Self::German,
        Self::Swedish,
        Self::Danish,
        Self::French,
        Self::Italian,
        Self::Spanish,
    ];

    /// Its name in a configuration.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Latin1 => "latin1",
            Self::Utf8 => "utf8",
            Self::Ascii => "ascii",
            Self::British => "british",
            Self::German => "german",
            Self::Swedish => "swedish",
            Self::Danish => "danish",
            Self::French => "french",
            Self::Italian => "italian",
            Self::Spanish => "spanish",
        }
    }

    /// The set of exactly this name.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|set| set.word() == word)
    }

    /// The letters that stand in other characters' places, each under its place.
    fn letters(self) -> impl Iterator<Item = (u8, char)> {
        let (places, letters) = match self {
            Self::Latin1 | Self::Utf8 | Self::Ascii => ("", ""),
            Self::British => ("#", "£"),
            Self::German => (r"@[\]{|}~", "§ÄÖÜäöüß"),
            Self::Swedish => (r"[\]{|}", "ÄÖÅäöå"),
            Self::Danish => (r"[\]{|}", "ÆØÅæøå"),
            Self::French => (r"#@[\]{|}", "£à°ç§éùè"),
            Self::Italian => (r"#@[\]`{|}~", "£§°çéùàòèì"),
            Self::Spanish => (r"#@[\]{|}", "£§¡Ñ¿°ñç"),
        };
        places.bytes().zip(letters.chars())
    }

    /// The text of bytes; control characters become spaces, and what is no UTF-8 where that is due a mark.
    pub fn read(self, bytes: &[u8]) -> String {
        if self == Self::Utf8 {
            let text = String::from_utf8_lossy(bytes);
            return text
                .chars()
                .map(|letter| if letter.is_control() { ' ' } else { letter })
                .collect();
        }
        bytes
            .iter()
            .map(|byte| {
                let byte = match self {
                    Self::Latin1 => *byte,
                    // The eighth bit is parity, if anything.
                    _ => byte & 0x7f,
                };
                let national = self.letters().find(|(at, _)| *at == byte);
                let letter = national.map_or(char::from(byte), |(_, letter)| letter);
                if letter.is_control() { ' ' } else { letter }
            })
            .collect()
    }

    /// True when another letter stands in this character's place.
    fn is_taken(self, byte: u8) -> bool {
        self.letters().any(|(at, _)| at == byte)
    }

    /// The bytes of text; what the set lacks, and a control character, becomes `?`.
    pub fn write(self, text: &str) -> Vec<u8> {
        if self == Self::Utf8 {
            return text.replace(char::is_control, "?").into_bytes();
        }
        text.chars()
            .map(|letter| {
                if let Some((at, _)) = self.letters().find(|(_, is)| *is == letter) {
                    return at;
                }
                let most = match self {
                    Self::Latin1 => 0xff,
                    _ => 0x7f,
                };
                match u8::try_from(letter) {
                    Ok(byte) if byte <= most && !letter.is_control() && !self.is_taken(byte) => {
                        byte
                    }
                    _ => b'?',
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_reads_what_it_writes() {
        for set in Text::ALL {
            assert!(
                set.letters()
                    .all(|(at, letter)| !letter.is_ascii() && at.is_ascii())
            );
            assert_eq!(Text::from_word(set.word()), Some(*set));
            let letters: String = set.letters().map(|(_, letter)| letter).collect();
            let text = format!("Room 4 {letters}");
            assert_eq!(set.read(&set.write(&text)), text, "{set:?}");
        }
    }

    #[test]
    fn a_country_has_its_letters_where_others_have_brackets() {
        assert_eq!(Text::German.read(b"T}r"), "Tür");
        assert_eq!(Text::Danish.read(b"V{relse"), "Værelse");
        assert_eq!(Text::French.read(b"[|~\\"), "°ù~ç");
        assert_eq!(Text::Italian.read(b"~`"), "ìù");
        assert_eq!(Text::Latin1.read(b"T\xFCr"), "Tür");
        assert_eq!(Text::Utf8.read(b"T\xC3\xBCr\x1F\xE2\x82\xAC"), "Tür €");
        assert_eq!(Text::Utf8.read(b"T\xFCr"), "T\u{FFFD}r");
        assert_eq!(Text::German.write("[Tür]"), b"?T}r?");
        assert_eq!(Text::Ascii.read(&[b'A' | 0x80, 0x07]), "A ");
    }
}
