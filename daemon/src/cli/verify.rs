//! `unbroken verify`: stored objects against the ledger, the ledger's chain
//! against itself.

use std::process::ExitCode;

use super::{ConfigArgument, place};
use crate::port::ledger::{Ledger, ObjectRow};
use crate::port::store::Store;

/// Objects read from the ledger at once.
const PAGE: u32 = 500;

/// Read stored objects back and hold them against the ledger
#[derive(clap::Args)]
pub(super) struct Verify {
    #[command(flatten)]
    config: ConfigArgument,
}

impl Verify {
    pub(super) async fn main(self) -> Result<ExitCode, String> {
        let config = place::config(self.config.config.as_deref())?;
        let ledger = place::ledger_beside(&config).await?;
        let store = place::store(&config)?;
        let chain_holds = chain(ledger.as_ref()).await?;
        let objects_hold = objects(ledger.as_ref(), store.as_ref()).await?;
        Ok(if chain_holds && objects_hold {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

async fn chain(ledger: &dyn Ledger) -> Result<bool, String> {
    let check = ledger.check_chain().await.map_err(|e| e.to_string())?;
    match &check.broken {
        None => {
            let head = check.head.as_deref().unwrap_or("-");
            println!("chain: {} events, unbroken, head {head}", check.events);
        }
        Some((seq, why)) => println!("chain: BROKEN at event {seq}: {why}"),
    }
    Ok(check.broken.is_none())
}

async fn objects(ledger: &dyn Ledger, store: &dyn Store) -> Result<bool, String> {
    let mut after = (String::new(), String::new());
    let (mut good, mut bad, mut elsewhere) = (0_u64, 0_u64, 0_u64);
    loop {
        let rows = ledger
            .objects_after((&after.0, &after.1), PAGE)
            .await
            .map_err(|e| e.to_string())?;
        let Some(last) = rows.last() else { break };
        after = (last.key.as_str().to_owned(), last.store.clone());
        for row in &rows {
            if row.store != store.id() {
                elsewhere += 1;
                continue;
            }
            match fault_of(store, row).await? {
                None => good += 1,
                Some(why) => {
                    bad += 1;
                    println!("object: {} {why}", row.key);
                }
            }
        }
    }
    println!("objects: {good} equal to the ledger, {bad} not");
    if elsewhere > 0 {
        println!(
            "objects: {elsewhere} NOT CHECKED, because they are held by another store than {}; \
             run verify with the config of that store too",
            store.id()
        );
    }
    Ok(bad == 0 && elsewhere == 0)
}

/// What is wrong with one object, if anything.
async fn fault_of(store: &dyn Store, row: &ObjectRow) -> Result<Option<String>, String> {
    let sm3 = row.digests.sm3.is_some();
    let back = store
        .read_back(&row.key, row.version.as_deref(), sm3)
        .await
        .map_err(|e| e.to_string())?;
    Ok(match back {
        None => Some("is MISSING".to_owned()),
        Some(back) if back.digests != row.digests => Some(format!(
            "DIFFERS: {} bytes, SHA-256 {}; the ledger says {} bytes, SHA-256 {}",
            back.digests.size_bytes,
            back.digests.sha256,
            row.digests.size_bytes,
            row.digests.sha256
        )),
        Some(_) => None,
    })
}
