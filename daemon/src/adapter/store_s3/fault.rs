//! What the store's answers mean, and what a person can do about them.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};

use crate::port::fault::Fault;

/// A request that did not succeed.
#[derive(Debug)]
pub(super) struct Refusal {
    status: Option<u16>,
    code: String,
    text: String,
    /// Nothing was sent: the request itself is impossible.
    impossible: bool,
}

impl Refusal {
    /// Something stands under this key already.
    pub(super) fn exists(&self) -> bool {
        self.status == Some(412) || self.code == "PreconditionFailed"
    }

    /// Another writer was at this key in the same moment: start over.
    pub(super) fn conflict(&self) -> bool {
        self.status == Some(409)
            && matches!(
                self.code.as_str(),
                "ConditionalRequestConflict" | "OperationAborted" | "Conflict" | ""
            )
    }

    /// There is no such object or version. A missing bucket is something else;
    /// an answer to HEAD has no body and so cannot tell.
    pub(super) fn missing(&self) -> bool {
        self.status == Some(404)
            && matches!(
                self.code.as_str(),
                "NoSuchKey" | "NoSuchVersion" | "NotFound" | ""
            )
    }

    /// The upload, or a part of it, is not there any more.
    pub(super) fn upload_gone(&self) -> bool {
        matches!(
            self.code.as_str(),
            "NoSuchUpload" | "InvalidPart" | "InvalidPartOrder"
        )
    }

    /// The server found that bytes and checksum differ.
    pub(super) fn bad_checksum(&self) -> bool {
        matches!(
            self.code.as_str(),
            "BadDigest"
                | "InvalidDigest"
                | "XAmzContentChecksumMismatch"
                | "XAmzContentSHA256Mismatch"
        )
    }

    /// What it means to the drive and to a person.
    pub(super) fn into_fault(self) -> Fault {
        let advice = match self.code.as_str() {
            "RequestTimeTooSkewed" => {
                return Fault::Fleeting(format!(
                    "{}: this machine's clock and the store's differ by more than 15 minutes; \
                     set the clock (chronyc tracking), it goes on by itself",
                    self.text
                ));
            }
            "InvalidAccessKeyId" => {
                "the store does not know this access key; check it in the \
                 settings"
            }
            "SignatureDoesNotMatch" => {
                "the secret key does not belong to the access key; check both"
            }
            "ExpiredToken" | "InvalidToken" => "the session token is no longer valid; renew it",
            "AccessDenied" | "AllAccessDisabled" | "AccountProblem" => {
                "the store refuses this access key; it needs the rights to put, get, list and \
                 abort multipart uploads below the prefix (and to set retention, if configured)"
            }
            "NoSuchBucket" => "there is no such bucket; create it or correct its name",
            "PermanentRedirect" | "AuthorizationHeaderMalformed" | "IllegalLocationConstraint" => {
                "the bucket is in another region; correct region or endpoint"
            }
            "InvalidRequest" | "ObjectLockConfigurationNotFoundError" => {
                "if retention is configured, the bucket needs Object Lock, which most stores \
                 allow only when a bucket is made"
            }
            "EntityTooLarge" => "the store does not take an object or part this large",
            "NotImplemented" => {
                "the store lacks something that custody relies on; run \
                 `unbroken doctor --store`"
            }
            _ if self.impossible => "the request could not be formed; check the store's settings",
            _ => "",
        };
        if !advice.is_empty() {
            return Fault::Final(format!("{}: {advice}", self.text));
        }
        if self.bad_checksum() {
            return Fault::Fleeting(format!(
                "{}: the bytes were altered on their way",
                self.text
            ));
        }
        match self.status {
            Some(403) => Fault::Final(format!(
                "{}: the store refuses us; check keys, rights and this machine's clock",
                self.text
            )),
            Some(400 | 405 | 411 | 413 | 501) => Fault::Final(format!(
                "{}: the store does not understand the request; run `unbroken doctor --store`",
                self.text
            )),
            _ => Fault::Fleeting(self.text),
        }
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Refusal
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        let code = error.code().unwrap_or_default().to_owned();
        let impossible = match &error {
            SdkError::ConstructionFailure(_) => true,
            SdkError::DispatchFailure(failure) => failure.is_user(),
            _ => false,
        };
        let text = match (status, error.message()) {
            (Some(status), Some(message)) => {
                format!("the store answered {status} {code} ({message})")
            }
            (Some(status), None) => format!("the store answered {status} {code}"),
            (None, _) => format!("no answer from the store: {}", DisplayErrorContext(&error)),
        };
        Self {
            status,
            code,
            text,
            impossible,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: &str) -> Refusal {
        Refusal {
            status: Some(status),
            code: code.into(),
            text: format!("the store answered {status} {code}"),
            impossible: false,
        }
    }

    #[test]
    fn what_needs_a_person_says_what_to_do() {
        for (status, code, hint) in [
            (403, "InvalidAccessKeyId", "access key"),
            (403, "SignatureDoesNotMatch", "secret key"),
            (403, "AccessDenied", "rights"),
            (403, "", "clock"),
            (404, "NoSuchBucket", "bucket"),
            (301, "PermanentRedirect", "region"),
            (501, "NotImplemented", "doctor"),
            (400, "Whatever", "doctor"),
        ] {
            let Fault::Final(why) = refusal(status, code).into_fault() else {
                panic!("{status} {code}");
            };
            assert!(
                why.contains(hint) && why.contains(&status.to_string()),
                "{why}"
            );
        }
    }

    #[test]
    fn what_passes_is_fleeting() {
        for (status, code) in [
            (500, "InternalError"),
            (503, "SlowDown"),
            (429, ""),
            (408, "RequestTimeout"),
            (400, "BadDigest"),
            (403, "RequestTimeTooSkewed"),
        ] {
            let fault = refusal(status, code).into_fault();
            assert!(matches!(fault, Fault::Fleeting(_)), "{fault:?}");
        }
    }

    #[test]
    fn a_missing_bucket_is_not_a_missing_object() {
        assert!(refusal(404, "NoSuchKey").missing());
        assert!(refusal(404, "NotFound").missing());
        assert!(!refusal(404, "NoSuchBucket").missing());
        assert!(!refusal(403, "NoSuchKey").missing());
    }
}
