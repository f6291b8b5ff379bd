//! Every combination rule, at its edge and on either side.

use chrono::TimeDelta;

use super::*;
use crate::check::Family;
use crate::check::trial::{Trial, at};
use crate::measure::bitstream::{Bitstream, EncoderText};
use crate::measure::jpeg_tables::JpegTables;
use crate::measure::photo::Photo;
use crate::measurements::{Container, Edit, Element, Moment, SampleTable, Trace, Track, Zone};

const TAKEN: &str = "2026-04-12T01:00:00Z";

fn sign(family: Family, strength: Strength, spans: &[(f64, f64)]) -> Finding {
    Finding {
        code: "sign".to_owned(),
        clause: "no.edit".to_owned(),
        aspect: Aspect::Integrity,
        level: Level::Attention,
        strength,
        family,
        spans: spans
            .iter()
            .map(|&(start_s, end_s)| Span { start_s, end_s })
            .collect(),
        regions: Vec::new(),
        measured: None,
        limit: None,
        unit: String::new(),
        text: Text::default(),
    }
}

/// The levels that the findings have once they were weighed together.
fn weighed(found: &[(Finding, Option<Evidence>)]) -> Vec<Level> {
    let unweighed = found.iter().cloned().map(|(finding, evidence)| Unweighed {
        finding,
        evidence,
        alone: Alone::Told,
    });
    let weighed = weigh_supporting(unweighed.collect());
    weighed.iter().map(|w| w.finding.level).collect()
}

fn pair(a: Finding, b: Finding) -> Vec<Level> {
    weighed(&[(a, None), (b, None)])
}

const BOTH: [Level; 2] = [Level::Attention; 2];
const NEITHER: [Level; 2] = [Level::Info; 2];

#[test]
fn one_supporting_sign_decides_nothing_and_a_strong_one_needs_nobody() {
    use Strength::{Fact, Information, Strong, Supporting};
    for (strength, level) in [
        (Information, Level::Info),
        (Supporting, Level::Info),
        (Strong, Level::Attention),
        (Fact, Level::Attention),
    ] {
        let found = [(sign(Family::Structure, strength, &[]), None)];
        assert_eq!(weighed(&found), [level], "{strength:?}");
    }
}

#[test]
fn two_supporting_signs_need_two_families() {
    let supports = |family| sign(family, Strength::Supporting, &[]);
    assert_eq!(
        pair(supports(Family::Structure), supports(Family::Timing)),
        BOTH
    );
    assert_eq!(
        pair(supports(Family::Structure), supports(Family::Structure)),
        NEITHER
    );
}

#[test]
fn information_and_strong_signs_are_nobodys_partners() {
    let lone = sign(Family::Structure, Strength::Supporting, &[]);
    let context = sign(Family::Timing, Strength::Information, &[]);
    assert_eq!(pair(lone.clone(), context), NEITHER);
    let strong = sign(Family::Timing, Strength::Strong, &[]);
    assert_eq!(pair(lone, strong), [Level::Info, Level::Attention]);
}

#[test]
fn partners_lie_within_half_a_second() {
    let at_s =
        |family, start_s: f64| sign(family, Strength::Supporting, &[(start_s, start_s + 1.0)]);
    let apart = |gap_s: f64| {
        pair(
            at_s(Family::Bitstream, 10.0),
            at_s(Family::Sound, 11.0 + gap_s),
        )
    };
    assert_eq!(apart(0.0), BOTH);
    assert_eq!(apart(0.5), BOTH);
    assert_eq!(apart(0.501), NEITHER);
    let before = |gap_s: f64| {
        pair(
            at_s(Family::Bitstream, 10.0),
            at_s(Family::Sound, 9.0 - gap_s),
        )
    };
    assert_eq!(before(0.5), BOTH);
    assert_eq!(before(0.501), NEITHER);
}

#[test]
fn a_sign_of_the_whole_file_agrees_only_with_another_such() {
    let whole = sign(Family::Metadata, Strength::Supporting, &[]);
    let place = sign(Family::Timing, Strength::Supporting, &[(0.0, 3600.0)]);
    assert_eq!(pair(whole, place), NEITHER);
}

