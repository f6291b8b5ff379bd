//! All about one file: what was done with it, its history, its report.

use std::sync::Arc;

use askama::Template;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State as Given};
use axum::http::header::CONTENT_TYPE;
use axum::response::{Html, IntoResponse, Response};
use chrono::{DateTime, FixedOffset, Utc};
use unbroken_probes::text::StaticText;

use super::line::{FileLine, instant, original, reason};
use super::refusal::Refusal;
use crate::cases::{Assignment, offset};
use crate::house::House;
use crate::port::ledger::{ChainRow, FileId, FileRow, ReportRow};
use crate::report::object::Report;
use crate::report::{page as report_page, words};

/// Most events that are shown, the newest.
const EVENTS_SHOWN: usize = 500;
/// Most files of the same content that are shown.
const TWINS_SHOWN: u32 = 20;

type Named = Result<Path<String>, PathRejection>;

/// The number of a file as it is written everywhere: `F00000012`.
pub(super) fn file_id(word: &str) -> Option<FileId> {
    let digits = word.strip_prefix('F')?;
    let id = FileId(digits.parse().ok()?);
    (id.0 > 0 && id.to_string() == word).then_some(id)
}

async fn found(house: &House, named: Named) -> Result<FileRow, Refusal> {
    let id = named.ok().and_then(|Path(word)| file_id(&word));
    let id = id.ok_or_else(|| {
        Refusal::wrong_request(
            "文件编号形如 F00000012。",
            "The number of a file looks like F00000012.",
        )
    })?;
    house.ledger.file(id).await?.ok_or_else(|| {
        Refusal::not_found(
            format!("没有编号为 {id} 的文件。"),
            format!("There is no file {id}."),
        )
    })
}

async fn newest_report(house: &House, row: &FileRow) -> Result<ReportRow, Refusal> {
    house.ledger.report(row.id).await?.ok_or_else(|| {
        Refusal::not_found(
            format!("文件 {} 还没有报告。", row.id),
            format!("There is no report on {} yet.", row.id),
        )
    })
}

/// `/files/{id}/report`: the newest report as its page.
pub(super) async fn report(
    Given(house): Given<Arc<House>>,
    named: Named,
) -> Result<Html<String>, Refusal> {
    let row = found(&house, named).await?;
    let kept = newest_report(&house, &row).await?;
    let report: Report = serde_json::from_value(kept.report).map_err(Refusal::our_fault)?;
    let measured = house.ledger.measured(&report.file.blake3).await?;
    let (stills, series) = measured
        .map(|measured| (measured.stills, measured.series))
        .unwrap_or_default();
    Ok(Html(report_page::page(&report, &stills, &series)?))
}

/// `/files/{id}/report.json`: the newest report as it is kept.
pub(super) async fn report_json(
    Given(house): Given<Arc<House>>,
    named: Named,
) -> Result<Response, Refusal> {
    let row = found(&house, named).await?;
    let kept = newest_report(&house, &row).await?;
    let text = serde_json::to_vec_pretty(&kept.report).map_err(Refusal::our_fault)?;
    Ok(([(CONTENT_TYPE, "application/json")], text).into_response())
}

/// `/files/{id}`.
pub(super) async fn page(
    Given(house): Given<Arc<House>>,
    named: Named,
) -> Result<Html<String>, Refusal> {
    let row = found(&house, named).await?;
    let zone = offset(&house.config());
    let mut history = house.ledger.history(row.id).await?;
    let earlier = history.len().saturating_sub(EVENTS_SHOWN);
    history.drain(..earlier);
    let page = Page {
        line: FileLine::of(&row, zone),
        reason: reason(&row),
        facts: facts(&house, &row, zone),
        twins: twins(&house, &row, zone).await?,
        earlier,
        events: history.iter().map(|event| Event::of(event, zone)).collect(),
        zone: zone.to_string(),
    };
    Ok(Html(page.render()?))
}

#[derive(Template)]
#[template(path = "file.html")]
struct Page {
    line: FileLine,
    reason: String,
    facts: Vec<(StaticText, String)>,
    twins: Vec<FileLine>,
    earlier: usize,
    events: Vec<Event>,
    zone: String,
}

/// Other files with the same bytes, oldest first.
async fn twins(house: &House, row: &FileRow, zone: FixedOffset) -> Result<Vec<FileLine>, Refusal> {
    let Some(digests) = &row.digests else {
        return Ok(Vec::new());
    };
    let same = house
        .ledger
        .with_content(&digests.blake3, TWINS_SHOWN)
        .await?;
    let others = same.iter().filter(|twin| twin.id != row.id);
    Ok(others.map(|twin| FileLine::of(twin, zone)).collect())
}

