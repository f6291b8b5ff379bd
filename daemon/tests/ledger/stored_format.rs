//! Ledgers of earlier schemas come up to date with every row and event kept.

use unbroken::port::ledger::Ledger as _;

use crate::fixtures::{at, notice, open, tamper};

/// Schema 1 is schema 2 without the index of what is owed, that is schema 3
/// without the series, and that is schema 4 without the likenesses.
const BACK_TO_1: &str = "DROP INDEX files_due; DROP TABLE series; \
                         DROP TABLE likenesses; DROP TABLE equal_pixels; DROP TABLE places; \
                         DELETE FROM _sqlx_migrations WHERE version > 1";

#[tokio::test]
async fn a_ledger_of_schema_1_comes_up_to_date_and_keeps_everything() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = open(folder.path()).await;
    let ids = ledger
        .notice(at(0), &[notice(b"a.jpg"), notice(b"\xffb.mp4")])
        .await
        .unwrap();
    let before = format!("{:?}", ledger.waiting().await.unwrap());
    let head = ledger.check_chain().await.unwrap();
    ledger.close().await;
    tamper(folder.path(), BACK_TO_1).await.unwrap();

    let ledger = open(folder.path()).await;
    assert_eq!(format!("{:?}", ledger.waiting().await.unwrap()), before);
    assert_eq!(ledger.check_chain().await.unwrap(), head);
    assert_eq!(ledger.history(ids[1]).await.unwrap().len(), 1);
    ledger.close().await;
    // The index is there again: taking it away a second time works.
    tamper(folder.path(), BACK_TO_1).await.unwrap();
}
