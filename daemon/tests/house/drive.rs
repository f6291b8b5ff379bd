//! What the drive does when a step or the ledger lets it down.

use std::sync::atomic::Ordering;

use unbroken::life::State;

use crate::fixtures::Home;

#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_breaks_down_is_tried_a_few_times_and_then_held() {
    let home = Home::new().await;
    let id = home.staged().await.id;
    let ledger = home.house.ledger.clone();
    home.drive_until(async || ledger.file(id).await.unwrap().unwrap().held)
        .await;
    let row = ledger.file(id).await.unwrap().unwrap();
    assert_eq!(row.state, State::Staged, "it keeps what it reached");
    let why = row.trouble.unwrap();
    assert!(why.contains("broke down 3 times"), "{why}");
    assert_eq!(home.prober.asked.load(Ordering::SeqCst), 3);
}

/// Nothing is released from a store that is not trusted, and the chain does not
/// grow while it is waited for.
#[tokio::test(flavor = "multi_thread")]
async fn an_untrusted_store_releases_nothing_and_fills_no_chain() {
    let home = Home::new().await;
    let row = home.reported().await;
    let ledger = home.house.ledger.clone();
    let clock = home.house.clock.clone();
    // Long enough for many rounds of asking.
    let until = clock.monotonic() + std::time::Duration::from_secs(600);
    home.drive_until(async || clock.monotonic() > until).await;
    let waits = ledger.file(row.id).await.unwrap().unwrap();
    assert_eq!(waits.state, State::Reported);
    assert_eq!((waits.attempts, waits.held), (0, false));
    assert!(waits.waiting.unwrap().contains("doctor --store"));
    let history = ledger.history(row.id).await.unwrap();
    let last: Vec<&str> = history
        .iter()
        .rev()
        .take(2)
        .map(|e| e.kind.as_str())
        .collect();
    assert_eq!(last, ["waiting", "advanced"]);
}
