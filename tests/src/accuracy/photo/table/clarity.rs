//! Sharp and blurred pictures, beside what other tools say of them.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use unbroken_probes::check::Level;
use unbroken_probes::check::unsharpness::Unsharpness;

use super::{Judged, Run};
use crate::accuracy::photo::auc::auc;
use crate::accuracy::photo::peer::{PEERS, Seen};
use crate::accuracy::photo::recipe::Group;
use crate::accuracy::photo::truth::Fault;
use crate::accuracy::score::Share;
use crate::accuracy::source::Half;

/// How far the direction of a motion may be told wrong, in degrees: half the
/// way between two directions of the recipes.
const ANGLE_OFF_MAX_DEG: f32 = 22.5;

type Figure<'a> = &'a dyn Fn(&Judged) -> Option<f64>;

/// How often a sharp picture has a larger figure than a blurred one.
pub(super) fn told_apart(
    run: &Run<'_>,
    half: Half,
    figure: Figure<'_>,
    is_meant: &dyn Fn(&Judged) -> bool,
) -> Option<f64> {
    let figures = |wanted: &dyn Fn(&Judged) -> bool| -> Vec<Option<f64>> {
        run.of(half)
            .filter(|j| j.case.group == Group::Clarity && wanted(j))
            .map(figure)
            .collect()
    };
    auc(&figures(&|j| j.case.recipe == "plain"), &figures(is_meant))
}

/// How sharp a picture is, by somebody's measure; more is sharper.
pub(super) type SharpnessOf = Box<dyn Fn(&Judged) -> Option<f64>>;

/// Ours and everyone else's figures, by name.
pub(super) fn figures() -> Vec<(String, SharpnessOf)> {
    let ours: SharpnessOf = Box::new(|j: &Judged| j.found.sharpness);
    let peers = PEERS.iter().map(|peer| {
        let figure: SharpnessOf =
            Box::new(move |j: &Judged| j.seen.as_ref().and_then(peer.sharpness));
        (peer.name.to_owned(), figure)
    });
    std::iter::once(("ours".to_owned(), ours))
        .chain(peers)
        .collect()
}

pub(super) fn is_blurred(judged: &Judged) -> bool {
    judged.case.fault.is_some_and(Fault::is_blur)
}

pub(super) fn clarity(run: &Run<'_>, out: &mut String) {
    out.push_str(
        "\n## 清晰与模糊 Sharp against blurred\n\n\
         Area under the curve of one number a picture, the same picture saved plainly against it blurred, all photos \
         of the report half together; sizes in thousandths of the long side. A tie or a picture without a number \
         counts half.\n\n| recipe |",
    );
    let figures = figures();
    for (name, _) in &figures {
        write!(out, " {name} |").ok();
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(figures.len()));
    out.push('\n');
    let mut line = |name: &str, is_meant: &dyn Fn(&Judged) -> bool| {
        write!(out, "| {name} |").ok();
        for (_, figure) in &figures {
            let value = told_apart(run, Half::Report, figure, is_meant);
            write!(
                out,
                " {} |",
                value.map_or("–".to_owned(), |v| format!("{v:.3}"))
            )
            .ok();
        }
        out.push('\n');
    };
    line("**all blurred**", &is_blurred);
    for name in blurs(run) {
        line(name, &|j| j.case.recipe == name);
    }
    levels(run, out);
    kinds(run, out);
    directions(run, out);
    error_levels(run, out);
}

/// Recipes that take sharpness away.
fn blurs<'a>(run: &Run<'a>) -> BTreeSet<&'a str> {
    let cases = run.judged.iter().map(|j| &j.case);
    cases
        .filter(|case| {
            case.fault.is_some_and(|fault| {
                fault.is_blur()
                    || matches!(
                        fault,
                        Fault::SlightlyBlurred
                            | Fault::Smeared
                            | Fault::Denoised
                            | Fault::Enlarged
                            | Fault::SlightlyEnlarged
                    )
            })
        })
        .map(|case| case.recipe.as_str())
        .collect()
}

