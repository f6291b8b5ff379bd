//! What the daemon shows: the status page and one page a file for people, the
//! numbers and the health for machines. Reads only, on loopback only, without
//! scripts and without anything from outside.

mod file;
mod guard;
mod health;
mod line;
mod metrics;
mod refusal;
mod seats;
mod status;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::sync::watch;

use self::refusal::Refusal;
use self::seats::Seats;
use crate::house::House;

/// How long open connections get after the stop. A named guess: a third of the
/// 10 s that a clean stop may take in all.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
/// How long an answer may take before we say that the ledger does not answer.
/// A named guess: longer than any page took, shorter than people wait.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// Answers until `stop` turns true, and not much longer, whatever a client does.
pub async fn serve(house: Arc<House>, listener: TcpListener, stop: watch::Receiver<bool>) {
    let clock = house.clock.clone();
    let seats = Seats::new(listener, clock.clone());
    let graceful = axum::serve(seats, router(house)).with_graceful_shutdown(stopped(stop.clone()));
    let bounded = async {
        stopped(stop).await;
        clock.sleep(LEAVE_WITHIN).await;
    };
    tokio::select! {
        ended = graceful.into_future() => {
            if let Err(error) = ended {
                tracing::error!(%error, "the pages could not be served any longer");
            }
        }
        () = bounded => tracing::warn!("a client held its connection over the stop; it was left"),
    }
}

/// Returns when the stop is asked for, or when nobody is left to ask for it.
async fn stopped(mut stop: watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
}

/// Every page.
fn router(house: Arc<House>) -> Router {
    Router::new()
        .route("/", get(status::page))
        .route("/files/{id}", get(file::page))
        .route("/files/{id}/report", get(file::report))
        .route("/files/{id}/report.json", get(file::report_json))
        .route("/metrics", get(metrics::metrics))
        .route("/healthz", get(health::healthz))
        .route("/readyz", get(health::readyz))
        .fallback(no_such_page)
        .layer(from_fn_with_state(house.clone(), in_time))
        .layer(from_fn(guard::guard))
        .with_state(house)
}

async fn no_such_page() -> Refusal {
    Refusal::not_found("没有这个页面。", "There is no such page.")
}

/// A ledger that hangs is told like one that fails.
async fn in_time(State(house): State<Arc<House>>, request: Request, next: Next) -> Response {
    tokio::select! {
        response = next.run(request) => response,
        () = house.clock.sleep(ANSWER_WITHIN) => Refusal::ledger_silent("no answer in time").into_response(),
    }
}

#[cfg(test)]
mod tests;
