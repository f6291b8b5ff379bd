//! Worked cases N1 to N5, N7 and N8 of research/domain.md section 5, as far as
//! they are about assignment and names; what they say of storing is tested
//! where files are stored.

use chrono::{TimeZone, Utc};
use unbroken_config::Config;

use super::*;
use crate::life::State;
use crate::port::ledger::{Between, FileId};
use crate::port::share::Fingerprint;

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn assigned(text: &str) -> Assignment {
    assign(&Config::default(), &path(text), &[], &[])
}

fn row(at: &str) -> FileRow {
    FileRow {
        id: FileId(7),
        share: "share".to_owned(),
        path: path(at),
        fingerprint: Fingerprint {
            dev: 0,
            ino: 0,
            size_bytes: 0,
            mtime_ns: 0,
            ctime_ns: 0,
            blocks: 0,
        },
        state: State::Judged,
        seen: Utc.with_ymd_and_hms(2026, 4, 12, 8, 0, 0).unwrap(),
        received: None,
        stored: None,
        digests: None,
        lease_held: true,
        complete: true,
        assignment: None,
        official: None,
        object: None,
        report_revision: None,
        verdict: None,
        capture_earliest: None,
        capture_latest: None,
        waiting: None,
        attempts: 0,
        not_before: None,
        trouble: None,
        held: false,
    }
}

#[test]
fn folders_say_number_and_node_with_or_without_a_team_above() {
    for at in [
        "YW2026040001/首次会议/IMG_1.jpg",
        "YW2026040001_某某检测公司/02首次会议/IMG_1.jpg",
        "评审一组/YW2026040001/A2.2/IMG_1.jpg",
        "许可评审/YW2026040001/02-首次会议/深/IMG_1.jpg",
    ] {
        let a = assigned(at);
        assert_eq!(a.standing, Standing::Assigned, "{at}");
        assert_eq!(a.number.as_deref(), Some("YW2026040001"), "{at}");
        assert_eq!(a.node.as_deref(), Some("A2.2"), "{at}");
        assert_eq!(a.by, ["folder"], "{at}");
    }
}

#[test]
fn a_notice_number_leads_to_the_supervision_flow() {
    let a = assigned("沪监通[2026]0012号/07风险监控(如有)/VID_1.mp4");
    assert_eq!(a.number.as_deref(), Some("沪监通〔2026〕0012号"));
    assert_eq!(a.node.as_deref(), Some("C7"));
    assert_eq!(a.number_kind.as_deref(), Some("notice"));
}

/// N1, as far as folder and file name can disagree.
#[test]
fn n1_folder_and_name_that_disagree_are_to_be_confirmed() {
    let a = assigned("YW2026040001/首次会议/末次会议_1.jpg");
    assert_eq!(a.standing, Standing::ToConfirm);
    assert_eq!(a.node, None);
    assert_eq!(
        a.number.as_deref(),
        Some("YW2026040001"),
        "the number is not in doubt"
    );
    assert_eq!(a.conflicts.len(), 1);
    let numbers = assigned("YW2026040001/首次会议/YW2026040002.jpg");
    assert_eq!(numbers.standing, Standing::ToConfirm);
    assert_eq!(numbers.number, None);
}

#[test]
fn n2_full_width_digits_are_folded_and_the_raw_form_is_kept() {
    let at = "YW２０２６０４０００１_首次会议.jpg";
    let a = assigned(at);
    assert_eq!(a.standing, Standing::Assigned);
    assert_eq!(a.number.as_deref(), Some("YW2026040001"));
    assert_eq!(a.node.as_deref(), Some("A2.2"));
    assert_eq!(a.number_written.as_deref(), Some("YW２０２６０４０００１"));
}

#[test]
fn n3_a_number_that_is_not_on_the_list_is_to_be_confirmed_with_a_suggestion() {
    let config = Config::default();
    let list = CaseList::parse(&config, "serial", "YW2026040001\nYW2026059999\n");
    let a = assign(
        &config,
        &path("YW2026040002/首次会议/a.jpg"),
        &[],
        &[list.into()],
    );
    assert_eq!(a.standing, Standing::ToConfirm);
    assert_eq!(a.suggestion.as_deref(), Some("YW2026040001"));
    let facts = a.facts(&config).unwrap();
    assert_eq!(facts.suggestion.as_deref(), Some("YW2026040001"));
}

