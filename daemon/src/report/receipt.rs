//! The receipt (回执): what a team sees in its share, without logging in. It
//! never asks for another picture (不得事后补录), only for originals, notes and
//! right labels.

use askama::Template;
use chrono::{DateTime, FixedOffset, NaiveDate};
use unbroken_probes::check::Level;
use unbroken_probes::judge::Verdict;
use unbroken_probes::text::StaticText;

use super::object::Report;
use super::words;

/// One file on a receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Original name.
    pub name: String,
    /// Official name.
    pub official: String,
    /// The verdict.
    pub verdict: Verdict,
    /// Saved in time, in words.
    pub saved: String,
    /// What is to be looked at, Chinese; empty if there is nothing.
    pub note_zh: String,
    /// The same in English.
    pub note_en: String,
}

/// One receipt.
#[derive(Clone, Debug)]
pub struct Sheet {
    /// The case's number, or the inbox.
    pub case: String,
    /// The day, in the configured zone.
    pub day: NaiveDate,
    /// Which sheet of that day, from 1.
    pub part: usize,
    /// When it was written.
    pub written: DateTime<FixedOffset>,
    /// The files.
    pub lines: Vec<Line>,
}

impl Line {
    /// The line of a report.
    pub fn of(report: &Report) -> Self {
        let weightiest = report.findings.iter().find(|f| f.level > Level::Info);
        let mut note_zh = weightiest.map(|f| f.text.zh.clone()).unwrap_or_default();
        let mut note_en = weightiest.map(|f| f.text.en.clone()).unwrap_or_default();
        let case = report.case.as_ref();
        if case.is_none_or(|case| case.state == "unclaimed") {
            note_zh = join(&note_zh, "尚无编号,请认领", ";");
            note_en = join(&note_en, "no case number yet, please claim it", "; ");
        } else if let Some(conflict) = case.and_then(|case| case.conflicts.first()) {
            note_zh = join(&note_zh, &format!("待确认:{conflict}"), ";");
            note_en = join(&note_en, "case or node to be confirmed", "; ");
        }
        Self {
            name: words::plain_line(&report.file.name),
            official: report.file.official.clone().unwrap_or_default(),
            verdict: report.verdict,
            saved: report
                .saved
                .as_ref()
                .map(|s| words::saved(s.result).zh)
                .unwrap_or("")
                .to_owned(),
            note_zh: words::plain_line(&note_zh),
            note_en: words::plain_line(&note_en),
        }
    }

    fn mark(&self) -> &'static str {
        words::mark(self.verdict)
    }

    fn class(&self) -> &'static str {
        words::verdict_class(self.verdict)
    }

    fn word(&self) -> StaticText {
        words::verdict(self.verdict)
    }

    /// Whether somebody has to do or look at something.
    fn needs_somebody(&self) -> bool {
        self.verdict != Verdict::Pass || !self.note_zh.is_empty()
    }
}

fn join(before: &str, after: &str, with: &str) -> String {
    if before.is_empty() {
        after.to_owned()
    } else {
        format!("{before}{with}{after}")
    }
}

impl Sheet {
    fn needing_somebody(&self) -> usize {
        self.lines
            .iter()
            .filter(|line| line.needs_somebody())
            .count()
    }
}

/// The receipt as text, one line a file. With byte order mark and CRLF, so that
/// any editor on a team's computer shows it right.
pub fn text(sheet: &Sheet) -> String {
    let mut out = format!(
        "\u{feff}回执 Receipt  {}  {}\r\n收到 {n} 个文件,已保存 {n} 个;需要处理 {m} 个。 \
         Received {n}, saved {n}, to look at {m}.\r\n写于 written {}\r\n\r\n",
        sheet.case,
        sheet.day,
        sheet.written.format("%Y-%m-%d %H:%M:%S %:z"),
        n = sheet.lines.len(),
        m = sheet.needing_somebody(),
    );
    for line in &sheet.lines {
        let word = line.word();
        out.push_str(&format!(
            "{} {} {}  {}  → {}  {}",
            line.mark(),
            word.zh,
            word.en,
            line.name,
            line.official,
            line.saved
        ));
        if !line.note_zh.is_empty() {
            out.push_str(&format!("  {} / {}", line.note_zh, line.note_en));
        }
        out.push_str("\r\n");
    }
    out.push_str(
        "\r\n依据工作方案,不得事后补录:离开现场后请勿重新拍摄;如有未上传的原始文件或需要说明的情况,请放入本编号的文件夹。\r\n\
         After the visit nothing may be recorded again; hand in originals that were not uploaded, or a written note.\r\n",
    );
    out
}

#[derive(Template)]
#[template(path = "receipt.html")]
struct Page<'a> {
    sheet: &'a Sheet,
}

/// The receipt as a page.
pub fn html(sheet: &Sheet) -> Result<String, askama::Error> {
    Page { sheet }.render()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(name: &str) -> Sheet {
        let line = Line {
            name: words::plain_line(name),
            official: "YW2026040001_A2.2首次会议_001_时间不详.jpg".to_owned(),
            verdict: Verdict::Attention,
            saved: "无法判定".to_owned(),
            note_zh: "照片较模糊".to_owned(),
            note_en: "the photo is rather blurred".to_owned(),
        };
        let written = DateTime::parse_from_rfc3339("2026-04-12T15:30:00+08:00").unwrap();
        let day = written.date_naive();
        Sheet {
            case: "YW2026040001".to_owned(),
            day,
            part: 1,
            written,
            lines: vec![line],
        }
    }

    #[test]
    fn a_file_is_one_line_whatever_its_name() {
        let plain = text(&sheet("a.jpg")).lines().count();
        assert_eq!(text(&sheet("a\r\nb\u{2028}.jpg")).lines().count(), plain);
        assert!(text(&sheet("a.jpg")).contains("需要处理 1 个"));
    }

    #[test]
    fn a_hostile_name_is_only_text_on_the_page() {
        let page = html(&sheet("<script>alert(1)</script>\".jpg")).unwrap();
        assert!(!page.contains("<script>"));
        assert!(page.contains("&#60;script&#62;") || page.contains("&lt;script&gt;"));
    }
}
