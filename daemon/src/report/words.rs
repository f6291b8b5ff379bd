//! The words of screens and reports, Chinese first. One word for one thing.

use unbroken_probes::check::{Family, Finding, Level, Strength};
use unbroken_probes::deadline::SavedResult;
use unbroken_probes::judge::{Integrity, Verdict};
use unbroken_probes::measurements::{Kind, Span};
use unbroken_probes::text::StaticText;

use super::object::Report;

const fn t(zh: &'static str, en: &'static str) -> StaticText {
    StaticText { zh, en }
}

/// The four results.
pub fn verdict(verdict: Verdict) -> StaticText {
    match verdict {
        Verdict::Pass => t("符合", "Meets"),
        Verdict::Attention => t("需复核", "Needs review"),
        Verdict::Fail => t("不符合", "Does not meet"),
        Verdict::Unknown => t("无法判定", "Cannot tell"),
    }
}

/// The mark beside a result: colour is never the only sign.
pub fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "✓",
        Verdict::Attention => "◐",
        Verdict::Fail => "✕",
        Verdict::Unknown => "?",
    }
}

/// The style class of a result.
pub fn verdict_class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Attention => "attention",
        Verdict::Fail => "fail",
        Verdict::Unknown => "unknown",
    }
}

/// The three outcomes on integrity.
pub fn integrity(integrity: Integrity, kind: Kind) -> StaticText {
    match (integrity, kind) {
        (Integrity::NoTrace, _) => t("未发现编辑痕迹", "No trace of editing found"),
        (Integrity::CannotTell, _) => t("无法判断", "Cannot tell"),
        (Integrity::Inconsistent, Kind::Photo) => {
            t("与原始照片不符", "Inconsistent with an original photo")
        }
        (Integrity::Inconsistent, _) => {
            t("与原始录像不符", "Inconsistent with an original recording")
        }
    }
}

/// An outcome on integrity as one of the four results, for its mark.
pub fn integrity_as_verdict(integrity: Integrity) -> Verdict {
    match integrity {
        Integrity::NoTrace => Verdict::Pass,
        Integrity::CannotTell => Verdict::Unknown,
        Integrity::Inconsistent => Verdict::Attention,
    }
}

/// The results of the 24-hour rule.
pub fn saved(result: SavedResult) -> StaticText {
    match result {
        SavedResult::OnTime => t("按时", "On time"),
        SavedResult::Late => t("超时", "Late"),
        SavedResult::Unknown => t("无法判定", "Cannot tell"),
        SavedResult::DeferredOnTime => t("延期后按时", "On time after deferral"),
        SavedResult::DeferredLate => t("延期后仍超时", "Late even after deferral"),
        SavedResult::Exempt => t("免录", "Exempt"),
    }
}

/// A result of the 24-hour rule as one of the four results, for its mark.
pub fn saved_as_verdict(result: SavedResult) -> Verdict {
    match result {
        SavedResult::OnTime | SavedResult::DeferredOnTime | SavedResult::Exempt => Verdict::Pass,
        SavedResult::Late | SavedResult::DeferredLate => Verdict::Fail,
        SavedResult::Unknown => Verdict::Unknown,
    }
}

/// What a finding says of the file.
pub fn level(level: Level) -> StaticText {
    match level {
        Level::Info => t("参考", "For information"),
        Level::Unknown => t("无法判定", "Cannot tell"),
        Level::Attention => t("需复核", "Needs review"),
        Level::Fail => t("不符合", "Does not meet"),
    }
}

/// The mark beside a level.
pub fn level_mark(level: Level) -> &'static str {
    match level {
        Level::Info => "–",
        Level::Unknown => mark(Verdict::Unknown),
        Level::Attention => mark(Verdict::Attention),
        Level::Fail => mark(Verdict::Fail),
    }
}

/// The style class of a level.
pub fn level_class(level: Level) -> &'static str {
    match level {
        Level::Info => "info",
        Level::Unknown => verdict_class(Verdict::Unknown),
        Level::Attention => verdict_class(Verdict::Attention),
        Level::Fail => verdict_class(Verdict::Fail),
    }
}

