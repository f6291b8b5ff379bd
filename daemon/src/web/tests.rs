use std::sync::atomic::Ordering;

use axum::body::{Body, to_bytes};
use axum::http::StatusCode;
use chrono::{TimeDelta, TimeZone, Utc};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tower::ServiceExt;

use super::*;
use crate::house::StateFolder;
use crate::port::ledger::{FileId, FileRow};
use crate::port::share::{Fingerprint, RelPath};

mod fakes;

use fakes::{FakeLedger, NOW_S, house};

fn file(id: i64, path: &[u8], state: crate::life::State, verdict: Option<&str>) -> FileRow {
    let now = Utc.timestamp_opt(NOW_S, 0).unwrap();
    FileRow {
        id: FileId(id),
        share: "/share".to_owned(),
        path: RelPath::new(path).unwrap(),
        fingerprint: Fingerprint {
            dev: 1,
            ino: 1,
            size_bytes: 7,
            mtime_ns: 0,
            ctime_ns: 0,
            blocks: 8,
        },
        state,
        seen: now - TimeDelta::minutes(id),
        received: None,
        stored: None,
        digests: None,
        lease_held: false,
        complete: true,
        assignment: None,
        official: None,
        object: None,
        report_revision: None,
        verdict: verdict.map(str::to_owned),
        capture_earliest: None,
        capture_latest: None,
        waiting: None,
        attempts: 0,
        not_before: None,
        trouble: None,
        held: false,
    }
}

fn assignment(number: &str) -> Value {
    json!({"standing": "assigned", "number": number, "number_written": number,
        "number_kind": "serial", "flow": null, "node": null, "by": ["folder"], "conflicts": [],
        "suggestion": null, "visit": null, "institution": null})
}

/// A waiting, a held, an urgent, and three finished files.
fn sample() -> FakeLedger {
    use crate::life::State as Is;
    let now = Utc.timestamp_opt(NOW_S, 0).unwrap();
    let mut waiting = file(1, "YW2026040001/等待.mp4".as_bytes(), Is::Seen, None);
    waiting.waiting = Some("正在写入 / still being written".to_owned());
    let mut held = file(2, b"YW2026040001/held.jpg", Is::Judged, Some("unknown"));
    held.held = true;
    held.trouble = Some("no name fits".to_owned());
    let mut urgent = file(3, b"YW2026040001/urgent.mp4", Is::Named, Some("attention"));
    urgent.capture_earliest = Some(now - TimeDelta::hours(23));
    urgent.capture_latest = urgent.capture_earliest;
    urgent.trouble = Some("the store does not answer".to_owned());
    let mut pass = file(4, b"YW2026040001/IMG_0001.JPG", Is::Released, Some("pass"));
    pass.assignment = Some(assignment("YW2026040001"));
    pass.official = Some("YW2026040001_A2.2首次会议_001_20260412T091455.jpg".to_owned());
    pass.report_revision = Some(1);
    let fail = file(5, b"b.jpg", Is::Released, Some("fail"));
    let other = file(6, b"c.jpg", Is::Kept, Some("pass"));
    FakeLedger::of(vec![waiting, held, urgent, pass, fail, other])
}

