//! (Measurements, Rules, Context) → Judgement. Pure: the same input gives the
//! same opinion on any machine at any time.

mod film;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::anchors::Anchors;
use crate::capture::{CaptureEnd, capture_end};
use crate::check::{
    Alone, Aspect, Case, Check, CheckNotRun, Context, Evidence, Finding, Level, Limits, Ruling,
    Seen, Strength, segment_gap,
};
use crate::deadline::{Saved, SavedResult, saved};
use crate::exemplar::Exemplars;
use crate::measurements::{Kind, Measurements, Span};
use crate::registry::CHECKS;
use crate::segment::Segment;
use crate::segment::whole::{WholeRecording, whole};
use crate::text::Text;
use crate::writers::Writers;

/// Two supporting signs belong to one instant if they are this close
/// (research/forensics.md section 3, rule 2).
const SAME_INSTANT_S: f64 = 0.5;

/// What is in force: thresholds and how outcomes become a verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// Thresholds by check code; a check that is not named has its defaults.
    pub limits: BTreeMap<&'static str, Limits>,
    /// The highest level a check may give, by code.
    pub max_level: BTreeMap<&'static str, Level>,
    /// Checks that are silenced, with the reason that the admin gave.
    pub silenced: BTreeMap<&'static str, String>,
    /// How outcomes become a verdict.
    pub verdict: VerdictRule,
    /// What the files of each model have in common, as far as it was learnt.
    pub exemplars: Arc<Exemplars>,
    /// Whom the admin trusts to vouch for a signer.
    pub anchors: Arc<Anchors>,
    /// Who writes what into media files.
    pub writers: Arc<Writers>,
}

/// How outcomes become a verdict; the worst of them counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VerdictRule {
    /// What `inconsistent` weighs. A machine never says forged, so by default
    /// a person decides.
    pub inconsistent: Verdict,
    /// What `late` and `deferred_late` weigh.
    pub late: Verdict,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            limits: CHECKS
                .iter()
                .map(|c| (c.code, Limits::defaults(c)))
                .collect(),
            max_level: BTreeMap::new(),
            silenced: BTreeMap::new(),
            verdict: VerdictRule {
                inconsistent: Verdict::Attention,
                late: Verdict::Fail,
            },
            exemplars: Arc::default(),
            anchors: Arc::default(),
            writers: Arc::default(),
        }
    }
}

/// The four results, never mixed: 符合 无法判定 需复核 不符合. Ordered by how
/// much they weigh in a verdict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// 符合
    Pass,
    /// 无法判定
    Unknown,
    /// 需复核
    Attention,
    /// 不符合
    Fail,
}

/// The three outcomes on integrity and no others (SWGDE 23-V-001 section 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Integrity {
    /// 未发现编辑痕迹, by these checks.
    NoTrace,
    /// 与原始录像/照片不符
    Inconsistent,
    /// 无法判断
    CannotTell,
}

/// The three outcomes of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Outcome {
    /// Clear, smooth, complete.
    pub quality: Verdict,
    /// Unedited, an original.
    pub integrity: Integrity,
    /// Saved in time; `null` while it is not stored by us.
    pub timeliness: Option<SavedResult>,
}

/// The opinion on one file.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// When the recording ended.
    pub capture: CaptureEnd,
    /// The 24-hour rule.
    pub saved: Option<Saved>,
    /// The recording of which the file is a part, if others are known.
    pub recording: Option<WholeRecording>,
    /// The three outcomes.
    pub outcome: Outcome,
    /// The worst of them.
    pub verdict: Verdict,
    /// What was found, the weightiest first.
    pub findings: Vec<Finding>,
    /// What could not be looked at.
    pub not_run: Vec<CheckNotRun>,
    /// Codes of the checks that looked and found nothing.
    pub passed: Vec<&'static str>,
}

