//! The main moving picture track.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The main moving picture track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Video {}
