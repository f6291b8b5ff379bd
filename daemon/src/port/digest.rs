//! Digests of a file's bytes: its identity.

use serde::{Deserialize, Serialize};

/// The digests of one content. BLAKE3 is the internal identity, SHA-256 the
/// one that others can check, SM3 (GB/T 32905) the one that Chinese evidence
/// systems ask for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Digests {
    /// Length of the content.
    pub size_bytes: u64,
    /// BLAKE3, 64 lower-case hex digits.
    pub blake3: String,
    /// SHA-256, 64 lower-case hex digits.
    pub sha256: String,
    /// SM3, 64 lower-case hex digits; `None` if switched off.
    pub sm3: Option<String>,
}
