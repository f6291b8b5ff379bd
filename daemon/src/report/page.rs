//! The report as one page that a lay reader understands: conclusion, then
//! evidence, then limits. It holds everything within itself, and the same
//! report always gives the same page.

mod curves;
mod parts;
mod photo;
mod pictures;
mod sharpness;

use askama::Template;
use unbroken_probes::check::{Aspect, Check, Finding, Level};
use unbroken_probes::judge::Verdict;
use unbroken_probes::measurements::{Kind, Span};
use unbroken_probes::registry::{CHECKS, by_code};
use unbroken_probes::text::StaticText;

use curves::Curve;
use parts::WholeShown;
use pictures::{Picture, is_told_of};

use super::object::Report;
use super::words;

/// A small picture as the ledger keeps it: label, milliseconds, JPEG.
pub type StillRow = (String, u64, Vec<u8>);

/// Writes the page.
///
/// `series` is what was measured over time (`unbroken.series/1`), empty if
/// nothing was; what cannot be read of it is not drawn.
pub fn page(report: &Report, stills: &[StillRow], series: &[u8]) -> Result<String, askama::Error> {
    Page {
        report,
        name: shown_name(report),
        verdict: Sign::of(report.verdict),
        questions: questions(report),
        findings: report
            .findings
            .iter()
            .map(|f| Shown::of(f, report))
            .collect(),
        passed: report
            .passed
            .iter()
            .filter_map(|code| by_code(code))
            .collect(),
        stills: stills
            .iter()
            .filter(|still| is_told_of(still, report))
            .map(|still| Picture::of(still, report))
            .collect(),
        timeline: Timeline::of(report),
        curves: curves::of(series, axis_s(report)),
        whole: report.recording.as_ref().map(WholeShown::of),
        facts: facts(report),
    }
    .render()
    .map(|page| words::plain_page(&page))
}

/// The official name, or the original one while there is none.
fn shown_name(report: &Report) -> String {
    words::plain_line(report.file.official.as_deref().unwrap_or(&report.file.name))
}

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    report: &'a Report,
    name: String,
    verdict: Sign,
    questions: Vec<Question>,
    findings: Vec<Shown<'a>>,
    passed: Vec<&'static Check>,
    stills: Vec<Picture>,
    timeline: Option<Timeline>,
    curves: Vec<Curve>,
    whole: Option<WholeShown>,
    facts: Vec<(StaticText, String)>,
}

/// A result with its mark, class and words.
struct Sign {
    mark: &'static str,
    class: &'static str,
    text: StaticText,
}

impl Sign {
    fn of(verdict: Verdict) -> Self {
        Self {
            mark: words::mark(verdict),
            class: words::verdict_class(verdict),
            text: words::verdict(verdict),
        }
    }

    fn with(self, text: StaticText) -> Self {
        Self { text, ..self }
    }
}

/// One of the plan's questions with its answer.
struct Question {
    asked: StaticText,
    sign: Sign,
    note: Option<(String, String)>,
}

const fn t(zh: &'static str, en: &'static str) -> StaticText {
    StaticText { zh, en }
}

/// The plan's own questions (三(二)3, 三(二)4, 三(四)2).
fn questions(report: &Report) -> Vec<Question> {
    let file = &report.file;
    let mut all = Vec::new();
    if file.kind == Kind::Photo {
        all.push(Question {
            asked: t("照片是否清晰可辨?", "Is the photo clear and legible?"),
            sign: Sign::of(report.outcome.quality),
            note: photo::not_the_picture(&report.measurements),
        });
    } else {
        all.push(Question {
            asked: t(
                "是否清晰、流畅、不遗漏?",
                "Is it clear, smooth, with nothing left out?",
            ),
            sign: Sign::of(report.outcome.quality),
            note: None,
        });
    }
    let integrity = words::integrity(report.outcome.integrity, file.kind);
    all.push(Question {
        asked: t(
            "有无插入、删改、编辑的痕迹?",
            "Any trace of insertion, deletion or editing?",
        ),
        sign: Sign::of(words::integrity_as_verdict(report.outcome.integrity)).with(integrity),
        note: None,
    });
    if let Some(saved) = &report.saved {
        let note = match (saved.latency_min_s, saved.latency_max_s) {
            (Some(min), Some(max)) => {
                let ((a_zh, a_en), (b_zh, b_en)) = (words::duration(min), words::duration(max));
                Some((
                    format!("拍摄结束至保存:{a_zh} 至 {b_zh}"),
                    format!("from capture to storage: {a_en} to {b_en}"),
                ))
            }
            _ => None,
        };
        all.push(Question {
            asked: t("是否在24小时内保存?", "Was it saved within 24 hours?"),
            sign: Sign::of(words::saved_as_verdict(saved.result)).with(words::saved(saved.result)),
            note,
        });
    }
    if report.custody.is_some() {
        all.push(Question {
            asked: t("入库后是否被改动?", "Was it changed after it was taken in?"),
            sign: Sign::of(Verdict::Pass).with(t(
                "保存后读回,与收到的文件逐字节相同",
                "Read back after storing, equal to the received file byte for byte",
            )),
            note: None,
        });
    }
    all
}