#[test]
fn several_lists_of_one_kind_are_one_list() {
    let config = Config::default();
    let list = |text: &str| Arc::new(CaseList::parse(&config, "serial", text));
    let lists = [list("YW2026040001"), list("YW2026040002")];
    let a = assign(&config, &path("YW2026040002/首次会议/a.jpg"), &[], &lists);
    assert_eq!(a.standing, Standing::Assigned, "{:?}", a.conflicts);
}

/// A list that is away puts its numbers in doubt, no others, and stops nothing.
#[test]
fn a_list_that_cannot_be_read_makes_its_numbers_to_be_confirmed() {
    let config = Config::default();
    let lists = [Arc::new(CaseList::unread("serial", "gone"))];
    let a = assign(&config, &path("YW2026040002/首次会议/a.jpg"), &[], &lists);
    assert_eq!(a.standing, Standing::ToConfirm);
    assert_eq!(a.number.as_deref(), Some("YW2026040002"));
    let notice = path("沪监通[2026]0012号/风险监控/a.jpg");
    assert_eq!(
        assign(&config, &notice, &[], &lists).standing,
        Standing::Assigned
    );
    let inbox = assign(&config, &path("a.jpg"), &[], &lists);
    assert_eq!(inbox.standing, Standing::Unclaimed);
}

#[test]
fn a_company_s_name_does_not_contradict_the_folder() {
    let a = assigned("YW2026040001/首次会议/某某试验公司_门厅B1.jpg");
    assert_eq!(a.standing, Standing::Assigned, "{:?}", a.conflicts);
    assert_eq!(a.node.as_deref(), Some("A2.2"));
}

#[test]
fn words_of_a_declaration_that_nobody_knows_are_said() {
    let config = Config::default();
    let zone = offset(&config);
    let a = |text: &str| {
        let declared = Declaration::parse(text.as_bytes(), zone);
        assign(
            &config,
            &path("YW2026040001/首次会议/a.jpg"),
            &[declared],
            &[],
        )
    };
    for wrong in ["kind = \"Z\"", "number = \"没有\""] {
        let wrong = a(wrong);
        assert_eq!(wrong.standing, Standing::ToConfirm);
        assert_eq!(wrong.conflicts.len(), 1);
    }
    let slip = a("instituton = \"甲\"");
    assert_eq!(slip.standing, Standing::Assigned);
    assert!(slip.facts(&config).unwrap().remarks[0].contains("instituton"));
}

/// The nearest declaration counts, and what it is silent about is taken from
/// those above.
#[test]
fn declarations_above_each_other_add_up() {
    let config = Config::default();
    let zone = offset(&config);
    let says = |text: &str| Declaration::parse(text.as_bytes(), zone);
    let above = [
        says("institution = \"甲\""),
        says("number = \"YW2026040001\"\ninstitution = \"乙\""),
    ];
    let a = assign(&config, &path("x/首次会议/a.jpg"), &above, &[]);
    assert_eq!(a.number.as_deref(), Some("YW2026040001"));
    assert_eq!(a.institution.as_deref(), Some("甲"));
}

#[test]
fn a_number_that_no_name_can_hold_is_to_be_confirmed() {
    let mut config = Config::default();
    config.number[0].pattern = r"[Yy][Ww](\d+)".to_owned();
    let at = format!("YW{}/首次会议/a.jpg", "1".repeat(59));
    let a = assign(&config, &path(&at), &[], &[]);
    assert_eq!((a.standing, a.number), (Standing::ToConfirm, None));
    let at = format!("YW{}/首次会议/a.jpg", "1".repeat(58));
    assert_eq!(
        assign(&config, &path(&at), &[], &[]).standing,
        Standing::Assigned
    );
}

/// Without `{node}` in the template, two nodes must not count from 1 each.
#[test]
fn nodes_that_the_template_does_not_tell_apart_are_one_series() {
    let mut config = Config::default();
    let first = assigned("YW2026040001/首次会议/a.jpg");
    let last = assigned("YW2026040001/末次会议/a.jpg");
    assert_ne!(series(&config, &first), series(&config, &last));
    config.naming.template = "{number}_{seq:03}.{ext}".to_owned();
    assert_eq!(series(&config, &first), series(&config, &last));
}