/// Judges one file's measurements.
pub fn judge(m: &Measurements, rules: &Rules, context: &Context) -> Judgement {
    let capture = capture_end(m, context);
    let saved = saved(&capture, context);
    let mut found = Vec::new();
    let mut not_run = Vec::new();
    let mut passed = Vec::new();
    let mut aspects_not_run = Vec::new();

    for check in CHECKS.iter().copied() {
        if !check.kinds.contains(&m.kind) {
            continue;
        }
        if let Some(reason) = rules.silenced.get(check.code) {
            not_run.push(CheckNotRun {
                code: check.code.to_owned(),
                why: Text::new(
                    format!("已由管理员停用:{reason}"),
                    format!("switched off by the admin: {reason}"),
                ),
            });
            aspects_not_run.push(check.aspect);
            continue;
        }
        let limits = limits(rules, check);
        let case = Case {
            m,
            context,
            capture: &capture,
            saved: saved.as_ref(),
            limits: &limits,
            exemplars: &rules.exemplars,
            anchors: &rules.anchors,
            writers: &rules.writers,
        };
        match (check.judge)(&case) {
            Ruling::NotApplicable => {}
            Ruling::Pass => passed.push(check.code),
            Ruling::NotRun(why) => {
                not_run.push(CheckNotRun {
                    code: check.code.to_owned(),
                    why,
                });
                aspects_not_run.push(check.aspect);
            }
            Ruling::Found(seen) => {
                let cap = level_cap(rules, check);
                found.extend(seen.into_iter().map(|seen| Unweighed::of(check, seen, cap)));
            }
        }
    }
    if let Some(film) = &m.film {
        let film = film::judge(film, rules, context);
        found.extend(film.found);
        not_run.extend(film.not_run);
    }

    let weighed = weigh_supporting(found);
    let integrity = integrity(m, &weighed, &passed);
    let mut findings: Vec<Finding> = weighed.into_iter().map(|w| w.finding).collect();
    findings.sort_by(|a, b| {
        let first_s = |f: &Finding| f.spans.first().map_or(0.0, |s| s.start_s);
        (b.level, b.strength)
            .cmp(&(a.level, a.strength))
            .then(first_s(a).total_cmp(&first_s(b)))
    });

    let outcome = Outcome {
        quality: quality(m, &findings, &aspects_not_run),
        integrity,
        // Text has no capture end: the rule is for recordings.
        timeliness: saved
            .as_ref()
            .filter(|_| m.kind != Kind::Other)
            .map(|s| s.result),
    };
    let verdict = verdict(&outcome, &findings, rules.verdict);
    let recording = recording(m, rules, context);
    Judgement {
        capture,
        saved,
        recording,
        outcome,
        verdict,
        findings,
        not_run,
        passed,
    }
}

fn limits<'a>(rules: &'a Rules, check: &Check) -> Cow<'a, Limits> {
    match rules.limits.get(check.code) {
        Some(limits) => Cow::Borrowed(limits),
        None => Cow::Owned(Limits::defaults(check)),
    }
}

fn level_cap(rules: &Rules, check: &Check) -> Level {
    let cap = rules.max_level.get(check.code).copied();
    cap.unwrap_or(Level::Fail)
}

/// The seams are held against the limits of the check that judges the one
/// before this file.
fn recording(m: &Measurements, rules: &Rules, context: &Context) -> Option<WholeRecording> {
    let own = Segment::of(&context.name, m).filter(|_| !context.siblings.is_empty())?;
    let limits = limits(rules, &segment_gap::CHECK);
    whole(&own, &context.siblings, segment_gap::seam_limits(&limits))
}

fn finding(check: &Check, seen: Seen, cap: Level) -> Finding {
    Finding {
        code: check.code.to_owned(),
        clause: check.clause.to_owned(),
        aspect: check.aspect,
        level: seen.level.min(cap),
        strength: seen.strength.min(check.strength),
        family: check.family,
        spans: seen.spans,
        regions: seen.regions,
        measured: seen.measured.filter(|v| v.is_finite()),
        limit: seen.limit.filter(|v| v.is_finite()),
        unit: seen.unit.to_owned(),
        text: seen.text,
    }
}

/// A finding before it was held beside the others.
#[derive(Clone, Debug)]
struct Unweighed {
    finding: Finding,
    evidence: Option<Evidence>,
    alone: Alone,
}

impl Unweighed {
    fn of(check: &Check, seen: Seen, cap: Level) -> Self {
        Self {
            evidence: seen.evidence,
            alone: seen.alone,
            finding: finding(check, seen, cap),
        }
    }
}

/// A finding at its final level.
#[derive(Clone, Debug)]
struct Weighed {
    finding: Finding,
    /// False if it is a lone supporting sign, which makes no file inconsistent.
    decides: bool,
}

