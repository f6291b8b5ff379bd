//! The figures of photos as a page.

mod clarity;
mod goals;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use unbroken_probes::check::Aspect;
use unbroken_probes::measurements::Kind;
use unbroken_probes::registry::CHECKS;

use super::found::PhotoFound;
use super::peer::Seen;
use super::recipe::Group;
use super::source::PhotoSource;
use super::truth::Fault;
use super::{Bounds, Case};
use crate::accuracy::page::{alarms_row, built};
use crate::accuracy::score::Share;
use crate::accuracy::source::Half;

/// One case with all that was said of it.
pub struct Judged {
    /// The case.
    pub case: Case,
    /// What our checks say, nothing known of the model.
    pub found: PhotoFound,
    /// What they say where enough other files of the model are vouched for.
    pub found_known: Option<PhotoFound>,
    /// What the other tools say, if they were asked.
    pub seen: Option<Seen>,
}

/// All that the page is made of.
pub struct Run<'a> {
    /// The sources, as the cases name them.
    pub sources: &'a [PhotoSource],
    /// Every case.
    pub judged: &'a [Judged],
    /// What could not be made or asked, one sentence each.
    pub left_out: &'a [String],
    /// What the cases are made with.
    pub bounds: Bounds,
    /// True if no other tool was asked.
    pub alone: bool,
}

impl Run<'_> {
    fn source(&self, judged: &Judged) -> Option<&PhotoSource> {
        self.sources.get(judged.case.source)
    }

    fn of(&self, half: Half) -> impl Iterator<Item = &Judged> {
        self.judged
            .iter()
            .filter(move |j| self.source(j).is_some_and(|s| s.half == half))
    }

    /// Camera photos as they came.
    fn cameras(&self, half: Half) -> impl Iterator<Item = &Judged> {
        self.of(half).filter(|j| {
            j.case.group == Group::Untouched && self.source(j).is_some_and(|s| s.untouched)
        })
    }

    /// What is said of the untouched source itself.
    fn untouched(&self, judged: &Judged) -> Option<&Judged> {
        self.judged
            .iter()
            .find(|j| j.case.source == judged.case.source && j.case.group == Group::Untouched)
    }

    /// True if a check that ought to speaks as `says` asks, and did not speak so of
    /// the source before anything was done.
    fn finds(&self, judged: &Judged, fault: Fault, says: impl Fn(&Judged, &str) -> bool) -> bool {
        let before = self.untouched(judged);
        let is_new = |code: &str| {
            judged.case.group == Group::Clarity || !before.is_some_and(|b| says(b, code))
        };
        fault
            .codes()
            .iter()
            .any(|code| says(judged, code) && is_new(code))
    }

    fn found(
        &self,
        half: Half,
        recipe: impl Fn(&Case) -> bool,
        says: impl Fn(&Judged, &str) -> bool,
    ) -> Share {
        let mut share = Share::default();
        for judged in self.of(half).filter(|j| recipe(&j.case)) {
            if let Some(fault) = judged.case.fault {
                share.add(self.finds(judged, fault, &says));
            }
        }
        share
    }
}

fn asks(judged: &Judged, code: &str) -> bool {
    judged.found.alarms(code)
}

fn tells(judged: &Judged, code: &str) -> bool {
    judged.found.tells(code)
}

/// Writes the page.
pub fn page(run: &Run<'_>) -> String {
    let mut out = String::from(
        "# 照片准确率 Accuracy on photos\n\n\
         <!-- Written by `accuracy photo`; the command stands under Sources. -->\n\n\
         每一项都由未改动的相机照片按配方制成,真值由制作方法确定。按型号分为两半:一半用于调整,另一半用于报告。\
         括号内为 95% Wilson 区间。\n\n\
         Every case is made by recipe from an untouched camera photo, so its truth is known by construction. The \
         photos are split by their model: one half to tune on, the other to report. In brackets: Wilson's 95 % \
         interval. Cases of one photo are not independent, so the true intervals are wider. *not built*: no such \
         check exists today. *told*: found, but only for information. What is said of a photo before anything was \
         done to it does not count as found.\n",
    );
    sources(run, &mut out);
    goals::goals(run, &mut out);
    clarity::clarity(run, &mut out);
    recipes(run, &mut out);
    alarms(run, &mut out);
    if !run.left_out.is_empty() {
        out.push_str("\n## 未能制作 Left out\n\n");
        for why in run.left_out {
            let line = why.split_whitespace().collect::<Vec<_>>().join(" ");
            writeln!(out, "- {}", line.chars().take(200).collect::<String>()).ok();
        }
    }
    out
}

