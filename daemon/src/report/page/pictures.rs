//! Small pictures within the page, with what was found on them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use unbroken_probes::check::Finding;
use unbroken_probes::measurements::{Region, Span};
use unbroken_probes::text::StaticText;

use super::sharpness::{self, Tile};
use super::{StillRow, photo, title_of};
use crate::report::object::Report;
use crate::report::words;

/// A small picture within the page.
pub(super) struct Picture {
    pub(super) data: String,
    pub(super) caption_zh: String,
    pub(super) caption_en: String,
    pub(super) marked: Vec<Marked>,
    /// Of a photo: how sharp it is where.
    pub(super) tiles: Vec<Tile>,
    pub(super) shows: Vec<StaticText>,
}

/// A suspicious part of a picture, in thousandths of its sides.
pub(super) struct Marked {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) width: String,
    pub(super) height: String,
    pub(super) class: &'static str,
    pub(super) title: StaticText,
}

/// How far a still may lie outside a span and yet show it, in seconds: a
/// frame at 25 a second, and the millisecond to which a still's time is rounded.
const STILL_NEAR_S: f64 = 0.041;

/// Whether a finding speaks of the moment `at_s` of a recording. In a photo
/// (`None`) there is but one moment.
fn speaks_of(finding: &Finding, at_s: Option<f64>) -> bool {
    at_s.is_none_or(|at_s| {
        let near =
            |span: &Span| (span.start_s - STILL_NEAR_S..=span.end_s + STILL_NEAR_S).contains(&at_s);
        finding.spans.iter().any(near)
    })
}

impl Marked {
    /// `None` if the region lies outside the picture or has no area.
    fn of(region: &Region, finding: &Finding) -> Option<Self> {
        let thousandths = |start: f64, length: f64| {
            let (from, to) = (start.clamp(0.0, 1.0), (start + length).clamp(0.0, 1.0));
            (to > from).then(|| {
                (
                    format!("{:.1}", from * 1000.0),
                    format!("{:.1}", (to - from) * 1000.0),
                )
            })
        };
        let (x, width) = thousandths(region.x, region.w)?;
        let (y, height) = thousandths(region.y, region.h)?;
        Some(Self {
            x,
            y,
            width,
            height,
            class: words::level_class(finding.level),
            title: title_of(finding),
        })
    }
}

/// A pair on either side of a step is shown where a finding begins or ends with it.
pub(super) fn is_told_of((label, at_ms, _): &StillRow, report: &Report) -> bool {
    let at_s = *at_ms as f64 / 1000.0;
    let is_here = |edge_s: f64| (edge_s - at_s).abs() <= STILL_NEAR_S;
    let mut spans = report.findings.iter().flat_map(|finding| &finding.spans);
    side(label).is_none() || spans.any(|span| is_here(span.start_s) || is_here(span.end_s))
}

/// On which side of a step a still lies.
fn side(label: &str) -> Option<StaticText> {
    let (zh, en) = match label {
        "before" => ("切点之前", "before the step"),
        "after" => ("切点之后", "after the step"),
        _ => return None,
    };
    Some(StaticText { zh, en })
}

impl Picture {
    pub(super) fn of((label, at_ms, jpeg): &StillRow, report: &Report) -> Self {
        let at_s = (label != "photo").then_some(*at_ms as f64 / 1000.0);
        let here: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| speaks_of(finding, at_s))
            .collect();
        let marked = here.iter().flat_map(|finding| {
            let regions = finding.regions.iter();
            regions.filter_map(|region| Marked::of(region, finding))
        });
        let mut shows: Vec<StaticText> = Vec::new();
        for finding in here
            .iter()
            .filter(|f| at_s.is_some() || !f.regions.is_empty())
        {
            let title = title_of(finding);
            if !shows.contains(&title) {
                shows.push(title);
            }
        }
        let is_preview = photo::not_the_picture(&report.measurements).is_some();
        let (caption_zh, caption_en) = if label == "photo" && is_preview {
            (
                "文件内的预览图,不是照片本身".to_owned(),
                "the preview inside the file, not the photo itself".to_owned(),
            )
        } else if label == "photo" {
            (
                "照片(浏览副本)".to_owned(),
                "photo (viewing copy)".to_owned(),
            )
        } else {
            let at = words::clock(*at_ms as f64 / 1000.0);
            match side(label) {
                Some(side) => (
                    format!("{at} {}(浏览副本)", side.zh),
                    format!("{} (viewing copy)", side.en),
                ),
                None => (format!("{at}(浏览副本)"), format!("{label} (viewing copy)")),
            }
        };
        Self {
            data: format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)),
            caption_zh,
            caption_en,
            marked: marked.collect(),
            tiles: match at_s {
                None => sharpness::tiles(report.measurements.photo.as_ref()),
                Some(_) => Vec::new(),
            },
            shows,
        }
    }
}
