//! Secrets. They come from the environment only, never from a file, and are
//! never shown.

use std::fmt;

/// The access key of the object store.
pub const S3_ACCESS_KEY_ID: &str = "UNBROKEN_S3_ACCESS_KEY_ID";
/// The secret key of the object store.
pub const S3_SECRET_ACCESS_KEY: &str = "UNBROKEN_S3_SECRET_ACCESS_KEY";
/// The session token of the object store, where there is one.
pub const S3_SESSION_TOKEN: &str = "UNBROKEN_S3_SESSION_TOKEN";

/// Every name that is looked up.
pub const NAMES: [&str; 3] = [S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, S3_SESSION_TOKEN];

/// Keys of the object store.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Secrets {
    /// Access key.
    pub access_key_id: String,
    /// Secret key.
    pub secret_access_key: String,
    /// Session token, where there is one.
    pub session_token: Option<String>,
}

impl fmt::Debug for S3Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("S3Secrets(…)")
    }
}

/// A key that is given without its partner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("缺少环境变量 {missing}\nthe environment variable {missing} is missing")]
pub struct MissingSecret {
    /// The name that is missing.
    pub missing: &'static str,
}

/// The object store's keys, by a function that looks up a name. Empty counts
/// as absent.
pub fn s3(lookup: impl Fn(&str) -> Option<String>) -> Result<S3Secrets, MissingSecret> {
    let given = |name: &'static str| lookup(name).filter(|value| !value.is_empty());
    let needed = |name: &'static str| given(name).ok_or(MissingSecret { missing: name });
    Ok(S3Secrets {
        access_key_id: needed(S3_ACCESS_KEY_ID)?,
        secret_access_key: needed(S3_SECRET_ACCESS_KEY)?,
        session_token: given(S3_SESSION_TOKEN),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keys_are_needed_and_none_is_ever_shown() {
        let both = |name: &str| (name != S3_SESSION_TOKEN).then(|| format!("value of {name}"));
        let secrets = s3(both).unwrap();
        assert_eq!(secrets.session_token, None);
        assert!(!format!("{secrets:?}").contains("value"));
        for absent in [S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY] {
            let lookup = |name: &str| (name != absent).then(|| "x".to_owned());
            assert_eq!(s3(lookup).unwrap_err().missing, absent);
            let empty = |name: &str| Some(if name == absent { "" } else { "x" }.to_owned());
            assert_eq!(s3(empty).unwrap_err().missing, absent);
        }
    }
}