#[test]
fn a_path_of_two_encodings_is_read_part_by_part() {
    let (name, _, _) = encoding_rs::GB18030.encode("首次会议.jpg");
    let mut bytes = "评审一组/".as_bytes().to_vec();
    bytes.extend_from_slice(&name);
    let path = RelPath::new(bytes).unwrap();
    assert_eq!(readable_path(&path), "评审一组/首次会议.jpg");
}

#[test]
fn n4_silence_goes_to_the_inbox() {
    let a = assigned("_待认领/IMG_0001.JPG");
    assert_eq!(a.standing, Standing::Unclaimed);
    assert_eq!(
        folder(&a, &row("_待认领/IMG_0001.JPG")),
        "_unclaimed/2026-04"
    );
    assert_eq!(folder_words(&a), "_待认领");
    assert_eq!(a.facts(&Config::default()), None);
}

#[test]
fn what_a_name_says_in_the_inbox_is_only_a_suggestion() {
    let a = assigned("_待认领/YW2026040001.JPG");
    assert_eq!(a.standing, Standing::Unclaimed);
    assert_eq!(a.number, None);
    assert_eq!(a.suggestion.as_deref(), Some("YW2026040001"));
}

#[test]
fn n6_names_in_gb18030_are_read() {
    let (bytes, _, _) = encoding_rs::GB18030.encode("首次会议.jpg");
    assert_eq!(readable_name(&bytes).text, "首次会议.jpg");
    assert_eq!(readable_name(&bytes).encoding, "gb18030");
    assert_eq!(readable_name(&[b'a', 0xff, 0xff]).encoding, "damaged");
}

/// N8, and what no file system or shell of the users takes.
#[test]
fn n8_official_names_are_short_and_safe() {
    let config = Config::default();
    let long = format!("YW2026040001/授权签字人考核/{}.jpg", "长".repeat(90));
    let a = assigned(&long);
    let name = official_name(&config, &a, 3, Between::default(), &row(&long));
    assert_eq!(name, "YW2026040001_A2.5授权签字人考核_003_时间不详.jpg");
    // A name that no file system could take on: the node's name gives way.
    let mut config = config;
    config.naming.max_bytes = 60;
    let at = Utc.with_ymd_and_hms(2026, 4, 12, 1, 14, 55).unwrap();
    let known = Between {
        earliest: Some(at),
        latest: Some(at),
    };
    let name = official_name(&config, &a, 3, known, &row(&long));
    assert_eq!(
        name,
        "YW2026040001_A2.5授权签字人考_003_20260412T091455.jpg"
    );
    let tricky = row("YW2026040001/首次会议/a.<script>");
    let name = official_name(&config, &a, 4, Between::default(), &tricky);
    assert!(name.ends_with(".bin"), "{name}");
}

#[test]
fn the_capture_time_stands_in_the_name_if_it_is_known_well_enough() {
    let config = Config::default();
    let a = assigned("YW2026040001/首次会议/a.jpg");
    let at = Utc.with_ymd_and_hms(2026, 4, 12, 1, 14, 55).unwrap();
    let drift = chrono::TimeDelta::seconds(300);
    let known = Between {
        earliest: Some(at - drift),
        latest: Some(at + drift),
    };
    let name = official_name(&config, &a, 2, known, &row("a.JPG"));
    assert_eq!(name, "YW2026040001_A2.2首次会议_002_20260412T091455.jpg");
    let wide = Between {
        earliest: Some(at),
        latest: Some(at + chrono::TimeDelta::hours(8)),
    };
    assert!(official_name(&config, &a, 2, wide, &row("a.JPG")).contains("时间不详"));
}

#[test]
fn a_declaration_outweighs_nothing_but_silence() {
    let config = Config::default();
    let zone = offset(&config);
    let says = |text: &str| Declaration::parse(text.as_bytes(), zone);
    let at = path("某公司/首次会议/a.jpg");
    let a = assign(&config, &at, &[says("number = \"YW2026040001\"")], &[]);
    assert_eq!(a.number.as_deref(), Some("YW2026040001"));
    assert_eq!(a.by, ["case.toml", "folder"]);
    let at = path("YW2026040002/首次会议/a.jpg");
    let a = assign(&config, &at, &[says("number = \"YW2026040001\"")], &[]);
    assert_eq!(a.standing, Standing::ToConfirm);
    let a = assign(&config, &at, &[says("nonsense")], &[]);
    assert_eq!(
        a.standing,
        Standing::ToConfirm,
        "a broken declaration is never passed over"
    );
}