#[test]
fn two_looks_at_one_thing_are_one_sign() {
    let a = || sign(Family::Structure, Strength::Supporting, &[]);
    let b = || sign(Family::Bitstream, Strength::Supporting, &[]);
    let save = Some(Evidence::LibrarySave);
    let wrap = Some(Evidence::WrappingProgram);
    assert_eq!(weighed(&[(a(), save), (b(), save)]), NEITHER);
    assert_eq!(weighed(&[(a(), save), (b(), wrap)]), BOTH);
    assert_eq!(weighed(&[(a(), save), (b(), None)]), BOTH);
    assert_eq!(weighed(&[(a(), None), (b(), None)]), BOTH);
}

#[test]
fn a_lone_sign_that_asks_for_a_person_keeps_its_level_and_decides_nothing() {
    let asking = |strength| Unweighed {
        finding: sign(Family::Picture, strength, &[(3.0, 3.0)]),
        evidence: None,
        alone: Alone::AsksForAPerson,
    };
    let outcome = |found: Vec<Unweighed>| {
        let weighed = weigh_supporting(found);
        let levels: Vec<Level> = weighed.iter().map(|w| w.finding.level).collect();
        let m = Trial::video(10.0).m;
        (levels, integrity(&m, &weighed, &["video_cut"]))
    };
    let lone = asking(Strength::Supporting);
    assert_eq!(
        outcome(vec![lone.clone()]),
        (vec![Level::Attention], Integrity::CannotTell)
    );
    let mut partner = asking(Strength::Supporting);
    partner.finding.family = Family::Sound;
    assert_eq!(
        outcome(vec![lone, partner]),
        (BOTH.to_vec(), Integrity::Inconsistent)
    );
    // Information never asks, whatever its check says.
    assert_eq!(
        outcome(vec![asking(Strength::Information)]),
        (vec![Level::Info], Integrity::NoTrace)
    );
}

#[test]
fn what_could_not_be_decided_accuses_nobody_and_stays_undecided() {
    let lone = sign(Family::Structure, Strength::Supporting, &[]);
    let open = Finding {
        level: Level::Unknown,
        ..sign(Family::Provenance, Strength::Supporting, &[])
    };
    assert_eq!(pair(lone, open), [Level::Info, Level::Unknown]);
}

#[test]
fn quality_is_neither_weighed_nor_a_partner() {
    let poor = Finding {
        aspect: Aspect::Quality,
        ..sign(Family::Timing, Strength::Supporting, &[])
    };
    let lone = sign(Family::Structure, Strength::Supporting, &[]);
    assert_eq!(pair(poor, lone), [Level::Attention, Level::Info]);
}

fn integrity_of(trial: &Trial) -> Integrity {
    judge(&trial.m, &Rules::default(), &trial.context)
        .outcome
        .integrity
}

fn trace(field: &str, written: &str) -> Trace {
    Trace {
        field: field.to_owned(),
        written: written.to_owned(),
        offset_bytes: None,
    }
}

/// A photo as an imaging library saves it: progressive, with its comment.
fn library_save() -> Trial {
    const COMMENT: &str = "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 82";
    let mut trial = Trial::photo(at(TAKEN), 0.0);
    let element = |id: &str| Element {
        id: id.to_owned(),
        ..Element::default()
    };
    trial.m.container = Some(Container {
        elements: vec![element("COM"), element("APP14"), element("SOF2")],
        ..Container::default()
    });
    trial.m.photo = Some(Photo {
        jpeg: Some(JpegTables {
            frame_type: Some(2),
            comments: vec![COMMENT.to_owned()],
            ..JpegTables::default()
        }),
        ..Photo::default()
    });
    trial.m.traces = vec![trace("com", COMMENT), trace("app14", "Adobe transform 1")];
    trial
}

#[test]
fn a_photo_saved_once_more_by_a_library_is_not_called_edited() {
    assert_eq!(integrity_of(&library_save()), Integrity::NoTrace);
    // A second thing makes it so.
    let mut derived = library_save();
    derived
        .m
        .traces
        .push(trace("xmpMM.DerivedFrom", "stRef:documentID=1"));
    assert_eq!(integrity_of(&derived), Integrity::Inconsistent);
}

#[test]
fn a_messengers_copy_cannot_be_told_and_is_not_accused() {
    let mut trial = library_save();
    trial.context.name = "mmexport1775959200000.jpg".to_owned();
    assert_eq!(integrity_of(&trial), Integrity::CannotTell);
}

