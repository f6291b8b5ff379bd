//! Every check, one line each. Documentation, config keys, glossary and
//! report texts come from here.

use crate::check::{
    Check, capture_time_inconsistent, capture_time_missing, clock_in_future, duplicate,
    outside_visit, saved_late,
};

/// All checks, in the order in which reports show them.
pub static CHECKS: &[&Check] = &[
    &saved_late::CHECK,
    &capture_time_missing::CHECK,
    &clock_in_future::CHECK,
    &capture_time_inconsistent::CHECK,
    &outside_visit::CHECK,
    &duplicate::CHECK,
];

/// The check with this code.
pub fn by_code(code: &str) -> Option<&'static Check> {
    CHECKS.iter().copied().find(|check| check.code == code)
}