async fn ask_with(house: &Arc<House>, request: Request) -> (StatusCode, String) {
    let response = router(house.clone()).oneshot(request).await.unwrap();
    for header in [
        "content-security-policy",
        "x-content-type-options",
        "cache-control",
        "referrer-policy",
    ] {
        assert!(response.headers().contains_key(header), "{header}");
    }
    let status = response.status();
    let body = to_bytes(response.into_body(), 1 << 24).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn ask(house: &Arc<House>, path: &str) -> (StatusCode, String) {
    let request = Request::get(path).header("host", "127.0.0.1:8470");
    ask_with(house, request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn the_first_page_shows_what_needs_somebody() {
    let (_dir, house) = house(sample());
    let (status, page) = ask(&house, "/").await;
    assert_eq!(status, StatusCode::OK);
    for shown in [
        "等待.mp4",
        "正在写入",
        "unbroken resume F00000002",
        "no name fits",
        "还有 1 小时 0 分",
        "the store does not answer",
        "账目相符",
        "存储尚未通过核验",
        "YW2026040001_A2.2首次会议_001_20260412T091455.jpg",
        "/files/F00000004/report",
        "http-equiv=\"refresh\"",
    ] {
        assert!(page.contains(shown), "{shown}");
    }
    for outside in ["http://", "https://", "<link", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    house.trust_store(true);
    assert!(!ask(&house, "/").await.1.contains("存储尚未通过核验"));
}

#[tokio::test]
async fn filters_choose_and_their_counts_match() {
    let (_dir, house) = house(sample());
    let (_, page) = ask(&house, "/?verdict=pass&state=&number=").await;
    assert!(page.contains("IMG_0001.JPG") && page.contains("c.jpg"));
    assert!(!page.contains("b.jpg") && !page.contains("refresh"));
    // Of two that pass one is done; of two that are done one does not meet.
    assert!(page.contains("已完成 1 "), "{page}");
    let (_, page) = ask(&house, "/?state=released").await;
    assert!(page.contains("✕</span>不符合 1 ") && page.contains("✓</span>符合 1 "));
    assert!(page.contains("href=\"/?state=released&#38;verdict=fail\""));
    // A number may be typed full-width.
    let (_, page) = ask(&house, "/?number=%EF%BC%B9%EF%BC%B72026040001").await;
    assert!(page.contains("IMG_0001.JPG") && !page.contains("b.jpg"));
    for wrong in [
        "/?state=held",
        "/?verdict=good",
        "/?before=12",
        "/?before=F00000000",
        "/?number=%00",
        "/?number=%ff",
        "/?page=2",
        "/?state=seen&state=gone",
    ] {
        let (status, page) = ask(&house, wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(page.contains("返回状态页"), "{wrong}");
    }
}

#[tokio::test]
async fn pages_follow_each_other_without_hole_or_overlap() {
    let rows = (1..=120).map(|id| {
        let name = format!("n{id:03}.jpg");
        file(id, name.as_bytes(), crate::life::State::Kept, Some("pass"))
    });
    let (_dir, house) = house(FakeLedger::of(rows.collect()));
    let mut at = "/?verdict=pass".to_owned();
    let mut seen = Vec::new();
    for _ in 0..3 {
        let (_, page) = ask(&house, &at).await;
        let names = page.match_indices(".jpg</a>");
        seen.extend(names.map(|(end, _)| page[end - 4..end].to_owned()));
        let Some(link) = page
            .split("href=\"/?")
            .find(|part| part.contains("更早的文件"))
        else {
            break;
        };
        let query = link.split('"').next().unwrap();
        at = format!("/?{}", query.replace("&#38;", "&"));
    }
    let all: Vec<String> = (1..=120).rev().map(|id| format!("n{id:03}")).collect();
    assert_eq!(seen, all);
    assert!(!ask(&house, &at).await.1.contains("更早的文件"));
}

#[tokio::test]
async fn a_hostile_name_is_only_text_everywhere() {
    let name = "<script>alert(1)<\u{2044}script>\"'\u{202e}gpj.\n.jpg";
    let mut row = file(1, name.as_bytes(), crate::life::State::Seen, Some("fail"));
    row.held = true;
    row.trouble = Some(format!("cannot read {name}"));
    row.official = Some(name.to_owned());
    row.assignment = Some(assignment(name));
    let (_dir, house) = house(FakeLedger::of(vec![row]));
    for path in ["/", "/?verdict=fail", "/files/F00000001"] {
        let (status, page) = ask(&house, path).await;
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("alert(1)"), "{path}");
        assert!(
            !page.contains("<script") && !page.contains('\u{202e}'),
            "{path}"
        );
    }
    let (_, page) = ask(&house, "/?number=%22%3E%3Cscript%3E").await;
    assert!(!page.contains("<script"));
}

#[tokio::test]
async fn a_file_has_its_page_its_history_and_its_report() {
    let (_dir, house) = house(sample());
    let (status, page) = ask(&house, "/files/F00000004").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("noticed") && page.contains("看到文件"));
    let (status, page) = ask(&house, "/files/F00000004/report").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("音像记录核验报告"));
    let (status, text) = ask(&house, "/files/F00000004/report.json").await;
    assert_eq!(status, StatusCode::OK);
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["schema"], "unbroken.report/1");
    for (path, expected) in [
        ("/files/F00000099", StatusCode::NOT_FOUND),
        ("/files/F00000005/report", StatusCode::NOT_FOUND),
        ("/files/F00000005/report.json", StatusCode::NOT_FOUND),
        ("/files/4", StatusCode::BAD_REQUEST),
        ("/files/%ff", StatusCode::BAD_REQUEST),
        ("/files/..%2f..%2fetc", StatusCode::BAD_REQUEST),
        ("/nothing", StatusCode::NOT_FOUND),
    ] {
        let (status, page) = ask(&house, path).await;
        assert_eq!(status, expected, "{path}");
        assert!(page.contains("无法显示"), "{path}");
    }
}

#[tokio::test]
async fn only_loopback_may_ask_and_only_to_read() {
    let (_dir, house) = house(sample());
    let with = |method: &str, target: &str, hosts: &[&str]| {
        let mut request = Request::builder().method(method).uri(target);
        for host in hosts {
            request = request.header("host", *host);
        }
        request.body(Body::empty()).unwrap()
    };
    for (hosts, target) in [
        (&["evil.example"][..], "/"),
        (&[][..], "/"),
        (&["localhost", "evil.example"][..], "/"),
        (&["localhost"][..], "http://evil.example/"),
        (&["evil.example"][..], "/healthz"),
    ] {
        let (status, page) = ask_with(&house, with("GET", target, hosts)).await;
        assert_eq!(
            status,
            StatusCode::MISDIRECTED_REQUEST,
            "{hosts:?} {target}"
        );
        assert!(!page.contains("YW2026040001"));
    }
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"] {
        let (status, _) = ask_with(&house, with(method, "/", &["localhost"])).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
    }
    let (status, body) = ask_with(&house, with("HEAD", "/", &["[::1]:8470"])).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, ""));
}

