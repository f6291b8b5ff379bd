//! The figures as a page.

mod goals;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use unbroken_probes::check::Aspect;
use unbroken_probes::measurements::{Kind, Span};
use unbroken_probes::registry::CHECKS;

use super::found::{Found, Said};
use super::page::{alarms_row, built};
use super::peer::{Peer, Seen};
use super::recipe::Bounds;
use super::score::{Score, Share};
use super::source::{Half, Source};
use super::truth::{Fault, Truth, touches};
use super::video::Case;

/// One case with all that was said of it.
pub struct Judged {
    /// The case.
    pub case: Case,
    /// What our checks say.
    pub found: Found,
    /// What the other tools say, if they were asked.
    pub seen: Option<Seen>,
}

/// All that the page is made of.
pub struct Run<'a> {
    /// The sources, as the cases name them.
    pub sources: &'a [Source],
    /// How long and how large the cases are.
    pub bounds: Bounds,
    /// Every case.
    pub judged: &'a [Judged],
    /// What could not be made or asked, one sentence each.
    pub left_out: &'a [String],
    /// Starts of the recipes that were cooked; empty for all of them.
    pub only: &'a [String],
    /// True if no other tool was asked.
    pub alone: bool,
}

impl Run<'_> {
    fn source(&self, judged: &Judged) -> Option<&Source> {
        self.sources.get(judged.case.source)
    }

    fn of(&self, half: Half) -> impl Iterator<Item = &Judged> {
        self.judged
            .iter()
            .filter(move |j| self.source(j).is_some_and(|s| s.half == half))
    }

    /// What is said of the untouched source itself.
    fn untouched(&self, judged: &Judged) -> Option<&Found> {
        self.judged
            .iter()
            .find(|j| j.case.source == judged.case.source && j.case.recipe == "untouched")
            .map(|j| &j.found)
    }

    /// True if this finding is about what was done: what is said of the whole
    /// source before anything was done does not count.
    fn is_new(&self, judged: &Judged, said: &Said) -> bool {
        judged.case.recipe == "untouched"
            || !self
                .untouched(judged)
                .is_some_and(|found| found.alarms(&said.code))
    }

    fn finds(&self, judged: &Judged, truth: &Truth) -> bool {
        judged.found.findings.iter().any(|said| {
            said.is_alarm
                && truth.fault.codes().contains(&said.code.as_str())
                && truth.agrees(&said.spans)
                && (truth.place.is_some() || self.is_new(judged, said))
        })
    }

    fn tells(&self, judged: &Judged, truth: &Truth) -> bool {
        let known = self.untouched(judged);
        judged.found.findings.iter().any(|said| {
            truth.fault.codes().contains(&said.code.as_str())
                && truth.agrees(&said.spans)
                && (truth.place.is_some()
                    || !known.is_some_and(|f| f.findings.iter().any(|k| k.code == said.code)))
        })
    }

    /// True if this finding is about what was done and not about the source's
    /// own pictures, of which the plain encode anew speaks once.
    fn is_about_case(&self, judged: &Judged, said: &Said) -> bool {
        let is_made = !["untouched", "plain"].contains(&judged.case.recipe.as_str());
        let is_own = plain_of(self, judged).is_some_and(|plain| plain.found.alarms(&said.code));
        self.is_new(judged, said) && !(is_made && is_own)
    }

    fn found(&self, half: Half, wanted: impl Fn(&Case) -> bool) -> Share {
        let mut share = Share::default();
        for judged in self.of(half).filter(|j| wanted(&j.case)) {
            if let Some(truth) = judged.case.truth.first() {
                share.add(self.finds(judged, truth));
            }
        }
        share
    }

    /// True if the source itself already bears what tells of the first fault, and
    /// that is of the whole file: nothing new can be found then.
    fn is_forestalled(&self, judged: &Judged) -> bool {
        let known = self.untouched(judged);
        judged.case.truth.first().is_some_and(|truth| {
            let mut codes = truth.fault.codes().iter();
            truth.place.is_none() && codes.any(|code| known.is_some_and(|f| f.alarms(code)))
        })
    }
}