/// The weight of a finding, with its fixed meaning.
pub fn strength(strength: Strength) -> StaticText {
    match strength {
        Strength::Fact => t(
            "确定:由文件字节直接得出,任何工具都能看到",
            "Fact: follows from the bytes, any tool shows it",
        ),
        Strength::Strong => t(
            "强:正常原因很少,均已列出",
            "Strong: few innocent causes, all of them named",
        ),
        Strength::Supporting => t(
            "辅助:常有正常原因,单独不作结论",
            "Supporting: often innocent, decides nothing alone",
        ),
        Strength::Information => t("参考:不影响结论", "Information: changes no result"),
    }
}

/// What a finding rests on.
pub fn family(family: Family) -> StaticText {
    match family {
        Family::Structure => t("文件结构", "Structure"),
        Family::Timing => t("时间戳", "Timing"),
        Family::Bitstream => t("码流", "Bitstream"),
        Family::Picture => t("画面", "Picture"),
        Family::Sound => t("声音", "Sound"),
        Family::Metadata => t("元数据", "Metadata"),
        Family::Provenance => t("来源", "Provenance"),
    }
}

/// What a file is.
pub fn kind(kind: Kind) -> StaticText {
    match kind {
        Kind::Photo => t("照片", "Photo"),
        Kind::Video => t("视频", "Video"),
        Kind::Audio => t("音频", "Sound recording"),
        Kind::Other => t("其他文件", "Other file"),
        Kind::Unreadable => t("无法读取", "Unreadable"),
    }
}

/// Where a file belongs.
pub fn standing(state: &str) -> StaticText {
    match state {
        "assigned" => t("已归案", "Assigned"),
        "to_confirm" => t("待确认", "To be confirmed"),
        _ => t("待认领", "Unclaimed"),
    }
}

/// A place in time: `00:03:11.200`.
pub fn clock(seconds: f64) -> String {
    let ms = (seconds.max(0.0) * 1000.0).round() as u64;
    let (h, m, s, ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60, ms % 1000);
    format!("{h:02}:{m:02}:{s:02}.{ms:03}")
}

/// A span in time.
pub fn span(span: &Span) -> String {
    format!("{}–{}", clock(span.start_s), clock(span.end_s))
}

/// A duration for people: `3 小时 20 分` / `3 h 20 min`.
pub fn duration(seconds: f64) -> (String, String) {
    let sign = if seconds < 0.0 { "-" } else { "" };
    let s = seconds.abs().round() as u64;
    let (d, h, m) = (s / 86_400, s / 3600 % 24, s / 60 % 60);
    let (zh, en) = match (d, h, m) {
        (0, 0, 0) => (format!("{s} 秒"), format!("{s} s")),
        (0, 0, m) => (
            format!("{m} 分 {} 秒", s % 60),
            format!("{m} min {} s", s % 60),
        ),
        (0, h, m) => (format!("{h} 小时 {m} 分"), format!("{h} h {m} min")),
        (d, h, _) => (format!("{d} 天 {h} 小时"), format!("{d} d {h} h")),
    };
    (format!("{sign}{zh}"), format!("{sign}{en}"))
}

/// A number as people write it: no more digits than it needs.
pub fn number(value: f64) -> String {
    let text = if value.abs() >= 1000.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
    };
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Measured against limit, with the unit; empty if there is no number.
pub fn measured(finding: &Finding) -> String {
    let unit = &finding.unit;
    match (finding.measured, finding.limit) {
        (Some(m), Some(l)) => format!("{} {unit} / {} {unit}", number(m), number(l)),
        (Some(m), None) => format!("{} {unit}", number(m)),
        _ => String::new(),
    }
}

/// A file name fit for a terminal or a text line: nothing in it can move the
/// cursor, end the line, or turn the direction of writing.
pub fn plain_line(text: &str) -> String {
    let plain = |c: char| {
        if turns_writing(c) || c.is_control() {
            '�'
        } else {
            c
        }
    };
    text.chars().map(plain).collect()
}

