//! Reports that an earlier attempt left in the store.

use unbroken::port::fault::Fault;
use unbroken::port::ledger::FileRow;
use unbroken::port::store::ObjectKey;
use unbroken::report::object::Report;
use unbroken::step::report::{make, publish};

use crate::fixtures::Home;

fn key(row: &FileRow, extension: &str) -> ObjectKey {
    let blake3 = &row.digests.as_ref().unwrap().blake3;
    ObjectKey::beside_original(blake3, &format!("{}.r1.{extension}", row.id)).unwrap()
}

/// Puts something under a report's key, as an earlier attempt or somebody else.
fn leave(home: &Home, row: &FileRow, extension: &str, bytes: &[u8]) {
    let path = home
        .folder
        .path()
        .join("store")
        .join(key(row, extension).as_str());
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

async fn entered(home: &Home) -> Vec<String> {
    let objects = home.house.ledger.objects_after(("", ""), 99).await;
    objects
        .unwrap()
        .iter()
        .map(|object| object.key.to_string())
        .collect()
}

#[tokio::test]
async fn what_an_earlier_attempt_of_ours_left_counts_and_is_entered() {
    let home = Home::new().await;
    let row = home.stored().await;
    let made = make(&home.house, &row, 1).await.unwrap();
    let earlier = Report {
        rules: "the rules before a reload".to_owned(),
        ..made.clone()
    };
    leave(&home, &row, "json", &serde_json::to_vec(&earlier).unwrap());
    let page = format!("earlier words on {} {}", row.id, made.file.blake3);
    leave(&home, &row, "html", page.as_bytes());
    let (counts, reported) = publish(&home.house, &row, made, 1).await.unwrap();
    assert_eq!(counts, earlier);
    assert_eq!(reported.rules, earlier.rules);
    let both = [key(&row, "html"), key(&row, "json")].map(|key| key.to_string());
    assert_eq!(entered(&home).await, both);
}

#[tokio::test]
async fn the_series_stands_beside_the_object_and_the_report_says_where() {
    let home = Home::new().await;
    let row = home.stored_with(vec![7; 40]).await;
    let made = make(&home.house, &row, 1).await.unwrap();
    let told = made.series.clone().unwrap();
    assert_eq!(told.bytes, 40);
    // An earlier attempt came as far as this.
    let path = home.folder.path().join("store").join(&told.key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, [7; 40]).unwrap();
    publish(&home.house, &row, made.clone(), 1).await.unwrap();
    assert!(entered(&home).await.contains(&told.key));
    // A later revision names the same object.
    let again = make(&home.house, &row, 2).await.unwrap();
    assert_eq!(again.series, made.series);
    publish(&home.house, &row, again, 2).await.unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), [7; 40]);
}

#[tokio::test]
async fn other_bytes_under_the_key_of_the_series_are_refused() {
    let home = Home::new().await;
    let row = home.stored_with(vec![7; 40]).await;
    let made = make(&home.house, &row, 1).await.unwrap();
    let key = made.series.as_ref().unwrap().key.clone();
    let path = home.folder.path().join("store").join(&key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, [8; 40]).unwrap();
    let refused = publish(&home.house, &row, made, 1).await;
    assert!(matches!(refused, Err(Fault::Final(_))));
    assert_eq!(entered(&home).await, [""; 0]);
}

#[tokio::test]
async fn what_others_put_under_a_reports_key_is_refused() {
    let changes: [fn(&mut Report); 5] = [
        |r| r.file.id = Some("F00000099".to_owned()),
        |r| r.file.blake3 = "0".repeat(64),
        |r| r.file.sha256 = "0".repeat(64),
        |r| r.file.bytes += 1,
        |r| r.revision = Some(2),
    ];
    for (nth, change) in changes.iter().enumerate() {
        let home = Home::new().await;
        let row = home.stored().await;
        let made = make(&home.house, &row, 1).await.unwrap();
        let mut foreign = made.clone();
        change(&mut foreign);
        leave(&home, &row, "json", &serde_json::to_vec(&foreign).unwrap());
        let refused = publish(&home.house, &row, made, 1).await;
        assert!(matches!(refused, Err(Fault::Final(_))), "change {nth}");
        assert_eq!(entered(&home).await, [""; 0], "change {nth}");
    }
}

#[tokio::test]
async fn a_page_on_another_file_is_refused() {
    let home = Home::new().await;
    let row = home.stored().await;
    let made = make(&home.house, &row, 1).await.unwrap();
    leave(&home, &row, "html", b"<p>F00000099</p>");
    let refused = publish(&home.house, &row, made, 1).await;
    let Err(Fault::Final(why)) = refused else {
        panic!("taken over");
    };
    assert!(why.contains(key(&row, "html").as_str()), "{why}");
    assert_eq!(entered(&home).await, [key(&row, "json").to_string()]);
}
