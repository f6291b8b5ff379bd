//! Versions of the config's shape. A text of an older version is carried
//! forward step by step; one of a newer version is refused.

use std::borrow::Cow;

/// The version that this program writes and means.
pub const CURRENT_VERSION: u64 = 1;

/// Carries a text one version forward, comments included.
pub(crate) type Migration = fn(&str) -> String;

/// Entry `i` carries version `i + 1` to `i + 2`.
pub(crate) const MIGRATIONS: &[Migration] = &[];

const _: () = assert!(MIGRATIONS.len() as u64 + 1 == CURRENT_VERSION);

/// The text as the version after the last of `migrations` writes it; `None`
/// if its version is zero or newer than that.
pub(crate) fn forward<'a>(
    text: &'a str,
    version: u64,
    migrations: &[Migration],
) -> Option<Cow<'a, str>> {
    let done = usize::try_from(version.checked_sub(1)?).ok()?;
    let steps = migrations.get(done..)?;
    Some(
        steps
            .iter()
            .fold(Cow::Borrowed(text), |text, step| Cow::Owned(step(&text))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_STEPS: &[Migration] = &[
        |text| text.replace("one", "two"),
        |text| text.replace("two", "three"),
    ];

    #[test]
    fn older_texts_take_every_step_that_they_lack() {
        assert_eq!(forward("one", 1, TWO_STEPS).as_deref(), Some("three"));
        assert_eq!(
            forward("one two", 2, TWO_STEPS).as_deref(),
            Some("one three")
        );
        assert_eq!(forward("one two", 3, TWO_STEPS).as_deref(), Some("one two"));
    }

    #[test]
    fn newer_texts_and_version_zero_are_refused() {
        assert_eq!(forward("", 4, TWO_STEPS), None);
        assert_eq!(forward("", 0, TWO_STEPS), None);
        assert_eq!(forward("", u64::MAX, TWO_STEPS), None);
    }
}
