//! The pages as people see them: a real Chromium opens them on a running daemon
//! that was given the demo's set. `UPDATE=1` also takes docs/status.png anew.

#![allow(clippy::unwrap_used, reason = "a test says so by failing")]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::Utc;
use serde_json::Value;
use unbroken_recipe::demo;
use unbroken_tests::browser::Browser;
use unbroken_tests::running::{Place, Running, files_beneath};

const PROGRAM: &str = env!("CARGO_BIN_EXE_unbroken-under-test");
const PATIENCE: Duration = Duration::from_secs(240);
/// The window, in CSS pixels.
const WINDOW: (u32, u32) = (1200, 1500);
/// Largest picture that README.md may load, in bytes.
const PICTURE_MAX_B: usize = 300_000;

/// One row of the list of files as it stands on the page.
const ROWS: &str = "[...document.querySelectorAll('#files ~ table tbody tr')].map(row => ({
    cells: [...row.cells].map(cell => cell.innerText),
    report: row.querySelector('a[href$=\"/report\"]')?.href ?? null}))";
/// Every English text that has nothing before it of which it could be the
/// translation, Chinese or a number that both languages share: before it in its
/// own block or, if it is a block itself, in the last block that is not English.
const ENGLISH_FIRST: &str = "[...document.querySelectorAll('[lang=en], .en')].filter(english => {
    let block = english.closest('h1, h2, td, th, p, label, a, li, nav, summary, figcaption, div, body');
    while (block?.matches('[lang=en], .en')) block = block.previousElementSibling;
    if (!block) return true;
    const before = document.createRange();
    before.setStart(block, 0);
    before.setEndBefore(english);
    return !/\\p{Script=Han}|\\d/u.test(before.toString());
}).map(english => english.outerHTML)";

#[expect(clippy::disallowed_methods, reason = "the camera is outside the house")]
fn with_the_demo() -> (Place, Running) {
    let place = Place::new(PROGRAM, "").unwrap();
    let mut daemon = place.start().unwrap();
    let dropped = demo::drop_into(&place.share(), Utc::now()).unwrap();
    let reported = || {
        files_beneath(&place.state().join("store/evidence"))
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == "json"))
            .count()
    };
    let everything_is_reported = daemon.wait_until(PATIENCE, || reported() >= dropped as usize);
    let log = fs::read_to_string(place.log()).unwrap_or_default();
    assert!(everything_is_reported, "{} of {dropped}\n{log}", reported());
    (place, daemon)
}

/// Nothing is loaded from elsewhere, and the browser has nothing to say.
fn stays_at_home(browser: &Browser, origin: &str) {
    let elsewhere =
        |address: &&String| !address.starts_with(origin) && !address.starts_with("data:");
    let strangers: Vec<_> = browser.requests().iter().filter(elsewhere).collect();
    assert!(!browser.requests().is_empty());
    assert!(strangers.is_empty(), "{strangers:?}");
    assert!(
        browser.complaints().is_empty(),
        "{:?}",
        browser.complaints()
    );
}

fn rows(browser: &mut Browser) -> Vec<Value> {
    browser.value(ROWS).unwrap().as_array().unwrap().clone()
}

fn row<'a>(rows: &'a [Value], file: &str) -> &'a Value {
    let is_it = |row: &&Value| {
        row["cells"][1]
            .as_str()
            .is_some_and(|cell| cell.contains(file))
    };
    rows.iter().find(is_it).unwrap()
}

#[test]
fn a_browser_shows_files_verdicts_and_reports() {
    let (place, _daemon) = with_the_demo();
    let mut browser = Browser::start(WINDOW.0, WINDOW.1).unwrap();

    browser.open(&place.page()).unwrap();
    let listed = rows(&mut browser);
    for (file, verdict) in [
        ("IMG_0001.JPG", "✓符合\nMeets"),
        ("IMG_0003.JPG", "✕不符合\nDoes not meet"),
        ("VID_0005.mp4", "◐需复核\nNeeds review"),
    ] {
        let row = row(&listed, file);
        assert_eq!(row["cells"][0], verdict, "{row}");
    }
    assert_eq!(browser.value(ENGLISH_FIRST).unwrap(), serde_json::json!([]));
    stays_at_home(&browser, &place.page());
    if std::env::var_os("UPDATE").is_some() {
        let png = STANDARD.decode(browser.picture().unwrap()).unwrap();
        fs::write(picture(), png).unwrap();
    }

    for (file, has_timeline) in [("IMG_0003.JPG", false), ("VID_0005.mp4", true)] {
        let report = row(&listed, file)["report"].as_str().unwrap().to_owned();
        browser.open(&report).unwrap();
        let seen = browser
            .value(
                "({conclusion: document.querySelector('.verdict strong')?.innerText,
                   stills: [...document.images].map(i => i.complete ? i.naturalWidth : 0),
                   curves: document.querySelectorAll('svg.timeline path').length,
                   bars: document.querySelectorAll('svg.timeline g rect').length,
                   wide: document.querySelector('svg.timeline')?.getBoundingClientRect().width ?? 0})",
            )
            .unwrap();
        assert!(!seen["conclusion"].as_str().unwrap().is_empty(), "{seen}");
        let stills = seen["stills"].as_array().unwrap();
        assert!(
            !stills.is_empty() && stills.iter().all(|width| width.as_u64() > Some(0)),
            "{seen}"
        );
        assert_eq!(seen["bars"].as_u64() > Some(1), has_timeline, "{seen}");
        assert_eq!(seen["curves"].as_u64() > Some(2), has_timeline, "{seen}");
        assert_eq!(seen["wide"].as_f64() > Some(300.0), has_timeline, "{seen}");
        assert_eq!(browser.value(ENGLISH_FIRST).unwrap(), serde_json::json!([]));
        stays_at_home(&browser, &place.page());
    }
}

#[test]
fn the_picture_in_the_readme_is_a_small_png() {
    let png = fs::read(picture()).unwrap();
    assert!(png.starts_with(b"\x89PNG\r\n\x1a\n"));
    assert!(png.len() < PICTURE_MAX_B, "{} B", png.len());
}

/// Loaded by README.md and README.zh.md.
fn picture() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/status.png")
}