/// Writes the page.
pub fn page(run: &Run<'_>, peers: &[Peer]) -> String {
    let mut out = String::from(
        "# 录像准确率 Accuracy on recordings\n\n\
         <!-- Written by `accuracy video`; the command stands under Sources. -->\n\n\
         每一项都由未改动的录像按配方制成,真值由制作方法确定。按源文件内容分为两半:一半用于调整,另一半用于报告。\
         括号内为 95% Wilson 区间。\n\n\
         Every case is made by recipe from an untouched recording, so its truth is known by construction. The sources \
         are split by their content: one half to tune on, the other to report. In brackets: Wilson's 95 % interval. \
         Cases of one source are not independent, so the true intervals are wider. *not built*: no such check exists \
         today. *told*: found, but only for information. A finding counts within 0.2 s of its truth.\n",
    );
    sources(run, &mut out);
    goals::goals(run, &mut out);
    recipes(run, &mut out);
    alarms(run, &mut out);
    beside(run, peers, &mut out);
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
    write!(
        out,
        "\n## 源文件 Sources\n\n\
         `cargo run -p unbroken-tests --bin accuracy -- video DATA_DIR --sources LIST --seconds {} --side {}{}{} --out \
         FILE.md`, where LIST names the files that are not in DATA_DIR, a line each: file, tab, \
         `untouched` or `uncut`, tab, where it comes from. *uncut*: no cut in it, but a program wrote it after the \
         camera. Cases of at most {} s, pictures encoded anew of at most {} pixels; {} cases.\n\n\
         | source | from | half | untouched | length | size | cases |\n|---|---|---|---|---|---|---|\n",
        run.bounds.length_max_s,
        run.bounds.side_max_px,
        if run.alone { " --alone" } else { "" },
        run.only
            .iter()
            .map(|start| format!(" --only {start}"))
            .collect::<String>(),
        run.bounds.length_max_s,
        run.bounds.side_max_px,
        run.judged.len()
    )
    .ok();
    for (place, s) in run.sources.iter().enumerate() {
        let half = match s.half {
            Half::Tune => "tune",
            Half::Report => "report",
        };
        let cases = run.judged.iter().filter(|j| j.case.source == place).count();
        writeln!(
            out,
            "| {} | {} | {half} | {} | {:.1} s | {}×{} | {cases} |",
            s.name,
            s.origin,
            if s.untouched { "yes" } else { "uncut" },
            s.duration_s,
            s.width_px,
            s.height_px
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
        let cases = || run.judged.iter().filter(|j| j.case.recipe == name);
        let Some(truth) = cases().find_map(|j| j.case.truth.first()) else {
            continue;
        };
        if cases().any(|j| j.case.pictures) && truth.fault == Fault::Reencoded {
            continue;
        }
        let codes: Vec<String> = truth.fault.codes().iter().map(|c| built(c)).collect();
        let mut told = Share::default();
        for judged in run.of(Half::Report).filter(|j| j.case.recipe == name) {
            if let Some(truth) = judged.case.truth.first() {
                told.add(run.tells(judged, truth));
            }
        }
        writeln!(
            out,
            "| {name} | {} | {} | {} | {told} |",
            codes.join(", "),
            run.found(Half::Tune, |case| case.recipe == name),
            run.found(Half::Report, |case| case.recipe == name),
        )
        .ok();
    }
}

fn alarms(run: &Run<'_>, out: &mut String) {
    out.push_str(
        "\n## 各检测项目的误报 False alarms, by check\n\n\
         Attention or worse where nothing of the kind was done; what is said of the source itself counts once, at the \
         untouched source, and what is said of its pictures once more at their plain encode anew.\n\n| check | tune | report | where |\n|---|---|---|---|\n",
    );
    for check in CHECKS
        .iter()
        .filter(|c| c.aspect != Aspect::Timeliness && c.kinds.contains(&Kind::Video))
    {
        let mut places: BTreeSet<String> = BTreeSet::new();
        let mut of_half = |half| {
            let mut share = Share::default();
            for judged in run.of(half) {
                let truth = &judged.case.truth;
                if truth
                    .iter()
                    .any(|t| t.fault.codes().contains(&check.code) && t.place.is_none())
                {
                    continue;
                }
                let wrong = judged.found.findings.iter().any(|said| {
                    said.is_alarm
                        && said.code == check.code
                        && run.is_about_case(judged, said)
                        && !truth.iter().any(|t| t.excuses(check.code, &said.spans))
                });
                share.add(wrong);
                if let (true, Some(source)) = (wrong, run.source(judged)) {
                    places.insert(format!("{} of {}", judged.case.recipe, source.name));
                }
            }
            share
        };
        let (tune, report) = (of_half(Half::Tune), of_half(Half::Report));
        alarms_row(check.code, &tune, &report, &places, out);
    }
}

/// Places that our checks name for these faults; without `told`, only those for
/// which they ask for a person.
fn ours(judged: &Judged, faults: &[Fault], told: bool) -> Vec<Span> {
    judged
        .found
        .findings
        .iter()
        .filter(|said| {
            (said.is_alarm || told)
                && faults
                    .iter()
                    .any(|f| f.codes().contains(&said.code.as_str()))
        })
        .flat_map(|said| said.spans.clone())
        .collect()
}

/// The plain encode anew of the same source, if this is another case.
fn plain_of<'a>(run: &'a Run<'_>, judged: &Judged) -> Option<&'a Judged> {
    run.judged
        .iter()
        .find(|j| j.case.recipe == "plain" && j.case.source == judged.case.source)
        .filter(|j| j.case.file != judged.case.file)
}

/// Holds what `says` names against the truth, over the cases whose pictures
/// were made for it. `None` leaves a case out.
fn score(
    run: &Run<'_>,
    half: Half,
    faults: &[Fault],
    says: impl Fn(&Judged) -> Option<Vec<Span>>,
) -> Score {
    let mut score = Score::default();
    for judged in run.of(half).filter(|j| j.case.pictures) {
        let truth = judged.case.truth.iter().find(|t| t.place.is_some());
        let is_wanted = truth.is_some_and(|t| faults.contains(&t.fault));
        // What cuts a picture in another way is neither right nor wrong here.
        let is_akin = truth.is_some_and(|t| {
            let akin = |code: &&str| {
                t.fault.codes().contains(code) || t.fault.consequences().contains(code)
            };
            faults.iter().flat_map(|f| f.codes()).any(akin)
        });
        if is_akin && !is_wanted {
            continue;
        }
        let Some(mut spans) = says(judged) else {
            continue;
        };
        // What is said of the source's own pictures counts once, at `plain`.
        let own = plain_of(run, judged).and_then(&says).unwrap_or_default();
        let is_own = |s: &Span| own.iter().any(|o| touches(o, s));
        let is_right = |s: &Span| is_wanted && truth.is_some_and(|t| t.agrees(&[*s]));
        spans.retain(|s| is_right(s) || !is_own(s));
        match truth {
            Some(truth) if is_wanted => {
                let (right, wrong): (Vec<Span>, Vec<Span>) =
                    spans.into_iter().partition(|s| truth.agrees(&[*s]));
                score.found.add(!right.is_empty());
                score.astray += u64::from(!wrong.is_empty());
            }
            _ => score.false_alarms.add(!spans.is_empty()),
        }
    }
    score
}

fn f1(score: &Score) -> String {
    score
        .f1()
        .map_or_else(|| "–".to_owned(), |value| format!("{value:.2}"))
}

fn beside(run: &Run<'_>, peers: &[Peer], out: &mut String) {
    out.push_str(
        "\n## 与其他工具并列 Beside other tools\n\n\
         The same files; F1 by case on the report half. *best*: the setting with the highest F1 on the tune half. \
         Negatives are whip pans, knocks, flashes, jumps of exposure, searches for focus, still scenes with noise, plain \
         re-encodes and every other fault of pictures.\n\n\
         | fault | tool | setting | found | false alarms | astray | F1 |\n|---|---|---|---|---|---|---|\n",
    );
    for fault in [
        Fault::HardCut,
        Fault::JumpCut,
        Fault::StillJump,
        Fault::Inserted,
        Fault::Frozen,
        Fault::Black,
        Fault::Covered,
        Fault::Blurred,
    ] {
        let faults = [fault];
        let mut line = |tool: &str, setting: &str, score: &Score| {
            writeln!(
                out,
                "| {fault:?} | {tool} | {setting} | {} | {} | {} | {} |",
                score.found,
                score.false_alarms,
                score.astray,
                f1(score)
            )
            .ok();
        };
        let missing = fault
            .codes()
            .iter()
            .all(|c| !CHECKS.iter().any(|k| k.code == *c));
        for (told, setting) in [(false, "shipped, asks"), (true, "shipped, told as well")] {
            let own = score(run, Half::Report, &faults, |j| Some(ours(j, &faults, told)));
            line(
                "unbroken",
                if missing { "*not built*" } else { setting },
                &own,
            );
        }
        for peer in peers.iter().filter(|p| p.faults.contains(&fault)) {
            let at = |half, setting: [f64; 2]| {
                score(run, half, &faults, |j| {
                    j.seen.as_ref().map(|seen| (peer.says)(seen, setting))
                })
            };
            if let Some((name, setting)) = peer.default.and_then(|n| peer.settings.get(n)) {
                line(
                    peer.name,
                    &format!("default {name}"),
                    &at(Half::Report, *setting),
                );
            }
            let best = peer.settings.iter().max_by(|a, b| {
                let of = |setting: [f64; 2]| at(Half::Tune, setting).f1().unwrap_or(0.0);
                of(a.1).total_cmp(&of(b.1))
            });
            if let Some((name, setting)) = best {
                line(
                    peer.name,
                    &format!("best {name}"),
                    &at(Half::Report, *setting),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(half: Half) -> Source {
        Source {
            path: "a.mp4".into(),
            name: "a.mp4".to_owned(),
            digest: String::new(),
            origin: String::new(),
            half,
            untouched: true,
            duration_s: 10.0,
            rate_fps: 25.0,
            width_px: 640,
            height_px: 360,
            codec: "h264".to_owned(),
            has_sound: false,
            is_audible: false,
            keys: Vec::new(),
        }
    }

    fn judged(recipe: &str, truth: Vec<Truth>, said: &[(&str, f64)]) -> Judged {
        Judged {
            case: Case {
                source: 0,
                recipe: recipe.to_owned(),
                file: "a.mp4".into(),
                truth,
                pictures: recipe != "untouched",
                differ_levels: None,
            },
            found: Found {
                findings: said
                    .iter()
                    .map(|(code, at_s)| Said {
                        code: (*code).to_owned(),
                        is_alarm: true,
                        spans: vec![Span {
                            start_s: *at_s,
                            end_s: *at_s,
                        }],
                    })
                    .collect(),
                integrity: unbroken_probes::judge::Integrity::NoTrace,
            },
            seen: None,
        }
    }

    #[test]
    fn a_fault_is_found_at_its_place_and_an_alarm_elsewhere_is_false() {
        let black = || vec![Truth::at(Fault::Black, 4.0, 6.0)];
        let all = [
            judged("untouched", vec![], &[("av_drift", 0.0)]),
            judged(
                "black_2s",
                black(),
                &[("video_black", 5.0), ("av_drift", 0.0)],
            ),
            judged("black_2s", black(), &[("video_black", 9.0)]),
            judged("flash", vec![], &[("video_black", 5.0)]),
        ];
        let text = page(
            &Run {
                sources: &[source(Half::Report)],
                bounds: Bounds {
                    length_max_s: 10.0,
                    side_max_px: 640,
                },
                judged: &all,
                left_out: &[],
                only: &[],
                alone: true,
            },
            &[],
        );
        let line = |start: &str| {
            text.lines()
                .find(|l| l.starts_with(start))
                .unwrap()
                .to_owned()
        };
        assert!(line("| black_2s |").contains("| – | 1/2 ("), "{text}");
        // Two of four: astray in one black case, and in the flash.
        assert!(line("| `video_black` |").contains("| – | 2/4 ("), "{text}");
        // The source's own drift counts once.
        assert!(line("| `av_drift` |").contains("| – | 1/4 ("), "{text}");
        assert!(line("| Black | unbroken |").contains("| 1/2 ("), "{text}");
        assert!(
            line("| Black | unbroken |").ends_with("| 1 | 0.40 |"),
            "{text}"
        );
    }
}
