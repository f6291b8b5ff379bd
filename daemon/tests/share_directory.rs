//! The share's adapter against real files: what it must see, refuse, and never do.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test says what failed by failing"
)]

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;

use unbroken::adapter::share_directory::{DirectoryShare, Settings};
use unbroken::port::digest::Digests;
use unbroken::port::fault::Fault;
use unbroken::port::share::{
    DigestChoice, Entry, EntryKind, Fingerprint, RelPath, Removal, Share, Stage, Staged,
};
use unbroken_probes::container::Completeness;

const SM3: DigestChoice = DigestChoice { sm3: true };

/// A share and a staging folder side by side.
struct World {
    dir: tempfile::TempDir,
    share: DirectoryShare,
}

fn settings() -> Settings {
    Settings {
        ignore_names: ["*.part", "~$*", "thumbs.db"].map(str::to_owned).to_vec(),
        temp_names: vec!["*.filepart".to_owned()],
        ignore_dirs: vec!["@eaDir".to_owned()],
        receipts_dir: rel("_回执"),
        client_mount: false,
        use_lease: true,
        notify: false,
    }
}

fn rel(path: impl AsRef<[u8]>) -> RelPath {
    RelPath::new(path.as_ref()).unwrap()
}

impl World {
    fn new() -> Self {
        Self::with(settings())
    }

    fn with(settings: Settings) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("share")).unwrap();
        fs::create_dir(dir.path().join("staging")).unwrap();
        let share = DirectoryShare::open(&dir.path().join("share"), settings).unwrap();
        Self { dir, share }
    }

    fn at(&self, path: impl AsRef<[u8]>) -> PathBuf {
        self.dir
            .path()
            .join("share")
            .join(OsStr::from_bytes(path.as_ref()))
    }

    fn target(&self) -> PathBuf {
        self.dir.path().join("staging/copy")
    }

    fn write(&self, path: impl AsRef<[u8]>, bytes: &[u8]) -> PathBuf {
        let at = self.at(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        fs::write(&at, bytes).unwrap();
        at
    }

    async fn look(&self, path: impl AsRef<[u8]>) -> Entry {
        self.share.look(&rel(path)).await.unwrap().unwrap()
    }

    async fn stage(&self, path: impl AsRef<[u8]>, expected: &Fingerprint) -> Stage {
        self.share
            .stage(&rel(path), expected, &self.target(), SM3)
            .await
            .unwrap()
    }

    async fn staged(&self, path: impl AsRef<[u8]>) -> (Fingerprint, Staged) {
        let fingerprint = self.look(&path).await.fingerprint;
        match self.stage(&path, &fingerprint).await {
            Stage::Staged(staged) => (fingerprint, staged),
            other => panic!("{other:?}"),
        }
    }

    async fn remove(&self, path: impl AsRef<[u8]>, f: &Fingerprint, d: &Digests) -> Removal {
        self.share.remove(&rel(path), f, d, false).await.unwrap()
    }

    async fn scanned(&self) -> Vec<(Vec<u8>, EntryKind, bool)> {
        let scan = self.share.scan().await.unwrap();
        assert_eq!(scan.unread, []);
        let mut found: Vec<_> = scan
            .entries
            .into_iter()
            .map(|e| (e.path.as_bytes().to_vec(), e.kind, e.ignored))
            .collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        found
    }

    fn assert_nothing_staged(&self) {
        assert_eq!(
            names(&self.dir.path().join("staging")),
            Vec::<Vec<u8>>::new()
        );
    }
}

fn names(folder: &Path) -> Vec<Vec<u8>> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().as_bytes().to_vec())
        .collect();
    names.sort();
    names
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length as u64)
        .map(|i| (i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as u8)
        .collect()
}

