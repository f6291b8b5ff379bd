//! The real daemon, as its users meet it: dropped files, receipts, pages,
//! commands, a config that changes, a store that goes away.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::Duration;

use chrono::{FixedOffset, TimeDelta, Utc};
use serde_json::Value;
use unbroken_recipe::clip::{self, Scene};
use unbroken_recipe::exif::Exif;
use unbroken_recipe::photo::{blurred, jpeg, scene};
use unbroken_tests::relay::Relay;
use unbroken_tests::running::{Place, Running, files_beneath};
use unbroken_tests::seaweedfs::{self, Bucket, SeaweedFs};

const PROGRAM: &str = env!("CARGO_BIN_EXE_unbroken-under-test");
const PATIENCE: Duration = Duration::from_secs(90);

/// A camera's photo, taken so many hours ago.
fn photo(picture: &image::RgbImage, hours_ago: i64) -> Vec<u8> {
    #[expect(clippy::disallowed_methods, reason = "the camera is outside the house")]
    let taken = Utc::now() - TimeDelta::hours(hours_ago);
    let exif = Exif {
        make: "Recipe".to_owned(),
        model: "Test".to_owned(),
        taken: taken.with_timezone(&FixedOffset::east_opt(8 * 3600).unwrap()),
        with_offset: true,
    };
    exif.insert(&jpeg(picture, 92).unwrap())
}

/// Every report in the directory store, by original name (and node).
fn reports(place: &Place) -> BTreeMap<String, Value> {
    files_beneath(&place.state().join("store/evidence"))
        .iter()
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let report: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
            (report["file"]["path"].as_str().unwrap().to_owned(), report)
        })
        .collect()
}

fn codes(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|f| f["code"].as_str().unwrap())
        .collect()
}

