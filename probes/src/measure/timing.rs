//! Packet timestamps of one track.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Packet timestamps of one track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Timing {}
