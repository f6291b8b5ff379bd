mod photos;

use proptest::prelude::*;

use super::*;
use crate::measurements::{Container, Device, Element, Kind, Track};

fn clip(boxes: &[&str], handler: &str, note: Option<&str>) -> Measurements {
    let element = |id: &&str| Element {
        id: (*id).to_owned(),
        ..Element::default()
    };
    Measurements {
        kind: Kind::Video,
        device: Device {
            make: Some("Maker".to_owned()),
            model: Some("Cam 1".to_owned()),
            software: Some("1.0".to_owned()),
            ..Device::default()
        },
        container: Some(Container {
            format: "mp4".to_owned(),
            elements: boxes.iter().map(element).collect(),
            ..Container::default()
        }),
        tracks: vec![Track {
            medium: "video".to_owned(),
            codec: "h264".to_owned(),
            width_px: Some(1920),
            height_px: Some(1080),
            handler: Some(handler.to_owned()),
            sample_table: Some(crate::measurements::SampleTable::default()),
            ..Track::default()
        }],
        traces: note
            .map(|written| Trace {
                field: "ilst.©too".to_owned(),
                written: written.to_owned(),
                offset_bytes: None,
            })
            .into_iter()
            .collect(),
        ..Measurements::default()
    }
}

fn taught(count: usize, m: &Measurements) -> Exemplars {
    let mut known = Exemplars::default();
    for i in 0..count {
        assert!(matches!(known.learn(&i.to_string(), m), Learnt::New(_)));
    }
    known
}

