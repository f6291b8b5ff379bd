//! Small pictures within the page, with what was found on them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use unbroken_probes::check::{Aspect, Finding};
use unbroken_probes::measurements::{Region, Span};
use unbroken_probes::probe::ERROR_LEVEL_STILL;
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

/// What stands under a still, in both languages.
fn caption(label: &str, at_ms: u64, report: &Report) -> (String, String) {
    let said = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
    match label {
        "photo" if photo::not_the_picture(&report.measurements).is_some() => said(
            "文件内的预览图,不是照片本身",
            "the preview inside the file, not the photo itself",
        ),
        "photo" => said("照片(浏览副本)", "photo (viewing copy)"),
        ERROR_LEVEL_STILL => said(
            "误差级别图(ELA),仅供目视:越亮处再次保存时变化越大。边缘、纹理和鲜艳处本来就亮;\
             同类纹理的某一块明显更亮或更暗,才值得对照原件查看。不参与任何判定。",
            "error levels (ELA), for the eye only: the brighter, the more saving it again would change. Edges, \
             texture and strong colours are bright by nature; only a part that stands out from others of the same \
             texture is worth comparing with the original. It decides nothing.",
        ),
        _ => {
            let at = words::clock(at_ms as f64 / 1000.0);
            match side(label) {
                Some(side) => (
                    format!("{at} {}(浏览副本)", side.zh),
                    format!("{} (viewing copy)", side.en),
                ),
                None => (format!("{at}(浏览副本)"), format!("{label} (viewing copy)")),
            }
        }
    }
}

impl Picture {
    pub(super) fn of((label, at_ms, jpeg): &StillRow, report: &Report) -> Self {
        let is_photo = label == "photo";
        let is_of_photo = is_photo || label == ERROR_LEVEL_STILL;
        let at_s = (!is_of_photo).then_some(*at_ms as f64 / 1000.0);
        let here: Vec<&Finding> = report
            .findings
            .iter()
            .filter(|finding| speaks_of(finding, at_s))
            // Where a photo is blurred, error levels tell nothing.
            .filter(|finding| label != ERROR_LEVEL_STILL || finding.aspect == Aspect::Integrity)
            .collect();
        let marked = here.iter().flat_map(|finding| {
            let regions = finding.regions.iter();
            regions.filter_map(|region| Marked::of(region, finding))
        });
        let mut shows: Vec<StaticText> = Vec::new();
        for finding in here
            .iter()
            .filter(|f| at_s.is_some() || is_photo && !f.regions.is_empty())
        {
            let title = title_of(finding);
            if !shows.contains(&title) {
                shows.push(title);
            }
        }
        let (caption_zh, caption_en) = caption(label, *at_ms, report);
        Self {
            data: format!("data:image/jpeg;base64,{}", STANDARD.encode(jpeg)),
            caption_zh,
            caption_en,
            marked: marked.collect(),
            tiles: if is_photo {
                sharpness::tiles(report.measurements.photo.as_ref())
            } else {
                Vec::new()
            },
            shows,
        }
    }
}