#[tokio::test]
async fn a_scan_sees_everything_and_says_what_it_is() {
    let w = World::new();
    w.write("评审/03-现场/照片 1.jpg", b"x");
    w.write(b"bad\xff\xfename.jpg", b"x");
    w.write("new\nline.jpg", b"x");
    w.write("n".repeat(255), b"x");
    w.write("film.mp4.PART", b"x");
    w.write("@eaDir/deep/thumb.jpg", b"x");
    w.write("_回执/receipt.html", b"x");
    w.write("sub/_回执/no receipt.jpg", b"x");
    w.write(".unbroken-releasing/left alone", b"x");
    symlink("/etc/passwd", w.at("link")).unwrap();
    symlink("评审", w.at("folder link")).unwrap();
    symlink("nowhere", w.at("dangling")).unwrap();
    fs::hard_link(w.write("one", b"x"), w.at("two")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, w.at("fifo"), 0o600.into()).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(w.at("socket")).unwrap();
    use EntryKind::*;
    let mut expected: Vec<(Vec<u8>, EntryKind, bool)> = vec![
        ("评审/03-现场/照片 1.jpg".into(), Regular, false),
        (b"bad\xff\xfename.jpg".to_vec(), Regular, false),
        ("new\nline.jpg".into(), Regular, false),
        ("n".repeat(255).into(), Regular, false),
        ("film.mp4.PART".into(), Regular, true),
        ("@eaDir/deep/thumb.jpg".into(), Regular, true),
        ("sub/_回执/no receipt.jpg".into(), Regular, false),
        ("link".into(), Symlink, false),
        ("folder link".into(), Symlink, false),
        ("dangling".into(), Symlink, false),
        ("one".into(), HardLinked, false),
        ("two".into(), HardLinked, false),
        ("fifo".into(), Special, false),
        ("socket".into(), Special, false),
    ];
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    let found = w.scanned().await;
    assert_eq!(found, expected);
    // Looking at each one says the same as the scan.
    for (path, kind, ignored) in found {
        let entry = w.look(&path).await;
        assert_eq!(
            (entry.kind, entry.ignored),
            (kind, ignored),
            "{:?}",
            entry.path
        );
    }
}

/// Deeper than any path that a system call takes, and wider than the folders
/// that may be open at a time.
#[tokio::test]
async fn deep_and_wide_trees_are_walked() {
    let w = World::new();
    let part = "深".repeat(80);
    let mut folder = rustix::fs::open(w.at(""), rustix::fs::OFlags::DIRECTORY, 0.into()).unwrap();
    let mut path = Vec::new();
    for _ in 0..40 {
        rustix::fs::mkdirat(&folder, &part, 0o700.into()).unwrap();
        rustix::fs::mkdirat(&folder, "sibling", 0o700.into()).unwrap();
        folder =
            rustix::fs::openat(&folder, &part, rustix::fs::OFlags::DIRECTORY, 0.into()).unwrap();
        path.extend_from_slice(part.as_bytes());
        path.push(b'/');
    }
    path.extend_from_slice("底.jpg".as_bytes());
    let flags = rustix::fs::OFlags::CREATE | rustix::fs::OFlags::WRONLY;
    let fd = rustix::fs::openat(&folder, "底.jpg", flags, 0o600.into()).unwrap();
    File::from(fd).write_all(b"deep").unwrap();
    for i in 0..300 {
        w.write(format!("wide/{i}/a/b/c.jpg"), b"x");
    }
    let scan = w.share.scan().await.unwrap();
    assert_eq!(scan.unread, []);
    assert_eq!(scan.entries.len(), 301);
    assert_eq!(scan.folders, 40 * 2 + 1 + 300 * 3);
    let (f, staged) = w.staged(&path).await;
    assert_eq!(fs::read(w.target()).unwrap(), b"deep");
    assert_eq!(w.remove(&path, &f, &staged.digests).await, Removal::Removed);
    assert_eq!(w.share.look(&rel(&path)).await.unwrap(), None);
}