#[test]
fn a_recorder_built_on_ffmpeg_may_start_its_sound_before_its_pictures() {
    let mut trial = Trial::video(10.0);
    let edit = |duration_s, media_time_s| Edit {
        duration_s,
        media_time_s,
        rate: 1.0,
    };
    trial.m.tracks.push(Track {
        medium: "video".to_owned(),
        edits: vec![edit(0.7, None), edit(9.3, Some(0.0))],
        sample_table: Some(SampleTable::default()),
        ..Track::default()
    });
    trial.m.traces = vec![trace("ilst.©too", "Lavf59.27.100")];
    assert_eq!(integrity_of(&trial), Integrity::CannotTell);
    // Two pieces are more than a late start.
    trial.m.tracks[0].edits = vec![edit(5.0, Some(0.0)), edit(4.0, Some(6.0))];
    assert_eq!(integrity_of(&trial), Integrity::Inconsistent);
}

#[test]
fn a_recorder_built_on_x264_with_a_wrong_clock_is_not_called_edited() {
    const X264: &str = "x264 - core 164 r3095 baee400 - H.264/MPEG-4 AVC codec";
    let start = at(TAKEN);
    let mut trial = Trial::video(10.0)
        .time("mvhd", start, Zone::NominallyUtc, Moment::Start)
        .time(
            "name",
            start + TimeDelta::days(3),
            Zone::Local,
            Moment::Start,
        );
    let note = EncoderText {
        at_s: 0.0,
        written: X264.to_owned(),
    };
    trial.m.device.make = Some("Dashcam".to_owned());
    trial.m.bitstream = Some(Bitstream {
        encoder_texts: vec![note],
        ..Bitstream::default()
    });
    trial.m.traces = vec![trace("h264.sei", X264), trace("ilst.©too", "Lavf59.27.100")];
    let judged = judge(&trial.m, &Rules::default(), &trial.context);
    let found = |code: &str| judged.findings.iter().any(|f| f.code == code);
    assert!(
        found("capture_time_inconsistent") && found("video_reencoded") && found("editor_trace")
    );
    assert_eq!(judged.outcome.integrity, Integrity::CannotTell);
    assert_eq!(judged.verdict, Verdict::Attention);
}

#[test]
fn the_worst_outcome_is_the_verdict_and_unknown_is_no_pass() {
    let trial = Trial::photo(at(TAKEN), 0.0);
    let told = |quality, integrity, timeliness| {
        let outcome = Outcome {
            quality,
            integrity,
            timeliness,
        };
        verdict(&outcome, &[], Rules::default().verdict)
    };
    use Integrity::{CannotTell, Inconsistent, NoTrace};
    assert_eq!(told(Verdict::Pass, NoTrace, None), Verdict::Pass);
    assert_eq!(told(Verdict::Pass, CannotTell, None), Verdict::Unknown);
    assert_eq!(told(Verdict::Unknown, NoTrace, None), Verdict::Unknown);
    assert_eq!(
        told(Verdict::Unknown, Inconsistent, None),
        Verdict::Attention
    );
    assert_eq!(
        told(Verdict::Attention, NoTrace, Some(SavedResult::Late)),
        Verdict::Fail
    );
    assert_eq!(
        told(Verdict::Pass, NoTrace, Some(SavedResult::Unknown)),
        Verdict::Unknown
    );
    // Nothing was decoded here: quality is open.
    let judged = judge(&trial.m, &Rules::default(), &trial.context);
    assert_eq!(judged.outcome.quality, Verdict::Unknown);
    assert!(!judged.not_run.is_empty());
}

#[test]
fn a_cap_of_the_admin_takes_a_sign_out_of_the_count() {
    let mut trial = Trial::photo(at(TAKEN), 0.0);
    trial.m.traces = vec![trace("xmp.CreatorTool", "Adobe Photoshop 25.0")];
    assert_eq!(integrity_of(&trial), Integrity::Inconsistent);
    let rules = Rules {
        max_level: [("editor_trace", Level::Info)].into(),
        ..Rules::default()
    };
    let judged = judge(&trial.m, &rules, &trial.context);
    assert_eq!(judged.outcome.integrity, Integrity::NoTrace);
    assert!(judged.findings.iter().any(|f| f.code == "editor_trace"));
}