/// One request to the daemon's pages.
fn get(place: &Place, path: &str) -> String {
    let config = fs::read_to_string(place.config()).unwrap();
    let bind = config
        .lines()
        .find_map(|l| l.strip_prefix("bind = "))
        .unwrap()
        .trim_matches('"');
    let mut stream = TcpStream::connect(bind).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {bind}\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

fn log(place: &Place) -> String {
    fs::read_to_string(place.log()).unwrap_or_default()
}

/// All that a command says.
fn said(command: &mut std::process::Command) -> String {
    let output = command.output().unwrap();
    let (out, complaints) = (output.stdout, output.stderr);
    format!(
        "{}{}",
        String::from_utf8_lossy(&out),
        String::from_utf8_lossy(&complaints)
    )
}

fn wait_for_reports(place: &Place, daemon: &mut Running, count: usize) {
    let done = daemon.wait_until(PATIENCE, || reports(place).len() >= count);
    assert!(
        done,
        "{} of {count} reports\n{}",
        reports(place).len(),
        log(place)
    );
}

/// One drop of a team: what each file is told, and where everything ends up.
#[test]
fn a_drop_is_judged_named_stored_reported_and_released() {
    let place = Place::new(PROGRAM, "").unwrap();
    let scratch = tempfile::tempdir().unwrap();
    let sharp = photo(&scene(1, 1600, 1200), 1);
    place
        .drop_file("YW2026040001/首次会议/sharp.jpg", &sharp)
        .unwrap();
    let soft = photo(&blurred(&scene(2, 1600, 1200), 12.0), 1);
    place
        .drop_file("甲组/YW2026040001/04现场试验考核/soft.jpg", &soft)
        .unwrap();
    place
        .drop_file(
            "YW2026040001/末次会议/late.jpg",
            &photo(&scene(3, 1600, 1200), 40),
        )
        .unwrap();
    place
        .drop_file("YW2026040001/末次会议/again.jpg", &sharp)
        .unwrap();
    place
        .drop_file("_待认领/lost.jpg", &photo(&scene(4, 1600, 1200), 1))
        .unwrap();
    place
        .drop_file("YW2026040001/首次会议/text.jpg", b"no photo")
        .unwrap();
    let clip = scratch.path().join("clip.mp4");
    let created = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
    clip::film(Scene::Card, 3.0, created, &clip).unwrap();
    let whole = fs::read(&clip).unwrap();
    place
        .drop_file(
            "沪监通[2026]0012号/风险监控/half.mp4",
            &whole[..whole.len() / 2],
        )
        .unwrap();

    let mut daemon = place.start().unwrap();
    wait_for_reports(&place, &mut daemon, 7);
    let all = reports(&place);
    let of = |path: &str| {
        all.get(path)
            .unwrap_or_else(|| panic!("{path}: {:?}", all.keys()))
    };

    let report = of("YW2026040001/首次会议/sharp.jpg");
    assert_eq!(report["verdict"], "pass", "{report:#}");
    assert_eq!(report["outcome"]["timeliness"], "on_time");
    assert_eq!(report["capture"]["grade"], "A");
    assert_eq!(report["case"]["node"], "A2.2");
    assert_eq!(
        report["file"]["blake3"],
        blake3::hash(&sharp).to_hex().to_string()
    );
    let official = report["file"]["official"].as_str().unwrap();
    assert!(
        official.starts_with("YW2026040001_A2.2首次会议_00"),
        "{official}"
    );

    let report = of("甲组/YW2026040001/04现场试验考核/soft.jpg");
    assert!(codes(report).contains(&"photo_blurred"));
    assert_ne!(report["verdict"], "pass");
    assert_eq!(
        report["outcome"]["integrity"], "no_trace",
        "blur is no sign of editing"
    );

    let report = of("YW2026040001/末次会议/late.jpg");
    assert_eq!(report["outcome"]["timeliness"], "late");
    assert!(codes(report).contains(&"saved_late"));
    assert_eq!(report["verdict"], "fail");

    assert!(codes(of("YW2026040001/末次会议/again.jpg")).contains(&"duplicate"));
    assert_eq!(
        of("YW2026040001/首次会议/text.jpg")["file"]["kind"],
        "unreadable"
    );
    assert!(codes(of("沪监通[2026]0012号/风险监控/half.mp4")).contains(&"truncated"));
    assert_eq!(of("_待认领/lost.jpg")["case"], Value::Null);

    let gone = daemon.wait_until(PATIENCE, || {
        files_beneath(&place.share()).iter().all(|path| {
            path.ends_with("half.mp4") || path.components().any(|c| c.as_os_str() == "_回执")
        })
    });
    assert!(gone, "{:?}", files_beneath(&place.share()));
    let receipts = || files_beneath(&place.share().join("_回执/YW2026040001"));
    assert!(daemon.wait_until(PATIENCE, || {
        receipts().iter().any(|path| {
            path.extension().is_some_and(|e| e == "txt")
                && fs::read_to_string(path).unwrap().contains("soft.jpg")
        })
    }));
    shown_by_official_name(&place, official, &sharp);
    pages_tell(&place);
    commands_beside(&place);
    assert!(daemon.stop().unwrap().unwrap().success());
    assert!(place.command("verify").status().unwrap().success());
}

/// The store keeps bytes by their digest and shows them by case and name.
fn shown_by_official_name(place: &Place, official: &str, content: &[u8]) {
    let store = place.state().join("store");
    let shown = store.join("cases/YW2026040001").join(official);
    assert!(shown.is_symlink());
    assert_eq!(fs::read(&shown).unwrap(), content);
    let digest = blake3::hash(content).to_hex().to_string();
    let original = format!("evidence/{}/{digest}/original", &digest[..2]);
    assert_eq!(
        shown.canonicalize().unwrap(),
        store.join(original).canonicalize().unwrap()
    );
}

fn pages_tell(place: &Place) {
    let status = get(place, "/");
    assert!(status.starts_with("HTTP/1.1 200"), "{status}");
    assert!(status.contains("YW2026040001") && status.contains("soft.jpg"));
    assert!(get(place, "/healthz").starts_with("HTTP/1.1 200"));
    let ready = get(place, "/readyz");
    assert!(ready.starts_with("HTTP/1.1 200"), "{ready}");
    assert!(get(place, "/metrics").contains("unbroken_files"));
    assert!(get(place, "/files/F00000001/report").contains("核验报告"));
    assert!(get(place, "/files/F99999999").starts_with("HTTP/1.1 404"));
}

/// What an admin asks while the daemon runs.
fn commands_beside(place: &Place) {
    let verify = said(&mut place.command("verify"));
    assert!(
        verify.contains("unbroken, head") && verify.contains(", 0 not"),
        "{verify}"
    );
}

/// New thresholds over stored measurements: what would change, then the change.
#[test]
fn judging_again_says_what_would_change_and_then_changes_it() {
    let place = Place::new(PROGRAM, "").unwrap();
    place
        .drop_file(
            "YW2026040001/首次会议/a.jpg",
            &photo(&scene(1, 1200, 900), 1),
        )
        .unwrap();
    let mut daemon = place.start().unwrap();
    wait_for_reports(&place, &mut daemon, 1);
    assert!(daemon.wait_until(PATIENCE, || {
        !place.share().join("YW2026040001/首次会议/a.jpg").exists()
    }));
    assert!(daemon.stop().unwrap().unwrap().success());

    let rejudge = |apply: bool| {
        let mut command = place.command("rejudge");
        if apply {
            command.arg("--apply");
        }
        said(&mut command)
    };
    let unchanged = rejudge(false);
    assert!(
        unchanged.contains("1 files judged again, 0 would change"),
        "{unchanged}"
    );
    let config = fs::read_to_string(place.config()).unwrap();
    let strict = "[check.photo_small]\nattention_megapixels = 50\n";
    fs::write(place.config(), format!("{config}\n{strict}")).unwrap();
    let said = rejudge(false);
    assert!(
        said.contains("photo_small") && said.contains("1 would change"),
        "{said}"
    );
    assert_eq!(reports(&place).len(), 1);
    assert!(rejudge(true).contains("1 written anew"));
    assert!(rejudge(false).contains("0 would change"));
    let revisions = files_beneath(&place.state().join("store/evidence"));
    assert_eq!(
        revisions
            .iter()
            .filter(|p| p.to_string_lossy().ends_with(".r2.json"))
            .count(),
        1
    );
    assert!(place.command("verify").status().unwrap().success());
}

/// A changed config comes into force on SIGHUP; a wrong one changes nothing.
#[test]
fn a_hangup_takes_a_good_config_and_refuses_a_bad_one() {
    let place = Place::new(PROGRAM, "").unwrap();
    let mut daemon = place.start().unwrap();
    assert!(
        daemon.wait_until(PATIENCE, || log(&place).contains("status")
            || log(&place).contains("状态页"))
    );
    let config = fs::read_to_string(place.config()).unwrap();
    fs::write(
        place.config(),
        format!("{config}\n[verdikt]\nlate = \"fail\"\n"),
    )
    .unwrap();
    daemon.signal("HUP").unwrap();
    assert!(
        daemon.wait_until(PATIENCE, || log(&place)
            .contains("the old one stays in force")),
        "{}",
        log(&place)
    );
    assert!(
        log(&place).contains("verdict"),
        "the word that is meant is named"
    );
    fs::write(
        place.config(),
        format!("{config}\n[verdict]\nlate = \"attention\"\n"),
    )
    .unwrap();
    daemon.signal("HUP").unwrap();
    assert!(daemon.wait_until(PATIENCE, || {
        log(&place).contains("the changed config is in force")
    }));
    place
        .drop_file(
            "YW2026040001/首次会议/late.jpg",
            &photo(&scene(1, 1200, 900), 40),
        )
        .unwrap();
    wait_for_reports(&place, &mut daemon, 1);
    let all = reports(&place);
    assert_eq!(all.values().next().unwrap()["verdict"], "attention");
    assert!(daemon.stop().unwrap().unwrap().success());
}

/// The store goes away and comes back: nothing is released meanwhile, nothing
/// is lost, and nobody has to do anything.
#[test]
fn a_store_that_goes_away_is_waited_for() {
    let server = SeaweedFs::start().unwrap();
    let bucket = "evidence";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime
        .block_on(server.make_bucket(bucket, Bucket::Plain))
        .unwrap();
    let relay = Relay::to(server.port()).unwrap();
    let more = format!(
        "[store]\nkind = \"s3\"\n[store.s3]\nendpoint = \"{}\"\nbucket = \"{bucket}\"\nprefix = \"quancheng\"\n",
        relay.endpoint()
    );
    let mut place = Place::new(PROGRAM, &more).unwrap();
    place.set("UNBROKEN_S3_ACCESS_KEY_ID", seaweedfs::ACCESS_KEY);
    place.set("UNBROKEN_S3_SECRET_ACCESS_KEY", seaweedfs::SECRET_KEY);
    let doctor = said(place.command("doctor").arg("--store"));
    assert!(doctor.contains("sources may be released"), "{doctor}");

    let first = place
        .drop_file(
            "YW2026040001/首次会议/a.jpg",
            &photo(&scene(1, 900, 700), 1),
        )
        .unwrap();
    let mut daemon = place.start().unwrap();
    assert!(
        daemon.wait_until(PATIENCE, || !first.exists()),
        "{}",
        log(&place)
    );

    relay.cut(true);
    let second = place
        .drop_file(
            "YW2026040001/首次会议/b.jpg",
            &photo(&scene(2, 900, 700), 1),
        )
        .unwrap();
    let waits = || log(&place).contains("did not work; trying again");
    assert!(daemon.wait_until(PATIENCE, waits), "{}", log(&place));
    assert!(second.exists(), "released while the store was away");
    relay.cut(false);
    assert!(
        daemon.wait_until(PATIENCE, || !second.exists()),
        "{}",
        log(&place)
    );
    assert!(daemon.stop().unwrap().unwrap().success());
    assert!(place.command("verify").status().unwrap().success());
}

/// A stop is clean and quick, also in the middle of a large file, and the next
/// start goes on.
#[test]
fn a_stop_in_the_middle_loses_nothing() {
    let place = Place::new(PROGRAM, "").unwrap();
    let large = place.share().join("YW2026040001/首次会议");
    fs::create_dir_all(&large).unwrap();
    let path = large.join("large.bin");
    write_large(&path, 300 << 20);
    let digest = blake3::hash(&fs::read(&path).unwrap()).to_hex().to_string();
    let mut daemon = place.start().unwrap();
    let staging = || !files_beneath(&place.state().join("staging")).is_empty();
    assert!(daemon.wait_until(PATIENCE, staging), "{}", log(&place));
    let status = daemon.stop().unwrap().expect("it stops within 15 s");
    assert!(status.success(), "{}", log(&place));
    let mut daemon = place.start().unwrap();
    assert!(
        daemon.wait_until(PATIENCE, || !path.exists()),
        "{}",
        log(&place)
    );
    assert!(daemon.stop().unwrap().unwrap().success());
    let stored = place.originals();
    assert_eq!(stored.len(), 1, "{stored:?}");
    let back = blake3::hash(&fs::read(&stored[0]).unwrap())
        .to_hex()
        .to_string();
    assert_eq!(back, digest);
}

fn write_large(path: &Path, size_bytes: usize) {
    let mut random = unbroken_recipe::photo::Random(7);
    let block: Vec<u8> = (0..(1 << 20)).map(|_| random.below(256) as u8).collect();
    let mut file = fs::File::create(path).unwrap();
    for _ in 0..size_bytes / block.len() {
        file.write_all(&block).unwrap();
    }
}
