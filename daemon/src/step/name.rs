//! Finds case, node and official name. Nothing here ever stops a file: what is
//! unsure goes to the inbox and is stored all the same.

use serde_json::json;
use unbroken_config::Config;

use super::Happened;
use super::stage::share_of;
use crate::cases::{self, CaseList, Declaration};
use crate::house::House;
use crate::life::Event;
use crate::port::fault::Fault;
use crate::port::ledger::{Between, Change, FileRow};

/// Assigns and names.
pub async fn name(house: &House, row: &FileRow) -> Result<Happened, Fault> {
    let config = house.config();
    let share = share_of(house, row)?;
    let mut declarations = Vec::new();
    for path in cases::declaration_paths(&row.path) {
        if let Some(bytes) = share
            .read_small(&path, cases::DECLARATION_BYTES_MAX)
            .await?
        {
            declarations.push(Declaration::parse(&bytes, cases::offset(&config)));
        }
    }
    let lists = case_lists(&config)?;
    let assignment = cases::assign(&config, &row.path, &declarations, &lists);
    let series = cases::series(&assignment);
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

/// The configured lists of cases. One that cannot be read makes the file wait,
/// because a wrong number must not pass while the list is away.
fn case_lists(config: &Config) -> Result<Vec<CaseList>, Fault> {
    let rows = config
        .number
        .iter()
        .filter(|row| !row.case_list.as_os_str().is_empty());
    rows.map(|row| {
        let path = row.case_list.display();
        let read = std::fs::metadata(&row.case_list).and_then(|meta| {
            if meta.len() > cases::CASE_LIST_BYTES_MAX {
                return Err(std::io::Error::other(
                    "it is larger than a list of cases can be",
                ));
            }
            std::fs::read(&row.case_list)
        });
        let bytes = read.map_err(|e| {
            Fault::Fleeting(format!("the list of cases {path} cannot be read: {e}"))
        })?;
        let text = cases::readable_name(&bytes).text;
        Ok(CaseList::parse(config, &row.kind, &text))
    })
    .collect()
}