#[tokio::test]
async fn a_staged_copy_is_private_whole_and_hashed() {
    let w = World::new();
    for length in [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_000_000] {
        let bytes = pattern(length);
        w.write("现场/录像.mp4", &bytes);
        let before = fs::metadata(w.at("现场/录像.mp4")).unwrap();
        let (_, staged) = w.staged("现场/录像.mp4").await;
        assert_eq!(fs::read(w.target()).unwrap(), bytes);
        assert_eq!(staged.digests.size_bytes, length as u64);
        assert_eq!(
            staged.digests.blake3,
            blake3::hash(&bytes).to_hex().as_str()
        );
        assert!(staged.digests.sm3.is_some());
        assert!(staged.lease_held, "a local file system gives leases");
        let mode = fs::metadata(w.target()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(names(&w.dir.path().join("staging")), [b"copy".to_vec()]);
        // Not even the access time of evidence moves.
        let after = fs::metadata(w.at("现场/录像.mp4")).unwrap();
        assert_eq!(
            (before.atime(), before.atime_nsec()),
            (after.atime(), after.atime_nsec())
        );
    }
}

#[tokio::test]
async fn what_is_no_file_of_its_own_is_declined() {
    let w = World::new();
    let outside = w.dir.path().join("secret");
    fs::write(&outside, b"secret").unwrap();
    w.write("real", b"x");
    let f = w.look("real").await.fingerprint;
    symlink(&outside, w.at("link")).unwrap();
    fs::hard_link(w.write("one", b"x"), w.at("two")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, w.at("fifo"), 0o600.into()).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(w.at("socket")).unwrap();
    let mut cases = vec![
        ("link", EntryKind::Symlink),
        ("one", EntryKind::HardLinked),
        ("two", EntryKind::HardLinked),
        ("fifo", EntryKind::Special),
        ("socket", EntryKind::Special),
    ];
    // Only root can make a device; the null device is the harmless one.
    let device = rustix::fs::mknodat(
        rustix::fs::CWD,
        w.at("device"),
        rustix::fs::FileType::CharacterDevice,
        0o600.into(),
        rustix::fs::makedev(1, 3),
    );
    if device.is_ok() {
        cases.push(("device", EntryKind::Special));
    }
    for (path, kind) in cases {
        let expected = w.look(path).await.fingerprint;
        match w.stage(path, &expected).await {
            Stage::Declined(found) => assert_eq!(found, kind, "{path}"),
            other => panic!("{path}: {other:?}"),
        }
        assert_eq!(w.share.gates(&rel(path)).await.unwrap(), None, "{path}");
        assert_eq!(
            w.share.read_small(&rel(path), 100).await.unwrap(),
            None,
            "{path}"
        );
        let digests = digests_of(b"x");
        assert_eq!(
            w.remove(path, &expected, &digests).await,
            Removal::Changed,
            "{path}"
        );
        assert!(
            fs::symlink_metadata(w.at(path)).is_ok(),
            "{path} is still there"
        );
    }
    assert!(RelPath::new("../secret").is_none());
    assert!(RelPath::new("/etc/passwd").is_none());
    fs::create_dir(w.at("folder")).unwrap();
    assert!(matches!(w.stage("folder", &f).await, Stage::Vanished));
    assert_eq!(
        w.remove("folder", &f, &digests_of(b"x")).await,
        Removal::Changed
    );
    w.assert_nothing_staged();
}

fn digests_of(bytes: &[u8]) -> Digests {
    unbroken::adapter::digester::digest_reader(bytes, true).unwrap()
}

/// Between the scan and the open a folder becomes a link to somewhere else that
/// holds a file of the same name.
#[tokio::test]
async fn a_folder_that_turns_into_a_link_leads_nowhere() {
    let w = World::new();
    w.write("case/a.jpg", b"mine");
    let f = w.look("case/a.jpg").await.fingerprint;
    let outside = w.dir.path().join("outside");
    fs::rename(w.at("case"), &outside).unwrap();
    symlink(&outside, w.at("case")).unwrap();
    assert!(matches!(w.stage("case/a.jpg", &f).await, Stage::Vanished));
    assert_eq!(w.share.look(&rel("case/a.jpg")).await.unwrap(), None);
    assert_eq!(w.share.gates(&rel("case/a.jpg")).await.unwrap(), None);
    assert_eq!(
        w.share.read_small(&rel("case/a.jpg"), 9).await.unwrap(),
        None
    );
    assert_eq!(
        w.remove("case/a.jpg", &f, &digests_of(b"mine")).await,
        Removal::AlreadyGone
    );
    assert_eq!(fs::read(outside.join("a.jpg")).unwrap(), b"mine");
    symlink(w.dir.path(), w.at("_回执")).unwrap();
    assert!(w.share.write_own(&rel("_回执/a.txt"), b"x").await.is_err());
    assert!(!w.dir.path().join("a.txt").exists());
    w.assert_nothing_staged();
}

#[tokio::test]
async fn another_outside_than_expected_is_a_change() {
    let w = World::new();
    let at = w.write("a", b"0123456789");
    let f = w.look("a").await.fingerprint;
    for other in [
        Fingerprint {
            size_bytes: 11,
            ..f
        },
        Fingerprint {
            ino: f.ino + 1,
            ..f
        },
        Fingerprint {
            dev: f.dev + 1,
            ..f
        },
        Fingerprint {
            mtime_ns: f.mtime_ns - 1,
            ..f
        },
        Fingerprint {
            ctime_ns: f.ctime_ns + 1,
            ..f
        },
        Fingerprint {
            blocks: f.blocks + 8,
            ..f
        },
    ] {
        assert!(
            matches!(w.stage("a", &other).await, Stage::Changed),
            "{other:?}"
        );
    }
    fs::remove_file(at).unwrap();
    assert!(matches!(w.stage("a", &f).await, Stage::Vanished));
    w.assert_nothing_staged();
}

/// The writer has it open all the time: it is busy, and no lease is broken.
#[tokio::test]
async fn a_writer_makes_it_busy() {
    let w = World::new();
    let at = w.write("a.mp4", &pattern(3_000_000));
    let writer = File::options().append(true).open(&at).unwrap();
    let f = w.look("a.mp4").await.fingerprint;
    assert!(matches!(w.stage("a.mp4", &f).await, Stage::Busy));
    assert_eq!(
        w.share.gates(&rel("a.mp4")).await.unwrap().unwrap().writer,
        Some(true)
    );
    let removal = w
        .share
        .remove(&rel("a.mp4"), &f, &digests_of(&pattern(3_000_000)), false)
        .await;
    assert!(matches!(removal, Err(Fault::Fleeting(_))), "{removal:?}");
    assert!(at.exists());
    w.assert_nothing_staged();
    drop(writer);
    assert_eq!(
        w.share.gates(&rel("a.mp4")).await.unwrap().unwrap().writer,
        Some(false)
    );
    assert!(matches!(w.stage("a.mp4", &f).await, Stage::Staged(_)));
}

/// A full length at once, as SetEndOfFile gives it, and nothing moves: only the
/// writer gate can tell.
#[tokio::test]
async fn a_preallocated_file_is_busy_although_it_is_quiet() {
    let w = World::new();
    let writer = File::create(w.at("a.mp4")).unwrap();
    writer.set_len(4 << 20).unwrap();
    let entry = w.look("a.mp4").await;
    assert_eq!(
        (entry.fingerprint.size_bytes, entry.fingerprint.blocks),
        (4 << 20, 0)
    );
    assert_eq!(
        w.share.gates(&rel("a.mp4")).await.unwrap().unwrap().writer,
        Some(true)
    );
    assert!(matches!(
        w.stage("a.mp4", &entry.fingerprint).await,
        Stage::Busy
    ));
}

/// Somebody wants to write while it is being copied: he waits for a moment, the
/// copy is thrown away, and the process survives the kernel's signal.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_who_comes_while_copying_breaks_it_off() {
    let w = World::new();
    let at = w.write("a.mp4", &pattern(64 << 20));
    let f = w.look("a.mp4").await.fingerprint;
    let target = w.target();
    let writer = std::thread::spawn(move || {
        // The copy has begun once its temporary file is there.
        let partial = target.with_file_name("copy.part");
        while !partial.exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        File::options()
            .append(true)
            .open(at)
            .unwrap()
            .write_all(b"more")
            .unwrap();
    });
    let stage = w.stage("a.mp4", &f).await;
    writer.join().unwrap();
    assert!(matches!(stage, Stage::Changed), "{stage:?}");
    w.assert_nothing_staged();
}

