//! `unbroken rejudge`: the config in force over stored measurements. Decodes
//! nothing.

use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::{mpsc, watch};
use unbroken_config::Config;

use super::{ConfigArgument, place};
use crate::adapter::os_clock::OsClock;
use crate::house::{House, Ports, StateFolder, TOLD_MAX};
use crate::life::State;
use crate::port::ledger::{FileRow, Filter, ReportRow};
use crate::report::object::Report;
use crate::step::judge::verdict_word;
use crate::step::report::{make, publish};

/// Files read from the ledger at once.
const PAGE: u32 = 200;

/// Judge stored measurements again by the config in force
#[derive(clap::Args)]
pub(super) struct Rejudge {
    #[command(flatten)]
    config: ConfigArgument,
    /// Write new reports where the opinion changed; without it only say so
    #[arg(long)]
    apply: bool,
}

impl Rejudge {
    pub(super) async fn main(self) -> Result<ExitCode, String> {
        let config = Arc::new(place::config(self.config.config.as_deref())?);
        let house = house(&config).await?;
        let states = vec![State::Reported, State::Released, State::Kept];
        let mut filter = Filter {
            states,
            limit: PAGE,
            ..Filter::default()
        };
        let (mut looked_at, mut changed, mut failed) = (0_u64, 0_u64, 0_u64);
        loop {
            let rows = house
                .ledger
                .list(&filter)
                .await
                .map_err(|e| e.to_string())?;
            let Some(last) = rows.last() else { break };
            filter.before = Some(last.id);
            for row in &rows {
                looked_at += 1;
                match self.again(&house, row).await {
                    Ok(true) => changed += 1,
                    Ok(false) => {}
                    Err(why) => {
                        failed += 1;
                        eprintln!("unbroken: {} {}: {why}", row.id, row.path);
                    }
                }
            }
        }
        let outcome = if self.apply {
            "written anew"
        } else {
            "would change"
        };
        println!("{looked_at} files judged again, {changed} {outcome}");
        if failed > 0 {
            println!("{failed} files could NOT be judged again; nothing was changed for them");
        }
        Ok(ExitCode::from(u8::from(failed > 0)))
    }

    /// Judges one file again. Says whether the opinion changed.
    async fn again(&self, house: &House, row: &FileRow) -> Result<bool, String> {
        let said = house
            .ledger
            .report(row.id)
            .await
            .map_err(|e| e.to_string())?;
        let Some(ReportRow {
            report: before,
            revision,
            ..
        }) = said
        else {
            return Ok(false);
        };
        let before: Report = serde_json::from_value(before)
            .map_err(|e| format!("the report of {} cannot be read: {e}", row.id))?;
        let after = make(house, row, revision + 1)
            .await
            .map_err(|e| e.to_string())?;
        let reasons = differences(&before, &after);
        if reasons.is_empty() {
            return Ok(false);
        }
        println!(
            "{} {}  {:?} → {:?}\n    {}",
            row.id,
            row.path,
            before.verdict,
            after.verdict,
            reasons.join("\n    ")
        );
        if self.apply {
            let (after, entered) = publish(house, row, after.clone(), revision + 1)
                .await
                .map_err(|e| e.to_string())?;
            house
                .ledger
                .enter_report(
                    row.id,
                    house.clock.now(),
                    &verdict_word(after.verdict),
                    &entered,
                )
                .await
                .map_err(|e| e.to_string())?;
            let detail = json!({
                "revision": revision + 1,
                "before": before.verdict,
                "after": after.verdict,
                "rules": after.rules,
                "why": reasons,
            });
            house
                .ledger
                .note(house.clock.now(), Some(row.id), "rejudged", detail)
                .await
                .map_err(|e| e.to_string())?;
        }
        Ok(true)
    }
}

async fn house(config: &Arc<Config>) -> Result<House, String> {
    let (_, in_force) = watch::channel(config.clone());
    // First of all, because it makes nothing: with a wrong config the others
    // would leave empty folders behind.
    let ledger = place::ledger_beside(config).await?;
    // Nobody is told: a team's receipt says what was found when it dropped.
    let (sender, _) = mpsc::channel(TOLD_MAX);
    let ports = Ports {
        clock: Arc::new(OsClock::new()),
        shares: Vec::new(),
        store: place::store(config, Some(ledger.as_ref())).await?,
        ledger,
        prober: place::prober(config)?,
    };
    let state = StateFolder::open(&config.state.dir).map_err(|e| e.to_string())?;
    Ok(House::new(ports, state, in_force, sender))
}

/// Why the opinion changed: measured values against the limits then and now.
fn differences(before: &Report, after: &Report) -> Vec<String> {
    let mut reasons = Vec::new();
    for finding in &after.findings {
        let earlier = before
            .findings
            .iter()
            .find(|f| f.code == finding.code && f.spans == finding.spans);
        match earlier {
            None => reasons.push(format!(
                "+ {} {:?}: {}",
                finding.code, finding.level, finding.text.zh
            )),
            Some(f) if f.level != finding.level || f.limit != finding.limit => {
                reasons.push(format!(
                    "~ {} {:?} → {:?}: measured {:?} {}, limit {:?} → {:?}",
                    finding.code,
                    f.level,
                    finding.level,
                    finding.measured,
                    finding.unit,
                    f.limit,
                    finding.limit
                ));
            }
            Some(_) => {}
        }
    }
    for finding in &before.findings {
        let stays = after
            .findings
            .iter()
            .any(|f| f.code == finding.code && f.spans == finding.spans);
        if !stays {
            reasons.push(format!(
                "- {} {:?}: {}",
                finding.code, finding.level, finding.text.zh
            ));
        }
    }
    if before.outcome != after.outcome {
        reasons.push(format!(
            "outcome {:?} → {:?}",
            before.outcome, after.outcome
        ));
    }
    reasons
}
