//! Steps in a house of a real ledger, store and share, with a clock that stands
//! where it is put.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::json;
use tokio::sync::{mpsc, watch};
use unbroken_config::Config;
use unbroken_probes::measurements::{
    Container, Device, Kind, Measurements, Moment, TimeReading, Zone,
};
use unbroken_probes::probe::Wants;

use super::{judge, name, report, store};
use crate::adapter::digester::digest_reader;
use crate::adapter::ledger_sqlite::SqliteLedger;
use crate::adapter::share_directory::{DirectoryShare, Settings};
use crate::adapter::store_directory::DirectoryStore;
use crate::cases::{Assignment, Standing};
use crate::house::{House, Ports, StateFolder, Told};
use crate::life::{Event, State};
use crate::port::clock::Clock;
use crate::port::fault::Fault;
use crate::port::ledger::{Advance, Change, FileId, FileRow, Measured, Notice};
use crate::port::prober::{Probe, Prober};
use crate::port::share::{Fingerprint, RelPath};

/// A clock that stands still until it is moved; waiting is real.
struct SetClock(Mutex<DateTime<Utc>>);

#[async_trait]
impl Clock for SetClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

struct NoProber;

#[async_trait]
impl Prober for NoProber {
    async fn probe(&self, _: &std::path::Path, _: &Wants) -> Result<Probe, Fault> {
        Err(Fault::Final("nothing is probed here".to_owned()))
    }
}

struct Scene {
    dir: tempfile::TempDir,
    clock: Arc<SetClock>,
    house: House,
    _told: mpsc::Receiver<Told>,
}

impl Scene {
    async fn new(config: Config) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str| dir.path().join(name);
        std::fs::create_dir(at("share")).unwrap();
        let settings = Settings {
            ignore_names: Vec::new(),
            ignore_dirs: Vec::new(),
            temp_names: Vec::new(),
            receipts_dir: RelPath::new("_回执").unwrap(),
            client_mount: true,
            use_lease: false,
            notify: false,
        };
        let noon = Utc.with_ymd_and_hms(2026, 4, 12, 4, 0, 0).unwrap();
        let clock = Arc::new(SetClock(Mutex::new(noon)));
        let ports = Ports {
            clock: clock.clone(),
            shares: vec![Arc::new(
                DirectoryShare::open(&at("share"), settings).unwrap(),
            )],
            store: Arc::new(DirectoryStore::open(&at("store")).unwrap()),
            ledger: Arc::new(SqliteLedger::open(&at("ledger.sqlite")).await.unwrap()),
            prober: Arc::new(NoProber),
        };
        let (sender, told) = mpsc::channel(4);
        let (_, config) = watch::channel(Arc::new(config));
        let state = StateFolder::open(dir.path()).unwrap();
        Self {
            house: House::new(ports, state, config, sender),
            clock,
            dir,
            _told: told,
        }
    }

    fn hours_later(&self, hours: i64) -> DateTime<Utc> {
        let mut now = self.clock.0.lock().unwrap();
        *now += TimeDelta::hours(hours);
        *now
    }

    fn share(&self) -> PathBuf {
        self.dir.path().join("share")
    }

    async fn advance(&self, id: FileId, from: State, event: Event, change: Change) -> FileRow {
        let at = self.clock.now();
        let detail = json!({});
        let advance = Advance {
            id,
            from,
            event,
            at,
            change,
            detail,
        };
        self.house.ledger.advance(advance).await.unwrap()
    }

    /// A file with this content at this path, judged and not yet named.
    async fn judged(&self, path: &str, content: &[u8]) -> FileRow {
        self.measured(path, content, Change::default()).await
    }

    /// The same, with what was measured of it.
    async fn measured(&self, path: &str, content: &[u8], measured: Change) -> FileRow {
        let fingerprint = Fingerprint {
            dev: 1,
            ino: 1,
            size_bytes: content.len() as u64,
            mtime_ns: 0,
            ctime_ns: 0,
            blocks: 0,
        };
        let notice = Notice {
            share: self.share().display().to_string(),
            path: RelPath::new(path).unwrap(),
            fingerprint,
            state: State::Seen,
            why: None,
        };
        let now = self.clock.now();
        let ids = self.house.ledger.notice(now, &[notice]).await.unwrap();
        let id = ids[0];
        std::fs::write(self.house.state.staged(id), content).unwrap();
        let received = Change {
            received: Some(now),
            ..Change::default()
        };
        self.advance(id, State::Seen, Event::Passed, received).await;
        let copied = Change {
            digests: Some(digest_reader(content, true).unwrap()),
            ..Change::default()
        };
        self.advance(id, State::Settled, Event::Copied, copied)
            .await;
        self.advance(id, State::Staged, Event::Measured, measured)
            .await;
        self.advance(id, State::Probed, Event::Ruled, Change::default())
            .await
    }

    async fn named(&self, row: FileRow) -> FileRow {
        let happened = name::name(&self.house, &row).await.unwrap();
        self.advance(row.id, State::Judged, happened.event, happened.change)
            .await
    }

    async fn stored(&self, row: FileRow) -> FileRow {
        let happened = store::store(&self.house, &row).await.unwrap();
        self.advance(row.id, State::Named, happened.event, happened.change)
            .await
    }
}