/// One event of the chain.
struct Event {
    seq: i64,
    at: String,
    kind: String,
    text: Option<StaticText>,
    detail: String,
}

impl Event {
    fn of(row: &ChainRow, zone: FixedOffset) -> Self {
        Self {
            seq: row.seq,
            at: instant(row.at, zone),
            kind: words::plain_line(&row.kind),
            text: kind_words(&row.kind),
            detail: words::plain_line(&row.detail),
        }
    }
}

/// What the kinds of events mean that concern one file.
fn kind_words(kind: &str) -> Option<StaticText> {
    Some(match kind {
        "noticed" => t("看到文件", "noticed"),
        "waiting" => t("等待", "waits"),
        "began" => t("开始一步", "began a step"),
        "advanced" => t("完成一步", "finished a step"),
        "failed" => t("未成功,稍后再试", "failed, will try again"),
        "held" => t("停住,等待人工处理", "held for a person"),
        "resumed" => t("继续处理", "resumed"),
        "object" => t("存入对象", "object entered"),
        "number" => t("分配序号", "running number given"),
        "reported" => t("新版报告", "later report"),
        _ => return None,
    })
}

const fn t(zh: &'static str, en: &'static str) -> StaticText {
    StaticText { zh, en }
}

/// What is known, without what is not.
fn facts(house: &House, row: &FileRow, zone: FixedOffset) -> Vec<(StaticText, String)> {
    let assignment = Assignment::of(row);
    let mut facts = vec![
        (t("投递箱", "Share"), words::plain_line(&row.share)),
        (t("原路径", "Original path"), original(row)),
        (
            t("大小", "Size"),
            format!("{} B", row.fingerprint.size_bytes),
        ),
    ];
    let mut known = |name: StaticText, value: Option<String>| {
        if let Some(value) = value {
            facts.push((name, words::plain_line(&value)));
        }
    };
    let time = |at: Option<DateTime<Utc>>| at.map(|at| instant(at, zone));
    if let Some(assignment) = &assignment {
        let standing = words::standing(assignment.standing.as_str());
        known(
            t("归属", "Standing"),
            Some(format!("{} {}", standing.zh, standing.en)),
        );
        known(t("编号", "Case number"), assignment.number.clone());
        known(t("记录节点", "Record node"), node(house, assignment));
        for conflict in &assignment.conflicts {
            let both = format!("{} / {}", conflict.zh, conflict.en);
            known(t("不一致", "Disagrees"), Some(both));
        }
    }
    known(t("正式文件名", "Official name"), row.official.clone());
    known(t("首次看到", "First seen"), time(Some(row.seen)));
    known(t("收齐", "Received whole"), time(row.received));
    known(t("保存并读回", "Stored and read back"), time(row.stored));
    known(
        t("拍摄结束不早于", "Capture ended not before"),
        time(row.capture_earliest),
    );
    known(
        t("拍摄结束不晚于", "Capture ended not after"),
        time(row.capture_latest),
    );
    let digests = row.digests.as_ref();
    known(t("SHA-256", ""), digests.map(|d| d.sha256.clone()));
    known(t("BLAKE3", ""), digests.map(|d| d.blake3.clone()));
    known(t("SM3", ""), digests.and_then(|d| d.sm3.clone()));
    known(
        t("对象", "Object"),
        row.object.as_ref().map(ToString::to_string),
    );
    let attempts = (row.attempts > 0).then(|| row.attempts.to_string());
    known(t("未成功次数", "Failed attempts"), attempts);
    known(
        t("下次尝试不早于", "Next attempt not before"),
        time(row.not_before),
    );
    facts
}

fn node(house: &House, assignment: &Assignment) -> Option<String> {
    let code = assignment.node.as_deref()?;
    let config = house.config();
    let name = assignment
        .node_in(&config)
        .map(|node| node.name_zh.as_str());
    Some(format!("{code} {}", name.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_in_one_way_only() {
        assert_eq!(file_id("F00000012"), Some(FileId(12)));
        assert_eq!(file_id("F123456789"), Some(FileId(123_456_789)));
        for wrong in [
            "",
            "F",
            "12",
            "F12",
            "F00000000",
            "F-0000012",
            "F+0000012",
            "f00000012",
        ] {
            assert_eq!(file_id(wrong), None, "{wrong}");
        }
        assert_eq!(file_id("F99999999999999999999"), None);
    }
}