/// Without leases the outside alone has to show it: growing, shrinking, being
/// renamed, replaced or removed while it is read.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_moves_while_it_is_read_is_not_staged() {
    type Deed = fn(&Path);
    let deeds: [(&str, Deed); 5] = [
        ("grows", |at| writer(at).write_all(b"x").unwrap()),
        ("shrinks", |at| writer(at).set_len(1000).unwrap()),
        ("is renamed", |at| {
            fs::rename(at, at.with_extension("old")).unwrap()
        }),
        ("is replaced", |at| {
            fs::write(at.with_extension("new"), b"other").unwrap();
            fs::rename(at.with_extension("new"), at).unwrap();
        }),
        ("vanishes", |at| fs::remove_file(at).unwrap()),
    ];
    for (what, deed) in deeds {
        let w = World::with(Settings {
            use_lease: false,
            ..settings()
        });
        let at = w.write("a.mp4", &pattern(32 << 20));
        let f = w.look("a.mp4").await.fingerprint;
        let partial = w.target().with_file_name("copy.part");
        let done = std::thread::spawn(move || {
            while !partial.exists() {
                std::thread::sleep(Duration::from_millis(1));
            }
            deed(&at);
        });
        let stage = w.stage("a.mp4", &f).await;
        done.join().unwrap();
        assert!(
            matches!(stage, Stage::Changed | Stage::Vanished),
            "{what}: {stage:?}"
        );
        w.assert_nothing_staged();
    }
}