/// The same bytes once more, thirty hours on: they are safe since the first
/// reading back, and no second drop makes them late. N5: both have names.
#[tokio::test]
async fn bytes_are_stored_since_they_were_first_read_back() {
    let scene = Scene::new(Config::default()).await;
    let first = scene.judged("YW2026040001/首次会议/a.jpg", b"bytes").await;
    let first = scene.named(first).await;
    let first = scene.stored(first).await;
    scene.hours_later(30);
    let again = scene.judged("YW2026040001/末次会议/a.jpg", b"bytes").await;
    let again = scene.named(again).await;
    let again = scene.stored(again).await;
    assert_eq!(again.stored, first.stored);
    assert_eq!(again.object, first.object);
    let names = [&first, &again].map(|row| row.official.clone().unwrap());
    assert!(
        names[0].contains("A2.2") && names[1].contains("A2.6"),
        "{names:?}"
    );
}

/// A crash after the reading back and before the ledger's word on the file.
#[tokio::test]
async fn an_attempt_after_a_crash_does_not_make_a_file_late() {
    let scene = Scene::new(Config::default()).await;
    let row = scene.judged("YW2026040001/首次会议/a.jpg", b"bytes").await;
    let row = scene.named(row).await;
    let noon = scene.clock.now();
    store::store(&scene.house, &row).await.unwrap();
    scene.hours_later(30);
    assert_eq!(scene.stored(row).await.stored, Some(noon));
}

/// Nothing that a name is found by may keep a file from being stored.
#[tokio::test]
async fn what_cannot_be_read_puts_the_name_in_doubt_and_stops_nothing() {
    let mut config = Config::default();
    config.number[0].case_list = "/nonexistent/cases.csv".into();
    let scene = Scene::new(config).await;
    let row = scene.judged("YW2026040001/首次会议/a.jpg", b"1").await;
    let row = scene.named(row).await;
    let listless = Assignment::of(&row).unwrap();
    assert_eq!(listless.standing, Standing::ToConfirm);
    assert_eq!(listless.number.as_deref(), Some("YW2026040001"));
    assert!(scene.stored(row).await.stored.is_some());

    let folder = scene.share().join("沪监通[2026]0012号");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("case.toml"), "number = ").unwrap();
    let row = scene.judged("沪监通[2026]0012号/C1/a.jpg", b"2").await;
    let row = scene.named(row).await;
    assert_eq!(Assignment::of(&row).unwrap().standing, Standing::ToConfirm);
    assert!(scene.stored(row).await.stored.is_some());

    std::fs::remove_dir_all(scene.share()).unwrap();
    let row = scene.judged("沪监通[2026]0013号/C1/a.jpg", b"3").await;
    let row = scene.named(row).await;
    assert_eq!(Assignment::of(&row).unwrap().standing, Standing::ToConfirm);
    assert!(scene.stored(row).await.stored.is_some());
}

