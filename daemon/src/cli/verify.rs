//! `unbroken verify`: stored objects against the ledger, the ledger's rows
//! against its chain, the chain against itself and against a head kept elsewhere.

use std::process::ExitCode;

use super::{ConfigArgument, place};
use crate::port::fault::Fault;
use crate::port::ledger::{Ledger, ObjectRow};
use crate::port::store::Store;

/// Objects read from the ledger at once.
const PAGE: u32 = 500;

/// Read stored objects back and hold them against the ledger, and the ledger
/// against its chain
#[derive(clap::Args)]
pub(super) struct Verify {
    #[command(flatten)]
    config: ConfigArgument,
    /// A head that an earlier `verify` printed and that was kept elsewhere: the
    /// chain must still hold it
    #[arg(long, value_name = "SEQ:HASH", value_parser = Head::parse)]
    head: Option<Head>,
}

/// The position and hash of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Head {
    seq: i64,
    hash: String,
}

impl Head {
    fn parse(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':').and_then(|(seq, hash)| {
            let seq = seq.parse().ok().filter(|seq| *seq > 0)?;
            let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
            is_hash.then(|| Self {
                seq,
                hash: hash.to_ascii_lowercase(),
            })
        });
        parts.ok_or_else(|| {
            "a head looks like 123:<64 hex digits>, as `unbroken verify` prints it".to_owned()
        })
    }
}

impl Verify {
    pub(super) async fn main(self) -> Result<ExitCode, String> {
        let config = place::config(self.config.config.as_deref())?;
        let ledger = place::ledger_beside(&config).await?;
        let store = place::store(&config, Some(ledger.as_ref())).await?;
        // All are asked, whatever the first finds.
        let hold = [
            chain(ledger.as_ref()).await,
            kept_head(ledger.as_ref(), self.head.as_ref()).await,
            rows(ledger.as_ref()).await,
            objects(ledger.as_ref(), store.as_ref()).await,
        ];
        Ok(if hold == [true; 4] {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(1)
        })
    }
}

/// Says that something could not be looked at, which is no good sign.
fn unread(what: &str, fault: &Fault) -> bool {
    println!("{what}: CANNOT BE READ: {fault}");
    false
}

async fn chain(ledger: &dyn Ledger) -> bool {
    let check = match ledger.check_chain().await {
        Ok(check) => check,
        Err(fault) => return unread("chain", &fault),
    };
    match &check.broken {
        None => {
            let head = check.head.as_deref().unwrap_or("-");
            let seq = check.events;
            println!("chain: {seq} events, unbroken, head {seq}:{head}");
        }
        Some((seq, why)) => println!("chain: BROKEN at event {seq}: {why}"),
    }
    check.broken.is_none()
}

/// Whoever can write the ledger can write a whole new chain; only a head that
/// was kept out of reach shows that.
async fn kept_head(ledger: &dyn Ledger, head: Option<&Head>) -> bool {
    let Some(Head { seq, hash }) = head else {
        return true;
    };
    match ledger.event(*seq).await {
        Err(fault) => unread("head", &fault),
        Ok(Some(event)) if event.hash == *hash => {
            println!("head: event {seq} is the one that was kept");
            true
        }
        Ok(Some(event)) => {
            println!(
                "head: event {seq} is NOT the one that was kept: it has {}",
                event.hash
            );
            false
        }
        Ok(None) => {
            println!("head: event {seq} is MISSING; the chain ends before it");
            false
        }
    }
}

async fn rows(ledger: &dyn Ledger) -> bool {
    let check = match ledger.check_rows().await {
        Ok(check) => check,
        Err(fault) => return unread("rows", &fault),
    };
    for misfit in &check.misfits {
        println!("rows: CHANGED behind the chain's back: {misfit}");
    }
    println!(
        "rows: {} held against the chain, {} faults",
        check.rows,
        check.misfits.len()
    );
    check.misfits.is_empty()
}

async fn objects(ledger: &dyn Ledger, store: &dyn Store) -> bool {
    let mut after = (String::new(), String::new());
    let (mut good, mut bad, mut elsewhere) = (0_u64, 0_u64, 0_u64);
    loop {
        let rows = match ledger.objects_after((&after.0, &after.1), PAGE).await {
            Ok(rows) => rows,
            Err(fault) => {
                bad += 1;
                unread("objects", &fault);
                break;
            }
        };
        let Some(last) = rows.last() else { break };
        after = (last.key.as_str().to_owned(), last.store.clone());
        for row in &rows {
            if !store.answers_to(&row.store) {
                elsewhere += 1;
                continue;
            }
            match fault_of(store, row).await {
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
    bad == 0 && elsewhere == 0
}

/// What is wrong with one object, if anything.
async fn fault_of(store: &dyn Store, row: &ObjectRow) -> Option<String> {
    let sm3 = row.digests.sm3.is_some();
    match store.read_back(&row.key, row.version.as_deref(), sm3).await {
        Err(fault) => Some(format!("CANNOT BE READ: {fault}")),
        Ok(None) => Some("is MISSING".to_owned()),
        Ok(Some(back)) if back.digests != row.digests => Some(format!(
            "DIFFERS: {} bytes, SHA-256 {}; the ledger says {} bytes, SHA-256 {}",
            back.digests.size_bytes,
            back.digests.sha256,
            row.digests.size_bytes,
            row.digests.sha256
        )),
        Ok(Some(_)) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_a_position_and_a_hash() {
        let hash = "0123456789abcdef".repeat(4);
        let head = Head::parse(&format!("12:{}", hash.to_uppercase()));
        assert_eq!(
            head,
            Ok(Head {
                seq: 12,
                hash: hash.clone()
            })
        );
        let wrong = [
            "",
            "12",
            ":",
            "12:",
            "12:zz",
            &hash,
            &format!("0:{hash}"),
            &format!("-1:{hash}"),
            &format!("x:{hash}"),
            &format!("12:{hash}0"),
        ];
        for text in wrong {
            assert!(Head::parse(text).is_err(), "{text}");
        }
    }
}