fn writer(at: &Path) -> File {
    File::options().append(true).open(at).unwrap()
}

#[tokio::test]
async fn a_released_source_goes_and_its_folder_stays() {
    let w = World::new();
    w.write("案/节点/a.jpg", b"content");
    let (f, staged) = w.staged("案/节点/a.jpg").await;
    let removal = w
        .share
        .remove(&rel("案/节点/a.jpg"), &f, &staged.digests, true)
        .await
        .unwrap();
    assert_eq!(removal, Removal::Removed);
    assert_eq!(names(&w.at("案/节点")), Vec::<Vec<u8>>::new());
    assert_eq!(
        w.remove("案/节点/a.jpg", &f, &staged.digests).await,
        Removal::AlreadyGone
    );
    fs::remove_dir_all(w.at("案")).unwrap();
    assert_eq!(
        w.remove("案/节点/a.jpg", &f, &staged.digests).await,
        Removal::AlreadyGone
    );
}

#[tokio::test]
async fn nothing_but_the_staged_file_is_removed() {
    let w = World::new();
    let at = w.write("a.jpg", b"first");
    let (f, staged) = w.staged("a.jpg").await;
    // Same name, same length, same modification time, another file.
    fs::rename(&at, w.at("kept")).unwrap();
    fs::write(&at, b"other").unwrap();
    let times =
        fs::FileTimes::new().set_modified(fs::metadata(w.at("kept")).unwrap().modified().unwrap());
    File::options()
        .write(true)
        .open(&at)
        .unwrap()
        .set_times(times)
        .unwrap();
    assert_eq!(
        w.remove("a.jpg", &f, &staged.digests).await,
        Removal::Changed
    );
    assert_eq!(fs::read(&at).unwrap(), b"other");
    // Same inode, same length, same modification time, other bytes: only the
    // change time shows it, and then the content has the last word.
    fs::rename(w.at("kept"), &at).unwrap();
    let file = File::options().write(true).open(&at).unwrap();
    (&file).write_all(b"FIRST").unwrap();
    file.set_times(times).unwrap();
    drop(file);
    assert_eq!(
        w.remove("a.jpg", &f, &staged.digests).await,
        Removal::Changed
    );
    assert_eq!(fs::read(&at).unwrap(), b"FIRST");
    // A second name: whoever made it still wants it.
    let file = File::options().write(true).open(&at).unwrap();
    (&file).write_all(b"first").unwrap();
    file.set_times(times).unwrap();
    drop(file);
    fs::hard_link(&at, w.at("second")).unwrap();
    assert_eq!(
        w.remove("a.jpg", &f, &staged.digests).await,
        Removal::Changed
    );
    fs::remove_file(w.at("second")).unwrap();
    // Back to what was staged, though the change time moved: it may go.
    assert_eq!(
        w.remove("a.jpg", &f, &staged.digests).await,
        Removal::Removed
    );
    assert_eq!(names(&w.at("")), Vec::<Vec<u8>>::new());
}