/// A lone supporting sign of editing decides nothing: it is told, or asks for a
/// person if its check says so. With a partner of another family at the same
/// instant both decide. Two looks at one thing are no partners, and what could
/// not be decided accuses nobody.
fn weigh_supporting(found: Vec<Unweighed>) -> Vec<Weighed> {
    let is_sign = |f: &Finding| {
        f.aspect == Aspect::Integrity
            && f.strength == Strength::Supporting
            && f.level >= Level::Attention
    };
    let partnered: Vec<bool> = found
        .iter()
        .map(|a| {
            is_sign(&a.finding)
                && found.iter().any(|b| {
                    b.finding.family != a.finding.family
                        && is_sign(&b.finding)
                        && (a.evidence.is_none() || a.evidence != b.evidence)
                        && same_instant(&a.finding.spans, &b.finding.spans)
                })
        })
        .collect();
    let weighed = found.into_iter().zip(partnered);
    weighed
        .map(|(unweighed, has_partner)| {
            let Unweighed {
                mut finding, alone, ..
            } = unweighed;
            let is_lone = is_sign(&finding) && !has_partner;
            let is_weightless =
                finding.strength == Strength::Information || (is_lone && alone == Alone::Told);
            if finding.aspect == Aspect::Integrity
                && is_weightless
                && finding.level != Level::Unknown
            {
                finding.level = Level::Info;
            }
            Weighed {
                finding,
                decides: !is_lone,
            }
        })
        .collect()
}

/// Findings without a place speak of the whole file, and so only agree with
/// others that do.
fn same_instant(a: &[Span], b: &[Span]) -> bool {
    if a.is_empty() || b.is_empty() {
        return a.is_empty() && b.is_empty();
    }
    a.iter().any(|x| {
        b.iter()
            .any(|y| x.start_s - SAME_INSTANT_S <= y.end_s && y.start_s - SAME_INSTANT_S <= x.end_s)
    })
}

fn quality(m: &Measurements, findings: &[Finding], aspects_not_run: &[Aspect]) -> Verdict {
    let worst = findings
        .iter()
        .filter(|f| f.aspect == Aspect::Quality)
        .map(|f| level_as_verdict(f.level))
        .max()
        .unwrap_or(Verdict::Pass);
    let unlooked = aspects_not_run.contains(&Aspect::Quality) || m.kind == Kind::Other;
    if unlooked {
        worst.max(Verdict::Unknown)
    } else {
        worst
    }
}

fn integrity(m: &Measurements, weighed: &[Weighed], passed: &[&'static str]) -> Integrity {
    let signs = || {
        weighed
            .iter()
            .filter(|w| w.finding.aspect == Aspect::Integrity)
    };
    if signs().any(|w| w.decides && w.finding.level >= Level::Attention) {
        return Integrity::Inconsistent;
    }
    let looked = CHECKS
        .iter()
        .any(|c| c.aspect == Aspect::Integrity && passed.contains(&c.code));
    let blind = matches!(m.kind, Kind::Unreadable | Kind::Other);
    let is_open = signs().any(|w| w.finding.level > Level::Info);
    if blind || is_open || (!looked && signs().next().is_none()) {
        Integrity::CannotTell
    } else {
        Integrity::NoTrace
    }
}

fn verdict(outcome: &Outcome, findings: &[Finding], rule: VerdictRule) -> Verdict {
    let integrity = match outcome.integrity {
        Integrity::NoTrace => Verdict::Pass,
        Integrity::CannotTell => Verdict::Unknown,
        Integrity::Inconsistent => rule.inconsistent,
    };
    let timeliness = match outcome.timeliness {
        None | Some(SavedResult::OnTime | SavedResult::DeferredOnTime | SavedResult::Exempt) => {
            Verdict::Pass
        }
        Some(SavedResult::Unknown) => Verdict::Unknown,
        Some(SavedResult::Late | SavedResult::DeferredLate) => {
            // Late by file but within the visit's clock is for a person to weigh.
            let softened = findings
                .iter()
                .any(|f| f.code == "saved_late" && f.level == Level::Attention);
            if softened {
                Verdict::Attention
            } else {
                rule.late
            }
        }
    };
    // Recorded outside the visit, known from another case, or a lone sign that
    // cannot tell: the outcomes do not say so, but a person should look.
    let asks_for_a_person = findings.iter().any(|f| {
        f.level == Level::Attention
            && match f.aspect {
                Aspect::Timeliness => true,
                Aspect::Integrity => outcome.integrity == Integrity::CannotTell,
                Aspect::Quality => false,
            }
    });
    let person = if asks_for_a_person {
        Verdict::Attention
    } else {
        Verdict::Pass
    };
    outcome.quality.max(integrity).max(timeliness).max(person)
}

fn level_as_verdict(level: Level) -> Verdict {
    match level {
        Level::Info => Verdict::Pass,
        Level::Unknown => Verdict::Unknown,
        Level::Attention => Verdict::Attention,
        Level::Fail => Verdict::Fail,
    }
}

#[cfg(test)]
mod tests;
