//! The kill test. At every transition of the table, before its effect, after
//! it, and after it was committed, the daemon is killed without warning and
//! started again, over a share that goes on filling.
//!
//! What must hold after every kill: a source that is gone stands in the store,
//! byte for byte. What must hold at the end: every content is stored exactly
//! once, equal to its source; no source was released before its copy was read
//! back; the chain is unbroken; nothing of what must stay was touched.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says so by failing"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;

use unbroken::adapter::ledger_sqlite::SqliteLedger;
use unbroken::life::State;
use unbroken::port::ledger::{Filter, Ledger};
use unbroken_recipe::clip::{self, Scene};
use unbroken_recipe::photo::{Random, jpeg, scene};
use unbroken_tests::running::Place;

const PROGRAM: &str = env!("CARGO_BIN_EXE_unbroken-under-test");
const EFFECTS: [&str; 7] = [
    "stage", "probe", "judge", "name", "store", "report", "release",
];
const PLACES: [&str; 3] = ["before", "after", "committed"];
/// The intake's own transitions have no effect outside the ledger.
const TRANSITIONS: [&str; 3] = ["notice", "passed", "vanished"];
/// Files dropped before each kill: 27 kills make 81 files, the rest is dropped
/// at the start.
const FILES_A_ROUND: usize = 3;
/// The kind of file that is half a clip.
const HALF: u32 = 3;
const PATIENCE: Duration = Duration::from_secs(120);

/// What was dropped: path in the share → digest of its bytes.
struct Dropped {
    random: Random,
    clips: Vec<Vec<u8>>,
    files: BTreeMap<PathBuf, String>,
    /// Halves of clips: they stay in the share, for they may still go on.
    halves: BTreeSet<PathBuf>,
}

impl Dropped {
    fn new(seed: u64, scratch: &std::path::Path) -> Self {
        let created = chrono::DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let clip = |i: usize, scene| {
            let path = scratch.join(format!("clip{i}.mp4"));
            clip::film(scene, 1.0, created, &path).unwrap();
            std::fs::read(path).unwrap()
        };
        let clips = vec![clip(0, Scene::Card), clip(1, Scene::Mandelbrot)];
        Self {
            random: Random(seed | 1),
            clips,
            files: BTreeMap::new(),
            halves: BTreeSet::new(),
        }
    }

    /// Drops one file of a random kind into a random folder.
    fn one(&mut self, place: &Place, number: usize) {
        let folder = [
            "YW2026040001/首次会议",
            "甲组/YW2026040002/04现场试验考核",
            "_待认领",
            "乱放",
        ];
        let folder = folder[self.random.below(4) as usize];
        let kind = self.random.below(8);
        let (extension, bytes) = match kind {
            0 => ("jpg", b"no photo, only its name says so".repeat(number + 1)),
            1 => ("pdf", format!("%PDF-1.4\n% {number}\n%%EOF\n").into_bytes()),
            2 => ("mp4", self.clips[self.random.below(2) as usize].clone()),
            HALF => {
                let clip = &self.clips[0];
                ("mp4", clip[..clip.len() / 2 + number].to_vec())
            }
            // The same bytes again and again: aliases of one content.
            4 => ("jpg", jpeg(&scene(1, 320, 240), 85).unwrap()),
            _ => (
                "JPG",
                jpeg(&scene(number as u64 + 10, 320, 240), 85).unwrap(),
            ),
        };
        let at = format!("{folder}/文件_{number:03}.{extension}");
        let path = place.drop_file(&at, &bytes).unwrap();
        if kind == HALF {
            self.halves.insert(path.clone());
        }
        self.files
            .insert(path, blake3::hash(&bytes).to_hex().to_string());
    }
}

fn digests_in_store(place: &Place) -> BTreeMap<String, Vec<PathBuf>> {
    let mut found: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for path in place.originals() {
        let digest = blake3::hash(&std::fs::read(&path).unwrap())
            .to_hex()
            .to_string();
        found.entry(digest).or_default().push(path);
    }
    found
}

fn nothing_is_lost(place: &Place, dropped: &Dropped, when: &str) {
    let stored = digests_in_store(place);
    for (path, digest) in &dropped.files {
        assert!(
            path.exists() || stored.contains_key(digest),
            "{when}: {} is gone from the share and not in the store",
            path.display()
        );
    }
}

