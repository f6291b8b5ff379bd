//! The store on real directories.

use super::place::parents;
use super::*;
use crate::adapter::store_doctor::{MemoryJournal, small};
use std::fs::File;
use std::os::unix::fs::PermissionsExt;

fn key(text: &str) -> ObjectKey {
    ObjectKey::new(text).unwrap()
}

async fn put(store: &DirectoryStore, text: &str, content: &'static [u8]) -> Result<Put, Fault> {
    let (source, digests) = small(content);
    let journal = MemoryJournal::default();
    store.create(&key(text), &source, &digests, &journal).await
}

#[tokio::test]
async fn objects_are_read_only_and_nothing_temporary_stays() {
    let home = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(&home.path().join("made/here")).unwrap();
    put(&store, "案卷/照片.jpg", b"bytes").await.unwrap();
    let object = home.path().join("made/here/案卷/照片.jpg");
    let mode = std::fs::metadata(&object).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o444);
    let left = std::fs::read_dir(home.path().join("made/here/.tmp")).unwrap();
    assert_eq!(left.count(), 0);
    assert!(store.id().starts_with("directory:/"));
}

#[tokio::test]
async fn an_object_is_shown_by_its_name_and_never_a_second_one() {
    let home = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(home.path()).unwrap();
    put(&store, "evidence/aa/x", b"one").await.unwrap();
    put(&store, "evidence/bb/y", b"two").await.unwrap();
    let at = key("cases/YW2026040001/照片_001.jpg");
    for _ in 0..2 {
        store.show(&at, &key("evidence/aa/x")).await.unwrap();
    }
    assert!(store.show(&at, &key("evidence/bb/y")).await.is_err());
    let moved = home.path().with_extension("moved");
    std::fs::rename(home.path(), &moved).unwrap();
    assert_eq!(std::fs::read(moved.join(at.as_str())).unwrap(), b"one");
    std::fs::rename(&moved, home.path()).unwrap();
}

#[tokio::test]
async fn a_disk_that_is_not_mounted_is_no_empty_store() {
    let home = tempfile::tempdir().unwrap();
    let (place, mounted) = (home.path().join("store"), home.path().join("disk"));
    let store = DirectoryStore::open(&place).unwrap();
    let id = store.id().to_owned();
    assert_eq!(DirectoryStore::id_of(&place), id);
    put(&store, "evidence/aa/x", b"one").await.unwrap();
    drop(store);
    let known = key("evidence/aa/x");
    drop(DirectoryStore::open_known(&place, &known).unwrap());

    std::fs::rename(&place, &mounted).unwrap();
    let gone = DirectoryStore::open_known(&place, &known).map(|_| ());
    assert!(matches!(gone, Err(Fault::Final(_))), "{gone:?}");
    assert!(!place.exists());
    std::fs::create_dir(&place).unwrap();
    let empty = DirectoryStore::open_known(&place, &known).map(|_| ());
    let Err(Fault::Final(why)) = empty else {
        panic!("{empty:?}");
    };
    assert!(why.contains("mount") && why.contains("store"), "{why}");
    assert_eq!(std::fs::read_dir(&place).unwrap().count(), 0);
}

/// Stores of earlier programs carry no marker and get one.
#[tokio::test]
async fn a_store_without_a_marker_is_known_by_its_objects() {
    let home = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(home.path()).unwrap();
    put(&store, "evidence/aa/x", b"one").await.unwrap();
    let marker = home.path().join(marker::MARKER);
    std::fs::remove_file(&marker).unwrap();
    let other = key("evidence/bb/y");
    assert!(DirectoryStore::open_known(home.path(), &other).is_err());
    assert!(!marker.exists());
    drop(DirectoryStore::open_known(home.path(), &key("evidence/aa/x")).unwrap());
    assert!(marker.exists());
    drop(DirectoryStore::open_known(home.path(), &other).unwrap());
}

#[tokio::test]
async fn leftovers_are_swept_but_not_what_is_being_written() {
    let home = tempfile::tempdir().unwrap();
    drop(DirectoryStore::open(home.path()).unwrap());
    let stale = home.path().join(".tmp/stale.part");
    let live = home.path().join(".tmp/live.part");
    std::fs::write(&stale, b"half").unwrap();
    let writer = File::create(&live).unwrap();
    fs::flock(&writer, fs::FlockOperation::LockExclusive).unwrap();
    drop(DirectoryStore::open(home.path()).unwrap());
    assert!(!stale.exists());
    assert!(live.exists());
}

#[tokio::test]
async fn what_stands_in_the_way_is_named_and_kept() {
    let home = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(home.path()).unwrap();
    put(&store, "a", b"file").await.unwrap();
    assert!(matches!(
        put(&store, "a/b", b"x").await,
        Err(Fault::Final(_))
    ));
    put(&store, "c/d", b"file").await.unwrap();
    assert!(matches!(put(&store, "c", b"x").await, Err(Fault::Final(_))));
    assert!(matches!(
        put(&store, ".tmp/x", b"x").await,
        Err(Fault::Final(_))
    ));
    std::os::unix::fs::symlink("/etc/hostname", home.path().join("link")).unwrap();
    assert!(matches!(
        put(&store, "link", b"x").await,
        Err(Fault::Final(_))
    ));
    assert_eq!(std::fs::read(home.path().join("a")).unwrap(), b"file");
}

#[tokio::test]
async fn what_cannot_fit_is_refused_with_figures() {
    let home = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(home.path()).unwrap();
    let (source, mut digests) = small("x");
    digests.size_bytes = 1 << 60;
    let journal = MemoryJournal::default();
    let refused = store.create(&key("big"), &source, &digests, &journal).await;
    let Err(Fault::Fleeting(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(
        why.contains("not enough space") && why.contains("MiB"),
        "{why}"
    );
}

#[tokio::test]
async fn a_lost_staged_file_is_named() {
    let home = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(&home.path().join("store")).unwrap();
    let (_, digests) = small("x");
    let source = Source::File(home.path().join("staged"));
    let journal = MemoryJournal::default();
    let refused = store.create(&key("k"), &source, &digests, &journal).await;
    let Err(Fault::Final(why)) = refused else {
        panic!("{refused:?}");
    };
    assert!(why.contains("staged"), "{why}");
}

#[test]
fn parents_run_from_the_outside_in() {
    let key = key("a/b/c");
    assert_eq!(parents(&key).collect::<Vec<_>>(), ["a", "a/b"]);
    assert_eq!(parents(&ObjectKey::new("a").unwrap()).count(), 0);
}

#[tokio::test]
async fn doctor_finds_all_that_is_required() {
    let home = tempfile::tempdir().unwrap();
    let store = DirectoryStore::open(home.path()).unwrap();
    let abilities = store.doctor().await.unwrap();
    assert!(abilities.len() >= 8);
    for ability in abilities.iter().filter(|ability| ability.required) {
        assert!(ability.kept, "{ability:?}");
    }
    // A second examination of the same store must not meet the first.
    store.doctor().await.unwrap();
}