#[tokio::test]
async fn other_digests_keep_the_source() {
    let w = World::new();
    let at = w.write("a.jpg", b"content");
    let (f, _) = w.staged("a.jpg").await;
    let removal = w
        .share
        .remove(&rel("a.jpg"), &f, &digests_of(b"Content"), true)
        .await
        .unwrap();
    assert_eq!(removal, Removal::Changed);
    assert!(at.exists());
}

/// Again and again another file takes the source's name at any moment of its
/// removal: whatever is put there is never lost, in none of the moments.
#[tokio::test(flavor = "multi_thread")]
async fn a_replacement_in_the_last_moment_survives() {
    let w = World::with(Settings {
        use_lease: false,
        ..settings()
    });
    let mut removed = 0;
    for round in 0_u64..200 {
        let at = w.write("a.jpg", b"staged");
        let f = w.look("a.jpg").await.fingerprint;
        let other = w.write("b.jpg", b"not yet staged");
        let inode = fs::metadata(&other).unwrap().ino();
        let replacer = std::thread::spawn({
            let at = at.clone();
            move || {
                std::thread::sleep(Duration::from_micros(round * 10));
                fs::rename(other, at).unwrap();
            }
        });
        let removal = w.remove("a.jpg", &f, &digests_of(b"staged")).await;
        replacer.join().unwrap();
        removed += u32::from(removal == Removal::Removed);
        let survivors: Vec<_> = names(&w.at(""))
            .into_iter()
            .filter(|name| fs::metadata(w.at(name)).is_ok_and(|m| m.ino() == inode))
            .collect();
        assert_eq!(survivors.len(), 1, "round {round}: {removal:?}");
        assert_eq!(fs::read(w.at(&survivors[0])).unwrap(), b"not yet staged");
        fs::remove_file(w.at(&survivors[0])).unwrap();
    }
    assert!(removed > 0, "no removal ever came before the replacement");
}