/// A finding as the page shows it.
struct Shown<'a> {
    finding: &'a Finding,
    title: StaticText,
    doc: Option<StaticText>,
    mark: &'static str,
    class: &'static str,
    level: StaticText,
    strength: StaticText,
    family: StaticText,
    measured: String,
    spans: Vec<String>,
    more_spans: usize,
    see_yourself: String,
}

/// Most spans of one finding that are written out.
const SPANS_SHOWN: usize = 8;

impl<'a> Shown<'a> {
    fn of(finding: &'a Finding, report: &Report) -> Self {
        let check = by_code(&finding.code);
        let quoted = format!("'{}'", shown_name(report).replace('\'', "'\\''"));
        Self {
            finding,
            title: title_of(finding),
            doc: check.map(|check| check.doc),
            mark: words::level_mark(finding.level),
            class: words::level_class(finding.level),
            level: words::level(finding.level),
            strength: words::strength(finding.strength),
            family: words::family(finding.family),
            measured: words::measured(finding),
            spans: finding
                .spans
                .iter()
                .take(SPANS_SHOWN)
                .map(words::span)
                .collect(),
            more_spans: finding.spans.len().saturating_sub(SPANS_SHOWN),
            see_yourself: check
                .map_or("", |c| c.see_yourself)
                .replace("{file}", &quoted),
        }
    }
}

fn title_of(finding: &Finding) -> StaticText {
    by_code(&finding.code).map_or(t("其他", "Other"), |check| check.title)
}

/// The time axis with what was found on it.
struct Timeline {
    end: String,
    rows: Vec<TimelineRow>,
    height: usize,
}

struct TimelineRow {
    title: StaticText,
    label_y: usize,
    bar_y: usize,
    class: &'static str,
    bars: Vec<Bar>,
}

struct Bar {
    x: String,
    width: String,
    title: String,
}

/// Width of the axis in the drawing's units.
const AXIS: f64 = 960.0;
/// The narrowest bar that can still be seen and hit.
const BAR_MIN: f64 = 3.0;

impl Timeline {
    fn of(report: &Report) -> Option<Self> {
        if !matches!(report.file.kind, Kind::Video | Kind::Audio) {
            return None;
        }
        let duration_s = axis_s(report)?;
        let flagged = report.findings.iter().filter(|f| !f.spans.is_empty());
        let rows: Vec<TimelineRow> = flagged
            .enumerate()
            .map(|(i, finding)| TimelineRow {
                title: title_of(finding),
                label_y: 34 + i * 44,
                bar_y: 40 + i * 44,
                class: words::level_class(finding.level),
                bars: finding
                    .spans
                    .iter()
                    .map(|span| Bar::of(span, duration_s))
                    .collect(),
            })
            .collect();
        let height = 40 + rows.len().max(1) * 44;
        Some(Self {
            end: words::clock(duration_s),
            rows,
            height,
        })
    }
}

/// Length of the time axis in seconds: as long as was measured, so that a
/// header that says otherwise moves no bar; what the file states counts only
/// where nothing was measured. The axis holds every span. `None` if no length
/// is known.
fn axis_s(report: &Report) -> Option<f64> {
    let longest = |lengths: &mut dyn Iterator<Item = f64>| {
        let known = lengths.filter(|s| s.is_finite() && *s > 0.0);
        known.reduce(f64::max)
    };
    let m = &report.measurements;
    let pictures = m.video.iter().map(|video| video.duration_s);
    let sound = m.audio.iter().map(|audio| audio.duration_s);
    let packets = m.timing.iter().filter_map(|timing| timing.end_s);
    let tracks = m.tracks.iter().filter_map(|track| track.duration_s);
    let container = m.container.iter().filter_map(|c| c.duration_s);
    let length_s = longest(&mut pictures.chain(sound).chain(packets))
        .or_else(|| longest(&mut tracks.chain(container)))?;
    let spans = report.findings.iter().flat_map(|finding| &finding.spans);
    longest(&mut spans.map(|span| span.end_s).chain([length_s]))
}

