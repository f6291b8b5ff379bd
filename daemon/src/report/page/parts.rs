//! The parts of a recording that a device split into several files, and the
//! seams between them, as the page shows them.

use unbroken_probes::segment::whole::{Seam, SeamKind, WholeRecording};

use crate::report::words;

/// The table and the sentence above it.
pub(super) struct WholeShown {
    pub(super) summary_zh: String,
    pub(super) summary_en: String,
    pub(super) parts: Vec<PartShown>,
}

/// One line: a part and what follows it.
pub(super) struct PartShown {
    pub(super) number: usize,
    pub(super) name: String,
    pub(super) is_this: bool,
    pub(super) start: String,
    pub(super) length: String,
    pub(super) class: &'static str,
    pub(super) gap_zh: String,
    pub(super) gap_en: String,
}

impl WholeShown {
    pub(super) fn of(whole: &WholeRecording) -> Self {
        let this = usize::try_from(whole.part).unwrap_or(usize::MAX);
        let parts = whole
            .parts
            .iter()
            .zip(whole.seams.iter().map(Some).chain([None]))
            .enumerate()
            .map(|(i, (part, seam))| {
                let (class, gap_zh, gap_en) = seam.map_or_else(Default::default, gap);
                PartShown {
                    number: i + 1,
                    name: words::plain_line(&part.name),
                    is_this: i + 1 == this,
                    start: words::clock(part.start_s),
                    length: words::clock(part.duration_s),
                    class,
                    gap_zh,
                    gap_en,
                }
            })
            .collect();
        let (covered_zh, covered_en) = words::duration(whole.covered_s);
        let (span_zh, span_en) = words::duration(whole.span_high_s.max(whole.covered_s));
        let (part, count) = (whole.part, whole.parts.len());
        let (usual_zh, usual_en) = whole.usual.map_or_else(Default::default, |usual| {
            (
                format!(
                    "该设备分段之间通常间隔 {:.1} 秒(中位数,离散程度 {:.1} 秒,取自 {} 处)。",
                    usual.median_s, usual.mad_s, usual.seams
                ),
                format!(
                    " This device usually leaves {:.1} s between parts (median of {}, median deviation {:.1} s).",
                    usual.median_s, usual.seams, usual.mad_s
                ),
            )
        });
        Self {
            summary_zh: format!(
                "出具本报告时已知的 {count} 段中的第 {part} 段。各段共录制 {covered_zh},\
                 首段开始至末段结束最长 {span_zh}。{usual_zh}"
            ),
            summary_en: format!(
                "Part {part} of the {count} that were known when this report was made. Together they hold \
                 {covered_en} of at most {span_en} from the start of the first to the end of the last.{usual_en}"
            ),
            parts,
        }
    }
}

/// Class and words of what lies between a part and the next.
fn gap(seam: &Seam) -> (&'static str, String, String) {
    let (low_s, high_s) = (seam.gap_low_s, seam.gap_high_s);
    let numbers = seam.numbers_left_out;
    let (missing_zh, missing_en) = if numbers > 0 {
        (
            format!(",缺 {numbers} 个编号"),
            format!(", {numbers} numbers left out"),
        )
    } else {
        Default::default()
    };
    let (class, kind_zh, kind_en) = match seam.kind {
        SeamKind::Usual => ("", "该设备通常的间隔", "usual for this device"),
        SeamKind::Short => ("", "短", "short"),
        SeamKind::Overlap => ("", "重叠", "overlap"),
        SeamKind::Long => (
            "attention",
            "异常,可能缺少一段",
            "longer than usual: a stretch may be missing",
        ),
    };
    (
        class,
        format!("{low_s:.1} 至 {high_s:.1} 秒,{kind_zh}{missing_zh}"),
        format!("{low_s:.1} to {high_s:.1} s, {kind_en}{missing_en}"),
    )
}
