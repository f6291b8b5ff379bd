//! Recordings that a device split: each is judged beside those before it.

use chrono::{DateTime, TimeDelta};
use unbroken::step::judge::context;
use unbroken_probes::judge::{Rules, judge};
use unbroken_probes::measurements::{
    Container, Kind, Measurements, Moment, SCHEMA, TimeReading, Zone,
};

use crate::fixtures::Home;

/// A recording of 300 s that starts so long after noon.
fn clip(start_s: i64) -> Measurements {
    let noon = DateTime::from_timestamp_millis(1_775_980_800_000).unwrap();
    Measurements {
        schema: SCHEMA.to_owned(),
        kind: Kind::Video,
        size_bytes: 1_000_000,
        container: Some(Container {
            duration_s: Some(300.0),
            ..Container::default()
        }),
        times: vec![TimeReading {
            field: "mvhd.creation".to_owned(),
            written: start_s.to_string(),
            local: noon.naive_utc() + TimeDelta::seconds(start_s),
            zone: Zone::NominallyUtc,
            moment: Moment::Start,
        }],
        ..Measurements::default()
    }
}

#[tokio::test]
async fn a_recording_is_judged_beside_those_before_it_in_its_case_and_node() {
    let home = Home::new().await;
    for (name, node, start_s) in [
        ("REC_0001.MP4", "A1", 0),
        ("REC_0002.MP4", "A1", 301),
        ("REC_0003.MP4", "A1", 602),
        ("REC_0004.MP4", "A2", 903),
        ("IMG_0004.MP4", "A1", 903),
        ("REC_0009.MP4", "A1", 2000),
    ] {
        home.named(name, node, &clip(start_s)).await;
    }
    let own = clip(1204);
    let row = home.named("REC_0005.MP4", "A1", &own).await;
    let config = home.house.config();
    let context = context(&home.house, &config, &row, &own, None)
        .await
        .unwrap();
    let names: Vec<&str> = context.siblings.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "REC_0001.MP4",
            "REC_0002.MP4",
            "REC_0003.MP4",
            "REC_0009.MP4"
        ]
    );
    // The fourth lies in another node, and its five minutes are missing here.
    let judgement = judge(&own, &Rules::default(), &context);
    let gap = judgement
        .findings
        .iter()
        .find(|f| f.code == "segment_gap")
        .unwrap();
    assert_eq!(gap.measured, Some(301.0));
}