impl Bar {
    fn of(span: &Span, duration_s: f64) -> Self {
        let at = |s: f64| (s / duration_s).clamp(0.0, 1.0) * AXIS;
        let width = (at(span.end_s) - at(span.start_s)).max(BAR_MIN);
        let x = at(span.start_s).min(AXIS - width);
        Self {
            x: format!("{x:.1}"),
            width: format!("{width:.1}"),
            title: words::span(span),
        }
    }
}

/// The plain facts of the file, for the table.
fn facts(report: &Report) -> Vec<(StaticText, String)> {
    let m = &report.measurements;
    let unknown = || "未知 unknown".to_owned();
    let device = [&m.device.make, &m.device.model, &m.device.serial]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(" ");
    let time = |at: Option<chrono::DateTime<chrono::Utc>>| at.map(|at| at.to_rfc3339());
    let capture = match (time(report.capture.earliest), time(report.capture.latest)) {
        (Some(a), Some(b)) if a == b => a,
        (Some(a), Some(b)) => format!("{a} – {b}"),
        _ => unknown(),
    };
    let case = report.case.as_ref();
    let node = case.and_then(|c| {
        Some(format!(
            "{} {}",
            c.node.as_deref()?,
            c.node_name.as_deref()?
        ))
    });
    let mut rows = vec![
        (
            t("原文件名", "Original name"),
            words::plain_line(&report.file.path),
        ),
        (
            t("正式文件名", "Official name"),
            report.file.official.clone().unwrap_or_else(unknown),
        ),
        (
            t("编号", "Case number"),
            case.and_then(|c| c.number.clone()).unwrap_or_else(unknown),
        ),
        (
            t("证明对象(记录节点)", "What it shows (record node)"),
            node.unwrap_or_else(unknown),
        ),
        (
            t("制作方法(设备)", "How it was made (device)"),
            if device.is_empty() { unknown() } else { device },
        ),
        (
            t("制作时间(拍摄结束)", "When it was made (end of capture)"),
            capture,
        ),
        (t("制作人", "Who made it"), unknown()),
        (t("大小", "Size"), format!("{} B", report.file.bytes)),
        (t("SHA-256", ""), report.file.sha256.clone()),
        (t("BLAKE3", ""), report.file.blake3.clone()),
    ];
    rows.extend(photo::facts(m));
    if let Some(sm3) = &report.file.sm3 {
        rows.push((t("SM3", ""), sm3.clone()));
    }
    if let Some(custody) = &report.custody {
        let version = custody.version.as_deref().unwrap_or("-");
        rows.push((t("存放处", "Store"), custody.store.clone()));
        rows.push((t("对象", "Object"), format!("{} ({version})", custody.key)));
        rows.push((
            t("读回核对于", "Read back and equal at"),
            custody.verified.to_rfc3339(),
        ));
        if let Some(first) = &custody.same_as {
            rows.push((t("与此文件内容相同", "Same content as"), first.clone()));
        }
    }
    if let Some(saved) = &report.saved {
        rows.push((t("首次看到", "First seen"), saved.seen.to_rfc3339()));
        rows.push((t("收齐", "Received whole"), saved.received.to_rfc3339()));
        rows.push((t("保存", "Stored"), saved.stored.to_rfc3339()));
    }
    rows
}

impl Page<'_> {
    /// What somebody has to do, at most two things.
    fn to_do(&self) -> Vec<&Finding> {
        self.report
            .findings
            .iter()
            .filter(|f| f.level > Level::Info)
            .take(2)
            .collect()
    }

    fn counts(&self) -> (usize, usize) {
        let of_integrity = CHECKS
            .iter()
            .filter(|c| c.aspect == Aspect::Integrity)
            .count();
        (CHECKS.len(), of_integrity)
    }
}

#[cfg(test)]
mod tests;
