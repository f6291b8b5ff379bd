//! Whether the daemon lives, and whether it can do its work.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use rustix::fs::{Access, Mode, OFlags};
use rustix::io::Errno;
use serde::Serialize;

use crate::house::House;
use crate::port::ledger::FileId;

/// How long each part may take to answer. A named guess: below the few seconds
/// after which those who ask give up.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Why the daemon cannot do all of its work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Reason {
    /// `ledger`, `staging`, `store`.
    pub what: &'static str,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
}

/// What `/readyz` says.
#[derive(Serialize)]
pub(super) struct Ready {
    ready: bool,
    reasons: Vec<Reason>,
}

/// 200 while the process answers.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// 200 if the daemon can do all of its work, else 503 and the reasons.
pub(super) async fn readyz(State(house): State<Arc<House>>) -> (StatusCode, Json<Ready>) {
    let reasons = reasons(&house).await;
    let ready = reasons.is_empty();
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(Ready { ready, reasons }))
}

/// Everything that keeps the daemon from its work; empty if it is ready.
pub(super) async fn reasons(house: &House) -> Vec<Reason> {
    let (ledger, staging) = tokio::join!(ledger(house), staging(house));
    [ledger, staging, store(house)]
        .into_iter()
        .flatten()
        .collect()
}

async fn ledger(house: &House) -> Option<Reason> {
    // No file has the number 0: the cheapest question that is a whole answer.
    let why = tokio::select! {
        answer = house.ledger.file(FileId(0)) => answer.err()?.to_string(),
        () = house.clock.sleep(READY_WITHIN) => "no answer in time".to_owned(),
    };
    Some(Reason {
        what: "ledger",
        zh: format!("台账没有应答:{why}"),
        en: format!("the ledger does not answer: {why}"),
    })
}

async fn staging(house: &House) -> Option<Reason> {
    let folder = house.state.staging();
    let tried = tokio::task::spawn_blocking(move || try_writing(&folder));
    let why = tokio::select! {
        tried = tried => match tried {
            Ok(Ok(())) => return None,
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        },
        () = house.clock.sleep(READY_WITHIN) => "no answer in time".to_owned(),
    };
    Some(Reason {
        what: "staging",
        zh: format!("暂存文件夹无法写入:{why}"),
        en: format!("the staging folder cannot be written: {why}"),
    })
}

/// Writes into a file without a name, which leaves nothing behind, not after a
/// crash either. Where the file system has no such files, asks for permission.
fn try_writing(folder: &Path) -> std::io::Result<()> {
    let flags = OFlags::TMPFILE | OFlags::WRONLY | OFlags::CLOEXEC;
    match rustix::fs::open(folder, flags, Mode::RUSR | Mode::WUSR) {
        Ok(nameless) => std::fs::File::from(nameless).write_all(b"."),
        Err(Errno::OPNOTSUPP | Errno::ISDIR) => Ok(rustix::fs::access(
            folder,
            Access::WRITE_OK | Access::EXEC_OK,
        )?),
        Err(error) => Err(error.into()),
    }
}

fn store(house: &House) -> Option<Reason> {
    (!house.is_store_trusted()).then(|| Reason {
        what: "store",
        zh: "存储尚未通过核验:文件照常收取和保存,原件暂时留在投递箱。\
             运行 unbroken doctor --store 查看原因"
            .to_owned(),
        en: "the store was not yet seen to keep what custody relies on: files are taken in as \
             usual, sources stay in the share. See unbroken doctor --store"
            .to_owned(),
    })
}
