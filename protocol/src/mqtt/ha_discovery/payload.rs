//! The values of a configuration that are compared with what is said. They know no entity and no topic.

use serde_json::Value as Json;

use crate::json::{Token, Value, word_token};

/// A value of a configuration that is compared with what is said: exactly first, then by type and text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Payload {
    text: Box<str>,
    token: Token<Box<str>>,
}

impl Payload {
    /// A value as a configuration writes it; `None` for a list or an object.
    pub(super) fn of(value: &Json) -> Option<Self> {
        match value {
            Json::String(text) => Some(Self::word(text)),
            Json::Bool(_) | Json::Number(_) => Some(Self::word(&value.to_string())),
            Json::Null | Json::Array(_) | Json::Object(_) => None,
        }
    }

    /// A word.
    pub(super) fn word(text: &str) -> Self {
        Self {
            text: text.trim().into(),
            token: word_token(text).owned(),
        }
    }

    pub(super) fn is_exactly(&self, said: &str) -> bool {
        &*self.text == said
    }

    pub(super) fn is(&self, said: Value<'_>) -> bool {
        said.token().is_some_and(|said| self.token.is(&said))
    }
}
