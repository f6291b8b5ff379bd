//! Every check, one line each. Documentation, config keys, glossary and
//! report texts come from here.

use crate::check::Check;

/// All checks, in the order in which reports show them.
pub static CHECKS: &[&Check] = &[];

/// The check with this code.
pub fn by_code(code: &str) -> Option<&'static Check> {
    CHECKS.iter().copied().find(|check| check.code == code)
}
