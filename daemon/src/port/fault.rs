//! How things outside us fail, in the two ways that matter to the drive.

/// A failure of something outside the file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It may work later without anybody's help: network, disk full, server
    /// down. It is tried again with growing pauses, for as long as it takes.
    #[error("{0}")]
    Fleeting(String),
    /// It will not work until a person acts. The message says what happened,
    /// to which file, and what to do.
    #[error("{0}")]
    Final(String),
}

impl Fault {
    /// Puts what was being done in front of the message.
    pub fn while_doing(self, what: impl std::fmt::Display) -> Self {
        match self {
            Self::Fleeting(why) => Self::Fleeting(format!("{what}: {why}")),
            Self::Final(why) => Self::Final(format!("{what}: {why}")),
        }
    }
}

impl From<std::io::Error> for Fault {
    /// Input and output may come back: a disk fills and is cleared, a mount
    /// drops and returns. Callers that know better say so.
    fn from(error: std::io::Error) -> Self {
        Self::Fleeting(error.to_string())
    }
}
