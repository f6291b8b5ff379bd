//! A still picture.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A still picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Photo {}
