//! Tries what custody relies on through the port alone, the same way for every
//! store. What only one kind of store can be asked, its adapter adds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

use crate::adapter::digester::Digester;
use crate::port::digest::Digests;
use crate::port::fault::Fault;
use crate::port::store::{Ability, ObjectKey, Put, Source, Store, Upload, UploadJournal};

/// Creates that compete for one key.
const RACERS: u8 = 8;

/// Remembers uploads in memory only: for objects whose loss costs nothing.
#[derive(Debug, Default)]
pub struct MemoryJournal {
    uploads: Mutex<HashMap<ObjectKey, Upload>>,
}

#[async_trait::async_trait]
impl UploadJournal for MemoryJournal {
    async fn load(&self, key: &ObjectKey) -> Result<Option<Upload>, Fault> {
        let uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(uploads.get(key).cloned())
    }

    async fn save(&self, key: &ObjectKey, upload: &Upload) -> Result<(), Fault> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.insert(key.clone(), upload.clone());
        Ok(())
    }

    async fn clear(&self, key: &ObjectKey) -> Result<(), Fault> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.remove(key);
        Ok(())
    }
}

/// Keys of one examination: `_doctor/`, a random part, a name.
pub(super) struct Run {
    unique: String,
}

impl Run {
    pub(super) fn new() -> Result<Self, Fault> {
        let mut random = [0_u8; 12];
        rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty())
            .map_err(std::io::Error::from)?;
        Ok(Self {
            unique: hex::encode(random),
        })
    }

    pub(super) fn key(&self, name: &str) -> Result<ObjectKey, Fault> {
        let text = format!("_doctor/{}/{name}", self.unique);
        ObjectKey::new(text).ok_or_else(|| Fault::Final(format!("`{name}` is not a clean key")))
    }
}

/// The source and digests of a small content.
pub(super) fn small(content: impl Into<Bytes>) -> (Source, Digests) {
    let content = content.into();
    let mut digester = Digester::new(true);
    digester.update(content.clone());
    (Source::Bytes(content), digester.finish())
}

/// One thing that sources depend on.
pub(super) fn required(name: &str, kept: bool, seen: String) -> Ability {
    Ability {
        name: name.into(),
        kept,
        required: true,
        seen,
    }
}

/// The part of the examination that every store can take.
pub(super) async fn examine(store: &dyn Store) -> Result<Vec<Ability>, Fault> {
    let run = Run::new()?;
    let unicode = run.key("现场评审/首次会议 1.mp4")?;
    let plain = run.key("read_back")?;
    Ok(vec![
        told("conditional_create", conditional_create(store, &run).await),
        told("conditional_race", conditional_race(store, &run).await),
        told(
            "wrong_content_refused",
            wrong_content_refused(store, &run).await,
        ),
        told("read_back", read_back(store, &plain, "read_back").await),
        told(
            "unicode_key",
            read_back(store, &unicode, "unicode_key").await,
        ),
    ])
}

/// What could not be tried is not kept; the others are tried all the same.
pub(super) fn told(name: &str, tried: Result<Ability, Fault>) -> Ability {
    tried.unwrap_or_else(|fault| required(name, false, format!("could not be tried: {fault}")))
}

async fn conditional_create(store: &dyn Store, run: &Run) -> Result<Ability, Fault> {
    let journal = MemoryJournal::default();
    let key = run.key("conditional_create")?;
    let (first, first_digests) = small("first");
    let (second, second_digests) = small("second");
    let created = store.create(&key, &first, &first_digests, &journal).await?;
    let again = store.create(&key, &first, &first_digests, &journal).await?;
    let other = store
        .create(&key, &second, &second_digests, &journal)
        .await?;
    let stands = store.read_back(&key, None, false).await?;
    let unchanged = stands.is_some_and(|found| found.digests.sha256 == first_digests.sha256);
    let kept = matches!(created, Put::Created { .. })
        && matches!(again, Put::Created { .. })
        && other == Put::Taken
        && unchanged;
    Ok(required(
        "conditional_create",
        kept,
        format!(
            "first create: {created:?}; same bytes again: {again:?}; other bytes: {other:?}; \
             the first content {}",
            if unchanged { "still stands" } else { "is gone" }
        ),
    ))
}

async fn conditional_race(store: &dyn Store, run: &Run) -> Result<Ability, Fault> {
    let key = run.key("conditional_race")?;
    let contents: Vec<(Source, Digests)> =
        (0..RACERS).map(|n| small(format!("racer {n}"))).collect();
    let journal = MemoryJournal::default();
    let runs = contents
        .iter()
        .map(|(source, digests)| store.create(&key, source, digests, &journal));
    let mut winners = Vec::new();
    let mut failed = 0_u32;
    for (racer, put) in join_all(runs).await.into_iter().enumerate() {
        match put {
            Ok(Put::Created { .. }) => winners.push(racer),
            Ok(Put::Taken) => {}
            Err(_) => failed = failed.saturating_add(1),
        }
    }
    let stands = store.read_back(&key, None, false).await?;
    let won = winners.first().and_then(|winner| contents.get(*winner));
    let right = match (&stands, won) {
        (Some(found), Some((_, digests))) => found.digests.sha256 == digests.sha256,
        _ => false,
    };
    Ok(required(
        "conditional_race",
        winners.len() == 1 && right,
        format!(
            "{RACERS} creates of one key at once: {} won, {failed} ended in an error; what stands \
             there is {}",
            winners.len(),
            if right {
                "the winner's"
            } else {
                "not the winner's"
            }
        ),
    ))
}

/// The adapter must not pass on a content that differs from its digests.
async fn wrong_content_refused(store: &dyn Store, run: &Run) -> Result<Ability, Fault> {
    let journal = MemoryJournal::default();
    let key = run.key("wrong_content")?;
    let (source, _) = small("what is there");
    let (_, digests) = small("what was said");
    let put = store.create(&key, &source, &digests, &journal).await;
    let stands = store.read_back(&key, None, false).await?;
    Ok(required(
        "wrong_content_refused",
        put.is_err() && stands.is_none(),
        match (put, stands) {
            (Err(_), None) => "a content that differs from its digests was refused".into(),
            (put, _) => format!("a content that differs from its digests was taken: {put:?}"),
        },
    ))
}

async fn read_back(store: &dyn Store, key: &ObjectKey, name: &str) -> Result<Ability, Fault> {
    let (source, digests) = small(format!("content of {name}"));
    let journal = MemoryJournal::default();
    let version = match store.create(key, &source, &digests, &journal).await? {
        Put::Created { version } => version,
        Put::Taken => return Ok(required(name, false, "a fresh key was taken".into())),
    };
    let found = store.read_back(key, version.as_deref(), true).await?;
    let kept = found.is_some_and(|found| found.digests == digests);
    Ok(required(
        name,
        kept,
        format!(
            "{key}: what came back {} what was stored",
            if kept { "is" } else { "is not" }
        ),
    ))
}

/// Runs the futures at once and waits for all of them.
async fn join_all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut running: Vec<_> = futures.map(|future| (Box::pin(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut waiting = false;
        for (future, output) in &mut running {
            if output.is_none() {
                match future.as_mut().poll(context) {
                    std::task::Poll::Ready(value) => *output = Some(value),
                    std::task::Poll::Pending => waiting = true,
                }
            }
        }
        if waiting {
            std::task::Poll::Pending
        } else {
            std::task::Poll::Ready(())
        }
    })
    .await;
    running
        .into_iter()
        .filter_map(|(_, output)| output)
        .collect()
}
