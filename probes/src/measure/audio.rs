//! The main sound track.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The main sound track.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Audio {}