/// A first twin in the same case does not hide a second in another.
#[tokio::test]
async fn of_all_twins_the_one_of_another_case_counts() {
    let scene = Scene::new(Config::default()).await;
    let mut last = None;
    for (path, other) in [
        ("x/a.jpg", None),
        ("YW2026040001/首次会议/a.jpg", None),
        ("YW2026040002/首次会议/a.jpg", Some("YW2026040001")),
        ("YW2026040001/首次会议/b.jpg", Some("YW2026040002")),
    ] {
        let row = scene.judged(path, b"same").await;
        let row = scene.named(row).await;
        let config = scene.house.config();
        let m = Measurements {
            kind: Kind::Photo,
            ..Measurements::default()
        };
        let context = judge::context(&scene.house, &config, &row, &m, None).await;
        let twin = context.unwrap().duplicate_of;
        assert_eq!(twin.is_some(), last.is_some(), "{path}");
        let of_other = twin
            .filter(|twin| !twin.same_case)
            .and_then(|twin| twin.case);
        assert_eq!(of_other.as_deref(), other, "{path}");
        last = Some(row);
    }
}

/// Photos of the entry must show its nameplate; those of other nodes need not,
/// and nobody knows of a file without a case.
#[tokio::test]
async fn a_nameplate_is_asked_for_at_the_entry_alone() {
    let scene = Scene::new(Config::default()).await;
    for (path, is_asked_for) in [
        ("YW2026040001/进入现场/a.jpg", true),
        ("YW2026040001/首次会议/b.jpg", false),
        ("沪监通[2026]0012号/C1/c.jpg", true),
        ("x/d.jpg", false),
    ] {
        let row = scene.judged(path, path.as_bytes()).await;
        let row = scene.named(row).await;
        let m = Measurements {
            kind: Kind::Photo,
            ..Measurements::default()
        };
        let config = scene.house.config();
        let context = judge::context(&scene.house, &config, &row, &m, None).await;
        assert_eq!(context.unwrap().must_show_writing, is_asked_for, "{path}");
    }
}

/// A clip of a device that starts a new file every five minutes, a second apart.
fn segment(number: i64) -> Change {
    let start = Utc.with_ymd_and_hms(2026, 4, 12, 1, 0, 0).unwrap();
    let local = (start + TimeDelta::seconds(number * 301)).naive_utc();
    let measurements = Measurements {
        kind: Kind::Video,
        device: Device {
            model: Some("Cam".to_owned()),
            ..Device::default()
        },
        container: Some(Container {
            duration_s: Some(300.0),
            ..Container::default()
        }),
        times: vec![TimeReading {
            field: "mvhd.creation".to_owned(),
            written: local.to_string(),
            local,
            zone: Zone::NominallyUtc,
            moment: Moment::Start,
        }],
        ..Measurements::default()
    };
    Change {
        measured: Some(Measured {
            measurements: serde_json::to_value(measurements).unwrap(),
            stills: Vec::new(),
            series: Vec::new(),
        }),
        ..Change::default()
    }
}

/// The files into which a device split a recording are told as one, those after
/// a file too; another device's and another node's are not among them.
#[tokio::test]
async fn a_report_tells_the_whole_recording() {
    let scene = Scene::new(Config::default()).await;
    let mut rows = Vec::new();
    for (number, path) in [
        (0, "YW2026040001/首次会议/REC_0001.MP4"),
        (1, "YW2026040001/首次会议/REC_0002.MP4"),
        (2, "YW2026040001/首次会议/REC_0003.MP4"),
        (3, "YW2026040001/首次会议/DJI_0004.MP4"),
        (4, "YW2026040001/末次会议/REC_0005.MP4"),
    ] {
        let row = scene.measured(path, path.as_bytes(), segment(number)).await;
        rows.push(scene.named(row).await);
    }
    let made = report::make(&scene.house, &rows[1], 1).await.unwrap();
    let whole = made.recording.unwrap();
    let names: Vec<&str> = whole.parts.iter().map(|p| p.name.as_str()).collect();
    assert_eq!(names, ["REC_0001.MP4", "REC_0002.MP4", "REC_0003.MP4"]);
    assert_eq!((whole.part, whole.seams.len()), (2, 2));
    assert_eq!(whole.covered_s, 900.0);
    let alone = report::make(&scene.house, &rows[3], 1).await.unwrap();
    assert_eq!(alone.recording, None);
}
