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
