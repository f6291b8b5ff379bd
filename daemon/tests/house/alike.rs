//! A picture that comes again is judged beside those that came before, in
//! whatever case; and what a report may not show stays out of it.

use chrono::{DateTime, TimeDelta};
use unbroken::step::judge::context;
use unbroken::step::report::make;
use unbroken_probes::check::Level;
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measure::likeness::{Bits, Likeness, Position as Lies};
use unbroken_probes::measure::photo::Photo;
use unbroken_probes::measurements::{
    Device, Kind, Measurements, Moment, Position, SCHEMA, TimeReading, Zone,
};

use crate::fixtures::Home;

/// A photo that looks like this, taken so long after noon.
fn photo(bits: Bits, taken_s: i64) -> Measurements {
    let noon = DateTime::from_timestamp_millis(1_775_980_800_000).unwrap();
    let photo = Photo {
        likeness: Some(Likeness {
            bits,
            firm_bits: 200,
            windows: vec![Bits([0xAAAA_AAAA_AAAA_AAAA; 4])],
        }),
        ..Photo::default()
    };
    Measurements {
        schema: SCHEMA.to_owned(),
        kind: Kind::Photo,
        device: Device {
            model: Some("K3".to_owned()),
            ..Device::default()
        },
        position: Some(Position {
            latitude_deg: 31.234_567,
            longitude_deg: 121.456_789,
            ..Position::default()
        }),
        photo: Some(photo),
        times: vec![TimeReading {
            field: "exif.DateTimeOriginal".to_owned(),
            written: taken_s.to_string(),
            local: noon.naive_utc() + TimeDelta::seconds(taken_s),
            zone: Zone::Offset(0),
            moment: Moment::Capture,
        }],
        ..Measurements::default()
    }
}

const SCENE: Bits = Bits([0x0123_4567_89AB_CDEF, !0, 0, 0x5555_5555_5555_5555]);

#[tokio::test]
async fn a_picture_of_another_case_is_known_again_though_turned_and_asks_for_a_person() {
    let home = Home::new().await;
    let old = "YW2025010001";
    home.named_in(old, "IMG_0001.JPG", "A1", &photo(SCENE, -86_400))
        .await;
    home.named_in(old, "IMG_0002.JPG", "A1", &photo(Bits([3; 4]), -86_000))
        .await;
    let turned = SCENE.turned()[5];
    let own = photo(turned, 0);
    let row = home.named("a.jpg", "A1", &own).await;
    let config = home.house.config();
    let context = context(&home.house, &config, &row, &own, None)
        .await
        .unwrap();
    let alike = context.alike.as_ref().unwrap();
    assert_eq!(alike.len(), 1);
    assert_eq!(alike[0].twin.name, "IMG_0001.JPG");
    assert_eq!(alike[0].twin.case.as_deref(), Some(old));
    assert_eq!(
        (alike[0].distance_bits, alike[0].position),
        (0, Lies::Turned)
    );
    assert!(alike[0].is_same_device && !alike[0].has_equal_pixels);
    let judgement = judge(&own, &Rules::default(), &context);
    let found = judgement
        .findings
        .iter()
        .find(|f| f.code == "photo_reused")
        .unwrap();
    assert_eq!(found.level, Level::Attention);
    assert!(found.text.zh.contains(old));
}

#[tokio::test]
async fn a_later_file_does_not_change_what_an_earlier_one_is_told() {
    let home = Home::new().await;
    let own = photo(SCENE, 0);
    let row = home.named("a.jpg", "A1", &own).await;
    home.named_in("YW2026050001", "b.jpg", "A1", &own).await;
    let config = home.house.config();
    let context = context(&home.house, &config, &row, &own, None)
        .await
        .unwrap();
    assert_eq!(context.alike, Some(Vec::new()));
}

#[tokio::test]
async fn numbers_places_and_neighbours_are_those_of_the_case() {
    let home = Home::new().await;
    for (number, name) in [
        ("YW2026040001", "IMG_0007.JPG"),
        ("YW2026040001", "IMG_0009.JPG"),
        ("YW2026040002", "IMG_0010.JPG"),
    ] {
        home.named_in(number, name, "A1", &photo(Bits([7; 4]), 0))
            .await;
    }
    let own = photo(SCENE, 10);
    let row = home.named("IMG_0011.JPG", "A1", &own).await;
    let config = home.house.config();
    let context = context(&home.house, &config, &row, &own, None)
        .await
        .unwrap();
    let mut names: Vec<&str> = context
        .beside
        .iter()
        .flatten()
        .map(|b| b.name.as_str())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["IMG_0007.JPG", "IMG_0009.JPG"]);
    assert_eq!(context.places.as_ref().map(Vec::len), Some(2));
    let judgement = judge(&own, &Rules::default(), &context);
    let hole = judgement
        .findings
        .iter()
        .find(|f| f.code == "photo_sequence")
        .unwrap();
    assert_eq!(hole.measured, Some(1.0));
    assert!(hole.text.en.contains("IMG_0010"));
}

#[tokio::test]
async fn no_report_says_where_a_picture_was_taken() {
    let home = Home::new().await;
    let row = home.named("a.jpg", "A1", &photo(SCENE, 0)).await;
    let report = make(&home.house, &row, 1).await.unwrap();
    let json = serde_json::to_string(&report).unwrap();
    assert!(
        json.contains("0123456789abcdef"),
        "the likeness itself is shown"
    );
    for hidden in ["31.23", "121.45", "latitude", "windows"] {
        assert!(!json.contains(hidden), "{hidden}");
    }
}
