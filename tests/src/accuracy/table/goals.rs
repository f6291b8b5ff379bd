//! What is wanted of the figures, and whether it is met.

use std::fmt::Write as _;

use unbroken_probes::judge::Integrity;

use super::{Run, ours, score};
use crate::accuracy::found::Found;
use crate::accuracy::page::{self, Wanted};
use crate::accuracy::recipe::pictures::STILL_LEVELS;
use crate::accuracy::score::Share;
use crate::accuracy::source::Half;
use crate::accuracy::truth::Fault;

pub(super) fn goals(run: &Run<'_>, out: &mut String) {
    out.push_str(page::GOALS);
    let mut line = |what: &str, wanted: Wanted, of: &dyn Fn(Half) -> Share| {
        wanted.row(what, &of(Half::Tune), &of(Half::Report), out);
    };
    let camera = |half: Half, is_alarm: &dyn Fn(&Found) -> bool| {
        let mut share = Share::default();
        for judged in run
            .of(half)
            .filter(|j| j.case.recipe == "untouched" && run.source(j).is_some_and(|s| s.untouched))
        {
            share.add(is_alarm(&judged.found));
        }
        share
    };
    line(
        "untouched camera files called inconsistent",
        Wanted::AtMost(0.005),
        &|half| camera(half, &|f| f.integrity == Integrity::Inconsistent),
    );
    line(
        "untouched camera files with any attention",
        Wanted::AtMost(0.03),
        &|half| camera(half, &|f| f.findings.iter().any(|said| said.is_alarm)),
    );
    let starts: [(&str, Wanted, &[&str]); 12] = [
        (
            "stream-copy trims and joins",
            Wanted::AtLeast(0.99),
            &["trim_", "join_"],
        ),
        (
            "whole groups deleted by stream copy, with sound",
            Wanted::AtLeast(0.95),
            &["groups_deleted_with_sound"],
        ),
        (
            "whole groups deleted by stream copy, without sound",
            Wanted::AtLeast(0.50),
            &["groups_deleted_without_sound"],
        ),
        ("re-encodes", Wanted::AtLeast(0.98), &["reencode_"]),
        (
            "freezes and gaps of 0.5 s or more",
            Wanted::AtLeast(0.99),
            &["freeze_", "gap_"],
        ),
        ("insertions of 1 s", Wanted::AtLeast(0.95), &["insert_1s"]),
        (
            "insertions of 1 s and 3 s with soft ends",
            Wanted::AtLeast(0.95),
            &["insert_faded_"],
        ),
        (
            "stretches left out between two codings, by the beat of the first",
            Wanted::Nothing,
            &["twice_cut_"],
        ),
        ("blur", Wanted::Nothing, &["blur_"]),
        (
            "coarse coding and loose blocks",
            Wanted::Nothing,
            &["blocky_", "loose_blocks"],
        ),
        (
            "cuts in the sound with which the pictures agree",
            Wanted::Nothing,
            &["sound_cut_"],
        ),
        (
            "black and covered lens",
            Wanted::Nothing,
            &["black_", "covered_"],
        ),
    ];
    for (what, wanted, names) in starts {
        line(what, wanted, &|half| {
            let mut share = Share::default();
            for judged in run.of(half) {
                let is_meant = names.iter().any(|n| judged.case.recipe.starts_with(n));
                if let (true, Some(truth)) = (is_meant, judged.case.truth.first())
                    && !run.is_forestalled(judged)
                {
                    share.add(run.finds(judged, truth));
                }
            }
            share
        });
    }
    let cut = |half, faults: &[Fault], is_long: bool, told: bool| {
        let ours = score(run, half, faults, |j| {
            (!is_long || !j.case.recipe.ends_with("_0.5s") || !j.case.recipe.starts_with("jump"))
                .then(|| ours(j, faults, told))
        });
        ours.f1()
    };
    let mut line = |what: &str, least: Option<f64>, of: &dyn Fn(Half) -> Option<f64>| {
        let words = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.2}"));
        let wanted = least.map_or(Wanted::Nothing, Wanted::AtLeast);
        let report = of(Half::Report);
        writeln!(
            out,
            "| {what} | {} | {} | {} | {} |",
            least.map_or("–".to_owned(), |v| format!("≥ {v:.2}")),
            words(of(Half::Tune)),
            words(report),
            wanted.met(report)
        )
        .ok();
    };
    for (told, words) in [(false, "asks for a person"), (true, "told as well")] {
        for (what, fault, is_long, least) in [
            ("hard cuts", Fault::HardCut, false, Some(0.97)),
            ("jump cuts of 1 s or more", Fault::JumpCut, true, Some(0.80)),
            ("the same in still scenes", Fault::StillJump, true, None),
        ] {
            line(&format!("{what}, F1, {words}"), least, &|half| {
                cut(half, &[fault], is_long, told)
            });
        }
    }
    writeln!(
        out,
        "\nGoals on what was done to a whole file leave out the sources that bear its mark as they were found, a \
         converter's name say: nothing new can be found there.\n\nA jump cut is one in a still scene if the pictures on either side differ by less than {STILL_LEVELS} grey \
         levels in the mean: there may be nothing to see. Those of the others: {}.",
        differences(run)
    )
    .ok();
}

/// Least, middle and largest difference at the jump cuts that have one to see.
fn differences(run: &Run<'_>) -> String {
    let mut levels: Vec<f64> = run
        .judged
        .iter()
        .filter(|j| j.case.truth.iter().any(|t| t.fault == Fault::JumpCut))
        .filter_map(|j| j.case.differ_levels)
        .collect();
    levels.sort_by(f64::total_cmp);
    match (levels.first(), levels.get(levels.len() / 2), levels.last()) {
        (Some(least), Some(middle), Some(most)) => {
            format!("{least:.1} to {most:.1}, median {middle:.1} levels")
        }
        _ => "–".to_owned(),
    }
}