/// The value of a sample.
fn sample_of(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.strip_prefix(' ')?.parse().ok()
}

#[tokio::test]
async fn the_numbers_say_what_the_ledger_says() {
    let (_dir, house) = house(sample());
    let (status, text) = ask(&house, "/metrics").await;
    assert_eq!(status, StatusCode::OK);
    for (name, value) in [
        ("unbroken_files{state=\"released\"}", 2.0),
        ("unbroken_files{state=\"gone\"}", 0.0),
        ("unbroken_verdicts{verdict=\"pass\"}", 2.0),
        ("unbroken_held_files", 1.0),
        ("unbroken_aliases", 0.0),
        ("unbroken_waiting_oldest_age_seconds", 60.0),
        ("unbroken_deadline_left_seconds", 3600.0),
        ("unbroken_store_trusted", 0.0),
        ("unbroken_reconciled", 1.0),
    ] {
        assert_eq!(sample_of(&text, name), Some(value), "{name}\n{text}");
    }
    assert!(text.ends_with("# EOF\n"));
}

#[tokio::test]
async fn ready_says_what_is_missing() {
    let (dir, house) = house(sample());
    let (status, text) = ask(&house, "/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    let what = |text: &str| {
        let answer: Value = serde_json::from_str(text).unwrap();
        let reasons = answer["reasons"].as_array().unwrap().clone();
        reasons
            .iter()
            .map(|r| r["what"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(what(&text), ["store"]);
    house.trust_store(true);
    assert_eq!(ask(&house, "/readyz").await.0, StatusCode::OK);
    let staging = StateFolder::open(dir.path()).unwrap().staging();
    assert_eq!(std::fs::read_dir(&staging).unwrap().count(), 0);
    std::fs::remove_dir(&staging).unwrap();
    assert_eq!(what(&ask(&house, "/readyz").await.1), ["staging"]);
}

#[tokio::test]
async fn a_ledger_that_fails_is_said_and_the_process_still_lives() {
    let ledger = sample();
    let fails = ledger.fails.clone();
    let (_dir, house) = house(ledger);
    fails.store(true, Ordering::Relaxed);
    for path in ["/", "/?state=seen", "/files/F00000001", "/metrics"] {
        let (status, page) = ask(&house, path).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert!(page.contains("台账暂时没有应答") && page.contains("does not answer"));
    }
    assert!(ask(&house, "/readyz").await.1.contains("\"ledger\""));
    assert_eq!(ask(&house, "/healthz").await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_client_that_hangs_does_not_hold_the_stop() {
    let (_dir, house) = house(sample());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, stop) = watch::channel(false);
    let serving = tokio::spawn(serve(house, listener, stop));
    let mut client = tokio::net::TcpStream::connect(address).await.unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nHost: local")
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    tell.send(true).unwrap();
    let within = LEAVE_WITHIN + Duration::from_secs(1);
    tokio::time::timeout(within, serving)
        .await
        .unwrap()
        .unwrap();
}
