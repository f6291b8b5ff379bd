//! Clearing away uploads that nobody will finish.

use std::collections::HashSet;
use std::time::Duration;

use super::S3Store;
use super::fault::Refusal;
use crate::port::fault::Fault;

/// Pages of 1,000 uploads looked at in one sweep; the next sweep goes on.
const MAX_PAGES: u32 = 100;

impl S3Store {
    /// Aborts uploads below the prefix that began longer than `age` ago and
    /// whose id no ledger remembers; how many it were. `known` must hold the
    /// ids of every daemon that shares this prefix.
    pub(super) async fn abort_abandoned(
        &self,
        known: &HashSet<String>,
        age: Duration,
    ) -> Result<u64, Fault> {
        let age_s = i64::try_from(age.as_secs()).unwrap_or(i64::MAX);
        let limit_s = self.clock.now().timestamp().saturating_sub(age_s);
        let prefix = match self.settings.prefix.as_str() {
            "" => None,
            prefix => Some(format!("{prefix}/")),
        };
        let mut swept = 0_u64;
        let (mut key_marker, mut upload_marker) = (None, None);
        for _ in 0..MAX_PAGES {
            let page = self
                .client
                .list_multipart_uploads()
                .bucket(&self.settings.bucket)
                .set_prefix(prefix.clone())
                .set_key_marker(key_marker)
                .set_upload_id_marker(upload_marker)
                .send()
                .await
                .map_err(|error| Refusal::from(error).into_fault())?;
            for upload in page.uploads() {
                let (Some(place), Some(id), Some(began)) =
                    (upload.key(), upload.upload_id(), upload.initiated())
                else {
                    continue;
                };
                if began.secs() <= limit_s && !known.contains(id) {
                    self.abort(place, id).await?;
                    swept = swept.saturating_add(1);
                }
            }
            key_marker = page.next_key_marker;
            upload_marker = page.next_upload_id_marker;
            if page.is_truncated != Some(true) || key_marker.is_none() {
                break;
            }
        }
        Ok(swept)
    }
}