#[tokio::test]
async fn a_crash_while_removing_is_undone_at_the_next_start() {
    let w = World::new();
    let at = w.write("案/a.jpg", b"content");
    let (f, staged) = w.staged("案/a.jpg").await;
    fs::create_dir(w.at("案/.unbroken-releasing")).unwrap();
    fs::rename(&at, w.at("案/.unbroken-releasing/a.jpg")).unwrap();
    w.write("b/.unbroken-releasing/taken", b"old");
    w.write("b/taken", b"new");
    let share = DirectoryShare::open(&w.at(""), settings()).unwrap();
    assert_eq!(names(&w.at("案")), [b"a.jpg".to_vec()]);
    assert_eq!(
        names(&w.at("b")),
        [b"restored-1-taken".to_vec(), b"taken".to_vec()]
    );
    assert_eq!(fs::read(w.at("b/restored-1-taken")).unwrap(), b"old");
    assert_eq!(fs::read(w.at("b/taken")).unwrap(), b"new");
    // And then it is removed after all.
    let removal = share
        .remove(&rel("案/a.jpg"), &f, &staged.digests, false)
        .await
        .unwrap();
    assert_eq!(removal, Removal::Removed);
    // An attempt that failed half-way in this process is no removal either.
    w.write("c/.unbroken-releasing/x", b"content");
    let removal = w
        .share
        .remove(&rel("c/x"), &f, &staged.digests, false)
        .await
        .unwrap();
    assert_eq!(removal, Removal::Changed);
    assert_eq!(fs::read(w.at("c/x")).unwrap(), b"content");
}

#[tokio::test]
async fn gates_read_structure_and_sidecar() {
    let w = World::new();
    w.write(
        "a.jpg",
        b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
    );
    let gates = w.share.gates(&rel("a.jpg")).await.unwrap().unwrap();
    assert!(
        matches!(gates.structure, Completeness::Incomplete { .. }),
        "{gates:?}"
    );
    assert_eq!((gates.writer, gates.sidecar), (Some(false), None));
    w.write("empty.jpg", b"");
    let gates = w.share.gates(&rel("empty.jpg")).await.unwrap().unwrap();
    assert_eq!(gates.structure, Completeness::Empty);
    let digests = digests_of(b"text");
    w.write("t.txt", b"text");
    for (ending, claim, expected) in [
        ("sha256", digests.sha256.clone(), Some(true)),
        (
            "sha256",
            format!("{}  t.txt\n", digests.sha256.to_uppercase()),
            Some(true),
        ),
        ("sha256", "0".repeat(64), Some(false)),
        ("sha256", "not a digest".to_owned(), None),
        ("sm3", digests.sm3.clone().unwrap(), Some(true)),
        ("sm3", digests.sha256.clone(), Some(false)),
    ] {
        let beside = w.write(format!("t.txt.{ending}"), claim.as_bytes());
        let gates = w.share.gates(&rel("t.txt")).await.unwrap().unwrap();
        assert_eq!(gates.sidecar, expected, "{ending} {claim}");
        fs::remove_file(beside).unwrap();
    }
    let long = "长".repeat(84) + "x.a";
    w.write(&long, b"text");
    assert_eq!(
        w.share.gates(&rel(&long)).await.unwrap().unwrap().sidecar,
        None
    );
    assert_eq!(w.share.gates(&rel("none")).await.unwrap(), None);
    let client = World::with(Settings {
        client_mount: true,
        ..settings()
    });
    client.write("a", b"x");
    assert_eq!(
        client.share.gates(&rel("a")).await.unwrap().unwrap().writer,
        None
    );
    assert!(!client.staged("a").await.1.lease_held);
}

#[tokio::test]
async fn receipts_are_written_whole_and_only_where_they_belong() {
    let w = World::new();
    let path = rel("_回执/案 1/20260101_回执.html");
    w.share.write_own(&path, b"one").await.unwrap();
    w.share.write_own(&path, b"two").await.unwrap();
    assert_eq!(fs::read(w.at(path.as_bytes())).unwrap(), b"two");
    assert_eq!(
        names(&w.at("_回执/案 1")),
        ["20260101_回执.html".as_bytes().to_vec()]
    );
    assert_eq!(w.scanned().await, []);
    w.share
        .write_own(&rel(format!("_回执/{}", "n".repeat(255))), b"x")
        .await
        .unwrap();
    for elsewhere in ["a.html", "_回执", "_回执2/a", "x/_回执/a"] {
        let result = w.share.write_own(&rel(elsewhere), b"x").await;
        assert!(matches!(result, Err(Fault::Final(_))), "{elsewhere}");
    }
}

