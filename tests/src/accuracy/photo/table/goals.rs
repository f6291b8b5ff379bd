//! What is wanted of the figures, and whether it is met.

use std::fmt::Write as _;

use unbroken_probes::check::Aspect;
use unbroken_probes::judge::Integrity;

use super::clarity::{figures, is_blurred, told_apart};
use super::{Judged, Run, alarms_in, asks};
use crate::accuracy::page::{self, Wanted};
use crate::accuracy::photo::recipe::Group;
use crate::accuracy::photo::truth::Fault;
use crate::accuracy::score::Share;
use crate::accuracy::source::Half;

/// Least area under the curve for blurred against sharp.
const AUC_MIN: f64 = 0.98;

pub(super) fn goals(run: &Run<'_>, out: &mut String) {
    out.push_str(page::GOALS);
    areas(run, out);
    let mut line = |what: &str, wanted: Wanted, of: &dyn Fn(Half) -> Share| {
        wanted.row(what, &of(Half::Tune), &of(Half::Report), out);
    };
    let cameras = |half: Half, is_alarm: &dyn Fn(&Judged) -> bool| {
        let mut share = Share::default();
        run.cameras(half).for_each(|j| share.add(is_alarm(j)));
        share
    };
    line(
        "untouched camera photos called inconsistent",
        Wanted::AtMost(0.005),
        &|half| cameras(half, &|j| j.found.integrity == Integrity::Inconsistent),
    );
    line(
        "untouched camera photos with any attention on integrity",
        Wanted::AtMost(0.03),
        &|half| cameras(half, &|j| alarms_in(&j.found, Aspect::Integrity)),
    );
    line(
        "untouched camera photos with a foreign grid",
        Wanted::AtMost(0.01),
        &|half| cameras(half, &|j| j.found.tells("foreign_jpeg_grid")),
    );
    line(
        "untouched camera photos, sharp to the eye, called blurred",
        Wanted::Nothing,
        &|half| {
            let mut share = Share::default();
            let sharp = run
                .cameras(half)
                .filter(|j| run.source(j).is_some_and(|s| s.is_jpeg() && !s.is_soft));
            sharp.for_each(|j| share.add(j.found.alarms("photo_blurred")));
            share
        },
    );
    let blurred = |half: Half, says: &dyn Fn(&Judged) -> bool| {
        let mut share = Share::default();
        let cases = run
            .of(half)
            .filter(|j| j.case.group == Group::Clarity && is_blurred(j));
        cases.for_each(|j| share.add(says(j)));
        share
    };
    line(
        "blurred pictures called blurred",
        Wanted::Nothing,
        &|half| blurred(half, &|j| j.found.alarms("photo_blurred")),
    );
    line(
        "blurred pictures that pass as sharp",
        Wanted::Nothing,
        &|half| blurred(half, &|j| !j.found.tells("photo_blurred")),
    );
    let knows = |j: &Judged, code: &str| j.found_known.as_ref().is_some_and(|f| f.alarms(code));
    line(
        "saved again, metadata kept, five exemplars of the model known",
        Wanted::AtLeast(0.97),
        &|half| {
            let mut share = Share::default();
            for judged in of_fault(run, half, Fault::SavedAgain) {
                if judged.found_known.is_some() {
                    share.add(run.finds(judged, Fault::SavedAgain, knows));
                }
            }
            share
        },
    );
    let asked = |fault: Fault| {
        move |half: Half| {
            let mut share = Share::default();
            for judged in of_fault(run, half, fault) {
                share.add(run.finds(judged, fault, asks));
            }
            share
        }
    };
    line(
        "saved again, metadata kept, no exemplar known",
        Wanted::AtLeast(0.80),
        &asked(Fault::SavedAgain),
    );
    line(
        "metadata edits by common tools",
        Wanted::AtLeast(0.95),
        &asked(Fault::MetadataEdited),
    );
    line(
        "splices, by the grid",
        Wanted::Nothing,
        &asked(Fault::Spliced),
    );
    line(
        "stale thumbnails",
        Wanted::Nothing,
        &asked(Fault::StaleThumbnail),
    );
    let messengers = |half: Half, says: &dyn Fn(&Judged) -> bool| {
        let mut share = Share::default();
        of_fault(run, half, Fault::MessengerCopy).for_each(|j| share.add(says(j)));
        share
    };
    line(
        "messenger copies called that, and without a capture time",
        Wanted::AtLeast(1.0),
        &|half| {
            messengers(half, &|j| {
                j.found.tells("messenger_copy") && j.found.tells("capture_time_missing")
            })
        },
    );
    line(
        "messenger copies called edited",
        Wanted::AtMost(0.0),
        &|half| {
            messengers(half, &|j| {
                j.found.integrity == Integrity::Inconsistent || j.found.alarms("photo_edited")
            })
        },
    );
}

fn of_fault<'a>(run: &'a Run<'_>, half: Half, fault: Fault) -> impl Iterator<Item = &'a Judged> {
    run.of(half).filter(move |j| j.case.fault == Some(fault))
}

/// Which cases are meant.
type Meant = Box<dyn Fn(&Judged) -> bool>;

/// Areas under the curve, ours and the best of the others.
fn areas(run: &Run<'_>, out: &mut String) {
    let is_along = |j: &Judged, wanted: &dyn Fn(u16) -> bool| matches!(j.case.fault, Some(Fault::Shaken(angle)) if wanted(angle));
    let kinds: [(&str, Meant); 4] = [
        ("blurred against sharp", Box::new(is_blurred)),
        (
            "without direction",
            Box::new(|j: &Judged| j.case.fault == Some(Fault::Defocused)),
        ),
        (
            "motion along an axis",
            Box::new(move |j: &Judged| is_along(j, &|angle| angle.is_multiple_of(90))),
        ),
        (
            "motion along a diagonal",
            Box::new(move |j: &Judged| is_along(j, &|angle| !angle.is_multiple_of(90))),
        ),
    ];
    let figures = figures();
    for (what, is_meant) in &kinds {
        let all = |half: Half| -> Vec<Option<f64>> {
            figures
                .iter()
                .map(|(_, figure)| told_apart(run, half, figure, is_meant))
                .collect()
        };
        let words = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.3}"));
        let best = |all: &[Option<f64>]| {
            let peers = all.iter().skip(1).flatten().copied();
            peers.fold(None, |best: Option<f64>, v| {
                Some(best.map_or(v, |b| b.max(v)))
            })
        };
        let (tune, report) = (all(Half::Tune), all(Half::Report));
        let ours = report.first().copied().flatten();
        let met = match (ours, best(&report)) {
            (None, _) => "–",
            (Some(ours), best) if ours >= AUC_MIN && best.is_none_or(|best| ours > best) => "yes",
            _ => "**no**",
        };
        writeln!(
            out,
            "| {what}, area under the curve (best of the others) | ≥ {AUC_MIN}, above all | {} ({}) | {} ({}) | {met} |",
            words(tune.first().copied().flatten()),
            words(best(&tune)),
            words(ours),
            words(best(&report))
        )
        .ok();
    }
}