/// What `photo_blurred` says of each clarity recipe.
fn levels(run: &Run<'_>, out: &mut String) {
    out.push_str(
        "\n### `photo_blurred` 的结论 What `photo_blurred` says\n\nReport half.\n\n\
         | recipe | fails | asks for a person | cannot be judged | told | passes |\n|---|---|---|---|---|---|\n",
    );
    let mut names = vec!["untouched", "plain", "sharp_subject_soft_background"];
    names.extend(blurs(run));
    for name in names {
        let of = |level: Option<Level>| {
            let mut share = Share::default();
            let cases = run.of(Half::Report).filter(|j| {
                j.case.recipe == name && run.source(j).is_some_and(|s| s.is_jpeg() && !s.is_soft)
            });
            for judged in cases {
                share.add(judged.found.level("photo_blurred") == level);
            }
            share
        };
        writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} |",
            of(Some(Level::Fail)),
            of(Some(Level::Attention)),
            of(Some(Level::Unknown)),
            of(Some(Level::Info)),
            of(None),
        )
        .ok();
    }
}

/// What kind of unsharpness each recipe is called.
fn kinds(run: &Run<'_>, out: &mut String) {
    out.push_str(
        "\n### 模糊的种类 Kinds of unsharpness\n\nReport half; what the pictures would be called if they are unsharp, \
         which is for `photo_blurred` to say. *Smoothed* is said besides. The last column is the share of the \
         resolution that holds detail, in the middle.\n\n\
         | recipe | movement | enlarged | smeared | missed focus | nothing to say | smoothed | resolution |\n\
         |---|---|---|---|---|---|---|---|\n",
    );
    let mut names = vec!["plain", "sharp_subject_soft_background", "haze"];
    names.extend(blurs(run));
    for name in names {
        let cases: Vec<&Judged> = run
            .of(Half::Report)
            .filter(|j| j.case.recipe == name)
            .collect();
        let share = |is_it: &dyn Fn(&Judged) -> bool| {
            let mut share = Share::default();
            cases.iter().for_each(|j| share.add(is_it(j)));
            share
        };
        let called =
            |is_it: fn(&Unsharpness) -> bool| share(&|j| j.found.kind.as_ref().is_some_and(is_it));
        let mut ratios: Vec<f64> = cases
            .iter()
            .filter_map(|j| j.found.effective_ratio)
            .collect();
        ratios.sort_by(f64::total_cmp);
        let middle = ratios.get(ratios.len() / 2);
        writeln!(
            out,
            "| {name} | {} | {} | {} | {} | {} | {} | {} |",
            called(|kind| matches!(kind, Unsharpness::Motion { .. })),
            called(|kind| matches!(kind, Unsharpness::Enlarged { .. })),
            called(|kind| matches!(kind, Unsharpness::Smeared)),
            called(|kind| matches!(kind, Unsharpness::Defocus)),
            share(&|j| j.found.kind.is_none()),
            share(&|j| j.found.is_smoothed),
            middle.map_or("–".to_owned(), |ratio| format!("{ratio:.2}")),
        )
        .ok();
    }
}

/// Whether motion is called motion, and whither.
fn directions(run: &Run<'_>, out: &mut String) {
    let mut called = Share::default();
    let mut right = Share::default();
    let mut others = Share::default();
    for judged in run.of(Half::Report).filter(|j| is_blurred(j)) {
        let seen_deg = judged.found.shaken_deg();
        match judged.case.fault {
            Some(Fault::Shaken(angle_deg)) => {
                called.add(seen_deg.is_some());
                if let Some(seen_deg) = seen_deg {
                    let off = (seen_deg - f32::from(angle_deg)).rem_euclid(180.0);
                    right.add(off.min(180.0 - off) <= ANGLE_OFF_MAX_DEG);
                }
            }
            _ => others.add(seen_deg.is_some()),
        }
    }
    writeln!(
        out,
        "\nMotion called motion: {called}; of these with the direction right within {ANGLE_OFF_MAX_DEG}°: {right}. \
         Blur without a direction called motion: {others}."
    )
    .ok();
}

/// The ELA score of forgeries against the same photos only saved again.
fn error_levels(run: &Run<'_>, out: &mut String) {
    let figure = |j: &Judged| j.seen.as_ref().and_then(|seen: &Seen| seen.error_levels);
    let of = |start: &str| -> Vec<Option<f64>> {
        run.of(Half::Report)
            .filter(|j| j.case.recipe.starts_with(start) && j.seen.is_some())
            .map(figure)
            .collect()
    };
    let plain = of("save_pillow_q95");
    let words = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.2}"));
    writeln!(
        out,
        "\nAn error-level score (the loudest hundredth of 16-pixel squares over their mean, after a save at 90) tells \
         splices from the same photos only saved again with an area of {}, copy-move with {}.",
        words(auc(&of("splice_"), &plain)),
        words(auc(&of("copy_move"), &plain))
    )
    .ok();
}