#[tokio::test]
async fn small_files_are_read_up_to_the_limit() {
    let w = World::new();
    w.write("case.toml", b"12345");
    assert_eq!(
        w.share.read_small(&rel("case.toml"), 4).await.unwrap(),
        None
    );
    assert_eq!(
        w.share
            .read_small(&rel("case.toml"), 5)
            .await
            .unwrap()
            .unwrap(),
        b"12345"
    );
    assert_eq!(
        w.share
            .read_small(&rel("case.toml"), 6)
            .await
            .unwrap()
            .unwrap(),
        b"12345"
    );
    assert_eq!(
        w.share.read_small(&rel("none/case.toml"), 6).await.unwrap(),
        None
    );
}

/// A mount that drops leaves an empty folder: that is a fault, not a share from
/// which everything vanished.
#[tokio::test]
async fn another_folder_in_the_roots_place_is_not_the_share() {
    let w = World::new();
    w.write("a.jpg", b"x");
    let f = w.look("a.jpg").await.fingerprint;
    fs::rename(w.at(""), w.dir.path().join("away")).unwrap();
    assert!(w.share.scan().await.is_err());
    fs::create_dir(w.dir.path().join("share")).unwrap();
    assert!(matches!(w.share.scan().await, Err(Fault::Fleeting(_))));
    let removal = w
        .share
        .remove(&rel("a.jpg"), &f, &digests_of(b"x"), false)
        .await;
    assert!(matches!(removal, Err(Fault::Fleeting(_))));
    // Mounted anew under another number, told by our receipts.
    fs::create_dir(w.dir.path().join("share/_回执")).unwrap();
    assert_eq!(w.scanned().await, []);
}

#[tokio::test]
async fn an_unreadable_folder_is_named() {
    let w = World::new();
    w.write("open/a", b"x");
    w.write("closed/b", b"x");
    fs::set_permissions(w.at("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    let scan = w.share.scan().await.unwrap();
    fs::set_permissions(w.at("closed"), fs::Permissions::from_mode(0o700)).unwrap();
    if rustix::process::geteuid().is_root() {
        // Nothing is closed to root.
        assert_eq!(scan.entries.len(), 2);
    } else {
        assert_eq!(scan.unread.len(), 1);
        assert_eq!(scan.unread[0].0, Path::new("closed"));
        assert_eq!(scan.entries.len(), 1);
    }
}

/// What notifications miss, the scan finds: files that were there before, and
/// files written right after their folder was made.
#[tokio::test]
async fn the_scan_finds_everything_without_notifications() {
    let w = World::new();
    for i in 0..5_000 {
        w.write(format!("{}/{i}.jpg", i % 50), b"x");
    }
    assert_eq!(w.scanned().await.len(), 5_000);
    for i in 0..500 {
        w.write(format!("new {i}/a.jpg"), b"x");
    }
    assert_eq!(w.scanned().await.len(), 5_500);
    assert_eq!(w.share.events(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_wake_and_our_own_deeds_do_not() {
    let w = World::with(Settings {
        notify: true,
        ..settings()
    });
    let long = Duration::from_secs(20);
    let write = w.at("a.jpg");
    let writing = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        fs::write(write, b"x").unwrap();
    });
    tokio::time::timeout(long / 2, w.share.wake(long))
        .await
        .expect("woken by the new file");
    writing.join().unwrap();
    // A rest of the burst may still ring once; then there is silence, whatever
    // we read or write ourselves.
    w.share.wake(Duration::from_millis(500)).await;
    let heard = w.share.events();
    assert!(heard > 0);
    let _ = w.scanned().await;
    let _ = w.staged("a.jpg").await;
    let slept = tokio::time::timeout(Duration::from_millis(700), w.share.wake(long)).await;
    assert!(slept.is_err(), "reading woke us");
    assert_eq!(w.share.events(), heard);
}