/// The paragraphs of a check's documentation, each with its heading; a
/// paragraph without one has an empty heading.
pub fn headed(doc: &str) -> Vec<(&str, &str)> {
    doc.split("\n\n")
        .map(|paragraph| {
            paragraph
                .strip_prefix("**")
                .and_then(|rest| rest.split_once("**"))
                .map_or(("", paragraph), |(head, text)| (head, text.trim_start()))
        })
        .collect()
}

/// A whole page fit to be shown: nothing quoted in it, from a file's name or
/// from its metadata, can turn the direction of writing or hide what stands
/// there. The page's own lines stay.
pub fn plain_page(page: &str) -> String {
    let plain = |c: char| match c {
        '\n' | '\t' => c,
        c if turns_writing(c) || c.is_control() => '�',
        c => c,
    };
    page.chars().map(plain).collect()
}

/// The marks of Unicode that turn the direction of writing (UAX #9: ALM, LRM,
/// RLM, embeddings, overrides, isolates) or end a line unseen.
fn turns_writing(c: char) -> bool {
    matches!(
        c,
        '\u{061c}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
    )
}

/// One file's report for a terminal.
pub fn summary(report: &Report) -> String {
    let line = |text: StaticText| format!("{} {}", text.zh, text.en);
    let mut out = format!(
        "{} {}  {}\n    {} | 质量 quality: {} | 完整性 integrity: {}",
        mark(report.verdict),
        line(verdict(report.verdict)),
        plain_line(&report.file.path),
        line(kind(report.file.kind)),
        line(verdict(report.outcome.quality)),
        line(integrity(report.outcome.integrity, report.file.kind)),
    );
    for finding in report.findings.iter().filter(|f| f.level > Level::Info) {
        let place = finding
            .spans
            .first()
            .map(|s| format!(" [{}]", span(s)))
            .unwrap_or_default();
        out.push_str(&format!(
            "\n    {} {}{place}: {}\n      {}",
            level_mark(finding.level),
            finding.code,
            plain_line(&finding.text.zh),
            plain_line(&finding.text.en),
        ));
    }
    let info = report
        .findings
        .iter()
        .filter(|f| f.level == Level::Info)
        .count();
    if info > 0 {
        out.push_str(&format!("\n    – 参考 {info} 条 for information"));
    }
    for not_run in &report.not_run {
        out.push_str(&format!(
            "\n    – 未检测 not checked {}: {} / {}",
            not_run.code,
            plain_line(&not_run.why.zh),
            plain_line(&not_run.why.en)
        ));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_paragraph_of_a_check_has_its_heading() {
        for check in unbroken_probes::registry::CHECKS {
            for (head, text) in [check.doc.zh, check.doc.en].into_iter().flat_map(headed) {
                assert!(!head.is_empty() && !text.is_empty(), "{}", check.code);
                assert!(!text.contains("**"), "{}: {text}", check.code);
            }
        }
        assert_eq!(headed("plain"), vec![("", "plain")]);
    }

    #[test]
    fn durations_and_clocks_are_read_at_a_glance() {
        assert_eq!(
            duration(12_000.0),
            ("3 小时 20 分".to_owned(), "3 h 20 min".to_owned())
        );
        assert_eq!(duration(-59.0).1, "-59 s");
        assert_eq!(duration(90_000.0).1, "1 d 1 h");
        assert_eq!(clock(191.2), "00:03:11.200");
        assert_eq!(clock(-1.0), "00:00:00.000");
    }

    #[test]
    fn numbers_have_no_idle_digits() {
        assert_eq!(number(2.0), "2");
        assert_eq!(number(0.125), "0.125");
        assert_eq!(number(86_400.4), "86400");
    }

    #[test]
    fn a_name_cannot_move_the_cursor_or_turn_the_writing() {
        assert_eq!(plain_line("a\n\u{1b}[2J\u{202e}gpj.exe"), "a��[2J�gpj.exe");
        assert_eq!(plain_line("\u{061c}a\u{2067}"), "�a�");
    }
}
