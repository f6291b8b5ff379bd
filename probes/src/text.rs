//! A sentence in the two languages of every screen and report.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One sentence, Chinese first, English second; both are always complete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Text {
    /// Simplified Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// Builds a text from its two languages.
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            zh: zh.into(),
            en: en.into(),
        }
    }
}

/// A constant sentence in both languages, for declarations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaticText {
    /// Simplified Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl From<StaticText> for Text {
    fn from(text: StaticText) -> Self {
        Self::new(text.zh, text.en)
    }
}