#[test]
fn killed_at_every_transition_nothing_is_lost_and_everything_is_stored_once() {
    let seed = std::env::var("UNBROKEN_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_261_124);
    println!("seed {seed}; set UNBROKEN_SEED to try another");
    let scratch = tempfile::tempdir().unwrap();
    let mut place = Place::new(PROGRAM, "").unwrap();
    let mut dropped = Dropped::new(seed, scratch.path());
    let mut number = 0;
    let mut drop_some = |dropped: &mut Dropped, place: &Place, count: usize| {
        for _ in 0..count {
            dropped.one(place, number);
            number += 1;
        }
    };
    place
        .drop_file("YW2026040001/Thumbs.db", b"system")
        .unwrap();
    place
        .drop_file("YW2026040001/首次会议/empty.jpg", b"")
        .unwrap();
    std::os::unix::fs::symlink("/etc/passwd", place.share().join("link.jpg")).unwrap();
    drop_some(&mut dropped, &place, 4);

    let leaves = place
        .drop_file("YW2026040001/首次会议/taken_away.jpg", b"")
        .unwrap();

    let of_effects = EFFECTS
        .iter()
        .flat_map(|effect| PLACES.map(|at| format!("{at}-{effect}")));
    let of_transitions = TRANSITIONS
        .iter()
        .flat_map(|event| ["before", "committed"].map(|at| format!("{at}-{event}")));
    let mut kills = 0;
    for point in of_effects.chain(of_transitions) {
        drop_some(&mut dropped, &place, FILES_A_ROUND);
        if point == "before-vanished" {
            std::fs::remove_file(&leaves).unwrap();
        }
        // The intake enters a whole folder at once, and one file vanishes once.
        let is_transition = TRANSITIONS.iter().any(|event| point.ends_with(event));
        let nth = if is_transition {
            1
        } else {
            dropped.random.below(3) + 1
        };
        place.set("UNBROKEN_KILL_AT", &format!("{point}#{nth}"));
        let mut daemon = place.start().unwrap();
        let ended = daemon.wait_for_end(PATIENCE).unwrap();
        let log = || std::fs::read_to_string(place.log()).unwrap_or_default();
        let status = ended.unwrap_or_else(|| panic!("{point}#{nth} was never reached\n{}", log()));
        let signal = std::os::unix::process::ExitStatusExt::signal(&status);
        assert_eq!(
            signal,
            Some(9),
            "{point}#{nth}: it ended by itself: {status}\n{}",
            log()
        );
        nothing_is_lost(&place, &dropped, &format!("killed at {point}"));
        kills += 1;
    }
    assert_eq!(kills, EFFECTS.len() * PLACES.len() + TRANSITIONS.len() * 2);
    assert!(dropped.files.len() >= 60, "{} files", dropped.files.len());

    place.unset("UNBROKEN_KILL_AT");
    let mut daemon = place.start().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let all_settled = || {
        let stored = digests_in_store(&place);
        let is_stored = dropped.files.iter().all(|(path, digest)| {
            stored.contains_key(digest) && (!path.exists() || dropped.halves.contains(path))
        });
        // A source may be gone and the ledger not know it: it died between the two.
        is_stored && runtime.block_on(all_at_rest(&place, &dropped))
    };
    let done = daemon.wait_until(PATIENCE, all_settled);
    assert!(
        done,
        "not everything came to rest\n{}",
        std::fs::read_to_string(place.log()).unwrap()
    );
    std::thread::sleep(Duration::from_secs(2));
    let status = daemon.stop().unwrap().expect("a clean stop ends");
    assert!(status.success(), "{status}");

    everything_is_stored_once(&place, &dropped);
    let verify = place.command("verify").output().unwrap();
    assert!(
        verify.status.success(),
        "{}",
        String::from_utf8_lossy(&verify.stdout)
    );
    runtime.block_on(the_ledger_agrees(&place, &dropped));
    assert!(place.share().join("YW2026040001/Thumbs.db").exists());
    assert!(
        place
            .share()
            .join("YW2026040001/首次会议/empty.jpg")
            .exists()
    );
    assert!(place.share().join("link.jpg").is_symlink());
}

fn everything_is_stored_once(place: &Place, dropped: &Dropped) {
    let stored = digests_in_store(place);
    let wanted: BTreeSet<&String> = dropped.files.values().collect();
    for (digest, paths) in &stored {
        assert_eq!(
            paths.len(),
            1,
            "{digest} is stored {} times: {paths:?}",
            paths.len()
        );
        assert!(wanted.contains(digest), "{paths:?} was never dropped");
    }
    assert_eq!(stored.len(), wanted.len());
}

/// True if the ledger has come to rest with every file, as seen beside the daemon.
async fn all_at_rest(place: &Place, dropped: &Dropped) -> bool {
    let ledger = SqliteLedger::open_beside(&place.state().join("ledger.sqlite")).await;
    let Ok(ledger) = ledger else { return false };
    let everything = Filter {
        limit: 1000,
        ..Filter::default()
    };
    let rows = ledger.list(&everything).await;
    ledger.close().await;
    let share = place.share();
    rows.is_ok_and(|rows| {
        dropped.files.keys().all(|path| {
            let at = path.strip_prefix(&share).unwrap().to_str().unwrap();
            rows.iter().any(|row| {
                row.path.as_bytes() == at.as_bytes()
                    && matches!(row.state, State::Released | State::Kept)
            })
        })
    })
}

async fn the_ledger_agrees(place: &Place, dropped: &Dropped) {
    let ledger = SqliteLedger::open(&place.state().join("ledger.sqlite"))
        .await
        .unwrap();
    let rows = ledger
        .list(&Filter {
            limit: 1000,
            ..Filter::default()
        })
        .await
        .unwrap();
    let share = place.share();
    for (path, digest) in &dropped.files {
        let at = path.strip_prefix(&share).unwrap().to_str().unwrap();
        let of_path: Vec<_> = rows
            .iter()
            .filter(|row| row.path.as_bytes() == at.as_bytes())
            .collect();
        let stored = of_path
            .iter()
            .find(|row| matches!(row.state, State::Released | State::Kept));
        let row = stored.unwrap_or_else(|| {
            panic!(
                "{at}: {:?}",
                of_path.iter().map(|r| r.state).collect::<Vec<_>>()
            )
        });
        assert_eq!(&row.digests.as_ref().unwrap().blake3, digest, "{at}");
        let history = ledger.history(row.id).await.unwrap();
        let position = |event: &str| history.iter().position(|e| e.detail.contains(event));
        let saved = position("\"saved\"").unwrap_or_else(|| panic!("{at} was never saved"));
        if let Some(removed) = position("\"source_removed\"") {
            assert!(saved < removed, "{at} was released before it was saved");
        }
    }
    let mut names: Vec<_> = rows.iter().filter_map(|row| row.official.clone()).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all, "an official name was given twice");
    assert_eq!(ledger.check_chain().await.unwrap().broken, None);
}