fn differing(known: &Exemplars, m: &Measurements) -> Vec<Feature> {
    match known.compare(m) {
        Comparison::Compared { differences, .. } => differences.iter().map(|d| d.feature).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_all_have_and_one_has_not_is_told() {
    let own = clip(&["ftyp", "mdat", "moov"], "CamHandler", None);
    let known = taught(5, &own);
    assert_eq!(differing(&known, &own), []);
    let wrapped = clip(
        &["ftyp", "free", "mdat", "moov"],
        "VideoHandler",
        Some("Lavf59.27"),
    );
    let found = differing(&known, &wrapped);
    assert_eq!(
        found,
        [Feature::TopLevel, Feature::Handlers, Feature::Writers]
    );
}

#[test]
fn the_same_content_counts_once_whatever_it_is_called() {
    let own = clip(&["ftyp"], "a", None);
    let mut known = taught(1, &own);
    assert!(matches!(known.learn("0", &own), Learnt::Known(_)));
    assert_eq!(known.entries[0].features[&Feature::Format].files, 1);
}

#[test]
fn another_mode_and_another_model_have_no_reference() {
    let own = clip(&["ftyp"], "a", None);
    let known = taught(5, &own);
    let mut larger = own.clone();
    larger.tracks[0].width_px = Some(3840);
    assert!(matches!(known.compare(&larger), Comparison::NewMode(..)));
    let mut other = own.clone();
    other.device.model = Some("Cam 2".to_owned());
    assert!(matches!(known.compare(&other), Comparison::NewModel(_)));
    other.device = Device::default();
    assert_eq!(known.compare(&other), Comparison::Nameless);
}

#[test]
fn a_turned_camera_is_no_other_mode() {
    let own = clip(&["ftyp"], "a", None);
    let mut turned = own.clone();
    (turned.tracks[0].width_px, turned.tracks[0].height_px) = (Some(1080), Some(1920));
    assert_eq!(differing(&taught(5, &own), &turned), []);
}

#[test]
fn a_name_that_all_bear_is_vouched_for_and_another_is_not() {
    let own = clip(&["ftyp"], "a", Some("Lavf58.29.100"));
    let known = taught(2, &own);
    let later = clip(&["ftyp"], "a", Some("Lavf58.76.100"));
    assert!(known.vouch_for(&later, &later.traces[0]));
    let other = clip(&["ftyp"], "a", Some("HandBrake 1.6"));
    assert!(!known.vouch_for(&other, &other.traces[0]));
    let stranger = Measurements::default();
    assert!(!known.vouch_for(&stranger, &own.traces[0]));
}

#[test]
fn a_name_in_the_media_data_is_vouched_for_and_its_absence_is_no_signature() {
    let mut own = clip(&["ftyp"], "a", None);
    own.traces.push(Trace {
        field: "stream.encoder".to_owned(),
        written: "Lavc58.54".to_owned(),
        offset_bytes: Some(9),
    });
    let known = taught(5, &own);
    assert!(known.vouch_for(&own, &own.traces[0]));
    // A large first picture hides the name from whoever looks at the start.
    let unseen = clip(&["ftyp"], "a", None);
    let found = differing(&known, &unseen);
    assert_eq!(found, [Feature::StreamNames]);
    assert_eq!(found[0].weight(), Weight::Habit);
}

#[test]
fn it_reads_what_it_wrote_and_says_where_it_cannot() {
    let known = taught(3, &clip(&["ftyp"], "a", None));
    let text = known.to_text().unwrap();
    assert_eq!(Exemplars::parse(&text), Ok(known));
    let broken = text.replacen("\"files\": 3", "\"files\": many", 1);
    let line = 1 + text
        .split("\"files\": 3")
        .next()
        .unwrap()
        .matches('\n')
        .count();
    match Exemplars::parse(&broken) {
        Err(ExemplarError::Malformed { line: at, .. }) => assert_eq!(at, line),
        other => panic!("{other:?}"),
    }
    let later = text.replacen(SCHEMA, "unbroken.exemplars/9", 1);
    assert!(matches!(
        Exemplars::parse(&later),
        Err(ExemplarError::Version(_))
    ));
}

prop_compose! {
    fn any_clip()(
        boxes in prop::collection::vec(prop::sample::select(vec!["ftyp", "free", "mdat", "moov", "uuid"]), 1..5),
        handler in "[a-c]?",
        note in prop::option::of("[A-Z][a-z]{2}[0-9.]{0,6}; ?[a-z]{0,3}"),
        tags in prop::collection::vec("(keys|udta|ilst)\\.[a-d]", 0..4),
        wide in prop::bool::ANY,
        software in prop::option::of("[0-9]"),
    ) -> Measurements {
        let mut m = clip(&boxes, &handler, note.as_deref());
        m.traces.extend(tags.into_iter().map(|field| Trace { field, written: "x".to_owned(), offset_bytes: None }));
        m.tracks[0].width_px = Some(if wide { 1920 } else { 1280 });
        m.device.software = software;
        m
    }
}

proptest! {
    #[test]
    fn a_vouched_file_never_differs_from_its_own_model(clips in prop::collection::vec(any_clip(), 1..12)) {
        let mut known = Exemplars::default();
        for (i, m) in clips.iter().enumerate() {
            known.learn(&i.to_string(), m);
        }
        for m in &clips {
            match known.compare(m) {
                Comparison::Compared { differences, is_known_software, .. } => {
                    prop_assert_eq!(differences, vec![]);
                    prop_assert!(is_known_software);
                }
                other => prop_assert!(false, "{:?}", other),
            }
        }
    }

    #[test]
    fn order_of_learning_does_not_matter(clips in prop::collection::vec(any_clip(), 1..8)) {
        let learn = |order: &mut dyn Iterator<Item = usize>| {
            let mut known = Exemplars::default();
            for i in order {
                known.learn(&i.to_string(), &clips[i]);
            }
            known
        };
        prop_assert_eq!(learn(&mut (0..clips.len())), learn(&mut (0..clips.len()).rev()));
    }

    #[test]
    fn learning_more_never_makes_a_difference_more(clips in prop::collection::vec(any_clip(), 2..8)) {
        let mut known = Exemplars::default();
        let Some((last, earlier)) = clips.split_last() else { return Ok(()) };
        let mut before = None;
        for (i, m) in earlier.iter().enumerate() {
            known.learn(&i.to_string(), m);
            if let Comparison::Compared { differences, .. } = known.compare(last) {
                let now = differences.len();
                if let Some(before) = before { prop_assert!(now <= before); }
                before = Some(now);
            }
        }
    }
}