fn sources(run: &Run<'_>, out: &mut String) {
    let models: BTreeSet<&str> = run.sources.iter().map(|s| s.model.as_str()).collect();
    write!(
        out,
        "\n## 源文件 Sources\n\n\
         `cargo run -p unbroken-tests --bin accuracy -- photo DATA_DIR --sources LIST --side {}{}{} --out \
         docs/accuracy-photo.md`, where LIST names the files that are not in DATA_DIR, a line each: file, tab, \
         `untouched` or `written` (a program wrote it after the camera), with `,soft` behind it if it is not sharp as \
         it was taken, tab, where it comes from. *Untouched*: names a make and a model and no program but firmware, \
         has a maker's note, no Adobe segment and no edit history. No more can be known of public files: some may \
         have been saved again in silence, so that false alarms are bounded from above. Pictures of the clarity \
         recipes have at most {} pixels on the longer side; what is done to a file is done at its own size. {} photos \
         of {} models, {} cases.\n\n\
         | photo | from | half | untouched | model | size | cases |\n|---|---|---|---|---|---|---|\n",
        run.bounds.side_max_px,
        match run.bounds.edited_max {
            usize::MAX => String::new(),
            max => format!(" --edited-max {max}"),
        },
        if run.alone { " --alone" } else { "" },
        run.bounds.side_max_px,
        run.sources.len(),
        models.len(),
        run.judged.len()
    )
    .ok();
    for (place, s) in run.sources.iter().enumerate() {
        let half = match s.half {
            Half::Tune => "tune",
            Half::Report => "report",
        };
        let cases = run.judged.iter().filter(|j| j.case.source == place).count();
        let size = match s.long_side_px() {
            0 => "–".to_owned(),
            _ => format!("{}×{}", s.width_px, s.height_px),
        };
        writeln!(
            out,
            "| {} | {} | {half} | {}{} | {} | {size} | {cases} |",
            s.name,
            s.origin,
            if s.untouched { "yes" } else { "written" },
            if s.is_soft { ", soft" } else { "" },
            s.model.replace('|', "/"),
        )
        .ok();
    }
}

fn recipes(run: &Run<'_>, out: &mut String) {
    out.push_str(
        "\n## 各配方的检出 Found, by recipe\n\n\
         | recipe | checks that ought to speak | tune | report | report, told as well |\n|---|---|---|---|---|\n",
    );
    let names: BTreeSet<&str> = run.judged.iter().map(|j| j.case.recipe.as_str()).collect();
    for name in names {
        let fault = run
            .judged
            .iter()
            .filter(|j| j.case.recipe == name)
            .find_map(|j| j.case.fault);
        let Some(fault) = fault else { continue };
        let codes: Vec<String> = fault.codes().iter().map(|c| built(c)).collect();
        let is_it = |case: &Case| case.recipe == name;
        writeln!(
            out,
            "| {name} | {} | {} | {} | {} |",
            codes.join(", "),
            run.found(Half::Tune, is_it, asks),
            run.found(Half::Report, is_it, asks),
            run.found(Half::Report, is_it, tells),
        )
        .ok();
    }
}

fn alarms(run: &Run<'_>, out: &mut String) {
    out.push_str(
        "\n## 各检测项目的误报 False alarms, by check\n\n\
         Attention or worse at untouched camera photos. `photo_small` is right of cameras of few pixels, and \
         `capture_time_missing` of a photo without a time: they are shown all the same.\n\n\
         | check | tune | report | where |\n|---|---|---|---|\n",
    );
    for check in CHECKS.iter().filter(|c| c.kinds.contains(&Kind::Photo)) {
        let mut places: BTreeSet<String> = BTreeSet::new();
        let mut of_half = |half| {
            let mut share = Share::default();
            for judged in run.cameras(half) {
                let is_alarm = judged.found.alarms(check.code);
                share.add(is_alarm);
                if let (true, Some(source)) = (is_alarm, run.source(judged)) {
                    places.insert(source.name.clone());
                }
            }
            share
        };
        let (tune, report) = (of_half(Half::Tune), of_half(Half::Report));
        alarms_row(check.code, &tune, &report, &places, out);
    }
}

/// True if anything raises an alarm in this aspect.
fn alarms_in(found: &PhotoFound, aspect: Aspect) -> bool {
    found
        .findings
        .iter()
        .any(|said| said.aspect == aspect && said.is_alarm())
}
