//! Finds case, node and official name. Nothing here ever stops a file: what is
//! unsure goes to the inbox or to "to be confirmed", and is stored all the same.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use unbroken_config::Config;

use super::Happened;
use crate::cases::{self, CaseList, Declaration};
use crate::house::House;
use crate::life::Event;
use crate::port::fault::Fault;
use crate::port::ledger::{Between, Change, FileRow};

/// How long declarations and lists are waited for. A mount that hangs must not
/// keep a file from being stored. A named guess: far above a slow line.
const READ_WITHIN: Duration = Duration::from_secs(20);

/// Assigns and names.
pub async fn name(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let config = house.config();
    let declarations = declarations(house, &config, row).await;
    let lists = case_lists(house, &config).await;
    let assignment = cases::assign(&config, &row.path, &declarations, &lists);
    let series = cases::series(&config, &assignment);
    let number = house
        .ledger
        .number(&series, row.id, house.clock.now())
        .await?;
    let captured = Between {
        earliest: row.capture_earliest,
        latest: row.capture_latest,
    };
    let official = cases::official_name(&config, &assignment, number, captured, row);
    let assigned = serde_json::to_value(&assignment)
        .map_err(|e| Fault::Final(format!("the assignment cannot be written: {e}")))?;
    Ok(Happened {
        event: Event::Titled,
        detail: json!({"official": official, "number": number, "assignment": assigned}),
        change: Change {
            assignment: Some(assigned),
            official: Some(official),
            ..Change::default()
        },
    })
}

/// The `case.toml` files above a file, nearest first. One that cannot be read
/// stands as faulty: the file is then to be confirmed.
async fn declarations(house: &House, config: &Config, row: &FileRow) -> Vec<Declaration> {
    let unread = |why: &str| {
        tracing::warn!(file = %row.id, path = %row.path, why, "a declaration could not be read; the file is to be confirmed");
        Declaration::unread(why)
    };
    let Some(share) = house.share(&row.share) else {
        return vec![unread(&format!(
            "the share {} is not in the config any more",
            row.share
        ))];
    };
    let mut declarations = Vec::new();
    for path in cases::declaration_paths(&row.path) {
        let read = tokio::select! {
            read = share.read_small(&path, cases::DECLARATION_BYTES_MAX) => read,
            () = house.clock.sleep(READ_WITHIN) => Err(Fault::Fleeting(format!(
                "{path}: no answer within {} s", READ_WITHIN.as_secs()
            ))),
        };
        match read {
            Ok(Some(bytes)) => {
                declarations.push(Declaration::parse(&bytes, cases::offset(config)));
            }
            Ok(None) => {}
            Err(error) => {
                declarations.push(unread(&error.to_string()));
                break;
            }
        }
    }
    declarations
}

/// The configured lists of cases.
async fn case_lists(house: &House, config: &Arc<Config>) -> Vec<Arc<CaseList>> {
    let (lists, rules) = (house.case_lists.clone(), config.clone());
    let reading = tokio::task::spawn_blocking(move || lists.read(&rules));
    let why = tokio::select! {
        read = reading => match read {
            Ok(lists) => return lists,
            Err(error) => error.to_string(),
        },
        () = house.clock.sleep(READ_WITHIN) => format!("no answer within {} s", READ_WITHIN.as_secs()),
    };
    tracing::warn!(why, "the lists of cases could not be read");
    let listed = config
        .number
        .iter()
        .filter(|row| !row.case_list.as_os_str().is_empty());
    listed
        .map(|row| Arc::new(CaseList::unread(&row.kind, &why)))
        .collect()
}
