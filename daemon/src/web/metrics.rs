//! Numbers for Prometheus, computed from the ledger when they are asked for.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use axum::extract::State as Given;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::line::{VERDICTS, verdict_word};
use super::refusal::Refusal;
use crate::deadlines::pending;
use crate::house::House;
use crate::life::State;
use crate::port::ledger::Counts;
use crate::reconciliation::Sum;

/// The format that the encoder writes.
const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

type ByWord = Family<[(&'static str, String); 1], Gauge>;

/// What is told.
struct Numbers {
    counts: Counts,
    /// Age of the file that waits longest.
    waiting_oldest_age_s: f64,
    /// Smallest time left; `None` if no file that waits has a known time.
    deadline_left_s: Option<f64>,
    store_trusted: bool,
}

/// `/metrics`.
pub(super) async fn metrics(Given(house): Given<Arc<House>>) -> Result<Response, Refusal> {
    let now = house.clock.now();
    let waiting = house.ledger.waiting().await?;
    let left = pending(&house).await?;
    let numbers = Numbers {
        counts: house.ledger.counts().await?,
        waiting_oldest_age_s: waiting
            .iter()
            .map(|row| age_s(row.seen, now))
            .fold(0.0, f64::max),
        deadline_left_s: left
            .iter()
            .filter_map(|pending| pending.remaining.left_s_min)
            .reduce(f64::min),
        store_trusted: house.is_store_trusted(),
    };
    let text = numbers.text().map_err(Refusal::our_fault)?;
    Ok(([(CONTENT_TYPE, FORMAT)], text).into_response())
}

/// Seconds since an instant, never negative: clocks are set back at times.
fn age_s(since: DateTime<Utc>, now: DateTime<Utc>) -> f64 {
    ((now - since).num_milliseconds() as f64 / 1000.0).max(0.0)
}

impl Numbers {
    fn text(&self) -> Result<String, std::fmt::Error> {
        let mut registry = Registry::with_prefix("unbroken");
        self.files(&mut registry);
        self.waits(&mut registry);
        let trusted = whole(u64::from(self.store_trusted));
        let help = "1 if the store was seen to keep what custody relies on";
        registry.register("store_trusted", help, trusted);
        let mut text = String::new();
        encode(&mut text, &registry)?;
        Ok(text)
    }

    fn files(&self, registry: &mut Registry) {
        let counts = &self.counts;
        let states = ByWord::default();
        for state in State::ALL {
            set(&states, "state", state.as_str(), 0);
        }
        for (state, files) in &counts.by_state {
            set(&states, "state", state.as_str(), *files);
        }
        registry.register("files", "Files in each state", states);
        let verdicts = ByWord::default();
        for verdict in VERDICTS {
            set(&verdicts, "verdict", verdict_word(verdict), 0);
        }
        for (word, files) in &counts.by_verdict {
            set(&verdicts, "verdict", word, *files);
        }
        registry.register("verdicts", "Files by their newest verdict", verdicts);
        let help = "Files that are held until a person resumes them";
        registry.register("held_files", help, whole(counts.held));
        let help = "Stored files whose content an earlier file had brought";
        registry.register("aliases", help, whole(counts.aliases));
        let help = "1 if everything that was ever seen is accounted for";
        let holds = Sum::of(counts).holds();
        registry.register("reconciled", help, whole(u64::from(holds)));
    }

    fn waits(&self, registry: &mut Registry) {
        let help = "Age of the file that waits longest to be complete, 0 if none waits";
        let age = seconds(self.waiting_oldest_age_s);
        registry.register("waiting_oldest_age_seconds", help, age);
        if let Some(left_s) = self.deadline_left_s {
            let help = "Smallest time left to a file that is not stored; negative once passed";
            registry.register("deadline_left_seconds", help, seconds(left_s));
        }
    }
}

fn set(family: &ByWord, label: &'static str, word: &str, files: u64) {
    let files = i64::try_from(files).unwrap_or(i64::MAX);
    family.get_or_create(&[(label, word.to_owned())]).set(files);
}

fn whole(count: u64) -> Gauge {
    let gauge = Gauge::default();
    gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
    gauge
}

fn seconds(value_s: f64) -> Gauge<f64, AtomicU64> {
    let gauge = Gauge::<f64, AtomicU64>::default();
    gauge.set(value_s);
    gauge
}
